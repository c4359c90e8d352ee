"""The time at the edge: the share of states with |y| < tol, y = ηλ − 2, the first `skip` states left out.

    edge_share = #{ skip ≤ t ≤ T : |y_t| < tol } / (T + 1 − skip)

Source: definition; the edge of stability is y = 0 (Roulet et al. 2024, arXiv 2407.06183, eq. 5).
"""

from ..vocabulary import absolute, where

units = "1"
long_name = "share of time at the edge"


def update(count=0.0, /, *, y, t, tol=0.1, skip=0):
    return count + where((t >= skip) & (absolute(y) < tol), 1.0, 0.0)


def finish(count, /, *, steps, skip=0):
    return count / (steps + 1 - skip)
