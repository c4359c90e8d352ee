"""ds.refine: a phase diagram computed only where it changes, level by level."""

import json
import math
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from .. import checks, measures
from ..labels import BOUND, flags_of
from ..measure import Measure
from ..model import Map
from ..sweeps import check_map, check_measures, sweep
from .growth import Growth
from .lattice import at_corners, code, read_axes

#: Names in the result; no swept name or measure may take them.
TAKEN = (
    "point",
    "cell",
    "corner",
    "corners",
    "axis",
    "level",
    "lattice",
    "mixed",
    "cell_level",
    "crossing",
    "vertex",
    "line",
)


def refine(
    map: Map,
    steps: int,
    over: Mapping,
    measure: Measure | None = None,
    *,
    resolution: float = 1e-5,
    coarse: int = 64,
    guard: int = 1,
    points: int = 5_000_000,
    tol: float | None = None,
    threshold: float | None = None,
    **options,
) -> xr.Dataset:
    """Compute a phase diagram on a coarse grid, and refine it where neighbouring values differ.

    A cell whose corners differ is halved along every axis, until its sides are at most `resolution` of the axes. So is
    a cell with a differing point on its border, which a finer neighbour has found; a boundary once found is followed
    to its end. Each round is one ``ds.sweep`` over all new points; a point is computed once.

    Parameters
    ----------
    map, steps : as for ``ds.sweep``. A map with noise is refused: its draws hang on the number of the point.
    over : one to three names with their ranges: ``{"sigma": (1.9, 2.1), "nu": (1e-3, 10, "log")}``.
    measure : whose values are compared; ``ds.measures.regime()`` by default.
    resolution : the largest side of a cell on the boundary, as a share of the axis (of its logarithm on a log axis).
    coarse : cells an axis to begin with, the least depth everywhere. What lies between the points of this grid, such
        as a tongue thinner than 1/coarse, is only found where it meets what has been found.
    guard : around each cell on the boundary, so many cells are made as fine as it is.
    points : compute no more than these. A round that would is not begun: a warning says how far the boundary is
        resolved, as do the attributes ``complete`` and ``reached`` of the result.
    tol : of a measure that is a number: neighbours differ if they are more than this apart.
    threshold : or: if they are on different sides of this, ``value > threshold``.
    **options : fixed values, and what else ``ds.sweep`` takes (``device``, ``threads``, ``progress``, …). A ``store``
        is numbered, one for each round.

    Returns
    -------
    xarray.Dataset : over ``point``: the swept names, the measure, ``level`` (how often a coarse cell was halved for
        it), ``lattice`` (whole coordinates on the finest lattice). Over ``cell``, the boxes that tile the domain:
        ``corners`` (the numbers of the points at the corners, the low one first, the high one last), ``cell_level``,
        ``mixed`` (the corners differ: on the boundary), ``cell_<measure>`` (at the low corner). Values beyond 1e12 and
        NaN count as one value, escaped, on neither side of a threshold. See :mod:`dynsim.adaptive` for what reads it.

    Raises
    ------
    ValueError, TypeError : at once, where a name, a range or a value does not fit.

    Notes
    -----
    In two dimensions the number of points grows like the length of the boundary over the resolution, on a fractal
    boundary faster. Source: the quadtree of Finkel, Bentley 1974, Acta Informatica 4, 1.

    Examples
    --------
    >>> import dynsim as ds
    >>> def still(x=0.0, z=0.0, /):
    ...     return x, z
    >>> disk = ds.Map(still, observables={"r": lambda x, z: x * x + z * z})
    >>> found = ds.refine(disk, 0, {"x": (0, 2), "z": (0, 2)}, ds.measures.final("r"), threshold=1, resolution=1e-3)
    >>> x = ds.adaptive.critical(found, "x").sel(z=0.6, method="nearest")
    >>> bool(abs(x.x**2 + x.z**2 - 1) < 4e-3), found.sizes["point"] < 0.02 * 1025**2
    (True, True)
    """
    check_map(map)
    if map.noisy:
        raise ValueError(f"{map.name!r} draws noise by the number of the point, so no point could be refined without "
                         "changing the others; sweep a grid with ds.sweep.")  # fmt: skip
    measure = measures.regime() if measure is None else measure
    resolution = checks.scalar(resolution, "resolution")
    if not 0 < resolution <= 1:
        raise ValueError(f"resolution is a share of the axis, above 0 and at most 1, not {resolution:g}.")
    coarse = checks.whole(coarse, "coarse", least=1)
    guard, points = checks.whole(guard, "guard"), checks.whole(points, "points", least=1)
    levels = max(0, math.ceil(math.log2(1 / (resolution * coarse)) - 1e-9))
    axes = read_axes(over, (*map.state, *map.parameters), map.name, coarse * 2**levels)
    for name in (a.name for a in axes):
        if name in TAKEN:
            raise ValueError(f"{name!r} is a name in the result; refine over another, or rename it in the map.")
    asked = _one_measure(map, measure, [a.name for a in axes])
    if (coarse + 1) ** len(axes) > points:
        raise ValueError(f"the coarse grid alone has {(coarse + 1) ** len(axes)} points, and points={points}; "
                         "give a smaller coarse= or more points.")  # fmt: skip
    rounds = _Rounds(map, steps, axes, asked, tol, threshold, options)
    grown = Growth(rounds, len(axes), coarse, levels, guard, points)
    stopped = grown.run()
    said = {"resolution": resolution, "coarse": coarse, "guard": guard, "points": points}
    return _labelled(grown, rounds, stopped, said)


class _Rounds:
    """Sweeps over new points, one a round, and how their values compare."""

    def __init__(self, map, steps, axes, measure, tol, threshold, options):
        self.map, self.steps, self.axes, self.measure, self.options = map, steps, axes, measure, options
        self.name, self.tol, self.threshold = measure.name, 0.0, threshold
        coded = bool(measure.made_for(map).kind.flags)
        if coded and not (tol is None and threshold is None):
            raise ValueError(f"{self.name!r} holds codes, which are equal or not; leave out tol= and threshold=.")
        if not coded and (tol is None) == (threshold is None):
            raise ValueError(f"{self.name!r} is a number: say what differs with either tol= (how far apart) or "
                             "threshold= (on which side).")  # fmt: skip
        if threshold is not None:
            self.threshold = checks.scalar(threshold, "threshold")
        if tol is not None:
            self.tol = checks.scalar(tol, "tol")
            if self.tol < 0:
                raise ValueError(f"tol must be >= 0, not {self.tol:g}.")
        self.attrs, self.variable, self.coords, self.batches = {}, {}, {}, []

    def compute(self, at: np.ndarray) -> np.ndarray:
        """The measure at lattice coordinates (dims, n)."""
        over = {a.name: ("point", a.values(row)) for a, row in zip(self.axes, at)}
        options = dict(self.options)
        if options.get("store") is not None:
            store = Path(options["store"])
            options["store"] = store.with_name(f"{store.stem}-{len(self.batches):02d}{store.suffix}")
        found = sweep(self.map, self.steps, over, self.measure, **options)
        if not self.batches:
            self.attrs, self.variable = dict(found.attrs), dict(found[self.name].attrs)
            self.coords = {a.name: dict(found[a.name].attrs) for a in self.axes}
        self.batches.append(at.shape[1])
        return found[self.name].values

    def comparable(self, values: np.ndarray) -> np.ndarray:
        """Numbers that differ by more than `tol` where the values do; all that escaped are alike."""
        values = np.asarray(values, float)
        good = np.abs(values) <= BOUND
        if self.threshold is not None:
            values = (values > self.threshold).astype(float)
        return np.where(good, values, 1e300)


def _one_measure(map, measure, taken):
    if isinstance(measure, (list, tuple)) and len(measure) != 1:
        raise TypeError(f"refine compares one measure, not {len(measure)}; sweep the others where you need them.")
    (asked,) = check_measures(map, measure, taken=(*taken, *TAKEN))
    if asked.made_for(map).kind.does.dim:
        raise ValueError(f"{asked.name!r} is several numbers at each point; refine compares one.")
    return asked


def _labelled(grown, rounds, stopped, said):
    """The dataset of what was computed."""
    cells, name = grown.cells, rounds.name
    corner = np.searchsorted(grown.codes, code(at_corners(cells.low, cells.size).reshape(len(cells.low), -1)))
    corner = corner.reshape(cells.level.size, -1).astype(np.int32 if grown.codes.size < 2**31 else np.int64)
    reached = int(cells.size[grown.mixed | grown.open].max(initial=1)) / cells.width
    attrs = rounds.attrs | said | {
        "axes": json.dumps({a.name: [a.low, a.high, a.scale] for a in rounds.axes}),
        "cells": cells.width,
        "reached": reached,
        "complete": int(not stopped),
        "rounds": len(rounds.batches),
        "call": rounds.attrs["call"].replace("ds.sweep", "ds.refine"),
        "compared": "codes" if flags_of(xr.DataArray(0, attrs=rounds.variable)) else json.dumps(
            {"threshold": rounds.threshold} if rounds.threshold is not None else {"tol": rounds.tol}
        ),
    }  # fmt: skip
    if stopped:
        warnings.warn(
            f"refine stopped at {grown.codes.size} points, since the next round needs {stopped} more: the boundary is "
            f"resolved to {reached:.2g} of the axes, not {1 / cells.width:.2g}; give more points=, a larger "
            "resolution=, or a smaller range.",
            stacklevel=3,
        )
    coords = {a.name: ("point", a.values(row), rounds.coords[a.name]) for a, row in zip(rounds.axes, grown.at)}
    mixed = {"long_name": "on the boundary"}
    data = {
        name: ("point", grown.values, rounds.variable),
        "level": ("point", grown.level, {"long_name": "halvings of the coarse cell"}),
        "lattice": (
            ("axis", "point"),
            grown.at.astype(np.int32 if cells.width < 2**31 else np.int64),
            {"long_name": "coordinates on the finest lattice"},
        ),
        "corners": (("cell", "corner"), corner, {"long_name": "numbers of the points at the corners"}),
        "cell_level": ("cell", cells.level, {"long_name": "halvings of the coarse cell"}),
        "mixed": ("cell", grown.mixed, mixed),
        f"cell_{name}": ("cell", grown.values[corner[:, 0]], rounds.variable),
    }
    return xr.Dataset(data, coords | {"axis": [a.name for a in rounds.axes]}, attrs)
