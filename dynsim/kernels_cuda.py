"""The compiled loops of a map and its measures, for a GPU."""

from collections.abc import Sequence
from functools import lru_cache

import numba
import numpy as np
from numba import cuda
from numba.cuda.core import errors as cuda_errors

from .carry import PRECISIONS
from .compilation import NotCompilable, load
from .compilation_cuda import Gpu, simulated
from .kernels import chosen, telling
from .measure import Measure
from .model import Map
from .source_cuda import CudaSource

#: numba-cuda has errors of its own beside those of numba.
COMPILE_ERRORS = (numba.core.errors.NumbaError, cuda_errors.NumbaError)


@lru_cache(maxsize=256)
def _written(map_: Map, measures: tuple, dtype: str) -> tuple[CudaSource, str]:
    """The source for a map and measures (kind, of, options that are not at their defaults)."""
    asked = [Measure(kind, of, dict.fromkeys(options)) for kind, of, options in measures]
    source = CudaSource(map_, asked, PRECISIONS[dtype])
    return source, source.text()


class CudaKernel:
    """The compiled loops for one map and its measures; their arguments are told in :mod:`dynsim.source_cuda`.

    Attributes
    ----------
    functions : "advance" and "finish", as plain Python functions that numba.cuda compiles.
    state_rows, accumulated_rows, result_rows : how many numbers a point takes.
    options : of the measures, where they are not at their defaults.
    """

    def __init__(self, map_: Map, measures: Sequence[Measure], dtype: str = "float64"):
        source, text = _written(map_, tuple((m.kind, m.of, tuple(chosen(m))) for m in measures), dtype)
        self._map = map_
        module = load(text, source.functions, target=Gpu(dtype == "float32"))
        self.functions = {name: getattr(module, f"kernel_{name}") for name in ("advance", "finish")}
        self.signatures = _signatures(getattr(numba, dtype))
        self.options = np.array([v for m in measures for v in chosen(m).values()] or [0.0], float)
        self.state_rows, self.accumulated_rows = len(source.states), max(1, len(source.accumulators))
        self.result_rows = sum(m.kind.does.width for m in measures)

    def ready(self, name: str):
        """The kernel `name`, compiled for the card; NotCompilable says what stands in the way."""
        if simulated():
            return cuda.jit(self.functions[name])
        known = self.functions[name].__dict__  # the module is kept, and its kernels with it
        if "compiled" not in known:
            try:
                known["compiled"] = cuda.jit([self.signatures[name]], lto=False)(self.functions[name])
            except COMPILE_ERRORS as error:
                raise NotCompilable(telling(self._map.name, error)) from None
        return known["compiled"]


def _signatures(number) -> dict:
    whole, rows = numba.int64, number[:, ::1]
    grid = (whole[::1], whole[:, ::1], numba.float64[::1])
    kept = (rows, rows, numba.float64[::1])
    return {
        "advance": numba.void(*[whole] * 6, *grid, *kept),
        "finish": numba.void(*[whole] * 4, *grid, *kept, rows),
    }
