"""The edge model itself, and the central flow beside it (Cohen et al. 2025, arXiv 2410.24206)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import maps, measures, plot
from ..orbits import orbit
from ..reproduce.figures import new_figure, save
from ..sweeps import sweep
from .rows import Row, below, compare, order, rows, seen

TITLE = "Edge model and central flow"
MAPS = ("self_stabilization", "central_flow")
B = 0.3


def claims() -> Iterator[Row]:
    yield from the_edge()
    yield from the_averages()
    yield from the_path()


def cycles(a: float, count: int = 4):
    """One orbit near its 2-cycle, cut to whole cycles of y."""
    steps = int((count + 2) * 4.6 / np.sqrt(a))
    one = orbit(maps.self_stabilization, steps, a=a, b=B, eta=1.0, x=np.sqrt(a / B) * 0.3, lam=2.0)
    y = one.y.values
    up = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))[: count + 1]
    return one.isel(step=slice(int(up[0]) + 1, int(up[-1]) + 1)), len(up) - 1


def the_edge() -> Iterator[Row]:
    one, count = cycles(1e-4)
    low, high = float(one.y.min()), float(one.y.max())
    yield from rows(
        "self_stabilization",
        seen(
            "2.1",
            "y oscillates about the edge (a = 1e-4)",
            "y < 0 < y",
            f"{count} cycles, y from {low:.2g} to {high:.2g}",
            count >= 3 and low < 0 < high,
        ),
        shows="oscillation at the edge",
    )
    lasts = sweep(
        maps.self_stabilization,
        200_000,
        {"a": [0.03, 0.01, 1e-3]},
        measures.lifetime(),
        lam=2.0,
        x=0.05,
        progress=False,
    )
    life = lasts.lifetime.values
    yield from rows(
        "self_stabilization",
        seen(
            "2.1",
            "… and escapes in the end (a = 0.03, 0.01, 0.001)",
            "yes",
            f"at steps {', '.join(map(str, life))}",
            (life <= 200_000).all(),
        ),
        shows="escape",
    )
    start = orbit(maps.self_stabilization, 200, a=1e-3, b=B, x=1e-3, lam=1.0)
    rise = float(start.lam[100] - start.lam[0])
    yield from rows(
        "self_stabilization",
        compare("2.1", "below the edge λ rises by ηa a step: rise over 100 steps of a = 0.001", 0.1, rise, 1e-2),
        shows="progressive sharpening",
    )


def the_averages() -> Iterator[Row]:
    small = np.array([1e-3, 1e-4, 1e-5])
    p, y = [], []
    for a in small:
        one, _ = cycles(a)
        p.append(float(one.p.mean()) * B / a)
        y.append(float(one.y.mean()))
    yield from rows(
        "central_flow",
        compare(
            "3 P",
            "at the edge the variance of x is 2⟨−∇L, ∇S⟩/‖∇S‖² = a/b: mean of bx²/a over four cycles, a = 1e-5",
            1.0,
            p[-1],
            1e-2,
        ),
    )
    off = order(small, np.array(p) - 1)
    yield from rows(
        "central_flow", seen("3 D", "… its error vanishes with a (fitted order)", "> 0.3", f"{off:.2f}", off > 0.3)
    )
    yield from rows(
        "central_flow", below("3 P", "… and λ = 2/η: mean of y over four cycles, a = 1e-5", abs(y[-1]), 1e-3)
    )
    off = order(small, y)
    yield from rows(
        "central_flow", seen("3 D", "… its error vanishes with a (fitted order)", "> 0.3", f"{off:.2f}", off > 0.3)
    )


def the_path() -> Iterator[Row]:
    """Beside the discrete motion, from below the edge."""
    a = 1e-4
    flow = orbit(maps.central_flow, 6000, lam=1.9, a=a, b=B)
    reach = int(np.argmax(flow.y.values >= 0))
    yield from rows(
        "central_flow",
        compare(
            "3 P",
            "below the edge the variance is 0 and λ rises by ηa: steps from λ = 1.9 to the edge",
            (2 - 1.9) / a,
            reach,
            2e-3,
        ),
        shows="progressive sharpening",
    )
    starts = (1.99, 1.9, 1.5)
    runs = [orbit(maps.self_stabilization, 30_000, lam=lam, a=a, b=B, x=np.sqrt(a / B)) for lam in starts]
    peaks = [float(run.lam.values[: 3 * int((2 - lam) / a) + 2000].max()) for run, lam in zip(runs, starts)]
    measured = (
        f"GD's λ overshoots to {', '.join(f'{p:.3f}' for p in peaks)}: x shrinks on the way and must regrow (2.4)"
    )
    statement = "from λ = 1.99, 1.9, 1.5 below the edge λ follows the flow to 2/η and stays (within 0.02; a = 1e-4)"
    yield from rows("central_flow", seen("3 (new)", statement, "λ ≤ 2.02", measured, max(peaks) <= 2.02))


def figure(out: Path) -> list[Path]:
    drawn = new_figure(11, 3.6)
    for ax, start in zip(drawn.subplots(1, 2), (1.9, 1.5)):
        a, steps = 1e-4, 12_000
        gd = orbit(maps.self_stabilization, steps, lam=start, a=a, b=B, x=np.sqrt(a / B))
        flow = orbit(maps.central_flow, steps, lam=start, a=a, b=B)
        ax.plot(gd.step, gd.lam, color=plot.LINES[0], lw=0.9, label="gradient descent")
        ax.plot(flow.step, flow.lam, color=plot.LINES[1], lw=1.6, ls="--", label="central flow")
        ax.set(xlabel="step", ylabel="$\\lambda$", title=f"from λ = {start} (a = 0.0001, b = 0.3, η = 1)")
        ax.legend(fontsize="small", loc="upper left")
    return [save(drawn, out / "self_stabilization.png")]
