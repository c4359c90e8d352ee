"""Warm-up: ramps of η_t on the edge model (Kalra, Barkeshli 2024, arXiv 2406.09405)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm

from .. import maps, measures, plot
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, compare, rows, seen

TITLE = "Warm-up"
MAPS = ("warmup",)
A, B = 1e-3, 0.3


def ramp(warmup: int, start: float = 0.5, peak: float = 1.5):
    """A ramp from η = start to `peak`, on the edge all the while: x at its balance, λ = 2/η."""
    clock = round(start / peak * (warmup + 1))
    eta = peak * (clock + 1) / (warmup + 1)
    slope = peak / (warmup + 1)
    x = np.sqrt((A + 2 * slope / eta**3) / B)
    one = orbit(maps.warmup, warmup - clock, peak=peak, warmup=warmup, a=A, b=B, x=x, lam=2 / eta, clock=clock)
    return one, slope


def claims() -> Iterator[Row]:
    yield from the_ramp()
    yield from the_jump()


def the_ramp() -> Iterator[Row]:
    """On the ramp λ ≈ 2/η_t, which needs p = (a + 2η̇/η³)/b on average."""
    lengths = np.array([500, 2000, 8000])
    apart, share = [], []
    for warmup in lengths:
        one, slope = ramp(int(warmup))
        apart.append(float(np.abs(one.y.values).mean()))
        want = (A + 2 * slope / one.eta.values**3) / B
        share.append(float(one.p.values.sum() / want.sum()))
    measured = ", ".join(f"{v:.3f}" for v in apart)
    statement = (
        "along a ramp from η = 0.5 to 1.5, begun at the edge, λ falls with 2/η_t: mean |y|, ramps of "
        "500, 2000, 8000 steps"
    )
    yield from rows(
        "warmup", seen("3 P", statement, "≤ 0.2", measured, max(apart) <= 0.2), shows="oscillation at the edge"
    )
    yield from rows(
        "warmup", compare("3 (new)", "… which needs Σp = Σ(a + 2η̇/η³)/b: their ratio, 2000 steps", 1.0, share[1], 5e-2)
    )


def survivors(warmup, peak, steps=3000, lam=1.0):
    """Whether the orbit is still bounded, `steps` after the ramp's end, over ramps and peaks."""
    over = {"warmup": np.asarray(warmup, float), "peak": np.asarray(peak, float)}
    found = sweep(
        maps.warmup,
        int(max(warmup)) + steps,
        over,
        [measures.lifetime(), measures.maximum("p")],
        a=A,
        b=B,
        x=0.05,
        lam=lam,
        progress=False,
    )
    return found


def the_jump() -> Iterator[Row]:
    """How large a peak is survived, with and without a ramp."""
    warmup, peak = np.array([0, 30, 100, 300, 1000]), np.geomspace(1, 40, 200)
    found = survivors(warmup, peak, steps=20)
    # Each ramp is followed for 20 steps at its peak; a shorter one's later fate does not count.
    alive = found.lifetime.values >= warmup[:, None] + 20
    top = np.array([peak[np.argmin(row) - 1] if not row.all() else peak[-1] for row in alive])
    measured = ", ".join(f"{v:.3g}" for v in top)
    statement = (
        "a ramp reaches larger peaks than none: largest η reached and survived for 20 steps, the best of "
        "warm-ups 30, 100, 300, 1000 (λ0 = 1)"
    )
    found = f"{top[1:].max():.3g}; without warm-up {top[0]:.3g}"
    yield from rows("warmup", seen("3 P", statement, f"> {top[0]:.3g}", found, top[1:].max() > top[0]))
    statement = "… and the longer, the larger: the same for warm-ups 0, 30, 100, 300, 1000"
    yield from rows("warmup", seen("3 (new)", statement, "rises", measured, (np.diff(top) > 0).all()))


def figure(out: Path) -> list[Path]:
    drawn = new_figure(11, 3.8)
    left, right = drawn.subplots(1, 2)
    for color, warmup in zip(plot.LINES, (500, 2000, 8000)):
        one, _ = ramp(warmup)
        left.plot(one.eta, one.lam, color=color, lw=0.9, label=f"ramp of {warmup} steps")
    eta = np.linspace(0.5, 1.5, 100)
    left.plot(eta, 2 / eta, "k--", lw=1, label="2/η")
    left.set(xlabel="$\\eta_t$", ylabel="$\\lambda$", title="along the ramp (a = 0.001, b = 0.3)", ylim=(1, 4.6))
    left.legend(fontsize="small")
    found = survivors(np.geomspace(1, 3000, 120), np.geomspace(1, 10, 120), steps=1000)
    found["lived"] = (found.lifetime - found.warmup).where(found.lifetime > found.warmup)
    found["lived"].attrs = {"long_name": "steps lived at the peak (at least)"}
    plot.phase_diagram(found, "lived", ax=right, norm=LogNorm(1, 1000))
    right.set(title="grey: diverged on the ramp", xlabel="warm-up, steps", ylabel="peak $\\eta$")
    return [save(drawn, out / "warmup.png")]
