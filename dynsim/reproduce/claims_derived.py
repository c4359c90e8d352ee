"""Section 2 of docs/theory.md, derived by sympy from the maps' own steps, beside what it states; docs/analysis.md."""

from collections.abc import Iterator

import numpy as np
import sympy as sp

from .. import maps, measures, stability
from ..orbits import orbit
from ..sweeps import sweep
from ..symbolic import equations
from .claims_cdat import PAPER
from .ratio import gain
from .table import Claim, below, compare, seen

EDGE = maps.self_stabilization


def claims() -> Iterator[Claim]:
    yield from the_edge()
    yield from the_flow()
    yield from other_cycles()
    yield from the_line()
    yield from exponents()
    yield from laws()


def same(where: str, statement: str, derived, stated) -> Claim:
    """A claim that a derived expression is the one stated."""
    holds = sp.simplify(sp.sympify(derived) - sp.sympify(stated)) == 0
    return seen(where, statement, str(stated), str(derived), holds)


def the_edge() -> Iterator[Claim]:
    eta, a, b = equations(EDGE).parameters.values()
    edge = stability.fixed_points(EDGE, period=2)[0]
    (group,) = stability.nondimensional(EDGE).groups
    yield same("2.1 D", "derived from the step: the one combination of parameters that rules", group, eta**2 * a)
    yield same("2.1 D", "derived: p at the fixed point of p and y", edge.state["x"] ** 2, a / b)
    up, down = edge.multipliers().values
    root = sp.I * eta * sp.sqrt(2 * a)
    yield same("2.1 D", "derived: its multipliers, their sum", up + down, 2)
    yield same("2.1 D", "… and their product, |1 ± iη√(2a)|²", sp.expand(up * down), sp.expand((1 + root) * (1 - root)))
    never = edge.stability is sp.false
    yield seen("2.1 D", "derived: when it attracts", "never", "never" if never else str(edge.stability), never)


def the_flow() -> Iterator[Claim]:
    """The small-step limit at the edge, and the drift of its energy along a slow orbit."""
    edge = stability.fixed_points(EDGE, period=2)[0]
    flow = stability.flow(EDGE, around=edge)
    x, y = (sp.Symbol(n, real=True) for n in ("x", "lam"))
    a, b = (equations(EDGE).parameters[n] for n in ("a", "b"))
    energy = y**2 / 2 + b * x**2 / 2 - a * sp.log(sp.Abs(x))
    yield same("2.1 D", "derived: dX/dτ in the small-step limit (Y = λ − 2/η is called lam)", flow.rates["x"], x * y)
    yield same("2.1 D", "derived: dY/dτ", flow.rates["lam"], a - b * x**2)
    yield same("2.1 D", "derived: its conserved quantity H", flow.conserved[0], energy)
    # ⟨ΔH⟩ along an orbit: derived pointwise, averaged over ten cycles, against the sheet's 2aη²⟨Y²⟩.
    values = {"eta": 1.0, "a": 1e-6, "b": 1e-3}
    run = orbit(EDGE, 45_000, x=0.05, lam=2.0, **values)
    names = {"x": run.x.values, "lam": run.lam.values - 2, **values}
    drift = flow.drift()
    free = sorted(drift.free_symbols, key=str)
    mean = sp.lambdify(free, drift)(*(names[s.name] for s in free)).mean()
    yield compare("2.1 D", "derived drift of H a step, averaged over ten cycles, against 2aη²⟨Y²⟩ (α = 1e-6)",
                  2e-6 * np.mean(names["lam"] ** 2), float(mean), 3e-2)  # fmt: skip


def other_cycles() -> Iterator[Claim]:
    """What else the constant rate has: found by the analysis, not in the paper or the sheet."""
    eta, a = (equations(EDGE).parameters[n] for n in ("eta", "a"))
    zero = stability.fixed_points(EDGE)[0]
    up, down = zero.multipliers().values
    statement = "λ = 0, x² = a/b is fixed too, a saddle: product of its multipliers 1 ± η√(2a)"
    yield same("2.1 D (new)", statement, sp.expand(up * down), 1 - 2 * a * eta**2)
    _, cycle, _ = stability.fixed_points(EDGE, period=2)
    alpha = 4.5
    at = cycle.at(eta=1.5, a=alpha / 2.25, b=0.7)
    found = stability.multipliers(EDGE, **at, eta=1.5, a=alpha / 2.25, b=0.7).numbers()
    error = np.abs(np.sort(found.real) - [5 - 2 * alpha, 5 + 2 * alpha]).max()
    statement = "… it flips at η²a = 2, where 2-cycles of multipliers 5 ± 2η²a are born: their error at η²a = 4.5"
    yield below("2.1 D (new)", statement, float(error), 1e-6)


def the_line() -> Iterator[Claim]:
    """CDAT at σ = 2, delayed and not."""
    found = stability.fixed_points(maps.cdat, period=2, sigma=2)
    line = next(p for p in found if p.flip == ("x",))
    condition = str(line.stability)
    yield seen("2.3 D", "derived: at σ = 2, delayed, a family over λ attracts iff", "8a < Λ² (and ν < Λ)", condition,
               condition == "(nu < lam) & (8*a < lam**2)")  # fmt: skip
    turns = line.multipliers().oscillates
    yield seen("2.3 D", "derived: and deviations turn iff", "Λ² < 32a", str(turns), str(turns) == "lam**2 < 32*a")
    undelayed = stability.fixed_points(maps.cdat_undelayed, period=2, sigma=2)
    frozen = next(p for p in undelayed if p.flip == ("x",))
    values = sorted(map(str, frozen.multipliers().values))
    yield seen("2.3 D", "derived: without the delay the multiplier across the line is 1 (p is frozen)", "1, 1 − 2ν/Λ",
               ", ".join(values), values == ["(lam - 2*nu)/lam", "1"])  # fmt: skip
    special = [str(e) for e in stability.fixed_points(maps.cdat, period=2).special]
    measured = "none; there may be where " + " or ".join(f"{e} = 0" for e in special)
    yield seen("2.3 D", "derived: for other σ there is no such line", "σ = 2 alone", measured, special == ["sigma - 2"])


def exponents() -> Iterator[Claim]:
    """The Lyapunov spectrum below the edge is that of the feedback K of p/g."""
    sigma, nu, lam = 1.8, 0.05, 20.0
    values = {"x": [1e-5], "u": 1e-3, "lam": lam, "sigma": sigma, "nu": nu, "a": 1e-9, "b": 1e-9}
    shrinks, feedback = np.log(1 - 2 * nu / (lam + nu)), gain(sigma, lam, nu)
    for map_, kind, want in ((maps.cdat, "delayed: their sum ln K", np.log(feedback)),
                             (maps.cdat_undelayed, "no delay: ln|1 − K|", np.log(abs(1 - feedback)))):  # fmt: skip
        start = values | ({"eta": 2 / (lam + nu)} if "eta" in map_.state else {})
        found = sweep(map_, 6000, {"x": start.pop("x")}, measures.lyapunov_spectrum(skip=2000), **start)
        measured = float(found.lyapunov_spectrum[0, 2:].sum()) - shrinks
        yield compare(
            "2.3 D (new)", f"σ = 1.8, Lyapunov exponents across the limit of p/g, {kind}", want, measured, 1e-3
        )


def laws() -> Iterator[Claim]:
    """The growth laws over whole phase diagrams."""
    result = sweep(maps.target_sharpness, 20_000, {"a": np.geomspace(0.01, 1, 40), "sigma": np.linspace(1.2, 1.95, 40)},
                   measures.final("lam"))  # fmt: skip
    (law,) = stability.compare(result, "lam_final", {"": "sqrt(lam**2 + 2*sigma*a*steps)"})
    yield below("2.2 D", "λ² = λ0² + 2σat over 1600 points (a, σ), 20000 steps: median error of λ", law.median, 1e-3)
    start = {n: v for n, v in PAPER.items() if n not in ("a", "nu")}
    result = sweep(maps.cdat, 20_000, {"a": np.geomspace(0.01, 1, 40), "nu": np.geomspace(0.02, 2, 40)},
                   measures.final("lam"), sigma=1.8, eta=0.05, **start)  # fmt: skip
    (law,) = stability.compare(result, "lam_final", {"": "sqrt((lam + nu)**2 + 4*a*steps) - nu"})
    yield below("2.3 D", "(λ+ν)² = (λ0+ν)² + 4at over 1600 points (a, ν), σ = 1.8: median error of λ", law.median, 2e-2)
