"""Figures 1 to 6: the tuners against the constant rate. Each shows the first seed.

The numbers are those of the paper's figures, as far as what they show can be told from its claims.
"""

import io
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from PIL import Image

from .. import plot
from ..files import whole
from ..labels import BOUND
from ..reproduce.figures import new_figure
from .lab import Lab
from .outcomes import TRAINED
from .settings import Setting

#: Every kind of run keeps its colour in every picture.
COLORS = dict(
    zip(("constant", "greedy", "CDAT σ=2", "linesearch", "CDAT σ=1.9", "CDAT σ=2.0625", "other"), plot.LINES)
) | {"CDAT σ=1": plot.LINES[1]}
#: Records that are drawn on a logarithmic axis.
LOG = ("f", "eta", "lam")
SYMBOLS = {"f": "excess loss", "eta": r"$\eta$", "lam": r"$\lambda$", "eta_lam": r"$\eta\lambda$"}


def save(figure: Figure, out: Path, number: int) -> Path:
    """Write figure_NN.png, small enough for a repository."""
    for ax in figure.axes:
        if ax.get_yscale() == "log":
            tidy(ax)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=110)
    path = out / f"figure_{number:02}.png"
    with whole(path) as file, Image.open(image) as drawn:
        drawn.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, format="png", optimize=True)
    return path


def tidy(ax):
    """Plain numbers on a log axis of few decades, and at least a factor of 2 in view."""
    low, high = ax.get_ylim()
    if high / low < 2 and ax.get_label() != "<colorbar>":
        middle = np.sqrt(low * high)
        low, high = middle / np.sqrt(2), middle * np.sqrt(2)
        ax.set_ylim(low, high)
    ax.yaxis.set_minor_formatter(NullFormatter())
    if high / low < 30:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 3 else (1, 1.5, 2, 3, 4, 5, 6, 8)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def panels(rows: int, columns: int, title: str, height: float = 1.9, sharex: str = "col"):
    """A figure 9 in wide and its axes, an array (rows, columns)."""
    figure = new_figure(9, height * rows + 0.8)
    figure.suptitle(title, fontsize="medium")
    return figure, figure.subplots(rows, columns, squeeze=False, sharex=sharex)


def draw(ax, run: xr.Dataset, name: str, label: str, color: str = "", least: float = 0.0):
    """One record of one run, up to where it is trained; it ends where it leaves the finite numbers."""
    excess = run.f.values - least
    reached = np.flatnonzero(~(excess > TRAINED))
    end = reached[0] + 1 if reached.size else len(excess)
    values = excess if name == "f" else run[name].broadcast_like(run.f).values
    values = np.where(np.abs(values) <= BOUND, values, np.nan)[:end]
    seen = np.isfinite(values) & ((values > 1e-12) | (name not in LOG))
    ax.plot(run.step.values[:end][seen], values[seen], label=label, color=color or COLORS[label], lw=1.1)


def finish(figure: Figure, axes: np.ndarray, columns: list[str], rows: list[str], log=LOG):
    """Titles, labels, scales, and one legend below; rows are records."""
    for ax, title in zip(axes[0], columns):
        ax.set_title(title, fontsize="small")
    for line, name in zip(axes, rows):
        line[0].set_ylabel(SYMBOLS.get(name, name))
        for ax in line:
            ax.tick_params(labelsize="x-small")
            ax.margins(x=0.02)
            if name in log:
                ax.set_yscale("log")
            if name == "eta_lam":
                ax.axhline(2, color="0.5", lw=0.8, ls="--", zorder=0)
                ax.set_ylim(0, 4)
                ax.set_yticks(range(5))
    for ax in axes[-1]:
        ax.set_xlabel("step", fontsize="small")
    legend(figure, axes)


def legend(figure: Figure, axes: np.ndarray):
    """One legend for all panels, below them."""
    shown = {}
    for ax in np.ravel(axes):
        shown |= dict(zip(*reversed(ax.get_legend_handles_labels())))
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=6, frameon=False, fontsize="small")


def classical(lab: Lab, setting: Setting) -> dict[str, xr.Dataset]:
    """The tuned constant rate, the greedy rate and the linesearch."""
    return {
        "constant": lab.tuned(setting, sharp=True).isel(seed=0),
        "greedy": lab.greedy(setting).isel(seed=0),
        "linesearch": lab.linesearch(setting, 0),
    }


def figure_1(lab: Lab, out: Path) -> Path:
    """The loss under tuners and under the constant rate."""
    settings = [setting.long for setting in lab.scale.settings]
    figure, axes = panels(2, len(settings) // 2, "Figure 1: excess loss under classical tuners", 2.6)
    for column, ax in zip(settings, axes.T.ravel()):
        for label, run in classical(lab, column).items():
            draw(ax, run, "f", label, least=column.least)
        ax.set_title(column.name, fontsize="small")
        ax.set_yscale("log")
        ax.tick_params(labelsize="x-small")
    for ax in axes[:, 0]:
        ax.set_ylabel("excess loss")
    for ax in axes[-1]:
        ax.set_xlabel("step", fontsize="small")
    legend(figure, axes)
    return save(figure, out, 1)


def grid(lab: Lab, out: Path, number: int, title: str, settings, names: list[str], runs) -> Path:
    """A column for each setting, a row for each record, and in each panel the runs of ``runs(lab, setting)``."""
    figure, axes = panels(len(names), len(settings), title)
    for setting, column in zip(settings, axes.T):
        made = runs(lab, setting)
        for name, ax in zip(names, column):
            for label, run in made.items():
                draw(ax, run, name, label, least=setting.least)
    finish(figure, axes, [s.name for s in settings], names)
    return save(figure, out, number)


def figure_2(lab: Lab, out: Path) -> Path:
    """Rate, sharpness and their product along the same runs."""
    title = "Figure 2: η, λ and ηλ under classical tuners"
    return grid(lab, out, 2, title, [setting.long for setting in lab.scale.four], ["eta", "lam", "eta_lam"], classical)


def figure_3(lab: Lab, out: Path) -> Path:
    """The same on linear models."""
    title = "Figure 3: the same on linear models (linear regression, logistic, softmax, smoothed softmax)"
    return grid(lab, out, 3, title, lab.scale.linear, ["f", "eta", "lam", "eta_lam"], classical)


def figure_5(lab: Lab, out: Path) -> Path:
    """CDAT on the edge, greedy, and the constant rate, on every base optimizer."""
    optimizers = ("gd", *lab.scale.optimizers)
    chosen = [lab.scale.four[1], lab.scale.four[-1]]
    title = "Figure 5: CDAT and the tuned constant rate, on each base optimizer"
    figure, axes = panels(len(optimizers), 4, title)
    for optimizer, line in zip(optimizers, axes):
        for setting, pair in zip(chosen, (line[:2], line[2:])):
            runs = {"constant": lab.tuned(setting, optimizer=optimizer)}
            runs |= {f"CDAT σ={s}": lab.cdat(setting, s, optimizer=optimizer) for s in (1, 2)}
            for name, ax in zip(("f", "eta"), pair):
                for label, run in runs.items():
                    draw(ax, run.isel(seed=0), name, label, least=setting.least)
                ax.set_yscale("log")
                ax.tick_params(labelsize="x-small")
        line[0].set_ylabel(optimizer)
    titles = [f"{setting.name}: {what}" for setting in chosen for what in ("excess loss", "η")]
    for ax, text in zip(axes[0], titles):
        ax.set_title(text, fontsize="small")
    for ax in axes[-1]:
        ax.set_xlabel("step", fontsize="small")
    legend(figure, axes)
    return save(figure, out, 5)


def figure_6(lab: Lab, out: Path) -> Path:
    """Rate, sharpness and their product under CDAT around σ = 2."""

    def runs(lab, setting):
        tuned = {"constant": lab.tuned(setting, sharp=True).isel(seed=0)}
        return tuned | {f"CDAT σ={s:g}": lab.cdat(setting, s).isel(seed=0) for s in (1.9, 2, 2.0625)}

    return grid(lab, out, 6, "Figure 6: η, λ and ηλ under CDAT", lab.scale.four, ["eta", "lam", "eta_lam"], runs)
