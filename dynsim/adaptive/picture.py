"""Drawings of refined diagrams."""

import numpy as np
import xarray as xr
from matplotlib.collections import LineCollection

from .lines import boundary
from .reading import Refined, raster


def plot_refined(
    dataset: xr.Dataset, name="", ax=None, x="", y="", *, part=None, lines=True, boxes=False, pixels=600, **how
):
    """Draw a refined diagram: its values as colours, its boundaries as lines.

    Parameters
    ----------
    dataset : what ``ds.refine`` returned; of three axes, one is to be given a value in `how`.
    name : the measure; there is only one.
    ax, x, y : as for ``ds.plot.phase_diagram``.
    part : what is drawn of the axes, as for :func:`dynsim.adaptive.raster`: ``{"sigma": (1.99, 2.01)}``.
    lines : draw the boundaries, where they are refined (not in a slice).
    boxes : draw the cells too.
    pixels : colours are looked up on so many points an axis.
    **how : what else ``ds.plot.phase_diagram`` takes.

    Returns
    -------
    matplotlib Axes.

    Examples
    --------
    >>> import dynsim as ds
    >>> found = ds.refine(ds.maps.cdat, 500, {"sigma": (1.5, 2.5), "nu": (0.01, 1, "log")}, resolution=1 / 64, coarse=8)
    >>> ds.plot.phase_diagram(found, "regime", part={"sigma": (1.9, 2.1)}, boxes=True).get_xlim() == (1.9, 2.1)
    True
    """
    from ..plot import phase_diagram

    refined = Refined(dataset)
    part = part or {}
    free = [n for n in refined.axes if np.ndim(part.get(n, (0, 0)))]
    if len(free) != 2:
        raise ValueError(
            f"a picture has two axes, and this diagram has {', '.join(refined.axes)}; "
            "give others a value, or read one axis with ds.adaptive.critical."
        )
    picture = raster(dataset, pixels, part)
    ax = phase_diagram(picture, name or refined.name, ax, x, y, **how)
    x = x or (free[0] if free[0] != y else free[1])
    y = next(n for n in free if n != x)
    limits = {n: part.get(n, (refined.axes[n].low, refined.axes[n].high)) for n in free}
    if len(refined.axes) == 2:
        if boxes:
            ax.add_collection(LineCollection(_boxes(refined, x, y, limits), colors="white", linewidths=0.3))
        if lines:
            ax.add_collection(LineCollection(_lines(dataset, x, y, limits), colors="black", linewidths=0.7))
    ax.set_xlim(limits[x])
    ax.set_ylim(limits[y])
    return ax


def _lines(dataset, x, y, limits):
    """The polylines that come into view."""
    found = boundary(dataset)
    at = np.stack([found[x].values, found[y].values], axis=1)
    inside = np.logical_and.reduce(
        [(at[:, k] >= limits[n][0]) & (at[:, k] <= limits[n][1]) for k, n in enumerate((x, y))]
    )
    line = found.line.values
    seen = np.unique(line[inside])
    starts, stops = np.searchsorted(line, seen), np.searchsorted(line, seen, side="right")
    return [at[start:stop] for start, stop in zip(starts, stops)]


def _boxes(refined, x, y, limits):
    """The outlines of the cells that come into view."""
    ends = [{n: refined.dataset[n].values[refined.corner[:, c]] for n in (x, y)} for c in (0, -1)]
    seen = np.logical_and.reduce([(ends[1][n] >= limits[n][0]) & (ends[0][n] <= limits[n][1]) for n in (x, y)])
    (left, bottom), (right, top) = ((end[x][seen], end[y][seen]) for end in ends)
    # Left and lower sides; the others are those of the neighbours.
    return np.stack([np.stack([left, left, right], axis=1), np.stack([top, bottom, bottom], axis=1)], axis=2)
