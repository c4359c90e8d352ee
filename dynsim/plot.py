"""Pictures of results. They take an ax, return it, and change no global setting.

Examples
--------
>>> import dynsim as ds
>>> import numpy as np
>>> axes = ds.plot.orbit(ds.orbit(ds.maps.cdat, 200))
>>> result = ds.sweep(ds.maps.cdat, 500, over={"sigma": np.linspace(1.8, 2.2, 5), "nu": np.geomspace(0.01, 1, 4)},
...                   measure=ds.measures.regime())
>>> ax = ds.plot.phase_diagram(result, "regime")
>>> ax.get_xlabel()
"tuner's target  $\\\\sigma$"
"""

import json

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm

from . import checks
from .labels import axis, symbol

#: Lines (Okabe and Ito): told apart by readers of every kind of colour vision, and in grey.
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: Every regime keeps its colour in every picture.
REGIMES = {
    "settled": "#0072B2",
    "edge": "#F0E442",
    "runaway": "#D55E00",
    "escaped": "#333333",
    "undecided": "#DDDDDD",
}
_BAD = "#BBBBBB"


def orbit(dataset: xr.Dataset, names=("eta", "lam", "y", "p"), ax=None, label: str = "", **line):
    """Draw states and observables against the step, a panel each: by default the base paper's η, λ, y and p.

    Parameters
    ----------
    dataset : what ds.orbit returns.
    names : what to draw; a constant η that is a parameter is drawn from the attributes.
    ax : as many axes as names (or one, for one name); a new figure by default.
    label : shown in a legend of the first panel.
    **line : passed to ``Axes.plot``.

    Returns
    -------
    numpy.ndarray of Axes (or the one ax that was given). An orbit that escapes is drawn up to its escape, which a
    dotted line marks.
    """
    names = (names,) if isinstance(names, str) else tuple(names)
    single = ax is not None and not np.iterable(ax)
    if ax is None:
        _, ax = plt.subplots(1, len(names), figsize=(3.1 * len(names), 2.6), layout="constrained", squeeze=False)
    panels = np.ravel(ax)
    if panels.size < len(names):
        raise ValueError(
            f"{len(names)} names need {len(names)} axes, not {panels.size}; give ax= more, or fewer names."
        )
    series = {name: _series(dataset, name) for name in names}
    end = _escape(dataset)
    for panel, (name, values) in zip(panels, series.items()):
        drawn = panel.plot(dataset.step, values, **{"lw": 1.2, "color": LINES[len(panel.lines) % len(LINES)]} | line)
        drawn[0].set_label(label or "_")
        panel.set_xlabel("step  $t$")
        panel.set_ylabel(f"${symbol(name)}$")
        if name == "y" and not any(other.get_gid() == "edge" for other in panel.lines):
            panel.axhline(0, color="0.6", lw=0.8, ls="--", zorder=0, gid="edge")
        if _wide(values[:end]):
            panel.set_yscale("log")
        if end is not None:
            _show_until(panel, dataset.step.values, values, end)
    if label:
        panels[0].legend(frameon=False, fontsize="small")
    return panels[0] if single else panels.reshape(np.shape(ax))


def _series(dataset, name):
    if name in dataset:
        return dataset[name].values
    fixed = json.loads(dataset.attrs.get("values", "{}"))
    checks.known_name(name, (*dataset.data_vars, *fixed), "name", " in this orbit")
    return np.full(dataset.sizes["step"], fixed[name])


def _escape(dataset):
    """The index from which an escaping orbit only grows, or None. The states are what has an initial value."""
    states = [dataset[n].values for n in json.loads(dataset.attrs.get("values", "{}")) if n in dataset.data_vars]
    found = []
    for size in map(np.abs, states):
        gone = np.flatnonzero(~(size <= 1e12))
        if gone.size:
            t = gone[0]
            while t > 1 and size[t - 1] < size[t] / 1.1:
                t -= 1
            found.append(t)
    return min(found, default=None)


def _show_until(panel, step, values, end):
    """Scale a panel to the orbit before its escape, and mark that."""
    before = values[: end + 1][np.isfinite(values[: end + 1])]
    low, high = before.min(), before.max()
    if panel.get_yscale() == "log":
        panel.set_ylim(low / 2, high * 2)
    else:
        margin = (high - low) / 20 or abs(high) / 20 or 1.0
        panel.set_ylim(low - margin, high + margin)
    panel.set_xlim(step[0], step[end] + max(1, (step[end] - step[0]) / 20))
    panel.axvline(step[end], color="0.3", lw=0.9, ls=":")


def _wide(values):
    """Positive, over more than three decades: better seen on a log axis."""
    finite = values[np.isfinite(values)]
    return finite.size > 1 and finite.min() > 0 and finite.max() / finite.min() > 1e3


def phase_diagram(dataset: xr.Dataset, name: str, ax=None, x: str = "", y: str = "", colorbar=True, **image):
    """Draw one variable of a sweep over its two dims, as colours.

    Parameters
    ----------
    dataset : what ds.sweep returns, with two dims (choose among more with ``dataset.isel(...)``).
    name : the variable; one with named values, such as ``regime``, gets a named colour each.
    ax : where to draw; a new figure by default.
    x, y : the dims on the axes; by default the first swept name is x.
    colorbar : whether to draw one.
    **image : passed to ``Axes.pcolormesh``, such as ``cmap`` or ``norm``.

    Returns
    -------
    matplotlib Axes. A geometric grid gets a log axis; values that are no number are grey.
    """
    checks.known_name(name, dataset.data_vars, "variable", " in this result")
    array = dataset[name].squeeze()
    if array.ndim != 2:
        raise ValueError(
            f"{name!r} has dims {array.dims}; a phase diagram needs two: choose with dataset.isel(...), "
            "or draw one dim with dataset[name].plot()."
        )
    x = x or (array.dims[0] if array.dims[0] != y else array.dims[1])
    checks.known_name(x, array.dims, "dim", f" of {name!r}")
    y = y or next(d for d in array.dims if d != x)
    checks.known_name(y, array.dims, "dim", f" of {name!r}")
    array = array.transpose(y, x)
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 4), layout="constrained")
    scales = {}
    edges = []
    for dim in (x, y):
        values = array[dim].values if dim in array.coords else np.arange(array.sizes[dim])
        scales[dim], edge = _edges(values, dim)
        edges.append(edge)
    flags = array.attrs.get("flag_meanings", "").split()
    style, ticks = _named(flags) if flags else (_continuous(array.values, name), None)
    values = np.ma.masked_invalid(array.values.astype(float))
    mesh = ax.pcolormesh(*edges, values, rasterized=True, shading="flat", **style | image)
    ax.set_xscale(scales[x])
    ax.set_yscale(scales[y])
    ax.set_xlabel(_axis(array, x))
    ax.set_ylabel(_axis(array, y))
    if colorbar:
        bar = ax.figure.colorbar(mesh, ax=ax)
        if ticks is not None:
            bar.set_ticks(ticks, labels=flags)
            bar.ax.tick_params(length=0)
        else:
            bar.set_label(_meaning(array))
    return ax


def _edges(values, dim):
    """The kind of axis that a grid asks for, and the edges of its cells."""
    values = np.asarray(values, float)
    if values.size < 2 or np.any(np.diff(values) == 0):
        raise ValueError(f"{dim!r} needs at least two different values for a phase diagram.")
    geometric = (
        values.size > 2
        and (values > 0).all()
        and np.allclose(np.diff(np.log(values)), np.log(values[1] / values[0]), rtol=1e-6)
        and not np.allclose(np.diff(values), values[1] - values[0], rtol=1e-6)
    )
    at = np.log(values) if geometric else values
    middle = (at[1:] + at[:-1]) / 2
    edge = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return ("log", np.exp(edge)) if geometric else ("linear", edge)


def _named(flags):
    colors = [REGIMES.get(flag, LINES[i % len(LINES)]) for i, flag in enumerate(flags)]
    style = {"cmap": ListedColormap(colors), "norm": BoundaryNorm(np.arange(len(flags) + 1) - 0.5, len(flags))}
    return style, np.arange(len(flags))


def _continuous(values, name):
    finite = values[np.isfinite(values)]
    style = {"cmap": plt.get_cmap("viridis").with_extremes(bad=_BAD)}
    if _wide(finite):
        style["norm"] = LogNorm(finite.min(), finite.max())
    elif finite.size and finite.min() < 0 < finite.max():
        far = np.abs(finite).max()
        style = {"cmap": plt.get_cmap("PuOr").with_extremes(bad=_BAD), "vmin": -far, "vmax": far}
    return style


def _axis(array, dim):
    given = array[dim].attrs if dim in array.coords else {}
    if "symbol" in given or "long_name" not in given:
        return axis(dim)
    return given["long_name"]


def _meaning(array):
    described = array.attrs.get("long_name", array.name)
    tex = array.attrs.get("symbol", "")
    units = array.attrs.get("units", "")
    return described + (f"  ${tex}$" if tex else "") + (f"  [{units}]" if units not in ("", "1") else "")
