"""A refined diagram read: on a regular grid, and along an axis."""

import json
from collections.abc import Mapping

import numpy as np
import xarray as xr

from .. import checks
from ..labels import BOUND, flags_of
from .lattice import Axis, Cells, code

#: Points that are looked up at a time.
POINTS_A_PIECE = 2**20


class Refined:
    """The parts of a dataset that ``ds.refine`` returned."""

    def __init__(self, dataset: xr.Dataset):
        if not isinstance(dataset, xr.Dataset) or not {"lattice", "corners"} <= set(dataset.data_vars):
            raise TypeError("this is no refined diagram: give what ds.refine returns, whole.")
        self.dataset = dataset
        self.width = int(dataset.attrs["cells"])
        ranges = json.loads(dataset.attrs["axes"])
        self.axes = {name: Axis(name, *given, self.width) for name, given in ranges.items()}
        self.name = next(n[len("cell_") :] for n in dataset.data_vars if n.startswith("cell_") and n != "cell_level")
        self.at, self.corner = dataset.lattice.values.astype(np.int64), dataset.corners.values
        self.values, self.level = dataset[self.name].values, dataset.cell_level.values
        self.flags = flags_of(dataset[self.name])
        compared = dataset.attrs["compared"]
        self.compared = {} if compared == "codes" else json.loads(compared)

    @property
    def cells(self) -> Cells:
        """The boxes; the number of a cell is that in the dataset."""
        coarsest = self.width // int(self.dataset.attrs["coarse"])
        return Cells(self.at[:, self.corner[:, 0]], self.level, coarsest, self.width)

    def differ(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Whether the values at pairs of points count as different."""
        low, high = (self._key(self.values[points]) for points in (one, other))
        return np.abs(low - high) > self.compared.get("tol", 0.0)

    def _key(self, values):
        good = np.abs(values.astype(float)) <= BOUND
        if "threshold" in self.compared:
            values = values > self.compared["threshold"]
        return np.where(good, values, 1e300)

    def codes_of(self, between) -> list:
        """The codes of two named values."""
        if isinstance(between, str) or not np.iterable(between) or len(between) != 2:
            raise ValueError(f"between={between!r} must be two values, such as ('runaway', 'escaped').")
        if not self.flags:
            raise ValueError(f"{self.name!r} is a number, which has one kind of boundary; leave out between=.")
        known = {name: flag for flag, name in self.flags.items()} | {v: v for v in np.unique(self.values).tolist()}
        for name in between:
            checks.known_name(name, known, "value", f" of {self.name!r}")
        return [known[name] for name in between]


def raster(dataset: xr.Dataset, points: int = 512, part: Mapping | None = None) -> xr.Dataset:
    """A refined diagram on a regular grid.

    Parameters
    ----------
    dataset : what ``ds.refine`` returned.
    points : how many values an axis.
    part : of what axes only a part is wanted: name -> (low, high), or one value, which makes a slice; as in
        ``{"sigma": (1.99, 2.01), "nu": 0.1}``.

    Returns
    -------
    xarray.Dataset : the measure over the axes that are left, with the attributes of a sweep; so
        ``ds.plot.phase_diagram``, ``ds.named`` and ``ds.stability.compare`` take it. A value is that of the nearest
        corner of the cell around it: exact on points of the lattice that lie on a resolved boundary, and elsewhere as
        true as that nothing was missed.

    Raises
    ------
    ValueError, TypeError : a name or a part does not fit.

    Examples
    --------
    >>> import dynsim as ds
    >>> found = ds.refine(ds.maps.cdat, 500, {"sigma": (1.5, 2.5), "nu": (0.01, 1, "log")}, resolution=1 / 64, coarse=8)
    >>> picture = ds.adaptive.raster(found, 5, {"nu": 0.1})
    >>> ds.named(picture.regime).values.tolist()
    ['runaway', 'runaway', 'undecided', 'escaped', 'escaped']
    """
    refined = Refined(dataset)
    points = checks.whole(points, "points", least=2)
    part = part or {}
    if not isinstance(part, Mapping):
        raise TypeError(f"part={part!r} must be a mapping from names to (low, high) or a number.")
    for name in part:
        checks.known_name(name, refined.axes, "axis", " of this diagram")
    values = {name: _within(axis, points, part.get(name)) for name, axis in refined.axes.items()}
    position = [refined.axes[name].position(v) for name, v in values.items()]
    shape = tuple(v.size for v in values.values())
    found, cells = np.empty(shape, refined.values.dtype), refined.cells
    order = np.argsort(cells.codes)
    corners, cells = refined.corner[order], cells.pick(order)
    rows = max(1, POINTS_A_PIECE // max(1, int(np.prod(shape[1:]))))
    for start in range(0, shape[0], rows):
        some = [position[0][start : start + rows], *position[1:]]
        at = np.stack([grid.ravel() for grid in np.meshgrid(*some, indexing="ij")])
        near = _nearest(cells, corners, at, refined.width)
        found[start : start + rows] = refined.values[near].reshape(-1, *shape[1:])
    source = dataset[refined.name]
    coords = {n: (n, v, dataset[n].attrs) for n, v in values.items()}
    made = xr.Dataset({refined.name: (tuple(values), found, source.attrs)}, coords, dataset.attrs)
    return made.isel({n: 0 for n in values if n in part and np.ndim(part[n]) == 0})


def _within(axis, points, part):
    if part is None:
        return axis.regular(axis.low, axis.high, points)
    single = np.ndim(part) == 0
    if not single and len(part) != 2:
        raise ValueError(f"the part {part!r} of {axis.name!r} must be two values, low and high, or one number.")
    low, high = (checks.scalar(v, axis.name) for v in ((part, part) if single else part))
    if not (axis.low <= low <= high <= axis.high) or (low == high and not single):
        raise ValueError(
            f"the part {part!r} of {axis.name!r} is not in the diagram; give values from {axis.low:g} to {axis.high:g}."
        )
    return np.array([low]) if single else axis.regular(low, high, points)


def _nearest(cells, corners, at, width):
    """The number of the point at the nearest corner of the cell around each position (dims, n)."""
    lattice = np.clip(np.floor(at), 0, width - 1).astype(np.int64)
    number = cells.around(lattice)
    share = (at - cells.low[:, number]) / cells.size[number]
    which = np.zeros(number.size, np.int64)
    for row in share:  # the corners are counted with the last axis fastest
        which = 2 * which + (row > 0.5)
    return corners[number, which]


def critical(dataset: xr.Dataset, name: str, between=None) -> xr.Dataset:
    """Where the value changes along one axis, as a function of the other axes.

    Parameters
    ----------
    dataset : what ``ds.refine`` returned.
    name : the axis along which to look.
    between : two values, such as ``("runaway", "escaped")``: only changes from one to the other, either way.

    Returns
    -------
    xarray.Dataset : over the other axis where there is one, in its order (a value occurs as often as there are
        changes), else over ``crossing``: `name`, halfway between the last point before the change and the first after
        it; ``error``, half their distance (on a log axis, of the larger half); ``before`` and ``after``, the values
        there. Only the coordinates that the boundary passes have entries.

    Raises
    ------
    ValueError : an unknown axis or value.

    Examples
    --------
    >>> import dynsim as ds
    >>> found = ds.refine(ds.maps.cdat, 500, {"sigma": (1.9, 2.2)}, coarse=8)
    >>> first = ds.adaptive.critical(found, "sigma").isel(crossing=0)
    >>> str(ds.named(first.before).item()), float(first.error) < 1e-5 * 0.3
    ('runaway', True)
    """
    refined = Refined(dataset)
    checks.known_name(name, refined.axes, "axis", " of this diagram")
    one, other = _edges(refined, list(refined.axes).index(name), between)
    dims = [n for n in refined.axes if n != name]
    dim = dims[0] if len(dims) == 1 else "crossing"
    axis, at = refined.axes[name], dataset[name].values
    middle = axis.middle(at[one], at[other])
    error = np.maximum(at[other] - middle, middle - at[one])
    about, values = dataset[refined.name].attrs, refined.values
    coords = {n: (dim, dataset[n].values[one], dataset[n].attrs) for n in dims}
    data = {
        name: (dim, middle, dataset[name].attrs),
        "error": (dim, error, {"long_name": f"largest error of {name}"}),
        "before": (dim, values[one], about | {"long_name": f"{about['long_name']} before"}),
        "after": (dim, values[other], about | {"long_name": f"{about['long_name']} after"}),
    }
    found = xr.Dataset(data, coords, dataset.attrs)
    return found.isel({dim: np.lexsort([middle, *(coords[n][1] for n in reversed(dims))])})


def _edges(refined, k, between):
    """The points at both ends of each edge of a cell along axis k, once, where the value changes."""
    corner = refined.corner[refined.dataset.mixed.values]
    stride = 2 ** (len(refined.axes) - 1 - k)
    ends = [c for c in range(corner.shape[1]) if not c // stride % 2]
    pairs = np.unique(np.concatenate([corner[:, [c, c + stride]] for c in ends]), axis=0).astype(np.int64)
    differs = refined.differ(*pairs.T)
    if between is not None:
        wanted = sorted(refined.codes_of(between))
        differs &= (np.sort(refined.values[pairs], axis=1) == wanted).all(axis=1)
    one, other = pairs[differs].T
    # Where refining stopped early, an edge of a coarse cell may have been divided by its neighbour.
    middle = (refined.at[:, one] + refined.at[:, other]) // 2
    divided = np.isin(code(middle), code(refined.at)) & (refined.at[k, other] - refined.at[k, one] > 1)
    return one[~divided], other[~divided]
