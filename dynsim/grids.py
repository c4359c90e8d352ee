"""The grid of a sweep: swept names, their dims and coordinates, and any stretch of its points."""

import math
from collections.abc import Mapping

import numpy as np
import xarray as xr

from . import checks


class Grid:
    """What `over` asks for.

    Each swept name comes with values that are a 1-D sequence (a dim of its own name), a pair ``(dims, array)`` as
    xarray has it, or a DataArray. Names that share a dim vary together; different dims make a product.

    Attributes
    ----------
    dims : dict of dim -> size, in the order of first mention.
    names : the swept names.
    coords : what becomes the coordinates of the result.
    size : the number of points.
    """

    def __init__(self, over: Mapping):
        if not isinstance(over, Mapping):
            raise TypeError(
                f"over must be a mapping from names to values, such as {{'eta': [0.1, 0.2]}}, not {over!r}."
            )
        self.dims: dict[str, int] = {}
        self._variables = {}
        for name, values in over.items():
            dims, array = _read(name, values)
            for dim, size in zip(dims, array.shape):
                if self.dims.setdefault(dim, size) != size:
                    raise ValueError(
                        f"{name!r} has {size} values along {dim!r}, where there are {self.dims[dim]} already; "
                        "give both the same length, or different dims."
                    )
            self._variables[name] = xr.Variable(dims, array)
        for name in over:
            if name in self.dims and self._variables[name].dims != (name,):
                raise ValueError(f"{name!r} is both swept and a dim of another name; rename the dim.")
        self.names = tuple(over)
        self.shape = tuple(self.dims.values())
        self.size = math.prod(self.shape)
        self._views = {}
        for name, variable in self._variables.items():
            aligned = variable.set_dims({d: 1 for d in self.dims if d not in variable.dims} | dict(variable.sizes))
            self._views[name] = np.broadcast_to(aligned.transpose(*self.dims).values, self.shape)

    def __reduce__(self):
        return Grid, ({name: (v.dims, v.values) for name, v in self._variables.items()},)

    @property
    def coords(self) -> dict:
        return dict(self._variables)

    def axis(self, name: str) -> tuple[tuple[str, ...], np.ndarray]:
        """The dims of a swept name, and its values along them."""
        return self._variables[name].dims, self._variables[name].values

    def take(self, name: str, start: int, stop: int, out: np.ndarray) -> None:
        """Write the values of `name` at the points start, …, stop − 1 (last dim fastest) into `out`."""
        out[:] = self._views[name].flat[start:stop]


def _read(name, values):
    if isinstance(values, xr.DataArray):
        dims, array = values.dims, values.values
    elif isinstance(values, tuple) and len(values) == 2 and _is_dims(values[0]):
        dims = (values[0],) if isinstance(values[0], str) else tuple(values[0])
        array = np.asarray(values[1])
    else:
        try:
            dims, array = (name,), np.asarray(values)
        except ValueError:
            raise ValueError(f"the values of {name!r} do not form an array; give a sequence of numbers.") from None
    if array.dtype.kind not in "fiub":
        raise ValueError(f"the values of {name!r} must be numbers, not of type {array.dtype}.")
    if array.ndim != len(dims):
        raise ValueError(
            f"the values of {name!r} have {array.ndim} dims where {len(dims)} was named; write "
            f'over={{{name!r}: (("row", "column"), values)}} to name the dims of an array.'
            if array.ndim
            else f"{name!r} is one number; give it as {name}=... instead of in over=."
        )
    if array.size == 0:
        raise ValueError(f"the values of {name!r} are empty; give at least one.")
    array = array.astype(float)
    if np.isnan(array).any():
        raise ValueError(f"the values of {name!r} contain NaN; leave those points out.")
    for dim in dims:
        if dim in checks.RESERVED:
            raise ValueError(f"{dim!r} is a reserved name; call the dim of {name!r} something else.")
    return tuple(dims), array


def _is_dims(value):
    return isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(d, str) for d in value))
