"""Derivatives by differences, with an error that is measured: Ridders' extrapolation."""

from collections.abc import Callable

import numpy as np

#: Halvings of the step at most; how much worse than the best an error may get before the search ends, once the best is
#: so good, of the result.
LEVELS, WORSE, SETTLED = 30, 4.0, 1e-6


@np.errstate(all="ignore")
def along(function: Callable, w: np.ndarray, v: np.ndarray, step: float | None = None):
    """The derivative of ``function(w + t v)`` at t = 0, and an estimate of its error (a norm).

    Central differences with ever smaller steps, extrapolated to step zero (Ridders 1982, Adv. Eng. Software 4, 75).

    Parameters
    ----------
    function : from parameters (shape (P,)) to a number or an array.
    w, v : where, and along what; shape (P,).
    step : the first step, by default a tenth of the size of w over that of v.

    Examples
    --------
    >>> slope, error = along(lambda w: (w**3).sum(), np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    >>> bool(abs(slope - 3) <= 1e-9), bool(error < 1e-9)
    (True, True)
    """
    size = np.linalg.norm(v)
    if size == 0:
        return np.zeros_like(function(w)), 0.0
    if step is None:
        step = 0.1 * max(np.linalg.norm(w) / np.sqrt(w.size), 0.1) / np.abs(v).max()
    best, best_error = None, np.inf
    before = []
    for _ in range(LEVELS):
        # Copies: a function may hand out the same array again and again.
        ahead, behind = np.array(function(w + step * v)), np.array(function(w - step * v))
        row = [(ahead - behind) / (2 * step)]
        if not np.isfinite(row[0]).all():  # outside of where the function is defined
            before, step = [], step / 2
            continue
        factor = 4.0
        for coarse in before:
            row.append((factor * row[-1] - coarse) / (factor - 1))
            factor *= 4
            error = max(np.linalg.norm(row[-1] - row[-2]), np.linalg.norm(row[-1] - coarse))
            if error < best_error:
                best, best_error = row[-1], error
        worse = before and np.linalg.norm(row[-1] - before[-1]) >= WORSE * best_error
        # Finer steps would only see rounding, and might take its zeros for an answer.
        rounding = np.finfo(float).eps * np.linalg.norm(ahead) / step
        settled = best is not None and best_error <= SETTLED * np.linalg.norm(best)
        if (worse and settled) or rounding > best_error:
            break
        before, step = row, step / 2
    if best is None:
        return row[-1], np.inf
    return best, float(best_error)
