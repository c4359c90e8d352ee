"""Pictures of orbit diagrams and of basins. They take an ax, return it, and change no global setting."""

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from .. import checks
from ..colours import LINES, REGIMES
from ..labels import BOUND, named
from ..plot import axis_label, cell_edges, meaning

#: More attractors than this share a colour.
NAMED = 8
#: Attractors by size of basin; not the colours of those that escaped or did not settle.
ATTRACTORS = (*LINES[:6], "#F0E442", "#88419D")
#: Of an orbit diagram, as many points as this are drawn solid; more shine through.
SOLID = 20_000


def plot_orbit_diagram(dataset: xr.Dataset, name: str = "", ax=None, **points):
    """Draw the states of an orbit diagram over the swept name, a point each.

    Parameters
    ----------
    dataset : what orbit_diagram returns.
    name : the state or observable; by default the first state.
    ax : where to draw; a new figure by default.
    **points : passed to ``Axes.plot``, such as ``color`` or ``markersize``.

    Returns
    -------
    matplotlib Axes. Values whose orbit escapes are marked along the lower edge, and the others set the scale.

    Examples
    --------
    >>> import dynsim as ds
    >>> from dynsim.stability.diagrams import orbit_diagram
    >>> found = orbit_diagram(ds.maps.cdat, over={"sigma": [1.9, 2.0, 2.3]}, keep=50)
    >>> ax = plot_orbit_diagram(found, "y", color="black")
    >>> ax.get_xlabel()
    "tuner's target  $\\\\sigma$"
    """
    if "kept" not in dataset.dims:
        raise ValueError("this is no orbit diagram: draw what orbit_diagram returns.")
    name = name or next(iter(dataset.data_vars))
    checks.known_name(name, [n for n in dataset.data_vars if "kept" in dataset[n].dims], "name", " in this diagram")
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
    dim = next(d for d in dataset.dims if d != "kept")
    array = dataset[name].transpose(dim, "kept")
    swept = next((n for n, c in dataset.coords.items() if n != "kept" and c.dims == (dim,)), dim)
    at = dataset[swept].values
    every = [dataset[n].transpose(dim, "kept").values for n in dataset.data_vars if "kept" in dataset[n].dims]
    states = every[: 1 + [n for n in dataset.data_vars if "kept" in dataset[n].dims].index(name)]
    inside = np.logical_and.reduce([(np.abs(values) <= BOUND).all(axis=1) for values in states])
    shown = array.values[inside]
    style = {"ls": "", "marker": ".", "color": LINES[0], "mew": 0, "rasterized": True}
    style |= {"ms": 1.2, "alpha": 0.35} if shown.size > SOLID else {"ms": 2.5}
    # matplotlib takes a thing by its long or its short name, but not by both.
    long = {"ls": "linestyle", "ms": "markersize", "mew": "markeredgewidth", "color": "c"}
    style = {k: v for k, v in style.items() if long.get(k) not in points}
    ax.plot(np.repeat(at[inside], array.sizes["kept"]), shown.ravel(), **(style | points))
    if not inside.all():
        _mark_escaped(ax, at[~inside])
    ax.set_xlim(_limits(at))
    ax.set_xlabel(axis_label(dataset, swept))
    symbol = array.attrs.get("symbol", name)
    ax.set_ylabel(f"${symbol}$" if array.attrs.get("long_name", name) == name else meaning(array))
    return ax


def _mark_escaped(ax, at):
    """Ticks along the lower edge, where orbits escape."""
    ends = ax.get_xaxis_transform()
    ax.plot(at, np.zeros(at.size), ls="", marker="|", ms=9, mew=0.8, color=REGIMES["escaped"], transform=ends,
            clip_on=False, rasterized=True, label="escaped")  # fmt: skip
    ax.legend(loc="upper left", frameon=True, framealpha=0.85, edgecolor="none", fontsize="small")


def _limits(at):
    margin = (at.max() - at.min()) / 100 or 0.5
    return at.min() - margin, at.max() + margin


def plot_basins(dataset: xr.Dataset, ax=None):
    """Draw basins over two initial states, and name the attractors.

    Parameters
    ----------
    dataset : what basins returns, over two dims (choose among more with ``dataset.isel(...)``).
    ax : where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes, with the first swept name as x and a legend above it.

    Examples
    --------
    >>> import dynsim as ds
    >>> import numpy as np
    >>> from dynsim.stability.diagrams import basins
    >>> def bistable(x=0.5, y=0.0, /, r=2.0):
    ...     return r * x / (1 + x * x), 0.5 * y
    >>> ax = plot_basins(basins(ds.Map(bistable), 400, over={"x": np.linspace(-1, 1, 8), "y": [0.0, 1.0]}))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['fixed point, 50 %', 'fixed point, 50 %']
    """
    if "basin" not in dataset:
        raise ValueError("these are no basins: draw what basins returns.")
    array = dataset.basin.squeeze()
    if array.ndim != 2:
        raise ValueError(f"the basins have dims {array.dims}; a picture needs two: choose with dataset.isel(...).")
    x, y = array.dims
    array = array.transpose(y, x).sortby([d for d in (x, y) if d in array.coords])
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 4.6), layout="constrained")
    groups = [g for g in _groups(dataset) if np.isin(array.values, g[0]).any()]
    codes = np.zeros(array.shape)
    for i, (members, _, _) in enumerate(groups):
        codes[np.isin(array.values, members)] = i
    norm = BoundaryNorm(np.arange(len(groups) + 1) - 0.5, len(groups))
    scales = []
    for dim in (x, y):
        scales.append(cell_edges(array[dim].values if dim in array.coords else np.arange(array.sizes[dim]), dim))
    colors = ListedColormap([color for *_, color in groups])
    ax.pcolormesh(scales[0][1], scales[1][1], codes, cmap=colors, norm=norm, rasterized=True, shading="flat")
    ax.set_xscale(scales[0][0])
    ax.set_yscale(scales[1][0])
    ax.set_xlabel(axis_label(array, x))
    ax.set_ylabel(axis_label(array, y))
    handles = [Patch(facecolor=color, edgecolor="0.4", lw=0.5, label=text) for _, text, color in groups]
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.01), borderaxespad=0, frameon=False,
              fontsize="small", ncols=1 if len(handles) < 3 else 2)  # fmt: skip
    return ax


def _groups(dataset):
    """What gets a colour: (numbers, text, colour), the largest basin first."""
    numbers = dataset.attractor.values.tolist()
    periods = named(dataset.period).values.tolist() if numbers else []
    found = []
    for number, text in zip(numbers[:NAMED], periods):
        one = dataset.isel(attractor=number - 1)
        text = "fixed point" if text == "period 1" else text
        text = f"family: {text}, {_span(one)}" if one.family else text
        found.append(([number], f"{text}, {_percent(one.share.item())}", ATTRACTORS[number - 1]))
    if len(numbers) > NAMED:
        share = dataset.share.values[NAMED:].sum()
        found.append((numbers[NAMED:], f"{len(numbers) - NAMED} others, {_percent(share)}", "#A6761D"))
    for code, text, color in ((-1, "escaped", "escaped"), (0, "not settled", "undecided")):
        share = float((dataset.basin == code).mean())
        found.append(([code], f"{text}, {_percent(share)}", REGIMES[color]))
    return found


def _span(attractor):
    """The state that varies most over a family, and its range."""
    names = [n.removesuffix("_minimum") for n in attractor.data_vars if n.endswith("_minimum")]
    ends = {n: (attractor[f"{n}_minimum"].item(), attractor[f"{n}_maximum"].item()) for n in names}
    widest = max(ends, key=lambda n: ends[n][1] - ends[n][0])
    symbol = attractor[f"{widest}_mean"].attrs.get("symbol", widest)
    return f"${symbol}$ {ends[widest][0]:.3g} … {ends[widest][1]:.3g}"


def _percent(share):
    return f"{100 * share:.3g} %" if share >= 0.001 else "< 0.1 %"
