"""The largest value over the orbit, its first `skip` states left out; NaN values do not count.

    maximum = max_{skip ≤ t ≤ T} v_t

Source: definition.
"""

from ..vocabulary import where

long_name = "maximum"


def update(best=float("-inf"), /, *, value, t, skip=0):
    return where((t >= skip) & (value > best), value, best)


def finish(best, /):
    return best
