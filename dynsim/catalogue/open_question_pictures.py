"""Two pictures of the open question: regimes over (σ, q) and over (σ, ζ), delayed and not, with and without noise."""

from pathlib import Path

import numpy as np
from matplotlib.lines import Line2D

from .. import landscapes, maps, plot, tuners
from ..labels import named
from ..loop import closed_loop
from ..reproduce.figures import new_figure, regime_key, save
from .quartic import DELAYED, UNDELAYED, A, B, radius, run, run_damped, undelayed_edge

STEPS = 15_000
#: Of the noise in the lower panels, s√b/a.
STRENGTH = 0.3
SIGMA = np.linspace(1.7, 2.6, 121)
NOISY_DELAYED = closed_loop(landscapes.quartic_noisy, tuners.cdat, delay=1, eps=0)
#: Rows: without and with noise. Columns: without and with the delay.
MODELS = ((UNDELAYED, DELAYED), (maps.quartic_cdat_noisy, NOISY_DELAYED))
TITLES = ("no delay, as in training", "delayed, as printed")
MEANINGS = {
    "settled": "λ settles at its state",
    "edge": "bounded, y swings about the edge",
    "runaway": "λ rises without end",
    "escaped": "a state beyond 10⁶, or λ < 0 with bx² > a",
    "undecided": "none of these yet, e.g. a slow drift of λ",
}


def _panels(path, title, scan, finish, lines=()):
    """2 × 2 panels of regimes; `scan(map, values)` gives the sweep, `finish(ax, delayed)` draws what lies over it."""
    drawn = new_figure(9.6, 8.2)
    axes = drawn.subplots(2, 2, sharex=True, sharey=True)
    seen = set()
    for row, models, noise in zip(axes, MODELS, (0, STRENGTH)):
        for column, (ax, map_) in enumerate(zip(row, models)):
            found = scan(map_, {"s": noise * A / np.sqrt(B)} if noise else {})
            seen |= set(np.unique(named(found.regime).values))
            plot.phase_diagram(found, "regime", ax=ax, colorbar=False)
            finish(ax, bool(column), bool(noise))
            ax.set_title(f"{TITLES[column]}; " + (f"noise $s\\sqrt{{b}}/a = {noise}$" if noise else "no noise"))
            ax.label_outer()
    drawn.suptitle(title)
    regime_key(drawn, {name: text for name, text in MEANINGS.items() if name in seen}, lines)
    return save(drawn, path)


def fourth_derivative(path: Path) -> Path:
    """Regimes over (σ, q) from beside the state, and where theory says that it attracts."""
    size = np.geomspace(3e-3, 1, 81)
    fine = np.linspace(2.0005, 2.6, 300)

    def scan(map_, values):
        return run(map_, STEPS, SIGMA, size, **values)

    def finish(ax, delayed, noise):
        style = {"colors": "black", "linewidths": 1.6, "linestyles": "--" if noise else "-"}
        if delayed:
            grid = np.geomspace(3e-3, 1, 300)
            ax.contour(fine, grid, radius(DELAYED, fine, grid[:, None]), [1.0], **style)
        else:
            ax.plot(fine, undelayed_edge(fine), color="black", lw=1.6, ls=style["linestyles"])
        ax.set(xlim=(1.7, 2.6), ylim=(3e-3, 1))

    lines = [
        Line2D([], [], color="black", lw=1.6, label="theory: the state attracts above this line"),
        Line2D([], [], color="black", lw=1.6, ls="--", label="the same line, of the motion without noise"),
    ]
    title = (
        "CDAT on the quartic loss, a = 0.01, b = 0.5, 15,000 steps: with q > 0 λ is held for a range of σ above 2.\n"
        "Started 5 % beside the state where there is one, else at λ = 10√a"
    )
    return _panels(path, title, scan, finish, lines)


def damping(path: Path) -> Path:
    """Regimes over (σ, ζ) with q = 0."""
    zeta = np.linspace(0, 1.5, 81)

    def scan(map_, values):
        found = run_damped(map_, STEPS, SIGMA, zeta, **values)
        found.zeta.attrs |= {"long_name": "third derivative", "symbol": r"\zeta"}
        return found

    def finish(ax, delayed, noise):
        ax.axhline(np.sqrt(2 / 9), color="white", lw=1.2, ls=":")
        ax.text(2.58, np.sqrt(2 / 9) + 0.02, "ζ² = 2/9", color="white", ha="right", size=10)

    title = (
        "CDAT with a third derivative, q = 0, a = 0.01, b = 0.5, 15,000 steps: no range without the delay.\n"
        "Started at λ = 10√a, or 10ζ√(a/b) where that is more. Dotted: a constant rate is damped above it"
    )
    return _panels(path, title, scan, finish)
