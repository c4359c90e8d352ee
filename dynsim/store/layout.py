"""How a grid is cut into chunks: slabs, each a stretch of the flat grid and a block of every array."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

#: Points in a chunk at the most, unless there would be too many files.
POINTS = 10**6
#: Steps times points in a chunk: some seconds on two cores, which is what a kill may lose.
STEPS = 4 * 10**9
#: Bytes of all results of a chunk; some chunks are in memory at a time.
BYTES = 2**26
#: Points in a chunk at the least: two blocks of lanes.
LEAST = 256
#: Files in a store, about.
FILES = 10**5


@dataclass(frozen=True)
class Layout:
    """Chunks of shape (1, …, 1, length, whole, …, whole), the length along `axis`; the last one may be shorter.

    Examples
    --------
    >>> layout = Layout((2, 5, 3), axis=1, length=2)
    >>> layout.chunk, layout.count
    ((1, 2, 3), 6)
    >>> [layout.span(n) for n in range(6)]
    [(0, 6), (6, 12), (12, 15), (15, 21), (21, 27), (27, 30)]
    >>> layout.index(4), layout.number(21)
    ((1, 1, 0), 4)
    """

    shape: tuple[int, ...]
    axis: int
    length: int

    @property
    def chunk(self) -> tuple[int, ...]:
        """The shape of a chunk."""
        return (1,) * self.axis + ((self.length, *self.shape[self.axis + 1 :]) if self.shape else ())

    @property
    def below(self) -> int:
        """Points for each place along the axis."""
        return math.prod(self.shape[self.axis + 1 :])

    @property
    def along(self) -> int:
        """Places along the axis."""
        return self.shape[self.axis] if self.shape else 1

    @property
    def cuts(self) -> int:
        """Chunks along the axis."""
        return -(-self.along // self.length)

    @property
    def count(self) -> int:
        """Chunks in all."""
        return math.prod(self.shape[: self.axis]) * self.cuts

    def span(self, n: int) -> tuple[int, int]:
        """The points start, …, stop − 1 of chunk `n`."""
        row, cut = divmod(n, self.cuts)
        start, stop = cut * self.length, min((cut + 1) * self.length, self.along)
        return (row * self.along + start) * self.below, (row * self.along + stop) * self.below

    def number(self, point: int) -> int:
        """The chunk that a point lies in."""
        row, place = divmod(point // self.below, self.along)
        return row * self.cuts + place // self.length

    def index(self, n: int) -> tuple[int, ...]:
        """Where chunk `n` lies among the chunks of an array."""
        row, cut = divmod(n, self.cuts)
        above = tuple(int(i) for i in np.unravel_index(row, self.shape[: self.axis])) if self.axis else ()
        return (*above, cut, *(0 for _ in self.shape[self.axis + 1 :])) if self.shape else ()

    def block(self, n: int) -> tuple[slice, ...]:
        """Chunk `n` as a selection of an array."""
        index = zip(self.index(n), self.chunk, self.shape)
        return tuple(slice(i * size, min((i + 1) * size, whole)) for i, size, whole in index)

    def spans(self, wanted) -> Iterator[tuple[int, int]]:
        """The spans of some chunks."""
        return (self.span(int(n)) for n in wanted)


def cut(shape: tuple[int, ...], points: int) -> Layout:
    """Chunks of at most so many points, as even as can be.

    Examples
    --------
    >>> cut((100, 100, 100), 25_000).chunk, cut((100, 100), 70).chunk, cut((), 5).chunk
    ((2, 100, 100), (1, 50), ())
    """
    axis = 0
    while axis < len(shape) - 1 and math.prod(shape[axis + 1 :]) > points:
        axis += 1
    along = shape[axis] if shape else 1
    length = max(1, min(along, points // math.prod(shape[axis + 1 :])))
    return Layout(tuple(shape), axis, -(-along // -(-along // length)))


def choose(shape: tuple[int, ...], steps: int, arrays: int, bytes_a_point: int) -> Layout:
    """The chunks of a sweep: small enough to lose little, not more files than a folder bears.

    Parameters
    ----------
    arrays : how many arrays there are, each with a file a chunk.
    bytes_a_point : of all their results.
    """
    points = min(POINTS, BYTES // max(bytes_a_point, 1), STEPS // max(steps, 1))
    fewest = -(-math.prod(shape) * arrays // FILES)
    return cut(shape, max(points, LEAST, fewest))
