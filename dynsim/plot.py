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

import importlib
import json

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from . import checks
from .colours import LINES, bounded, classes, continuous, listed, wide
from .colours import REGIMES as REGIMES
from .labels import BOUND, flags_of, symbol

#: Pictures of what other parts of the package return: name -> where it is drawn.
_ELSEWHERE = {
    "animate": ("animation", "animate"),
    "basins": ("stability.pictures", "plot_basins"),
    "branch": ("stability.branch_plot", "plot_branch"),
    "orbit_diagram": ("stability.pictures", "plot_orbit_diagram"),
    "refined": ("adaptive.picture", "plot_refined"),
    "save_gif": ("animation", "save_gif"),
    "training": ("training.pictures", "plot_training"),
}


def __getattr__(name):
    if name not in _ELSEWHERE:
        raise AttributeError(f"dynsim.plot has no {name!r}.{checks.nearest(name, [*_ELSEWHERE, *globals()])}")
    module, function = _ELSEWHERE[name]
    return getattr(importlib.import_module(f"dynsim.{module}"), function)


def orbit(dataset: xr.Dataset, names=(), ax=None, label: str = "", **line):
    """Draw states and observables against the step, a panel each.

    Parameters
    ----------
    dataset : what ds.orbit returns.
    names : what to draw; by default the base paper's η, λ, y and p, or the states of a map that lacks these. A
        parameter is drawn from the attributes.
    ax : as many axes as names (or one, for one name); a new figure by default.
    label : shown in a legend of the first panel.
    **line : passed to ``Axes.plot``. Of an orbit that oscillates fast, draw every n-th step (``every=`` of ds.orbit).

    Returns
    -------
    1-D numpy array of Axes (or the one ax that was given). An orbit that escapes is drawn until it only grows, which a
    dotted line marks; that is some steps before its ``lifetime``.
    """
    if "step" not in dataset.dims:
        raise ValueError("this is no orbit: draw what ds.orbit returns, or a sweep with ds.plot.phase_diagram.")
    fixed = json.loads(dataset.attrs.get("values", "{}"))
    known = tuple(dict.fromkeys((*dataset.data_vars, *fixed)))
    usual = ("eta", "lam", "y", "p")
    names = names or (usual if set(usual) <= set(known) else [n for n in dataset.data_vars if n in fixed])
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        checks.known_name(name, known, "name", " in this orbit")
    single = ax is not None and not np.iterable(ax)
    if ax is None:
        _, ax = plt.subplots(1, len(names), figsize=(3.1 * len(names), 2.6), layout="constrained", squeeze=False)
    panels = np.ravel(ax)
    if panels.size < len(names):
        raise ValueError(
            f"{len(names)} names need {len(names)} axes, not {panels.size}; give ax= more, or fewer names."
        )
    end = escape(dataset, fixed)
    for panel, name in zip(panels, names):
        values = dataset[name].values if name in dataset else np.full(dataset.sizes["step"], fixed[name])
        before = [drawn for drawn in panel.lines if drawn.get_gid() == "orbit"]
        seen = (panel.get_xlim(), panel.get_ylim()) if before else None
        style = {"lw": 1.2, "color": LINES[len(before) % len(LINES)], "gid": "orbit", "label": label or "_"} | line
        panel.plot(dataset.step, values, **style)
        panel.set_xlabel("step  $t$")
        tex = dataset[name].attrs.get("symbol") if name in dataset else None
        panel.set_ylabel(f"${tex or symbol(name)}$")
        if name == "y" and not before:
            panel.axhline(0, color="0.6", lw=0.8, ls="--", zorder=0)
        if wide(values[:end]):
            panel.set_yscale("log")
        if end is not None or any(drawn.get_gid() == "escape" for drawn in panel.lines):
            _show_until(panel, dataset.step.values, values, end, seen)
    if label:
        panels[0].legend(frameon=False, fontsize="small")
    return panels[0] if single else panels


def escape(dataset, fixed):
    """The index from which an escaping orbit only grows, or None. The states are what has an initial value."""
    found = []
    for name in (n for n in fixed if n in dataset.data_vars):
        size = np.abs(dataset[name].values)
        gone = np.flatnonzero(~(size <= BOUND))
        if gone.size:
            t = gone[0]
            while t > 1 and t > gone[0] - 20 and size[t - 1] < size[t] / 1.1:
                t -= 1
            found.append(t)
    return min(found, default=None)


def _show_until(panel, step, values, end, seen):
    """Scale a panel to the orbit before its escape, and mark that; what was `seen` of earlier orbits stays in view."""
    last = len(step) - 1 if end is None else end
    limits = _limits(values[: last + 1], panel.get_yscale() == "log")
    right = step[last] + max(1, (step[last] - step[0]) / 20)
    if seen:
        right = max(right, seen[0][1])
        limits = min(limits[0], seen[1][0]), max(limits[1], seen[1][1])
    panel.set_ylim(limits)
    panel.set_xlim(step[0], right)
    if end is not None:
        panel.axvline(step[end], color="0.3", lw=0.9, ls=":", gid="escape")


def _limits(values, log):
    """What an axis has to show, with a margin: a factor of 2, or a twentieth of the range."""
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if values.size else (-1.0, 1.0)
    margin = (high - low) / 20 or abs(high) / 20 or 1.0
    return (low / 2, high * 2) if log else (low - margin, high + margin)


def phase_diagram(
    dataset: xr.Dataset, name: str, ax=None, x: str = "", y: str = "", colorbar=True, theory=None, **image
):
    """Draw one variable of a sweep over its two dims, as colours.

    Parameters
    ----------
    dataset : what ds.sweep returns, with two dims (choose among more with ``dataset.isel(...)``), or what ds.refine
        returns; see :func:`dynsim.adaptive.picture.plot_refined` for what may be added then.
    name : the variable; one with named values, such as ``regime`` or ``period``, gets a named colour each.
    ax : where to draw; a new figure by default.
    x, y : the dims on the axes; by default the first swept name is x.
    colorbar : whether to draw one.
    theory : statements to draw over it, label -> condition or law, as in ``{"settled": "8*a < lam**2"}``; the line
        below says how far theory and numbers disagree. See :func:`dynsim.stability.compare`.
    **image : passed to ``Axes.pcolormesh``, such as ``cmap`` or ``norm``.

    Returns
    -------
    matplotlib Axes. A geometric grid gets a log axis. Values that are no number, or larger than 1e12 as those of
    points that escaped are, are grey.
    """
    if not isinstance(dataset, xr.Dataset):
        raise TypeError("phase_diagram draws a variable of a dataset: write ds.plot.phase_diagram(result, 'regime').")
    checks.known_name(name, dataset.data_vars, "variable", " in this result")
    if {"lattice", "cell_level"} <= set(dataset.data_vars):  # of ds.refine
        return __getattr__("refined")(dataset, name, ax, x, y, colorbar=colorbar, theory=theory, **image)
    array = dataset[name].squeeze()
    if array.ndim != 2:
        raise ValueError(
            f"{name!r} has dims {array.dims}; a phase diagram needs two: choose with dataset.isel(...), "
            "or draw one dim with dataset[name].plot()."
        )
    if x and x == y:
        raise ValueError(f"x and y are both {x!r}; name two dims.")
    x = x or (array.dims[0] if array.dims[0] != y else array.dims[1])
    checks.known_name(x, array.dims, "dim", f" of {name!r}")
    y = y or next(d for d in array.dims if d != x)
    checks.known_name(y, array.dims, "dim", f" of {name!r}")
    array = array.transpose(y, x).sortby([dim for dim in (x, y) if dim in array.coords])
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 4), layout="constrained")
    scales, edges = {}, []
    for dim in (x, y):
        values = array[dim].values if dim in array.coords else np.arange(array.sizes[dim])
        scales[dim], edge = cell_edges(values, dim)
        edges.append(edge)
    flags = flags_of(array)
    if flags:
        values, flags, colors = classes(array)
        style = listed(colors)
    else:
        values = bounded(array)
        style = continuous(values.compressed(), image)
    mesh = ax.pcolormesh(*edges, values, rasterized=True, shading="flat", **style)
    ax.set(xscale=scales[x], yscale=scales[y], xlabel=axis_label(array, x), ylabel=axis_label(array, y))
    if colorbar:
        bar = ax.figure.colorbar(mesh, ax=ax)
        if flags:
            bar.set_ticks(range(len(flags)), labels=list(flags.values()))
            bar.ax.tick_params(length=0)
        else:
            bar.set_label(meaning(array))
    if theory:
        from .stability.theory import draw

        draw(ax, dataset, name, x, y, theory)
    return ax


def cell_edges(values, dim):
    """The kind of axis that a grid asks for, and the edges of its cells."""
    values = np.asarray(values, float)
    if values.size < 2 or np.any(np.diff(values) == 0):
        raise ValueError(f"{dim!r} needs at least two different values for a phase diagram.")
    geometric = values.size > 2 and (values > 0).all() and _even(np.log(values)) and not _even(values)
    at = np.log(values) if geometric else values
    middle = (at[1:] + at[:-1]) / 2
    edge = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return ("log", np.exp(edge)) if geometric else ("linear", edge)


def _even(values):
    """Whether they are evenly spaced, but for their rounding."""
    steps = np.diff(values)
    return np.allclose(steps, steps[0], rtol=1e-6, atol=1e-14 * np.abs(values).max())


def axis_label(array, dim):
    given = array[dim].attrs if dim in array.coords else {}
    described = given.get("long_name", dim)
    tex = given.get("symbol", "")
    if described in ("", dim):
        return f"${tex}$" if tex else dim
    return described + (f"  ${tex}$" if tex else "")


def meaning(array):
    described = array.attrs.get("long_name", array.name)
    tex = array.attrs.get("symbol", "")
    units = array.attrs.get("units", "")
    return described + (f"  ${tex}$" if tex else "") + (f"  [{units}]" if units not in ("", "1") else "")
