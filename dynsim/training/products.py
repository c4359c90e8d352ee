"""Matrix products by BLAS."""

import numba
import numpy as np
from numba.np.linalg import _BLAS, ensure_blas

from .caching import kept

# NumPy's dot can neither scale nor add to what is there; numba's own door to the same SciPy BLAS can.
ensure_blas()
_gemm = _BLAS().numba_xxgemm(numba.float64)
_DOUBLE, _AS_IS, _TURNED = ord("d"), ord("n"), ord("t")


@kept
def product(scale, a, a_turned, b, b_turned, out, kept=0.0):
    """out = scale·a b + kept·out; where it says turned, the transpose is meant. All arrays row by row."""
    inner = a.shape[0] if a_turned else a.shape[1]
    factors = np.empty(2)
    factors[0], factors[1] = scale, kept
    # BLAS has matrices column by column: it makes the transpose of out.
    _gemm(
        _DOUBLE, _TURNED if b_turned else _AS_IS, _TURNED if a_turned else _AS_IS, out.shape[1], out.shape[0], inner,
        factors.ctypes, b.ctypes, b.shape[1], a.ctypes, a.shape[1], factors[1:].ctypes, out.ctypes, out.shape[1],
    )  # fmt: skip
