"""The base paper's Figures 4, 9, 10 and 11 (Roulet et al. 2024, arXiv 2407.06183), from the parameters it gives.

Figures 4 and 9 show the orbits step by step, Figures 10 and 11 the same models for longer. The paper does not give
the initial state of Figures 4 and 10; ours is named in the title.
"""

from pathlib import Path

import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .. import maps, plot
from ..files import whole
from ..orbits import orbit


def new_figure(width: float, height: float) -> Figure:
    """A figure that no global state knows of."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def regime_key(figure: Figure, meanings: dict[str, str], lines=()) -> None:
    """One legend below all panels: the regimes that occur, each with what it means here, and the lines' handles."""
    patches = [Patch(color=plot.REGIMES[name], label=f"{name}: {text}") for name, text in meanings.items()]
    figure.legend(handles=[*patches, *lines], loc="outside lower center", ncols=2, frameon=False, fontsize="small")


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG."""
    with whole(path) as file:
        figure.savefig(file, format="png", dpi=150)
    return path


def constant_rate(steps: int, **values) -> xr.Dataset:
    """Figures 4 and 10, constant rate: eq. 4 with a = 0.03, b = 0.3, η = 1."""
    return orbit(maps.self_stabilization, steps, **{"x": 0.3, "lam": 2.0, "eta": 1, "a": 0.03, "b": 0.3} | values)


def tuner(steps: int) -> xr.Dataset:
    """Figures 4 and 10, tuner: y held at −0.1, a = 1, b = 0.5, η0 = 1, so λ0 = 1.9."""
    return orbit(maps.target_sharpness, steps, x=0.3, lam=1.9, sigma=1.9, a=1, b=0.5)


def cdat(steps: int, sigma: float, **options) -> xr.Dataset:
    """Figures 9 and 11: eq. 10 as printed; a = 0.05, b = 0.1, ν = 0.1, λ0 = 18, η0 = 0.05, g0 = p0 = 4."""
    values = {"a": 0.05, "b": 0.1, "nu": 0.1, "lam": 18, "eta": 0.05, "x": 2, "u": 2}
    return orbit(maps.cdat, steps, sigma=sigma, **values, **options)


def _rows(path, title, rows, names, y_limits=None):
    figure = new_figure(3.0 * len(names), 2.5 * len(rows) + 0.5)
    figure.suptitle(title, fontsize="medium")
    for band, color, (label, dataset) in zip(figure.subfigures(len(rows), 1), plot.LINES, rows.items()):
        band.suptitle(label, fontsize="small", x=0.01, ha="left")
        axes = band.subplots(1, len(names))
        plot.orbit(dataset, names, ax=axes, color=color)
        axes[names.index("p")].set_yscale("log")
        if y_limits:
            axes[names.index("y")].set_ylim(y_limits)
    return [save(figure, path)]


PAPER = ("eta", "lam", "y", "p")
#: CDAT starts at y = −1.1 and is near the edge from the next step on; there the picture looks.
CLOSE = (-0.12, 0.04)


def figure_4(out: Path) -> list[Path]:
    rows = {
        "constant η = 1 (a = 0.03, b = 0.3, λ₀ = 2)": constant_rate(150),
        "tuner η = 1.9/λ (a = 1, b = 0.5, λ₀ = 1.9)": tuner(150),
    }
    title = "Figure 4: a constant rate hovers at the edge for a while, a tuner below it runs away  (x₀ = 0.3)"
    return _rows(out / "figure_4.png", title, rows, PAPER)


def figure_10(out: Path) -> list[Path]:
    rows = {"constant η = 1, to its escape": constant_rate(1000), "tuner η = 1.9/λ": tuner(1000)}
    title = "Figure 10: Figure 4 for longer. The constant rate's orbit spirals out and escapes (dotted line)"
    return _rows(out / "figure_10.png", title, rows, PAPER)


def figure_9(out: Path) -> list[Path]:
    rows = {"CDAT σ = 2": cdat(300, 2), "CDAT σ = 1.9": cdat(300, 1.9)}
    title = "Figure 9: CDAT as printed (delayed), a = 0.05, b = ν = 0.1, p₀ = g₀ = 4; the first y, −1.1, is off scale"
    return _rows(out / "figure_9.png", title, rows, (*PAPER, "ratio"), CLOSE)


def figure_11(out: Path) -> list[Path]:
    rows = {"CDAT σ = 2": cdat(10_000, 2, every=5), "CDAT σ = 1.9": cdat(10_000, 1.9, every=5)}
    title = "Figure 11: Figure 9 for longer: σ = 2 stabilizes, σ = 1.9 sharpens slowly"
    return _rows(out / "figure_11.png", title, rows, (*PAPER, "ratio"), CLOSE)
