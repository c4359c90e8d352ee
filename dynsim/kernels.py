"""The compiled loops of a map and its measures."""

import pickle
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numba
import numpy as np

from .carry import lift, unit
from .compilation import NotCompilable, load
from .grids import Grid
from .measure import Measure
from .model import Map
from .source import Source


@lru_cache(maxsize=256)
def _written(map_: Map, measures: tuple) -> tuple[Source, str]:
    """The source for a map and measures (kind, of, options that are not at their defaults)."""
    source = Source(map_, [Measure(kind, of, dict.fromkeys(options)) for kind, of, options in measures])
    return source, source.text()


def _chosen(measure: Measure) -> dict:
    """The options that are not at their defaults."""
    return {name: v for name, v in measure.options.items() if v != measure.kind.options[name]}


class Kernel:
    """The compiled loops for one map and its measures.

    ``advance(start, stop, steps, state, parameters, accumulated, options)``
        moves a chunk of points from step `start` to `stop`; `start` is a multiple of CARRY_EVERY.
    ``finish(steps, state, parameters, accumulated, options, results)``
        shows the last state to the measures and writes their results.
    ``record(start, stop, every, state, parameters, out)``
        moves one point, writing its states and observables on the way; `start` is a multiple of both.

    Arrays are float64, C-contiguous, (rows, points); `out` is (records, names). The rows of `state` are the states
    and, where the map has a scale, the carried exponents.
    """

    def __init__(self, map_: Map, measures: Sequence[Measure] = ()):
        source, text = _written(map_, tuple((m.kind, m.of, tuple(_chosen(m))) for m in measures))
        self._map = map_
        self._module = load(text, source.functions | {"lift": lift, "unit": unit})
        self.options = np.array([v for m in measures for v in _chosen(m).values()], float)
        self.starts = np.array([v for m in measures for v in m.kind.state.values()], float)
        self.state_rows = len(map_.state) + len(source.carry.exponents)

    def filled(self, grid: Grid, fixed: Mapping, start: int, stop: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """State and parameters, as the loops take them, of the points start, …, stop − 1 of a grid."""
        state = np.zeros((self.state_rows, stop - start))
        parameters = np.empty((len(self._map.parameters) + 2 * self._map.noisy, stop - start))
        if self._map.noisy:
            parameters[-2], parameters[-1] = seed, np.arange(start, stop)
        for names, rows in ((self._map.state, state), (self._map.parameters, parameters)):
            for name, row in zip(names, rows):
                if name in grid.names:
                    grid.take(name, start, stop, row)
                else:
                    row[:] = fixed[name]
        return state, parameters

    def ready(self, name: str):
        """The loop `name`, compiled or fetched from the cache; NotCompilable says what stands in the way."""
        dispatcher = getattr(self._module, f"kernel_{name}")
        with warnings.catch_warnings():
            # A tuner that is given a function (f_along) compiles, but cannot be kept on disk.
            warnings.simplefilter("ignore", numba.core.errors.NumbaWarning)
            try:
                dispatcher.compile(_SIGNATURES[name])
            except numba.core.errors.NumbaError as error:
                raise NotCompilable(telling(self._map.name, error)) from None
            except (EOFError, pickle.UnpicklingError, ValueError, ImportError, AttributeError):
                # A damaged file in the cache: drop it, and compile.
                for file in Path(self._module.__file__).parent.glob(f"__pycache__/{self._module.__name__}.*"):
                    file.unlink(missing_ok=True)
                dispatcher.compile(_SIGNATURES[name])
        return dispatcher


_WHOLE, _ROW, _ROWS = numba.int64, numba.float64[::1], numba.float64[:, ::1]
_SIGNATURES = {
    "advance": (_WHOLE, _WHOLE, _WHOLE, _ROWS, _ROWS, _ROWS, _ROW),
    "finish": (_WHOLE, _ROWS, _ROWS, _ROWS, _ROW, _ROWS),
    "record": (_WHOLE, _WHOLE, _WHOLE, _ROWS, _ROWS, _ROWS),
}


def telling(name, error):
    """What numba said, in one sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    skip = ("Failed in", "During:", "File", "-", ">>>", "There are", "This error")
    lines = [line for line in lines if not line.startswith(skip)]
    return (
        f"{name!r} cannot be compiled; in its functions use only arithmetic and the functions of dynsim.vocabulary. "
        f"numba says: {' '.join(lines[:3])[:300]}"
    )
