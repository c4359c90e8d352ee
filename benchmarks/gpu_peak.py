"""What a card does at best: independent chains of fused multiply-adds in registers, nothing else."""

import numpy as np
from numba import cuda

from .timing import best_seconds

#: Threads in a block, blocks a multiprocessor, chains a thread, multiply-adds of a chain on each turn.
THREADS, BLOCKS, TURN = 256, 8, 16


def _kernel(acc, factor, term, turns):
    i = cuda.grid(1)
    a, b, c, d, e, f, g, h = acc[0], acc[1], acc[2], acc[3], acc[4], acc[5], acc[6], acc[7]
    m, k = factor[0], term[0]
    for _ in range(turns):
        for _ in range(TURN):
            a = a * m + k
            b = b * m + k
            c = c * m + k
            d = d * m + k
            e = e * m + k
            f = f * m + k
            g = g * m + k
            h = h * m + k
    total = a + b + c + d + e + f + g + h
    if total == i + 0.5:  # never; the results must seem to be needed
        acc[0] = total


def card() -> str:
    """The card in words."""
    device = cuda.get_current_device()
    name = getattr(device, "name", b"the simulator")
    name = name.decode() if isinstance(name, bytes) else name
    return f"{name}, {_multiprocessors()} multiprocessors"


def _multiprocessors():
    return getattr(cuda.get_current_device(), "MULTIPROCESSOR_COUNT", 1)


def peaks(turns: int) -> dict[str, float]:
    """Operations per second by precision, a fused multiply-add counted as two."""
    found = {}
    threads = THREADS if turns > 10 else 4
    blocks = BLOCKS * _multiprocessors() if turns > 10 else 1
    for dtype in ("float64", "float32"):
        kernel = cuda.jit(_kernel)
        # The fixed point k/(1 − m) is 1: the chains stay there, far from overflow and underflow.
        given = (np.linspace(1, 1.1, 8), np.array([0.75]), np.array([0.25]))
        acc, factor, term = (cuda.to_device(v.astype(dtype)) for v in given)

        def call(run=kernel, a=acc, m=factor, k=term):
            run[blocks, threads](a, m, k, turns)
            cuda.synchronize()

        call()
        found[dtype] = 2.0 * 8 * TURN * turns * threads * blocks / best_seconds({"": call}, 3)[""]
    return found
