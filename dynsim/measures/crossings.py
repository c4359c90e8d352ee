"""How often a value rises through `level`: the number of cycles, for a y that oscillates about 0.

    crossings = #{ skip < t ≤ T : v_{t−1} < level ≤ v_t }

Source: definition.
"""

from ..vocabulary import where

dtype = "int64"
units = "1"
long_name = "upward crossings of"


def update(count=0.0, before=float("inf"), /, *, value, t, level=0, skip=0):
    return count + where((t > skip) & (before < level) & (value >= level), 1.0, 0.0), value


def finish(count, before, /):
    return count
