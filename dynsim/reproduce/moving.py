"""The cycle about the edge of stability, moving: Figure 4's orbit over how long each start lasts."""

from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm

from .. import animation, maps, measures
from ..sweeps import sweep
from .figures import constant_rate, new_figure

#: Contours of the small-rate motion's energy (theory 2.1), in units of a above its minimum.
LEVELS = (0.05, 0.25, 1, 3, 8)


def cycle(out: Path, side: int = 300, steps: int = 200, frames: int = 80) -> list[Path]:
    """A constant rate's orbit in ln(bp/a) and y, with energy contours, until it escapes."""
    one = constant_rate(steps)
    eta, a, b = 1, 0.03, 0.3
    log_p, y = np.linspace(-25, 5.5, side), np.linspace(-0.98, 1.05, side)
    over = {"x": ("start", np.sqrt(a / b) * np.exp(log_p / 2)), "lam": ("distance", (2 + y) / eta)}
    fate = sweep(maps.self_stabilization, 300, over, measures.lifetime(), eta=eta, a=a, b=b)
    fate = fate.rename(start="log_p", distance="y").assign_coords(
        log_p=("log_p", log_p, {"long_name": r"$\ln(bp/a)$"}),
        y=("y", y, {"long_name": r"distance from the edge  $y = \eta\lambda - 2$"}),
    )
    one["log_p"] = one.log_p - np.log(a / b)
    ax = new_figure(6.0, 4.3).subplots()
    scale = {"norm": LogNorm(5, 300)}
    moving = animation.animate(one, "log_p", "y", over=(fate, "lifetime"), ax=ax, frames=frames, trail=15, **scale)
    # ηY = y and X² = (a/b) e^q, q = ln(bp/a): H − H_min = y²/2η² + (a/2)(e^q − q − 1).
    energy = (y[:, None] / eta) ** 2 / 2 / a + (np.exp(log_p) - log_p - 1) / 2
    ax.contour(log_p, y, energy, LEVELS, colors="white", linewidths=0.7)
    ax.set_title("Figure 4's constant rate: each cycle is wider (white: equal energy)", fontsize="medium")
    return [animation.save_gif(moving, out / "edge_cycle.gif", colors=96)]
