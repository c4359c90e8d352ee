"""Scalar chain (Kreisler et al. 2023, arXiv 2305.13064): the sharpness of the gradient-flow solution."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from .. import measures, plot
from ..families import scalar_chain
from ..loop import closed_loop
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from ..tuners import constant
from .rows import Row, below, rows, seen

TITLE = "Scalar chain"
MAPS = ("scalar_chain",)
DEPTHS = (2, 3, 4, 6)
POINTS = 4000
BOUND = 2 * np.sqrt(2)


@cache
def loop(depth: int):
    return closed_loop(scalar_chain(depth), constant)


@dataclass(frozen=True)
class Runs:
    """What became of many random chains: η·solution at the start and at the end, the largest rise of it in one step.

    `kept`: all weights stayed positive; `down`: the loss went to zero.
    """

    share: np.ndarray
    end: np.ndarray
    rise: np.ndarray
    kept: np.ndarray
    down: np.ndarray


@cache
def drawn(depth: int, seed: int = 0) -> Runs:
    """Chains with positive weights, and rates from 0.1 to 4 of 1/solution."""
    rng = np.random.default_rng(seed)
    one = {f"w{i + 1}": ("point", row) for i, row in enumerate(rng.uniform(0.3, 2.0, (depth, POINTS)))}
    first = sweep(loop(depth), 0, one, measures.final("solution"), eta=0.1, progress=False).solution_final.values
    share = rng.uniform(0.1, 4.0, POINTS)
    watched = [measures.rise("solution"), measures.final("solution"), measures.final("f")]
    watched += [measures.minimum(f"w{i + 1}") for i in range(depth)]
    found = sweep(loop(depth), 5000, one | {"eta": ("point", share / first)}, watched, progress=False)
    kept = np.all([found[f"w{i + 1}_minimum"].values > 0 for i in range(depth)], axis=0)
    down = found.f_final.values < 1e-12
    unit = share / first
    return Runs(share, unit * found.solution_final.values, unit * found.solution_rise.values, kept, down)


def claims() -> Iterator[Row]:
    yield from the_flow()
    for depth in DEPTHS:
        runs = drawn(depth)
        which = runs.kept & (runs.share <= BOUND)
        statement = (
            f"the sharpness of the gradient-flow solution never increases along GD, depth {depth}: "
            f"largest rise, times η, of {which.sum()} runs of up to 2√2/η whose weights keep their sign"
        )
        yield from rows("scalar_chain", below("3 P", statement, max(float(runs.rise[which].max()), 0.0), 1e-9))
    yield from without_the_condition()
    yield from the_bound()
    yield from the_end()


def the_flow() -> Iterator[Row]:
    """``solution`` against gradient flow, which Euler steps of a tiny rate approach."""
    w = {"w1": 1.9, "w2": 0.9, "w3": 0.6, "w4": 0.7}
    errors = []
    for eta in (4e-4, 2e-4):
        one = orbit(loop(4), int(20 / eta), every=int(20 / eta), eta=eta, **w)
        last = sum(1 / float(one[n][-1]) ** 2 for n in w)
        errors.append(abs(last / float(one.solution[0]) - 1))
    rate = np.log2(errors[0] / errors[1])
    statement = (
        "solution = Σ1/θᵢ² where gradient flow ends: GD's Σ1/θᵢ² tends to it with η (fitted order; error at η = 2e-4)"
    )
    yield from rows("scalar_chain", seen("3 D", statement, "1", f"{rate:.3f}; {errors[1]:.2g}", abs(rate - 1) < 0.05))


def without_the_condition() -> Iterator[Row]:
    """As the sheet has it: for any run. A step that carries a weight through zero ends elsewhere."""
    rises = total = 0
    for depth in DEPTHS:
        runs = drawn(depth)
        total += int(runs.down.sum())
        rises += int((runs.down & (runs.rise > 1e-9)).sum())
    statement = "the same of every run that converges, whatever its signs and rate (as the sheet has it)"
    yield from rows(
        "scalar_chain",
        seen(
            "3 (sheet)",
            statement,
            "none rises",
            f"{rises} of {total} rise, by a step through zero or beyond 2√2",
            rises == 0,
        ),
    )


def the_bound() -> Iterator[Row]:
    """[M] up to about 2√2/η."""
    lowest = {}
    for depth in DEPTHS:
        runs = drawn(depth)
        up = runs.kept & (runs.rise > 1e-9)
        lowest[depth] = float(runs.share[up].min()) if up.any() else np.inf
    least = min(lowest.values())
    statement = (
        "[M] that holds up to η·solution ≈ 2√2 = 2.83: smallest value at which a run that keeps its "
        "signs rises, by depth"
    )
    measured = ", ".join(f"{d}: {'none' if np.isinf(v) else f'{v:.3f}'}" for d, v in lowest.items())
    yield from rows("scalar_chain", seen("3 M", statement, "≥ 2.83", measured, least >= BOUND))
    lost = min(float(drawn(d).share[~drawn(d).down].min()) for d in DEPTHS)
    statement = "… it is no promise to converge: smallest η·solution from which a run diverges, by a large first step"
    yield from rows("scalar_chain", seen("3 (new)", statement, "< 2.83", f"{lost:.2f}", lost < BOUND), shows="escape")


def the_end() -> Iterator[Row]:
    """Where it converges from above the edge it ends below it."""
    ends = np.concatenate([runs.end[runs.down & (runs.share > 2)] for runs in map(drawn, DEPTHS)])
    statement = f"what starts above the edge and converges ends below it: largest final η·solution of {ends.size} runs"
    yield from rows(
        "scalar_chain", seen("3 D", statement, "≤ 2", f"{ends.max():.6f}", ends.max() <= 2), shows="catapult"
    )


def figure(out: Path) -> list[Path]:
    drawn_ = new_figure(11, 3.8)
    left, right = drawn_.subplots(1, 2)
    start = {"w1": 3.0, "w2": 0.9, "w3": 0.8, "w4": 0.7}
    first = float(orbit(loop(4), 0, **start).solution[0])
    for color, share in zip(plot.LINES, (1.5, 2.2, 2.6)):
        one = orbit(loop(4), 400, eta=share / first, **start)
        left.plot(one.step, one.solution * share / first, color=color, label=f"solution, from {share}")
        left.plot(one.step, one.lam * share / first, color=color, lw=0.6, alpha=0.6)
    left.axhline(2, color="black", lw=0.8, ls="--")
    left.set(
        xlabel="step",
        ylabel="$\\eta\\,\\times$ sharpness",
        title="depth 4; thin: $\\eta\\Sigma c_i^2$ of the point itself",
        ylim=(0, 5),
    )
    left.legend(fontsize="small")
    for color, depth in zip(plot.LINES, DEPTHS):
        runs = drawn(depth)
        right.plot(
            runs.share[runs.down & runs.kept],
            runs.end[runs.down & runs.kept],
            ".",
            ms=2,
            color=color,
            label=f"depth {depth}",
        )
    right.plot([0, 4], [0, 4], color="black", lw=0.8, ls=":")
    right.axhline(2, color="black", lw=0.8, ls="--")
    right.axvline(BOUND, color="0.5", lw=0.8)
    right.text(BOUND + 0.03, 0.2, "2√2", color="0.3")
    right.set(
        xlabel="$\\eta\\,\\times$ solution at the start",
        ylabel="at the end",
        title="runs that converge and keep their signs",
    )
    right.legend(fontsize="small", markerscale=4)
    return [save(drawn_, out / "scalar_chain.png")]
