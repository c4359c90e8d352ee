"""The picture of a curve of fixed points or cycles: a bifurcation diagram with its unstable parts.

Examples
--------
>>> import dynsim as ds
>>> from dynsim.stability.arclength import continuation
>>> def logistic(x=0.6, /, r=2.5):
...     return r * x * (1 - x)
>>> ax = plot_branch(continuation(ds.Map(logistic), "r", (0.5, 3.5), start={"x": 0.6}), "x")
>>> [text.get_text() for text in ax.get_legend().get_texts()]
['stable', 'unstable', 'flip', 'branch point']
"""

import json

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.lines import Line2D

from .. import checks
from ..colours import LINES

#: kind: (marker, colour, what it is called).
MARKS = {
    "fold": ("s", LINES[1], "fold"),
    "flip": ("o", LINES[2], "flip"),
    "neimark_sacker": ("D", LINES[3], "Neimark–Sacker"),
    "branch_point": ("^", LINES[4], "branch point"),
}


def plot_branch(dataset: xr.Dataset, name: str, ax=None):
    """Draw one state of a curve against its parameter: solid where stable, dashed where not, special points marked.

    Parameters
    ----------
    dataset : what continuation returns.
    name : the state; every point of a cycle is drawn, with its mirror image where the sign of that state is reversed.
    ax : where to draw; a new figure by default. Several curves may be drawn into one.

    Returns
    -------
    matplotlib Axes, with a legend of what is in it.

    Raises
    ------
    ValueError : this is no curve, or has no such state.
    """
    if not isinstance(dataset, xr.Dataset) or "parameter" not in dataset.attrs or "kind" not in dataset:
        raise ValueError("this is no curve of fixed points or cycles; draw what continuation returns.")
    parameter = dataset.attrs["parameter"]
    others = ("multipliers", "stable", "kind", "angle", "residual")
    checks.known_name(name, [n for n in dataset.data_vars if n not in others], "state", " of this curve")
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 3.6), layout="constrained")
    values = dataset[name].values.reshape(dataset.sizes["branch"], -1)
    if name in json.loads(dataset.attrs["flip"]):
        values = np.hstack([values, -values])
    at = dataset[parameter].values
    before = ax.get_ylim() if ax.lines else None
    _lines(ax, at, values, _stable(dataset))
    flags = dict(zip(dataset.kind.attrs["flag_meanings"].split(), dataset.kind.attrs["flag_values"]))
    for kind, (marker, colour, _) in MARKS.items():
        here = dataset.kind.values == flags[kind]
        if here.any():
            x, y = np.repeat(at[here], values.shape[1]), values[here].ravel()
            size = 9 if kind == "branch_point" else 6  # it often lies under the flip of another curve
            style = {
                "color": colour,
                "markeredgecolor": "white",
                "markeredgewidth": 0.6,
                "ms": size,
                "zorder": 3 - size / 100,
            }
            ax.plot(x, y, ls="", marker=marker, gid=kind, **style)
    for axis, which in ((ax.set_xlabel, parameter), (ax.set_ylabel, name)):
        axis(_called(dataset[which]))
    low, high = _view(dataset, values)
    ax.set_ylim((low, high) if before is None else (min(low, before[0]), max(high, before[1])))
    _legend(ax)
    return ax


def _view(dataset, values):
    """What the picture shows of a state: all of it, unless it runs far away from its stable and special points."""
    known = dataset.stable.values | np.isin(dataset.kind.values, [1, 2, 3, 4])
    low, high = values.min(), values.max()
    if known.any():
        size = max(np.ptp(values[known]), np.abs(values[known]).max(), 1e-12)
        low, high = max(low, values[known].min() - size), min(high, values[known].max() + size)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def _stable(dataset):
    """Whether each piece between two neighbours is stable: a special point at its end is neither."""
    stable = dataset.stable.values
    return stable[1:] | stable[:-1]


def _lines(ax, at, values, stable):
    """Solid and dashed runs, each as one line."""
    edges = np.flatnonzero(np.diff(stable)) + 1
    for first, last in zip([0, *edges], [*edges, len(stable)]):
        solid = bool(stable[first])
        style = {"ls": "-", "lw": 1.6} if solid else {"ls": (0, (4, 2)), "lw": 1.1}
        part = slice(first, last + 1)
        ax.plot(at[part], values[part], color=LINES[0], gid="stable" if solid else "unstable", **style)


def _legend(ax):
    """One entry for each kind of line and mark in the picture, those of earlier curves too."""
    there = {line.get_gid() for line in ax.lines}
    entries = [("stable", {"color": LINES[0], "lw": 1.6}), ("unstable", {"color": LINES[0], "lw": 1.1, "ls": "--"})]
    entries += [(k, {"color": c, "marker": m, "ls": "", "markeredgecolor": "white"}) for k, (m, c, _) in MARKS.items()]
    handles = [Line2D([], [], label=MARKS.get(gid, (0, 0, gid))[2], **style) for gid, style in entries if gid in there]
    ax.legend(handles=handles, frameon=False, fontsize="small")


def _called(variable):
    """The long name and the symbol, or the symbol alone."""
    long, tex = variable.attrs.get("long_name", ""), variable.attrs.get("symbol", variable.name)
    return f"${tex}$" if long in ("", variable.name) else f"{long}  ${tex}$"
