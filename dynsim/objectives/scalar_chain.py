"""Scalar chain, a linear network of width one: f(θ) = ½ (∏ θᵢ − target)², of any depth.

    ∂f/∂θᵢ = r cᵢ,   r = ∏ θⱼ − target,   cᵢ = ∏_{j≠i} θⱼ        ∇²f = c cᵀ + r (∏_{k≠i,j} θₖ)_{i≠j}

All products run from the two ends, so that zeros among the θᵢ do no harm.

Source: Kreisler et al. 2023, arXiv 2305.13064.
"""

from collections.abc import Sequence

import numba
import numpy as np

from .. import checks
from ..training.objective import Objective

OPTIONS = {"nogil": True, "error_model": "numpy", "cache": True}


@numba.njit(**OPTIONS)
def _along(w, v):
    """The product of all, and its first two derivatives along v."""
    p, p1, p2 = 1.0, 0.0, 0.0
    for i in range(w.size):
        p, p1, p2 = p * w[i], p1 * w[i] + p * v[i], p2 * w[i] + 2 * p1 * v[i]
    return p, p1, p2


@numba.njit(**OPTIONS)
def _others(w, v):
    """For each i the product of all others, and its derivative along v."""
    c, c1 = np.ones(w.size), np.zeros(w.size)
    for ends in (range(w.size), range(w.size - 1, -1, -1)):
        p, p1 = 1.0, 0.0
        for i in ends:
            c[i], c1[i] = c[i] * p, c1[i] * p + c[i] * p1
            p, p1 = p * w[i], p1 * w[i] + p * v[i]
    return c, c1


@numba.njit(**OPTIONS)
def loss(w, target):
    rest = _along(w, w)[0] - target
    return rest * rest / 2


@numba.njit(**OPTIONS)
def gradient(w, target):
    return (_along(w, w)[0] - target) * _others(w, w)[0]


@numba.njit(**OPTIONS)
def hvp(w, v, target):
    p, p1, _ = _along(w, v)
    c, c1 = _others(w, v)
    return p1 * c + (p - target) * c1


@numba.njit(**OPTIONS)
def second(w, u, target):
    p, p1, p2 = _along(w, u)
    return p1 * p1 + (p - target) * p2


def scalar_chain(start: Sequence[float], target: float = 1.0) -> Objective:
    """f(θ) = ½ (∏ θᵢ − target)², from θ = `start`, whose length is the depth P.

    Raises
    ------
    ValueError : the start is not a row of finite numbers, or the target is not a number.

    Examples
    --------
    >>> import dynsim as ds
    >>> chain = ds.objectives.scalar_chain([0.0, 2.0, 3.0])
    >>> chain.loss(chain.start()), chain.hvp(chain.start(), [0.0, 1.0, 0.0]).tolist()
    (0.5, [-3.0, 0.0, 0.0])
    """
    first = checks.numbers(start, "start")
    if first.ndim != 1 or not first.size or not np.isfinite(first).all():
        raise ValueError(f"start must be a row of finite numbers, one for each layer, not {start!r}.")
    return Objective(
        loss, gradient, hvp, second, data=(checks.scalar(target, "target"),), start=first, name="scalar_chain"
    )
