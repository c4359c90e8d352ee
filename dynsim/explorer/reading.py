"""Reading a stored sweep: what is there of it, only as much as a picture needs, and how it was measured."""

import ast
import inspect
import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import xarray as xr

import dynsim as ds

from .. import checks
from ..measure import Measure
from ..plot import cell_edges

#: Points that are read at a time where the file has no chunks.
BAND = 2**22
_UNREADABLE = (OSError, ValueError, RuntimeError)


def open_sweep(path: str | os.PathLike) -> xr.Dataset:
    """A sweep on disk, read as it is asked for: a zarr store, finished or not, or a NetCDF file.

    Raises
    ------
    ValueError : there is nothing, or nothing that can be read, or no sweep with two dims to draw.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise ValueError(f"there is no sweep {path}.")
    # Nothing is kept in memory, so that a store that grows is seen to grow.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr's and netCDF's own, such as of metadata in two places
        found = (_open_zarr if path.is_dir() else _open_netcdf)(path)
    found.encoding["source"] = str(path)
    grid_of(found, str(path))
    return found


def _open_zarr(path):
    from ..store import need

    need()
    from zarr.storage import LocalStore

    begun = _record(path) is not None
    try:
        return xr.open_dataset(LocalStore(path, read_only=True), engine="zarr", cache=False)
    except (*_UNREADABLE, LookupError, TypeError) as error:
        why = "nothing is in it yet" if begun and not (path / "zarr.json").exists() else f"it cannot be read: {error}"
        raise ValueError(f"{path} is no zarr store with a sweep; {_sentence(why)}") from None


def _open_netcdf(path):
    try:
        return xr.open_dataset(path, engine="h5netcdf", cache=False)
    except (*_UNREADABLE, LookupError, TypeError) as error:
        raise ValueError(f"{path} is no NetCDF file with a sweep; it cannot be read: {_sentence(str(error))}") from None


def _sentence(text):
    return text.strip().split("\n")[0].rstrip(".")[:200] + "."


def _record(path):
    """What dynsim noted of a store of its own, else None."""
    from ..store import record

    return record.read(path) if (path / record.NOTES / "zarr.json").exists() else None


def grid_of(dataset: xr.Dataset, name: str) -> dict[str, np.ndarray]:
    """The dims that can be axes, with their coordinates: distinct finite numbers, two or more.

    Raises
    ------
    ValueError : this is no sweep of dynsim, or it has fewer than two such dims.
    """
    try:
        swept, values = json.loads(dataset.attrs["swept"]), json.loads(dataset.attrs["values"])
        dataset.attrs["map"] + ""
        checks.whole(dataset.attrs["steps"], "steps")
        dict(values, **dict.fromkeys(swept))
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{name} is no sweep of dynsim: its attributes do not say what was swept.") from None
    # What a measure's own dim counts is not swept.
    dims = {dim for n in swept if n in dataset.coords for dim in dataset[n].dims}
    order = dict.fromkeys(dim for v in dataset.data_vars.values() for dim in v.dims if dim in dims)
    grid = {dim: dataset[dim].values for dim in order if dim in dataset.coords}
    grid = {dim: v.astype(float) for dim, v in grid.items() if _draws(v)}
    if len(grid) < 2:
        raise ValueError(
            f"{name} cannot be drawn: a picture needs two dims with numbers along them, and "
            f"{f'only {next(iter(grid))!r} has' if grid else 'none has'} two different ones or more."
        )
    return grid


def _draws(values):
    if values.ndim != 1 or values.dtype.kind not in "fiu" or values.size < 2:
        return False
    return bool(np.isfinite(values).all()) and np.unique(values).size == values.size


class Cells:
    """The cells of a grid's dim, as ds.plot draws them.

    Attributes
    ----------
    low, high, log : the range they fill, half a cell beyond the first and the last point; whether they are even in
        the logarithm.
    """

    def __init__(self, values: np.ndarray, dim: str):
        self.values, self._order = values, np.argsort(values)
        scale, self._edges = cell_edges(values[self._order], dim)
        self.log = scale == "log"
        self.low, self.high = float(self._edges[0]), float(self._edges[-1])

    def middle(self) -> float:
        """The middle one of the values."""
        return float(self.values[self._order[self.values.size // 2]])

    def at(self, places: np.ndarray) -> np.ndarray:
        """The entry whose cell each place lies in; −1 beyond the grid."""
        found = np.searchsorted(self._edges, places, side="right") - 1
        inside = (found >= 0) & (found < self.values.size)
        return np.where(inside, self._order[np.where(inside, found, 0)], -1)

    def nearest(self, value: float) -> int:
        """The entry for one value; the last one where it lies beyond."""
        return int(self.at(np.clip([value], self.low, np.nextafter(self.high, -np.inf)))[0])

    def within(self, low: float, high: float) -> int:
        """How many values lie between."""
        return int(((self.values >= low) & (self.values <= high)).sum())


class Reader:
    """Reads parts of a sweep's variables, chunk by chunk; what is not there or damaged is masked.

    Parameters
    ----------
    dataset : of :func:`open_sweep`, or in memory. Where it is a store of dynsim's, its files tell what is there: NaN
        and codes are values too.
    """

    def __init__(self, dataset: xr.Dataset):
        self.dataset = dataset
        source = dataset.encoding.get("source", "")
        self._path = Path(source) if source and Path(source).is_dir() else None
        self._record = _record(self._path) if self._path else None

    def read(self, name: str, picks: Mapping, advance: Callable[[float], None]) -> tuple[np.ma.MaskedArray, int]:
        """The values at the sorted entries of each dim (or at one entry), and how many chunks are damaged.

        `advance` hears of the share of the work that each chunk was.
        """
        array, damaged = self.dataset[name], 0
        free = [dim for dim in array.dims if not isinstance(picks[dim], int)]
        found = np.ma.zeros([len(picks[dim]) for dim in free], array.dtype)
        found[...] = np.ma.masked
        sizes = self._chunks(array)
        first, second = (_pieces(picks[dim], sizes[dim]) for dim in free)
        for one in first:
            for other in second:
                block = {dim: picks[dim] for dim in array.dims if dim not in free}
                block |= {dim: picks[dim][part] for dim, part in zip(free, (one, other))}
                if self._there(array, block):
                    try:
                        values = array.isel({dim: _slice(entries) for dim, entries in block.items()}).values
                    except _UNREADABLE:
                        damaged += 1
                    else:
                        found[np.ix_(one, other)] = values
                advance(len(one) * len(other) / found.size)
        return found, damaged

    def _chunks(self, array):
        known = array.encoding.get("chunks") or array.encoding.get("chunksizes")
        if known and len(known) == array.ndim:
            return dict(zip(array.dims, known))
        first, *rest = array.shape
        return dict(zip(array.dims, (min(max(1, BAND // max(int(np.prod(rest)), 1)), first), *rest)))

    def _there(self, array, block):
        """Whether the chunk that a block lies in was computed, where that can be told."""
        known = self._record
        if known is None or array.name not in known.arrays:
            return True
        dims = known.dims
        if array.dims[: len(dims)] != tuple(dims) or array.shape[: len(dims)] != tuple(known.shape):
            return True  # the caller has cut it
        from ..store.scan import key

        corner = [int(np.min(block[dim])) for dim in dims]
        chunk = known.layout.number(int(np.ravel_multi_index(corner, known.shape)))
        return (self._path / array.name / key(known.layout, chunk, known.arrays[array.name])).exists()


def _pieces(entries, size):
    """Where in `entries`, sorted, those of each chunk stand."""
    return np.split(np.arange(len(entries)), np.flatnonzero(np.diff(entries // size)) + 1)


def _slice(entries):
    """Evenly spaced entries as a slice, which is read faster."""
    if isinstance(entries, int):
        return entries
    steps = np.unique(np.diff(entries))
    if steps.size > 1:
        return entries
    return slice(int(entries[0]), int(entries[-1]) + 1, int(steps[0]) if steps.size else 1)


def measure_from(text: str) -> Measure:
    """The measure that a result's attribute "measure" names; read, never run.

    Raises
    ------
    ValueError : it is anything but a measure of dynsim's with literal arguments.

    Examples
    --------
    >>> measure_from("mean('y', skip=100).named('late')")
    mean('y', skip=100).named('late')
    """
    refused = ValueError(f"its attribute measure, {str(text)[:60]!r}, is no measure of dynsim's with plain arguments")
    try:
        call, label = ast.parse(text, mode="eval").body, ""
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "named":
            (label,), call = [ast.literal_eval(a) for a in call.args], call.func.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            raise refused
        if call.func.id not in ds.measures.__all__:
            raise refused
        kind = getattr(ds.measures, call.func.id)
        bound = inspect.signature(kind).bind(
            *(_literal(a) for a in call.args), **{k.arg: _literal(k.value) for k in call.keywords}
        )
        made = kind(*bound.args, **bound.kwargs)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise refused from None
    if not isinstance(label, str):
        raise refused
    return made.named(label) if label else made


def _literal(node):
    """A text or a number; inf is written as a name."""
    text = ast.unparse(node)
    return float(text) if text in ("inf", "-inf") else ast.literal_eval(node)
