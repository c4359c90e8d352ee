"""What a reader takes along: the picture, its data, and the lines of Python that make both."""

import io
import tempfile
import textwrap
from dataclasses import replace
from pathlib import Path

import xarray as xr
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure

from ..cli_request import measure as measure_of
from ..cli_sweep import save
from ..colours import LINES
from .figures import places
from .subjects import DELAYED, Subject
from .view import Axis, View

_TAG = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85}


def python(view: View, subject: Subject) -> str:
    """Three lines of Python that make the picture and its data again.

    Examples
    --------
    >>> from dynsim.explorer.library import Library
    >>> library = Library()
    >>> view = library.first("uv").but(measure="regime")
    >>> print(python(view, library.subject("uv")))
    import numpy as np, dynsim as ds
    result = ds.sweep(ds.maps.uv, 1000, {"eta": np.linspace(0.1024, 2.4976, 500), ...}, ds.measures.regime())
    ds.plot.phase_diagram(result, "regime");
    """
    if not subject.computed:
        return _stored(view, subject)
    measure = measure_of(view.measure)
    options = {k: v for k, v in measure.options.items() if v != measure.kind.options[k]}
    over = ", ".join(f'"{axis.name}": {_grid(axis, view.side)}' for axis in (view.x, view.y))
    values = "".join(f", {n}={v!r}" for n, v in subject.values(view).items())
    seed = f", seed={view.seed}" if subject.noisy else ""
    measured = f"ds.measures.{replace(measure, options=options)!r}"
    call = f"ds.sweep({_map(view.map)}, {view.steps}, {{{over}}}, {measured}{values}{seed})"
    part = "".join(f".sel({dim}={view.values.get(dim, 1):g})" for dim in subject.orders(view))
    return f'import numpy as np, dynsim as ds\nresult = {call}{part}\nds.plot.phase_diagram(result, "{measure.name}");'


def _stored(view, subject):
    """The part of a stored sweep that a picture shows; or, where it was computed anew, how."""
    axes = (view.x, view.y)
    if made := subject.sweep_of(view):
        name, measure, values = made
        over = ", ".join(f'"{axis.name}": {_grid(axis, view.side)}' for axis in axes)
        given = "".join(f", {n}={v!r}" for n, v in values.items())
        part = {dim: entry for dim, entry in subject.entries(view).items() if dim in subject.orders(view)}
        call = f"ds.sweep({_map(name)}, {subject.steps}, {{{over}}}, ds.measures.{measure!r}{given})"
        call += f".isel({part!r})" * bool(part)
        return f'import numpy as np, dynsim as ds\nresult = {call}\nds.plot.phase_diagram(result, "{view.measure}");'
    source = subject.dataset.encoding.get("source", "")
    opened = f"xr.open_{'zarr' if Path(source).is_dir() else 'dataset'}({source!r})" if source else "sweep"
    fixed = f".isel({subject.entries(view)!r})" if subject.entries(view) else ""
    part = ", ".join(f"{a.name}=slice({a.low!r}, {a.high!r})" for a in axes)
    names = [axis.name for axis in axes]
    return (
        f"import xarray as xr, dynsim as ds\nresult = {opened}[[{view.measure!r}]]{fixed}.sortby({names}).sel({part})\n"
        f'ds.plot.phase_diagram(result, "{view.measure}", x="{names[0]}", y="{names[1]}");'
    )


def _map(name):
    import dynsim as ds

    if name in ds.maps.__all__:
        return f"ds.maps.{name}"
    landscape, _, rest = name.partition(".")
    if landscape in ds.landscapes.__all__ and rest:
        tuner, _, delayed = rest.partition(".")
        return f"ds.closed_loop(ds.landscapes.{landscape}, ds.tuners.{tuner}{', delay=1' * (delayed == DELAYED)})"
    return name


def _grid(axis: Axis, side):
    low, high = axis.ends(side)
    return f"np.{'geomspace' if axis.log else 'linspace'}({low!r}, {high!r}, {side})"


def png(view: View, results, names, scales, theory=()) -> bytes:
    """The picture as ds.plot draws it, a panel for each result; `theory` has lines (label, xs, ys) for each.

    The colours are those of the page: `scales` are its images' (None where values are named).
    """
    from .. import plot

    figure = Figure(figsize=(5.4 * len(results), 4.4), layout="constrained", dpi=200)
    panels = figure.subplots(1, len(results), squeeze=False).ravel()
    for i, (ax, result, name, scale) in enumerate(zip(panels, results, names, scales)):
        variable, style = next(iter(result.data_vars)), {}
        if scale is not None:
            norm = (LogNorm if scale.log else Normalize)(scale.low, scale.high)
            style = {"norm": norm, "cmap": ListedColormap(scale.palette)}
        plot.phase_diagram(result, variable, ax=ax, x=view.x.name, y=view.y.name, **style)
        ax.set(xscale="log" if view.x.log else "linear", yscale="log" if view.y.log else "linear")
        ax.set(xlim=(view.x.low, view.x.high), ylim=(view.y.low, view.y.high))
        lines = theory[i] if theory else ()
        for _, xs, ys in lines:
            ax.plot(xs, ys, color="white", lw=2.4)
            ax.plot(xs, ys, color="black", lw=1.0, ls="--")
        for label, place in places(lines, view).items():
            ax.text(*place, label.partition(":")[0], fontsize=7, ha="center", va="center", bbox=_TAG)
        caption = [f"{view.steps:,} steps", *dict.fromkeys(label for label, _, _ in lines)]
        ax.text(0, -0.16, "\n".join(caption), transform=ax.transAxes, fontsize=8, va="top", linespacing=1.4)
        if view.point and i == view.look:
            ax.plot(*view.point, marker="o", ms=9, mfc="none", mec="white", mew=2.8)
            ax.plot(*view.point, marker="o", ms=9, mfc="none", mec="black", mew=1.2)
        if view.line and i == view.look:
            ax.plot(view.line[::2], view.line[1::2], marker="o", ms=4, color=LINES[3], lw=1.5)
        ax.set_title(name, fontsize="medium")
    for ax in figure.axes:  # that of a colour bar may be long
        ax.set_ylabel("\n".join(textwrap.wrap(ax.get_ylabel(), 44)))
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def netcdf(result: xr.Dataset, view: View) -> bytes:
    """The data as a NetCDF file, with the link to the view in its attributes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.nc"
        save(result.assign_attrs(view=view.link()), path)
        return path.read_bytes()
