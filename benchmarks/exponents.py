"""Finite-time exponents of self_stabilization in plain numpy, in the convention of each contender.

Near the fixed point an exponent is of the order of 1/steps, and so is what the choice of the start vector and of the
norm adds to it. So contenders are not only held against each other: each is held against the same plain formulas, with
the vector, the states and the norm that it uses itself.
"""

from dataclasses import dataclass

import numpy as np

from .problems import Problem


@dataclass(frozen=True)
class Convention:
    """How a finite-time exponent is made: of Jacobians at the states `first`, …, steps."""

    vector: tuple[float, float]
    #: The first state whose Jacobian counts.
    first: int
    #: The order of the norm.
    norm: float


#: dynsim's, as in dynsim/tangent.py; the vector's norm is 1.
DYNSIM = Convention((1.0, 1 / 1.618), first=0, norm=np.inf)


def plain(problem: Problem, convention: Convention) -> np.ndarray:
    """The exponents on the share of the points that the slow rivals get."""
    x, lam, eta, a, b = (problem.column(n, problem.stride) for n in ("x", "lam", "eta", "a", "b"))
    vector = np.repeat(np.array(convention.vector)[:, None], x.size, axis=1)
    growth = -np.log(np.linalg.norm(vector, convention.norm, axis=0))
    for t in range(problem.steps + 1):
        if t >= convention.first:
            v, w = vector
            vector = np.array([(1 - eta * lam) * v - eta * x * w, w - 2 * eta * b * x * v])
            size = np.linalg.norm(vector, convention.norm, axis=0)
            vector, growth = vector / size, growth + np.log(size)
        x, lam = (1 - eta * lam) * x, lam + eta * (a - b * x * x)
    return growth / (problem.steps + 1 - convention.first)
