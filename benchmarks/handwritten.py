"""The best kernel by hand for self_stabilization, to hold the generated one against.

A thread takes blocks of 128 points. The rows of one scratch array are the states, so their offsets are constants and
the compiler needs no alias checks; the loop over the block is inside and becomes SIMD; each pass makes two steps.
"""

import numpy as np
from numba import njit

from .problems import Contender, Problem
from .timing import on_all_cores, pieces

BLOCK = 128


@njit(nogil=True)
def kernel(start, out, steps, lam_start, eta, a, b):
    """Final λ of every starting x; `steps` is even."""
    w = np.empty((2, BLOCK))
    for lo in range(0, start.shape[0], BLOCK):
        m = min(BLOCK, start.shape[0] - lo)
        for i in range(m):
            w[0, i] = start[lo + i]
            w[1, i] = lam_start
        for _ in range(steps // 2):
            for i in range(m):
                x, lam = w[0, i], w[1, i]
                x, lam = (1 - eta * lam) * x, lam + eta * (a - b * x * x)
                w[0, i] = (1 - eta * lam) * x
                w[1, i] = lam + eta * (a - b * x * x)
        for i in range(m):
            out[lo + i] = w[1, i]


def contender(problem: Problem) -> Contender:
    """The kernel in a thread a core."""
    lam, eta, a, b = (problem.values[n] for n in ("lam", "eta", "a", "b"))

    def call():
        out = np.empty_like(problem.x)
        on_all_cores(
            lambda piece: kernel(problem.x[piece], out[piece], problem.steps, lam, eta, a, b), pieces(out.size)
        )
        return (out,)

    return Contender("by hand", "kernel by hand, no carried exponent", call)
