"""The pictures of the comparison: tracks of single cases, horizons, and horizons against unstable directions."""

from pathlib import Path

import numpy as np
import xarray as xr

from ..reproduce.figures import new_figure, save
from . import study
from .table import horizon, stages

#: Colour (Okabe and Ito), line and marker of each prediction.
STYLE = {
    "training": ("black", "-", "", "training"),
    "two_eigendirections": ("#E69F00", "--", "s", "truncated"),
    "cubic_loss": ("#0072B2", "-.", "o", "cubic loss"),
    "local_cubic_10": ("#009E73", "-", "^", "local, k = 10"),
    "linear": ("#999999", ":", "x", "linear (baseline)"),
    "unchanged": ("#CC79A7", ":", "+", "unchanged (baseline)"),
}
SHOWN = ("constant, set at ηλ = 2.1, step 800", "constant, tuned, step 400", "greedy, step 100", "CDAT σ = 2, step 100")


def draw(cases: list[xr.Dataset], out: Path) -> list[Path]:
    """Every picture, into the folder `out`."""
    return [tracks(cases, out), horizons(cases, out), directions(cases, out)]


def tracks(cases: list[xr.Dataset], out: Path) -> Path:
    """λ and y of four cases: training and what was foretold."""
    own = {c.attrs["stage"]: c for c in cases if (c.attrs["loss"], c.attrs["activation"]) == ("squared", "tanh")
           and c.attrs["seed"] == 0}  # fmt: skip
    figure = new_figure(12, 5.6)
    figure.suptitle("Squared loss, tanh, seed 0: the training run and what was foretold at step 0", fontsize="medium")
    axes = figure.subplots(2, len(SHOWN), sharex="col")
    for column, stage in zip(axes.T, SHOWN):
        case = own[stage]
        # Greedy's rate alternates from step to step: one branch of it can be read, both cannot.
        case = case.isel(step=slice(None, None, 2)) if stage.startswith("greedy") else case
        column[0].set_title(stage, fontsize="small")
        for ax, name in zip(column, ("lam", "y")):
            for who in ("unchanged", "linear", "two_eigendirections", "cubic_loss", "local_cubic_10", "training"):
                color, line, _, label = STYLE[who]
                wide = who == "training"
                style = {"lw": 2.5, "alpha": 0.5, "zorder": 1} if wide else {"lw": 1.3}
                ax.plot(case.step, case[name].sel(who=who), line, color=color, label=label, **style)
            true = case[name].sel(who="training")
            low, high = float(true.min()), float(true.max())
            margin = 0.6 * (high - low) + 0.005 * abs(high)
            ax.set_ylim(low - margin, high + margin)
        if stage.startswith("greedy"):
            column[1].set_title("even steps", fontsize="small")
        column[1].set_xlabel("step")
    axes[0, 0].set_ylabel("sharpness λ")
    axes[1, 0].set_ylabel("y = ηλ − 2")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=6, fontsize="small", frameon=False)
    return save(figure, out / "comparison_tracks.png")


def horizons(cases: list[xr.Dataset], out: Path) -> Path:
    """Median horizons of each stage."""
    figure = new_figure(11, 9)
    figure.suptitle("For how many steps a prediction holds: medians over activations and seeds", fontsize="medium")
    axes = figure.subplots(len(study.LOSSES), 2, sharey="row", sharex=True)
    meanings = {"lam_change": "change of λ within 10 %", "y": "y within 10 %"}
    for row, loss in zip(axes, study.LOSSES):
        groups = stages([c for c in cases if c.attrs["loss"] == loss])
        for ax, (criterion, meaning) in zip(row, meanings.items()):
            for k, who in enumerate(("unchanged", "linear", "two_eigendirections", "cubic_loss", "local_cubic_10")):
                color, _, marker, label = STYLE[who]
                median = [1 + np.median([horizon(c, who, criterion) for c in own]) for own in groups.values()]
                # Side by side, so that none hides another.
                ax.plot(median, np.arange(len(groups)) + 0.14 * (k - 2), marker, color=color, label=label, ms=6)
            ax.set_title(f"{loss.replace('_', '-')}: {meaning}", fontsize="small")
            ax.set_xscale("symlog", linthresh=1, linscale=0.3)
            ax.set_xlim(-0.2, 2 * study.LONG)
            ax.set_xticks([0, 1, 3, 11, 31, 101, 201], ["never", "0", "2", "10", "30", "100", "200"])
            ax.grid(axis="x", alpha=0.3)
            ax.set_yticks(range(len(groups)), list(groups), fontsize="small")
            for edge in range(len(groups) + 1):
                ax.axhline(edge - 0.5, color="0.9", lw=0.8, zorder=0)
        row[0].invert_yaxis()
    for ax in axes[-1]:
        ax.set_xlabel("last step up to which it holds")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize="small", frameon=False)
    return save(figure, out / "comparison_horizons.png")


def directions(cases: list[xr.Dataset], out: Path) -> Path:
    """How long y is foretold, against how many eigenvalues are beyond the edge."""
    figure = new_figure(10, 4)
    axes = figure.subplots(1, 2, sharey=True)
    rng = np.random.default_rng(0)
    for ax, loss in zip(axes, study.LOSSES):
        own = [c for c in cases if c.attrs["loss"] == loss]
        for shift, who in ((-0.15, "cubic_loss"), (0.15, "local_cubic_10")):
            color, _, marker, label = STYLE[who]
            x = [study.unstable(c) + shift + rng.uniform(-0.1, 0.1) for c in own]
            ax.plot(x, [1 + horizon(c, who, "y") for c in own], marker, color=color, alpha=0.6, label=label, ms=5)
        ax.set_title(loss.replace("_", "-"), fontsize="small")
        ax.set_yscale("symlog", linthresh=1, linscale=0.3)
        ax.set_yticks([0, 1, 3, 11, 31, 101, 201], ["never", "0", "2", "10", "30", "100", "200"])
        ax.set_xticks(range(0, study.RANK + 1, 2), [*map(str, range(0, study.RANK, 2)), f"≥ {study.RANK}"])
        ax.set_xlabel("eigenvalues above 2/η at the start")
        ax.grid(axis="y", alpha=0.3)
    axes[0].set_ylabel("last step with y within 10 %")
    axes[0].legend(fontsize="small")
    return save(figure, out / "comparison_directions.png")
