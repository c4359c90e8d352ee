"""Damping (Berthier 2026, arXiv 2609.01034): where the curvature along x changes with x, the edge is stable."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import maps, measures, plot
from ..model import Map
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, compare, order, rows, seen

TITLE = "Damped edge"
MAPS = ("damped",)
#: Cycles over which the drift of the energy is taken.
CYCLES = 6
CRITICAL = np.sqrt(2 / 9)


def claims() -> Iterator[Row]:
    yield from the_drift()
    yield from the_threshold()
    yield from what_lasts()


def drift(a: float, zeta: float, eta: float) -> float:
    """The measured share (dE/d(ak))/(η²⟨y₁²⟩) over some whole cycles of a small motion, E the mean over two steps."""
    steps = int(9 * (CYCLES + 2) / (eta * np.sqrt(a)))
    one = orbit(maps.damped, steps, a=a, zeta=zeta, eta=eta, x=np.sqrt(2 * a), lam=2 / eta + np.sqrt(a))
    x, y = one.x.values / np.sqrt(a), (one.lam.values - 2 / eta) / np.sqrt(a)
    energy = y * y / 2 + x * x / 4 - np.log(np.abs(x))
    energy = (energy[1:] + energy[:-1]) / 2
    up = np.flatnonzero((y[:-2] < 0) & (y[1:-1] >= 0))[: CYCLES + 1]
    # Where y crosses zero the energy is flat in y, so the whole step nearest to it does.
    first, last = up[0], up[-1]
    return float((energy[last] - energy[first]) / (a * eta**2 * np.sum(y[first:last] ** 2)))


def the_drift() -> Iterator[Row]:
    small = np.array([4e-6, 1e-6, 2.5e-7])
    for zeta, eta in ((0.0, 1.0), (0.3, 1.0), (0.8, 1.0), (0.8, 0.5), (1.2, 2.0)):
        want, found = 2 - 9 * zeta**2, [drift(a, zeta, eta) for a in small]
        statement = f"dE/d(ak) = η²(2 − 9ζ²)⟨y₁²⟩: its factor 2 − 9ζ² at ζ = {zeta}, η = {eta:g}, a = {small[-1]:g}"
        yield from rows("damped", compare("3 P", statement, want, found[-1], 2e-2))
    errors = [abs(drift(a, 0.8, 1.0) - (2 - 9 * 0.64)) for a in small]
    found = order(small, errors)
    statement = "… its error vanishes with a at least as √a (order in a, ζ = 0.8, three values of a)"
    yield from rows("damped", seen("3 P", statement, "≥ 0.5", f"{found:.2f}", found >= 0.45))


def the_threshold() -> Iterator[Row]:
    """ζ at which the drift changes sign, for smaller and smaller a."""
    a = 2.5e-7
    zeta = np.linspace(0.42, 0.52, 6)
    found = np.array([drift(a, z, 1.0) for z in zeta])
    root = float(np.interp(0, -found, zeta))
    statement = f"damped iff ζ² > 2/9: ζ at which the energy neither grows nor falls, a = {a:g}"
    yield from rows("damped", compare("3 P", statement, CRITICAL, root, 5e-3), shows="damping")


def what_lasts() -> Iterator[Row]:
    """The cure for the escape of 2.1: a long run on both sides."""
    zeta = np.array([0.0, 0.2, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0])
    swing = [measures.maximum("y", skip=180_000), measures.lifetime()]
    late = sweep(maps.damped, 200_000, {"zeta": zeta}, swing, a=1e-3, x=0.05, lam=2.0, progress=False)
    damped = (late.lifetime.values > 200_000) & (late.y_maximum.values < 0.01)
    statement = "ζ decides whether the oscillation dies out in 200000 steps (a = 1e-3, η = 1, eight ζ from 0 to 1)"
    measured = f"dies out at ζ = {', '.join(f'{z:g}' for z in zeta[damped])}"
    yield from rows("damped", seen("3 P", statement, "at ζ > 0.471", measured, (damped == (zeta > CRITICAL)).all()))
    yield from rows(
        "damped",
        _fate("below, the orbit escapes as in 2.1 (ζ = 0 to 0.45, a = 1e-3, 200000 steps)", late.isel(zeta=~damped)),
    )
    yield from the_drive_along_x()


def _fate(statement, found):
    lost = found.lifetime.values <= found.attrs["steps"]
    zeta = found.zeta.values
    gone, kept = (", ".join(f"{z:g}" for z in zeta[which]) or "none" for which in (lost, ~lost))
    return seen("3 D", statement, "escape", f"escapes at ζ = {gone}; bounded at ζ = {kept}", lost.all())


def the_drive_along_x() -> Iterator[Row]:
    """What keeps it bounded below the critical ζ: −ax, a floor below which |x| does not fall."""

    def without(x=0.05, lam=2, /, eta=1, a=1e-3, zeta=0.0):
        return x - eta * (lam * x + 3 * zeta * x * x / 2), lam + eta * (a - x * x / 2)

    over = {"zeta": np.array([0.0, 0.2, 0.4, 0.45])}
    bare = sweep(Map(without, scale={"x": 1}), 2_000_000, over, measures.lifetime(), x=0.05, lam=2.0, progress=False)
    gone = bare.lifetime.values <= 2_000_000
    statement = (
        "… it is the term −ax of the loss that bounds it at ζ = 0: without it the orbit escapes (the base model)"
    )
    measured = (
        f"without it, escapes at ζ = {', '.join(f'{z:g}' for z in bare.zeta.values[gone]) or 'none'}"
        f" (step {', '.join(map(str, bare.lifetime.values[gone]))}); "
        f"bounded for 2e6 steps at ζ = {', '.join(f'{z:g}' for z in bare.zeta.values[~gone]) or 'none'}"
    )
    yield from rows("damped", seen("3 (new)", statement, "escapes", measured, gone[0]))
    a = np.array([1e-4, 1e-3, 1e-2, 3e-2, 1e-1])
    found = sweep(maps.damped, 200_000, {"a": a}, measures.lifetime(), zeta=0.0, x=0.05, lam=2.0, progress=False)
    lost = found.lifetime.values <= 200_000
    measured = f"escapes at a = {', '.join(f'{v:g}' for v in a[lost]) or 'none'} of 1e-4 to 0.1"
    yield from rows(
        "damped",
        seen(
            "3 (new)",
            "… for small a only: ζ = 0 escapes where a is large",
            "some a",
            measured,
            lost.any() and not lost.all(),
        ),
        shows="escape",
    )


def figure(out: Path) -> list[Path]:
    """The oscillation below and above the critical ζ, and the late amplitude over (ζ, a)."""
    drawn = new_figure(11, 3.8)
    left, right = drawn.subplots(1, 2)
    for zeta, color in ((0.4, plot.LINES[1]), (0.5, plot.LINES[0])):
        one = orbit(maps.damped, 6000, zeta=zeta, a=1e-3, x=0.05, lam=2.0)
        left.plot(one.step, one.y, color=color, lw=0.8, label=f"ζ = {zeta:g}")
    left.set(xlabel="step", ylabel="$y = \\eta\\lambda - 2$", title="a = 0.001, η = 1")
    left.legend(loc="upper left")
    over = {"zeta": np.linspace(0, 1.5, 150), "a": np.geomspace(1e-5, 1e-1, 120)}
    late = sweep(
        maps.damped,
        60_000,
        over,
        [measures.maximum("y", skip=57_000), measures.lifetime()],
        x=0.01,
        lam=2.0,
        progress=False,
    )
    late["swing"] = (late.y_maximum / np.sqrt(late.a)).where(late.lifetime > 60_000)
    late["swing"].attrs = {"long_name": r"largest $y/\sqrt{a}$ in the last 3000 steps"}
    plot.phase_diagram(late, "swing", ax=right, vmin=0, vmax=3)
    right.axvline(CRITICAL, color="white", ls="--")
    right.text(CRITICAL + 0.02, 1.3e-5, "ζ² = 2/9", color="white")
    right.set_title("after 60,000 steps (grey: escaped)")
    return [save(drawn, out / "damped.png")]
