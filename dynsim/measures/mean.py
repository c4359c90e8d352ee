"""The mean over the orbit, its first `skip` states left out.

    mean = Σ_{t=skip}^{T} v_t / (T + 1 − skip)

A plain running sum: its relative rounding error is at most about T·1e-16. NaN if the orbit diverges.

Source: definition.
"""

from ..vocabulary import where

long_name = "mean"


def update(total=0.0, /, *, value, t, skip=0):
    return total + where(t >= skip, value, 0.0)


def finish(total, /, *, steps, skip=0):
    return total / (steps + 1 - skip)
