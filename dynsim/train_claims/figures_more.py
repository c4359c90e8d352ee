"""Figures 7, 13, 15, 16 and 17: mini-batches, angles, single steps, other rates, and sizes."""

from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm

from .. import plot
from .claims_batch import grid as batch_grid
from .claims_edge import decreases
from .claims_rates import SHARP_SHARE, polyak
from .claims_size import gain, variants
from .figures import COLORS, draw, finish, legend, panels, save
from .lab import Lab


def figure_7(lab: Lab, out: Path) -> Path:
    """The end of the loss over batch size and σ, for each β."""
    scale = lab.scale
    figure, axes = panels(len(scale.four), len(scale.betas), "Figure 7: excess loss at the end over batch size and σ")
    for setting, line in zip(scale.four, axes):
        ends = batch_grid(lab, setting, 0)
        batches = sorted({batch for batch, _, _ in ends})
        table = np.array([[[ends[b, beta, s].excess for b in batches] for s in scale.batch_sigmas]
                          for beta in scale.betas])  # fmt: skip
        finite = table[np.isfinite(table)]
        norm = LogNorm(finite.min(), max(finite.max(), finite.min() * 1.01))
        for ax, beta, values in zip(line, scale.betas, table):
            shown = np.ma.masked_invalid(values)
            mesh = ax.pcolormesh(shown, norm=norm, cmap="viridis")
            ax.patch.set(facecolor="white", edgecolor="0.3", hatch="xxx")
            ax.plot(np.arange(len(batches)) + 0.5, values.argmin(0) + 0.5, "o", color="white", mec="black", ms=6)
            ax.set_xticks(np.arange(len(batches)) + 0.5, labels=map(str, batches), fontsize="x-small")
            ax.set_yticks(
                np.arange(len(values)) + 0.5, labels=[f"{s:g}" for s in scale.batch_sigmas], fontsize="x-small"
            )
            if setting is scale.four[0]:
                ax.set_title(f"averages with β = {beta:g}" if beta else "no averages, β = 0", fontsize="small")
        line[0].set_ylabel(f"{setting.name}\nσ", fontsize="small")
        figure.colorbar(mesh, ax=list(line)).ax.tick_params(labelsize="x-small")
    for ax in axes[-1]:
        ax.set_xlabel("batch (dot: the best σ; crossed: diverged)", fontsize="small")
    return save(figure, out, 7)


def figure_13(lab: Lab, out: Path) -> Path:
    """Angles between successive updates, and their alignment with the top eigenvector."""
    names = ["turn", "alignment"]
    figure, axes = panels(2, len(lab.scale.four), "Figure 13: angles of the updates", 2.3)
    for setting, column in zip(lab.scale.four, axes.T):
        runs = {"constant": lab.tuned(setting, sharp=True), "greedy": lab.greedy(setting)}
        runs["CDAT σ=2"] = lab.cdat(setting, 2)
        for name, ax in zip(names, column):
            for label, run in runs.items():
                draw(ax, run.isel(seed=0), name, label, least=setting.least)
            ax.set_ylim(*((-1.05, 1.05) if name == "turn" else (-0.03, 1.03)))
    finish(
        figure,
        axes,
        [s.name for s in lab.scale.four],
        ["cosine between\nsuccessive updates", "|cosine| with the\ntop eigenvector"],
    )
    return save(figure, out, 13)


def figure_15(lab: Lab, out: Path) -> Path:
    """What one greedy and one on-edge step gain, along the trajectories of either."""
    title = "Figure 15: share of the excess loss that one step takes, along two trajectories"
    figure, axes = panels(2, len(lab.scale.four), title, 2.3)
    for setting, column in zip(lab.scale.four, axes.T):
        for sigma, ax in zip((1, 2), column):
            found = decreases(lab, setting, sigma, 0)
            for name, label, marker in (("greedy", "greedy", "o"), ("on edge", "CDAT σ=2", "s")):
                shown = {"greedy": "a greedy step", "on edge": "an on-edge step"}[name]
                ax.plot(found["step"], found[name], marker=marker, ms=3, lw=0.8, label=shown, color=COLORS[label])
            ax.axhline(0, color="0.5", lw=0.8, ls="--", zorder=0)
            ax.set_yscale("symlog", linthresh=1e-3)
    finish(figure, axes, [s.name for s in lab.scale.four], ["along greedy", "along CDAT σ=2"])
    return save(figure, out, 15)


def figure_16(lab: Lab, out: Path) -> Path:
    """Exact sharpness, Polyak and hypergradient beside CDAT and the constant rate."""
    names, title = ["f", "f", "eta", "lam"], "Figure 16: exact sharpness (top row), Polyak and hypergradient"
    figure, axes = panels(4, len(lab.scale.four), title, 2.1, "none")
    for setting, column in zip(lab.scale.four, axes.T):
        usual = {"constant": lab.tuned(setting, sharp=True).isel(seed=0), "CDAT σ=2": lab.cdat(setting, 2).isel(seed=0)}
        sharp = lab.run(setting, "target_sharpness", {"sigma": (2, 3)}, steps=setting.steps // SHARP_SHARE)
        for color, sigma in zip((plot.LINES[4], plot.LINES[5]), (2, 3)):
            draw(column[0], sharp.isel(seed=0).sel(sigma=sigma), "f", f"{sigma}/λmax", color, setting.least)
        for label, run in usual.items():
            few = run.sel(step=slice(0, setting.steps // SHARP_SHARE))
            draw(column[0], few, "f", label, least=setting.least)
        others = {"Polyak": (polyak(lab, setting).isel(seed=0), plot.LINES[3])}
        others["hypergradient"] = lab.hypergradient(setting, 0), plot.LINES[6]
        for name, ax in zip(names[1:], column[1:]):
            for label, (run, color) in others.items():
                draw(ax, run, name, label, color, setting.least)
            for label, run in usual.items():
                draw(ax, run, name, label, least=setting.least)
    finish(figure, axes, [s.name for s in lab.scale.four], names)
    return save(figure, out, 16)


def figure_17(lab: Lab, out: Path) -> Path:
    """The gain from CDAT over width, depth and weight decay: a line for each setting, a dot for each seed."""
    figure, axes = panels(1, 3, "Figure 17: the gain, end of the tuned constant rate / end of CDAT σ=2", 3)
    marks = zip(lab.scale.four, plot.LINES, "osD^")
    for setting, color, marker in marks:
        for ax, (kind, chosen) in zip(axes[0], variants(lab, setting).items()):
            seeds = np.array([[gain(lab, v, s) for v in chosen.values()] for s in range(len(lab.scale.seeds))])
            seeds[~((seeds > 0) & (seeds < np.inf))] = np.nan  # a run diverged: no dot, and a gap in the line
            place = np.arange(len(chosen))
            for row in seeds:
                ax.plot(place, row, marker, ms=4, color=color)
            ax.plot(place, np.exp(np.log(seeds).mean(0)), color=color, lw=1.1, label=setting.name)
            ax.set_xticks(place, labels=[f"{value:g}" for value in chosen])
            ax.set_xlabel({"decay": "weight decay"}.get(kind, kind))
            ax.axhline(1, color="0.5", lw=0.8, ls="--", zorder=0)
            ax.set_yscale("log")
    axes[0, 0].set_ylabel("gain")
    legend(figure, axes)
    return save(figure, out, 17)
