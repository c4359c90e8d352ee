"""Steps until a state is no longer finite, or larger than `bound` in size.

    lifetime = min{ t : max_i |s_i(t)| > bound, or not a number }

An orbit that never does has lifetime T + 1: one more than it was followed.

Source: definition; for the constant rate, the escape of theory 2.1 (derived for dynsim).
"""

from ..vocabulary import where

dtype = "int64"
units = "steps"
long_name = "lifetime"


def update(life=0.0, alive=1.0, /, *, norm, bound=1e12):
    alive = where(norm <= bound, alive, 0.0)
    return life + alive, alive


def finish(life, alive, /):
    return life
