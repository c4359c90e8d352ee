"""What a sweep computes, apart from where: it travels to other processes, and every engine gives it the same answer."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .grids import Grid
from .measure import Measure
from .model import Map


@dataclass(frozen=True, eq=False)
class Job:
    """The points of a grid, each iterated `steps` times and measured on the way.

    Attributes
    ----------
    measures : as they were asked for.
    fixed : every state and parameter that is not swept.
    seed : of a map that takes noise.
    dtype : of the states, parameters and results.
    made : the measures, made for the map.
    """

    map: Map
    steps: int
    grid: Grid
    measures: tuple[Measure, ...]
    fixed: Mapping[str, float]
    seed: int = 0
    dtype: str = "float64"

    def __reduce__(self):
        return Job, (self.map, self.steps, self.grid, self.measures, self.fixed, self.seed, self.dtype)

    @functools.cached_property
    def made(self) -> list[Measure]:
        return [m.made_for(self.map) for m in self.measures]

    def empty(self, points: int) -> list[np.ndarray]:
        """Room for the results of so many points: an array (width, points) for each measure."""
        return [np.empty((m.kind.does.width, points), self.dtype_of(m)) for m in self.made]

    def dtype_of(self, measure: Measure) -> str:
        """The type of a measure's results: numbers have that of the job, counts and codes have their own."""
        return self.dtype if measure.kind.dtype == "float64" else measure.kind.dtype

    def blank(self) -> dict[str, np.ndarray]:
        """Arrays in the shape of the results that take no room, by the measures' names."""
        kinds = zip(self.made, self.empty(0))
        return {m.name: np.broadcast_to(np.zeros((), rows.dtype), self.shape_of(m)) for m, rows in kinds}

    def shape_of(self, measure: Measure) -> tuple[int, ...]:
        """The shape of a measure's variable."""
        return (*self.grid.shape, *[measure.kind.does.width] * bool(measure.kind.does.dim))

    def dims(self, measure: Measure) -> tuple[str, ...]:
        """The dims of a measure's variable; one of its own comes last."""
        return (*self.grid.dims, *filter(None, [measure.kind.does.dim]))


class Memory:
    """Where results go that are kept in memory: those of a whole job, or of the points start, …, stop − 1.

    Attributes
    ----------
    spans : the stretches of points that are to be computed.
    rows : an array (width, points) for each measure.
    """

    def __init__(self, job: Job, start: int = 0, stop: int | None = None):
        self.job, self._start = job, start
        stop = job.grid.size if stop is None else stop
        self.spans = [(start, stop)]
        self.rows = job.empty(stop - start)

    def deliver(self, start: int, stop: int, rows: list[np.ndarray]) -> None:
        """Take the results of the points start, …, stop − 1."""
        for own, found in zip(self.rows, rows):
            own[:, start - self._start : stop - self._start] = found

    def arrays(self) -> dict[str, np.ndarray]:
        """The results of a whole job by the measures' names, in the shape of the grid."""
        shape, found = self.job.grid.shape, {}
        for m, rows in zip(self.job.made, self.rows):
            whole = rows.T.reshape(*shape, len(rows)) if m.kind.does.dim else rows[0].reshape(shape)
            found[m.name] = whole
        return found
