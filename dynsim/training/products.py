"""Matrix products by BLAS."""

import numba
import numpy as np

from .dense_math import OPTIONS


@numba.njit(**OPTIONS)
def product(scale, a, a_turned, b, b_turned, out):
    """out = scale·a b; where it says turned, the transpose is meant. All arrays row by row."""
    if a_turned:
        np.dot(a.T, b, out)
    elif b_turned:
        np.dot(a, b.T, out)
    else:
        np.dot(a, b, out)
    if scale != 1.0:
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] *= scale
