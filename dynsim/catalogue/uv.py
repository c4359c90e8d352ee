"""UV model (Kalra, He, Barkeshli 2023, arXiv 2311.02076): its edge, its cascade, its escape."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from .. import maps, measures, plot, stability
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, below, compare, order, rows, seen

TITLE = "UV model"
MAPS = ("uv", "uv_balanced")
FEIGENBAUM = 4.669201609
#: Period doublings that are located: of the cycles of length 1, 2, 4, …
DOUBLINGS = 9
#: A larger Lyapunov exponent is that of chaos.
CHAOTIC = 0.01
#: A at which the whole model is held against the balanced one; 1.7 lies in a window of period 6.
TENTHS = np.array([1.5, 1.6, 1.7, 1.8, 1.9])


def claims() -> Iterator[Row]:
    yield from the_edge()
    yield from the_balance()
    yield from the_cascade()
    yield from the_sweep()
    yield from the_escape()


def the_edge() -> Iterator[Row]:
    width, target = 3.0, 2.0
    critical = np.sqrt(width) / target
    share = np.array([0.8, 0.9, 0.98, 1.02, 1.1, 1.2])
    over = {"eta": share * critical, "z": np.array([-1.9, -1.7, -1.5]), "lam": np.array([1.4, 1.6, 1.8])}
    last = sweep(
        maps.uv,
        40_000,
        over,
        [measures.final("z"), measures.mean("y", skip=39_000)],
        width=width,
        target=target,
        progress=False,
    )
    swings = (abs(last.z_final) > 1e-3).values.reshape(len(share), -1)
    statement = (
        "EOS iff η > √n/|Y|: the loss does not settle at a minimum (n = 3, Y = 2; nine starts at each of six rates)"
    )
    measured = (
        f"settles at η√… = {', '.join(f'{s:g}' for s in share[~swings.any(axis=1)])}; does not at "
        f"{', '.join(f'{s:g}' for s in share[swings.all(axis=1)])}"
    )
    measured = measured.replace("η√…", "η|Y|/√n")
    right = (swings.all(axis=1) == (share > 1)).all() and (swings.any(axis=1) == (share > 1)).all()
    yield from rows(
        "uv", seen("3 P", statement, "settles below 1, not above", measured, right), shows="oscillation at the edge"
    )


def the_balance() -> Iterator[Row]:
    """Above the edge: λ = 2|f|/√n, and the motion on it."""
    width, target, a = 3.0, 2.0, 1.5
    eta = a * np.sqrt(width) / target
    one = orbit(maps.uv, 3000, eta=eta, width=width, target=target, z=-1.5, lam=1.6)
    ratio = one.lam.values * np.sqrt(width) / (2 * np.abs(one.z.values + target))
    yield from rows(
        "uv",
        below(
            "3 D",
            "above it the motion falls on λ = 2|f|/√n: distance from 1 of their ratio after 3000 steps, A = 1.5",
            float(abs(ratio[-1] - 1)),
            1e-9,
        ),
    )
    u = np.sqrt(eta * np.abs(one.z.values + target) / np.sqrt(width))
    after = np.abs(u * (1 + a - u * u))
    off = np.abs(after[2000:2999] - u[2001:3000]).max()
    yield from rows("uv", below("3 D", "… where u' = u(1 + A − u²): largest error over 1000 steps", float(off), 1e-9))
    off = np.abs(eta * one.lam.values[2000:] - 2 * u[2000:] ** 2).max()
    yield from rows("uv", below("3 D", "… and ηλ = 2u²: largest error", float(off), 1e-9))


def _along(u, a, length):
    """u after `length` steps, and its derivatives u_u, u_A, u_uu, u_uA."""
    x, d, e, dd, de = u, 1.0, 0.0, 0.0, 0.0
    for _ in range(length):
        first, second = 1 + a - 3 * x * x, -6 * x
        # (f_u = first, f_A = x, f_uu = second, f_uA = 1)
        de = first * de + second * d * e + d
        dd = first * dd + second * d * d
        e = first * e + x
        d = first * d
        x = x * (1 + a - x * x)
    return x, d, e, dd, de


def _doubling(u, a, length):
    """(u, A) at which the cycle of this length through u has the multiplier −1: Newton's method."""
    for _ in range(60):
        x, d, e, dd, de = _along(u, a, length)
        step = np.linalg.solve([[d - 1, e], [dd, de]], [x - u, d + 1])
        u, a = u - step[0], a - step[1]
        if np.abs(step).max() < 1e-14:
            break
    return u, a


@cache
def thresholds() -> tuple[float, ...]:
    """A at which the cycles of length 1, 2, 4, … flip."""
    found = [_doubling(1.0, 0.99, 1)]
    for k in range(1, DOUBLINGS):
        length, last = 2**k, found[-1][1]
        gap = np.sqrt(5) - 2 if k == 1 else (last - found[-2][1]) / FEIGENBAUM
        # On the cycle just before: iterate there, then take its point nearest to the critical one.
        u, guess = 0.7, last + 0.9 * gap
        for _ in range(20_000):
            u = u * (1 + guess - u * u)
        around = [u]
        for _ in range(length - 1):
            around.append(around[-1] * (1 + guess - around[-1] ** 2))
        critical = np.sqrt((1 + guess) / 3)
        found.append(_doubling(min(around, key=lambda v: abs(v - critical)), last + gap, length))
    return tuple(a for _, a in found)


def the_cascade() -> Iterator[Row]:
    a = thresholds()
    yield from rows(
        "uv_balanced", compare("3 D", "u = √A flips at A = 1: multiplier −1", 1.0, a[0], 1e-10), shows="2-cycles"
    )
    yield from rows("uv_balanced", compare("3 D", "the 2-cycle flips at A = √5 − 1", np.sqrt(5) - 1, a[1], 1e-10))
    ratios = np.diff(a)[:-1] / np.diff(a)[1:]
    statement = (
        f"then a Feigenbaum cascade: ratio of successive gaps of the first {DOUBLINGS} thresholds, the last of them"
    )
    yield from rows("uv_balanced", compare("3 D", statement, FEIGENBAUM, ratios[-1], 2e-4))
    statement = (
        "… thresholds of the cycles 4, 8, 16 (new), each to 5 digits by two ways: Newton, and the period "
        "measured by a sweep"
    )
    swept = [_by_period(a[k], a[k] - a[k - 1], 2**k) for k in (2, 3, 4)]
    off = max(abs(s - a[k]) for s, k in zip(swept, (2, 3, 4)))
    measured = f"{', '.join(f'{v:.6f}' for v in a[2:5])}; farthest apart {off:.1g}"
    yield from rows("uv_balanced", seen("3 (new)", statement, "≤ 1e-5 apart", measured, off <= 1e-5))


def _by_period(near, gap, length):
    """Where a sweep finds the period to pass `length`, by three refinements."""
    width = 0.2 * gap / FEIGENBAUM
    for _ in range(3):
        a = np.linspace(near - width, near + width, 201)
        found = sweep(maps.uv_balanced, 400_000, {"A": a}, measures.period(tol=1e-7), u=0.7, progress=False)
        beyond = np.flatnonzero(found.period.values > length)
        near, width = (a[beyond[0]] + a[beyond[0] - 1]) / 2, 4 * (a[1] - a[0])
    return near


def the_sweep() -> Iterator[Row]:
    a = np.linspace(1.45, 1.99, 400)
    found = sweep(maps.uv_balanced, 20_000, {"A": a}, measures.lyapunov(skip=2000), u=0.7, progress=False)
    chaotic = found.lyapunov.values > CHAOTIC
    measured = f"{chaotic.mean():.0%} of 400 values, largest exponent {found.lyapunov.values.max():.3f}"
    yield from rows(
        "uv_balanced",
        seen(
            "3 D",
            "beyond the cascade it is chaotic: Lyapunov exponent > 0, A from 1.45 to 1.99",
            "most values",
            measured,
            chaotic.mean() > 0.5,
        ),
        shows="chaos",
    )
    full, reduced = exponents(TENTHS)
    chaos, off = np.minimum(full, reduced) > CHAOTIC, np.abs(full - reduced)
    statement = (
        f"… and the UV model with it, at the same of A = {', '.join(f'{v:g}' for v in TENTHS)}: largest difference of "
        f"the exponents where both are > {CHAOTIC}"
    )
    alike = ((full > CHAOTIC) == (reduced > CHAOTIC)).all() and chaos.any()
    measured = f"{off[chaos].max():.2g} at A = {', '.join(f'{v:g}' for v in TENTHS[chaos])}"
    right = alike and off[chaos].max() <= 1e-2
    yield from rows("uv", seen("3 D", statement, "≤ 0.01", measured, right), shows="chaos")


def exponents(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The Lyapunov exponents at each A of the whole model, with η = A and Y = n = 1, and of the balanced one."""
    steps, measure = 300_000, measures.lyapunov(skip=3000)
    full = sweep(maps.uv, steps, {"eta": a}, measure, z=-0.5, lam=1.1, target=1.0, width=1.0, progress=False)
    reduced = sweep(maps.uv_balanced, steps, {"A": a}, measure, u=0.7, progress=False)
    return full.lyapunov.values, reduced.lyapunov.values


def the_escape() -> Iterator[Row]:
    """Time to escape just above A = 2, and none below."""
    above = np.array([1e-2, 3e-3, 1e-3])
    u = np.linspace(0.1, 1.5, 400)
    found = sweep(
        maps.uv_balanced,
        200_000,
        {"A": np.concatenate([2 - above[::-1], 2 + above]), "u": u},
        measures.lifetime(),
        progress=False,
    )
    below_, beyond = found.lifetime.values[:3], found.lifetime.values[3:]
    measured = f"none of {below_.size} at A ≤ {2 - above[-1]:g}, all of {beyond.size} at A ≥ {2 + above[-1]:g}"
    right = (below_ > 200_000).all() and (beyond <= 200_000).all()
    measured = measured if right else f"{int((below_ <= 200_000).sum())} below, {int((beyond <= 200_000).sum())} above"
    yield from rows(
        "uv_balanced",
        seen(
            "3 D",
            "escape at A = 2: 400 starts at each of three A on either side, 200000 steps",
            "none below, all above",
            measured,
            right,
        ),
        shows="escape",
    )
    above = np.array([1e-3, 1e-4, 1e-5])
    found = sweep(maps.uv_balanced, 400_000, {"A": 2 + above, "u": u}, measures.lifetime(), progress=False)
    rate = order(above, found.lifetime.values.mean(axis=1))
    statement = (
        "… the mean time to escape grows as (A − 2)^(−1/2), a boundary crisis (fitted exponent, A − 2 "
        "from 1e-5 to 1e-3)"
    )
    yield from rows("uv_balanced", compare("3 (new)", statement, -0.5, rate, 0.1))


def figure(out: Path) -> list[Path]:
    drawn = new_figure(12, 4)
    left, right = drawn.subplots(1, 2, width_ratios=(3, 2))
    a = np.linspace(0.8, 2, 1600)
    found = stability.orbit_diagram(maps.uv_balanced, over={"A": a}, keep=150, skip=3000, u=0.7)
    right_scale = 2 * found.u.values**2
    left.plot(
        np.repeat(a, found.u.shape[1]), right_scale.ravel(), ",", color=plot.LINES[0], alpha=0.35, rasterized=True
    )
    for value in (*thresholds()[:3], 2):
        left.axvline(value, color="0.6", lw=0.8, ls=":")
    left.axhline(2, color="black", lw=0.8, ls="--")
    left.text(0.81, 2.05, "edge of stability", size=8)
    left.set(xlabel="$A = \\eta Y/\\sqrt{n}$", ylabel="$\\eta\\lambda = 2u^2$ in the end", xlim=(0.8, 2.02))
    left.set_title("balanced weights; dotted: flips at 1, √5 − 1, …, escape at 2", fontsize="medium")
    for color, rate in zip(plot.LINES, (0.9, 1.1, 1.3)):
        one = orbit(maps.uv, 40, eta=rate, target=1.0, width=1.0, z=-0.6, lam=1.2)
        right.plot(one.step, one.lam * rate, ".-", color=color, lw=0.8, label=f"A = {rate}")
    right.axhline(2, color="black", lw=0.8, ls="--")
    right.set(xlabel="step", ylabel="$\\eta\\lambda$", title="the whole model, from ηλ below the edge")
    right.legend(fontsize="small")
    return [save(drawn, out / "uv.png")]
