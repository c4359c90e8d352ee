"""The largest rise in one step over the orbit, the first `skip` states left out; at most 0 where it never increases.

    rise = max_{t ≥ skip} (v_{t+1} − v_t)

−∞ where there is no step to look at, or every value is NaN.

Source: definition; for the monotone quantities of Kreisler et al. 2023, arXiv 2305.13064.
"""

from ..vocabulary import where

long_name = "largest rise in one step"


def update(last=float("nan"), best=float("-inf"), /, *, value, t, skip=0):
    return where(t >= skip, value, last), where((t > skip) & (value - last > best), value - last, best)


def finish(best, /):
    return best
