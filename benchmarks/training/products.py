"""The matrix products of a CDAT step and nothing else: the same, in the same blocks, on as many threads."""

import numba
import numpy as np

from dynsim.training.caching import OPTIONS
from dynsim.training.products import product

from .problems import Problem


@numba.njit(**OPTIONS)
def _forward_and_back(x, w1, w2, a, o, g1, g2, signal):
    product(1.0, x, False, w1, False, a)
    product(1.0, a, False, w2, False, o)
    product(1.0, a, True, o, False, g2)
    product(1.0, o, False, w2, True, signal)
    product(1.0, x, True, a, False, g1)


@numba.njit(**OPTIONS)
def _along(x, w1, w2, a, ad, o):
    product(1.0, x, False, w1, False, ad)
    product(1.0, a, False, w2, False, o)
    product(1.0, ad, False, w2, False, o)
    product(1.0, ad, False, w2, False, o)


@numba.njit(**OPTIONS, parallel=True)
def _products(rows, x, w1, w2, a, ad, o, g1, g2, signal):
    for i in numba.prange(g1.shape[0]):
        part = x[i * rows : (i + 1) * rows]
        here = part.shape[0]
        _forward_and_back(part, w1, w2, a[i, :here], o[i, :here], g1[i], g2[i], signal[i, :here])
    for i in numba.prange(g1.shape[0]):
        part = x[i * rows : (i + 1) * rows]
        here = part.shape[0]
        _along(part, w1, w2, a[i, :here], ad[i, :here], o[i, :here])


def alone(problem: Problem):
    """A call with the products of so many steps."""
    net, rng = problem.network, np.random.default_rng(0)
    n, m, k = net.widths
    blocks = -(-net.samples // net.rows)
    w1, w2 = rng.normal(size=(n, m)) / n, rng.normal(size=(m, k)) / m
    a, ad, signal = np.zeros((3, blocks, net.rows, m))
    o, g1, g2 = np.zeros((blocks, net.rows, k)), np.zeros((blocks, n, m)), np.zeros((blocks, m, k))

    def run(steps):
        for _ in range(steps):
            _products(net.rows, net.x, w1, w2, a, ad, o, g1, g2, signal)

    return run
