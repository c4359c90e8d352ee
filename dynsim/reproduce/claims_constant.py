"""Claims about a constant rate: theory 1.2 (Figures 4, 10), 1.3 and 2.1."""

from collections.abc import Iterator

import numpy as np

from .. import maps, measures
from ..orbits import orbit
from ..sweeps import sweep
from .figures import constant_rate
from .table import Claim, below, compare, seen

EDGE = maps.self_stabilization


def claims() -> Iterator[Claim]:
    yield from figure_4()
    yield from slips()
    yield from one_parameter()
    yield from spiral()
    yield from small_rates()


def crossings(y) -> np.ndarray:
    """Where y goes up through 0, interpolated."""
    i = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    return i + y[i] / (y[i] - y[i + 1])


def figure_4() -> Iterator[Claim]:
    run = constant_rate(120)
    y, p = run.y.values, run.p.values
    around = crossings(y).size
    yield seen(
        "1.2 P",
        "Figure 4, constant η: y oscillates about 0 and p cycles",
        "several crossings",
        f"{around} upward crossings in 120 steps, |y| ≤ {np.abs(y).max():.2f}, p from {p.min():.2g} to {p.max():.2g}",
        around >= 3 and np.abs(y).max() < 1,
    )
    life = sweep(EDGE, 1000, over={"x": [0.3]}, lam=2.0, eta=1, a=0.03, b=0.3, measure=measures.lifetime())
    escape = life.lifetime.item()
    yield seen(
        "1.2 P",
        "Figure 4, constant η: λ stabilizes (for good)",
        "no escape",
        f"escapes at step {escape} (x0 = 0.3, λ0 = 2): the oscillation grows in every cycle",
        escape > 1000,
    )


def slips() -> Iterator[Claim]:
    """The paper's slips: y = −2ε, and eq. 5 itself."""
    run = orbit(maps.target_sharpness, 50, sigma=2 * (1 - 0.05))
    yield compare("1.3 D", "η = 2(1−ε)/λ gives y = −2ε (not −ε), at ε = 0.05", -0.1, run.y.values[-1], 1e-9)
    rng = np.random.default_rng(0)
    x, lam, eta, a, b, r = rng.uniform(0.5, 1.5, (6, 1000))
    after, lam_after = EDGE.step(x, lam, eta, a, b)
    y, y_after = eta * lam - 2, r * eta * lam_after - 2
    eq5 = r * eta * eta * (a - b * x * x) + r * y + 2 * (r - 1)
    error = np.abs(y_after - eq5).max() + np.abs(after * after - (1 + y) ** 2 * x * x).max()
    yield below("1.3 D", "eq. 5 is eq. 4 in p and y, η varying: largest deviation over 1000 states", error, 1e-13)


def one_parameter() -> Iterator[Claim]:
    """α = η²a rules: three parameter sets with one α, the same start in (p̃, y)."""
    runs = []
    for eta, b in ((1.0, 0.3), (0.1, 7.0), (3.0, 0.01)):
        a = 0.03 / eta**2
        run = orbit(EDGE, 100, x=np.sqrt(0.8 * a / b), lam=2.05 / eta, eta=eta, a=a, b=b)
        runs.append(np.array([b * run.p.values / a, run.y.values]))
    error = max(np.abs(run - runs[0]).max() for run in runs[1:])
    yield below("2.1 D", "α = η²a alone rules (p̃, y): deviation of three (η, a, b) over 100 steps", error, 1e-9)
    x, lam = np.float64(0.7), np.float64(2.0)
    after, _ = EDGE.step(x, lam, 0.5, 0.03, 0.3)
    yield seen("2.1 D", "x passes through zero exactly at ηλ = 1", "0", f"x' = {after:g}", after == 0)


def spiral() -> Iterator[Claim]:
    """The fixed point p = a/b, y = 0, and the growth around it."""
    eta, a, b = 1.0, 0.03, 0.3
    x, lam = np.sqrt(a / b), 2 / eta
    twice = EDGE.step(*EDGE.step(x, lam, eta, a, b), eta, a, b)
    yield below("2.1 D", "p = a/b, y = 0 is a 2-cycle in x", max(abs(twice[0] - x), abs(twice[1] - lam)), 1e-14)
    # δ(ln p) + i·δy·√2/(η√a) turns and grows by the multiplier 1 ± iη√(2a) on each step.
    run = orbit(EDGE, 400, x=x * (1 + 1e-9), lam=lam, eta=eta, a=a, b=b)
    z = np.log(run.p.values / (a / b)) + 1j * run.y.values * np.sqrt(2 / a) / eta
    factor = np.exp(np.mean(np.diff(np.log(np.abs(z[10:300])))) + 1j * np.mean(np.diff(np.unwrap(np.angle(z[10:300])))))
    w = eta * np.sqrt(2 * a)
    yield compare(
        "2.1 D",
        "multipliers 1 ± iη√(2a): modulus √(1 + 2η²a), at Figure 4's values",
        abs(1 + 1j * w),
        abs(factor),
        1e-3,
    )
    period = 2 * np.pi / abs(np.angle(factor))
    yield compare("2.1 D", "period of the spiral ≈ 2π/(η√(2a)) (exactly 2π/arctan)", 2 * np.pi / w, period, 0.03)
    yield compare("2.1 D", "the amplitude grows by ≈ η²a a step", eta**2 * a, np.log(abs(factor)), 0.05)
    yield compare("2.1 P/D", "at Figure 4's values the amplitude doubles in each cycle", 2, abs(factor) ** period, 0.1)


def energy(run, eta, a, b):
    """H = Y²/2 + bX²/2 − a ln|X| with Y = λ − 2/η."""
    return (run.lam.values - 2 / eta) ** 2 / 2 + b * run.p.values / 2 - a * run.log_p.values / 2


def small_rates() -> Iterator[Claim]:
    """The limit of small α: H is conserved, its drift, and the overshoot."""
    eta, b = 1.0, 0.3
    changes, drifts, overshoots = [], [], []
    for a in (1e-4, 1e-6):
        x0 = np.sqrt(0.1 * a / b)
        steps = int(3 * 2 * np.pi / (eta * np.sqrt(2 * a)))
        run = orbit(EDGE, steps, x=x0, lam=2 / eta, eta=eta, a=a, b=b)
        h = energy(run, eta, a, b)
        lowest = a / 2 * (1 - np.log(a / b))
        y = run.lam.values - 2 / eta
        up = crossings(y)
        first, last = int(np.ceil(up[0])), int(np.ceil(up[-1]))
        changes.append((h[last] - h[first]) / (h[first] - lowest) / (up.size - 1))
        drifts.append((h[last] - h[first]) / (last - first) / (2 * a * eta**2 * np.mean(y[first:last] ** 2)))
        overshoots.append(y[: first + 1].max() / np.sqrt(2 * (h[0] - lowest)))
    yield seen(
        "2.1 D",
        "H is conserved in the limit of small α: its change a cycle falls as √α",
        "change at α = 1e-4 ten times that at 1e-6",
        f"{changes[0]:.2g} and {changes[1]:.2g} a cycle (of H − Hmin), ratio {changes[0] / changes[1]:.3g}",
        abs(changes[0] / changes[1] - 10) < 2,
    )
    yield compare("2.1 D", "drift ⟨ΔH⟩ = 2aη²⟨Y²⟩ a step, at α = 1e-6 (measured/predicted)", 1, drifts[1], 0.02)
    yield compare(
        "2.1 D", "overshoot √(2(H0 − Hmin)) from a start at λ = 2/η, α = 1e-6 (ratio)", 1, overshoots[1], 0.02
    )
