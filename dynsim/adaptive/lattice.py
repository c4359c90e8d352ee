"""The lattice of a refined diagram: its axes, and whole numbers that order its points and cells."""

import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .. import checks

#: How an axis is divided.
SCALES = ("linear", "log")
#: Axes at the most.
MOST_AXES = 3


@dataclass(frozen=True)
class Axis:
    """One swept name, its range, and into how many cells the finest lattice divides it."""

    name: str
    low: float
    high: float
    scale: str
    cells: int

    def values(self, index: np.ndarray) -> np.ndarray:
        """The values at lattice points, as ``np.linspace`` or ``np.geomspace`` of cells + 1 values has them."""
        if self.scale == "linear":
            found = index * ((self.high - self.low) / self.cells) + self.low
        else:
            first, last = np.log10(self.low), np.log10(self.high)
            found = np.power(10.0, index * ((last - first) / self.cells) + first)
        return np.where(index == 0, self.low, np.where(index == self.cells, self.high, found))

    def position(self, values: np.ndarray) -> np.ndarray:
        """Where values lie, in cells of the finest lattice."""
        if self.scale == "log":
            return np.log(np.asarray(values) / self.low) / np.log(self.high / self.low) * self.cells
        return (np.asarray(values) - self.low) / (self.high - self.low) * self.cells

    def regular(self, low: float, high: float, points: int) -> np.ndarray:
        """So many values from low to high, evenly spaced on this axis."""
        return (np.geomspace if self.scale == "log" else np.linspace)(low, high, points)

    def middle(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Halfway between values, on this axis."""
        return np.sqrt(one) * np.sqrt(other) if self.scale == "log" else (one + other) / 2


def read_axes(over: Mapping, known, of: str, cells: int) -> list[Axis]:
    """The axes that `over` asks for: name -> (low, high) or (low, high, "log")."""
    if not isinstance(over, Mapping) or not over:
        raise TypeError(f"over must be a mapping from names to ranges, such as {{'sigma': (1.9, 2.1)}}, not {over!r}.")
    if len(over) > MOST_AXES:
        raise ValueError(f"over has {len(over)} ranges; refine over at most {MOST_AXES} and give the others a value.")
    axes = []
    for name, given in over.items():
        checks.known_name(name, known, "state or parameter", f" of the map {of!r}")
        low, high, scale = _range(name, given)
        axis = Axis(name, low, high, scale, cells)
        near = axis.values(np.array([0, 1, cells - 1, cells], object).astype(np.int64))
        if not (near[0] < near[1] and near[2] < near[3]) or (high - low) / cells < 4 * np.spacing(max(-low, high)):
            raise ValueError(f"{cells} cells from {low:g} to {high:g} are finer than a float64 of {name!r}; "
                             "give a larger resolution=.")  # fmt: skip
        axes.append(axis)
    if (cells + 1).bit_length() * len(axes) > 63:
        raise ValueError(f"{cells} cells an axis are too many for {len(axes)} axes; give a larger resolution=.")
    return axes


def _range(name, given):
    usage = f"write a range for {name!r}: (low, high), or (low, high, 'log'); to compute given values, use ds.sweep."
    if isinstance(given, str) or not np.iterable(given) or len(given) not in (2, 3):
        raise ValueError(f"{given!r} is no range; {usage}")
    low, high, *scale = given
    if isinstance(low, str) or np.ndim(low) or np.ndim(high) or (scale and not isinstance(scale[0], str)):
        raise ValueError(f"{given!r} is no range; {usage}")
    low, high = checks.scalar(low, f"the start of {name!r}"), checks.scalar(high, f"the end of {name!r}")
    scale = scale[0] if scale else "linear"
    checks.known_name(scale, SCALES, "scale", f" of {name!r}")
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(
            f"the range of {name!r} goes from {low:g} to {high:g}; give two finite numbers, the low first."
        )
    if scale == "log" and low <= 0:
        raise ValueError(f"the log axis of {name!r} starts at {low:g}; start it above 0.")
    return low, high, scale


@functools.cache
def _spread(dims: int) -> np.ndarray:
    """For each 16-bit number, its bits `dims` apart."""
    numbers = np.arange(2**16, dtype=np.int64)
    return sum(((numbers >> bit) & 1) << (bit * dims) for bit in range(16 if dims < 4 else 0))


def code(at: np.ndarray) -> np.ndarray:
    """The Morton number of lattice coordinates (dims, n) ≥ 0: their bits, interleaved.

    A cell of 2^k lattice steps that starts at a multiple of 2^k holds one stretch of these numbers, which is what
    makes the cell around a point a binary search.
    """
    dims = len(at)
    if dims == 1:
        return at[0].astype(np.int64)
    table, found = _spread(dims), np.zeros(at.shape[1], np.int64)
    for k, row in enumerate(at):
        found |= table[row & 0xFFFF] << k
        found |= table[row >> 16] << (16 * dims + k)
    return found


def offsets(dims: int, choices=(0, 1)) -> np.ndarray:
    """Every combination of the choices, (dims, number); the last axis runs fastest."""
    return np.array(list(itertools.product(choices, repeat=dims)), np.int64).T


def at_corners(low: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The corners of cells: (dims, cells, 2^dims)."""
    return low[:, :, None] + offsets(len(low))[:, None, :] * size[None, :, None]


class Cells:
    """Cells of several sizes that tile the domain, in the order of their Morton numbers.

    low : (dims, n), the lattice coordinates of the low corners.
    level : (n,), how often the coarse cell was halved; the size is ``finest >> level`` lattice steps.
    """

    def __init__(self, low, level, coarsest: int, width: int):
        self.low, self.level, self.coarsest, self.width = low, level, coarsest, width
        self.codes = code(low)

    @property
    def size(self) -> np.ndarray:
        return self.coarsest >> self.level.astype(np.int64)

    def sorted(self) -> "Cells":
        return self.pick(np.argsort(self.codes, kind="stable"))

    def pick(self, which) -> "Cells":
        chosen = object.__new__(Cells)
        chosen.__dict__ |= self.__dict__
        chosen.low, chosen.level, chosen.codes = self.low[:, which], self.level[which], self.codes[which]
        return chosen

    def joined(self, more: "Cells") -> tuple["Cells", np.ndarray]:
        """These and more cells, both in order; and before which of these each of the others went."""
        where, both = np.searchsorted(self.codes, more.codes), self.pick(slice(None))
        both.low, both.level = np.insert(self.low, where, more.low, axis=1), np.insert(self.level, where, more.level)
        both.codes = np.insert(self.codes, where, more.codes)
        return both, where

    def halved(self) -> "Cells":
        """Their 2^dims children each."""
        dims, half = len(self.low), self.size // 2
        low = at_corners(self.low, half).reshape(dims, -1)
        return Cells(low, np.repeat(self.level + 1, 2**dims).astype(np.int8), self.coarsest, self.width)

    def around(self, at: np.ndarray) -> np.ndarray:
        """The number of the cell that holds the lattice cell at coordinates (dims, n); −1 outside the domain."""
        inside = ((at >= 0) & (at < self.width)).all(axis=0)
        found = np.searchsorted(self.codes, code(np.where(inside, at, 0)), side="right") - 1
        return np.where(inside, found, -1)
