"""Convex (or any) quadratic, in the coordinates of its eigenvectors: f(w) = ½ Σ hᵢ wᵢ².

Gradient descent multiplies each wᵢ by 1 − ηhᵢ; it is stable iff η < 2/max h.

Source: the model of every analysis of gradient descent; Cohen et al. 2021, arXiv 2103.00065, section 2.
"""

from collections.abc import Sequence

import numba
import numpy as np

from .. import checks
from ..training.objective import Objective

OPTIONS = {"nogil": True, "error_model": "numpy", "cache": True}


@numba.njit(**OPTIONS)
def loss(w, h):
    return (h * w * w).sum() / 2


@numba.njit(**OPTIONS)
def gradient(w, h):
    return h * w


@numba.njit(**OPTIONS)
def hvp(w, v, h):
    return h * v


@numba.njit(**OPTIONS)
def second(w, u, h):
    return (h * u * u).sum()


def quadratic(spectrum: Sequence[float], start: Sequence[float] | None = None) -> Objective:
    """f(w) = ½ Σ hᵢ wᵢ² with the eigenvalues `spectrum` = h, shape (P,); it starts at wᵢ = 1 unless told otherwise.

    Raises
    ------
    ValueError : the spectrum is not a row of finite numbers.

    Examples
    --------
    >>> import dynsim as ds
    >>> ds.objectives.quadratic([1.0, 10.0]).gradient([1.0, 1.0])
    array([ 1., 10.])
    """
    h = checks.numbers(spectrum, "spectrum")
    if h.ndim != 1 or not h.size or not np.isfinite(h).all():
        raise ValueError(f"the spectrum must be a row of finite numbers, not {spectrum!r}.")
    first = np.ones_like(h) if start is None else checks.numbers(start, "start")
    if first.shape != h.shape:
        raise ValueError(f"start must have shape {h.shape}, as the spectrum has, not {first.shape}.")
    return Objective(loss, gradient, hvp, second, data=(h,), start=first, name="quadratic")
