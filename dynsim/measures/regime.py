"""What the orbit does in the end, judged on its second half (y = ηλ − 2).

    settled    λ and y stay within `tol` (relative, absolute) throughout, and λ moves at most half as far in the last
               quarter as in the one before (or by less than 1e-9)
    runaway    runaway sharpening: λ keeps rising, and η falls with it. λ rises by more than `tol`, and is no lower in
               the last quarter than in the one before; and either y swings as below, or ηλ rises by less than half of
               what λ does (in logarithms) and p does not rise
    edge       y swings from below −tol to above tol at least twice, and stays bounded
    escaped    a state became larger than `bound`, or not a number, at any time
    undecided  none of these, e.g. still sharpening below the edge, or fewer than 16 steps; follow it for longer

Escaped is tested first, then settled, runaway, edge.

Source: definition for dynsim; the regimes are those of Roulet et al. 2024, arXiv 2407.06183, section 3.
"""

from ..vocabulary import absolute, log, where

dtype = "int8"
flags = ("settled", "edge", "runaway", "escaped", "undecided")
long_name = "regime"

INFINITY = float("inf")
#: Fewer steps decide nothing.
SHORTEST = 16


def update(
    inside=1.0, low=INFINITY, high=-INFINITY, lam_low=INFINITY, lam_high=-INFINITY,
    lam_before=-INFINITY, lam_after=INFINITY, lam_half=0.0, lam_late=0.0, y_half=0.0, p_half=0.0,
    side=0.0, swings=0.0, /, *, y, lam, p, norm, t, steps, bound=1e12, tol=1e-3,
):  # fmt: skip
    late = 2 * t >= steps
    inside = where(norm <= bound, inside, 0.0)
    swings = swings + where(late & (side < 0) & (y > tol), 1.0, 0.0)
    # A comparison with NaN is false, so NaN leaves these alone; `inside` knows of it.
    return (
        inside,
        where(late & (y < low), y, low),
        where(late & (y > high), y, high),
        where(late & (lam < lam_low), lam, lam_low),
        where(late & (lam > lam_high), lam, lam_high),
        where(late & (4 * t < 3 * steps) & (lam > lam_before), lam, lam_before),
        where((4 * t >= 3 * steps) & (lam < lam_after), lam, lam_after),
        where(late, lam_half, lam),
        where(4 * t >= 3 * steps, lam_late, lam),
        where(late, y_half, y),
        where(late, p_half, p),
        where(y > tol, 1.0, where(y < -tol, -1.0, side)),
        swings,
    )


def finish(
    inside, low, high, lam_low, lam_high, lam_before, lam_after, lam_half, lam_late, y_half, p_half, side, swings, /,
    *, y, lam, p, steps, tol=1e-3,
):  # fmt: skip
    still = (lam_high - lam_low <= tol * absolute(lam)) & (high - low <= tol)
    # A slow drift is not settled: what is left must halve from the third quarter to the last, or be rounding.
    slowing = 2 * absolute(lam - lam_late) <= absolute(lam_late - lam_half)
    still = still & (slowing | (lam_high - lam_low <= 1e-9 * absolute(lam)))
    growth = log(absolute(lam / lam_half))
    edge_growth = log(absolute((y + 2) / (y_half + 2)))
    rising = (lam > lam_half) & (growth > tol) & (lam_after >= lam_before * (1 - tol))
    below = (2 * absolute(edge_growth) < growth) & (p <= p_half * (1 + tol))
    runaway = rising & ((swings >= 2) | below)
    fate = where(still, 0, where(runaway, 2, where(swings >= 2, 1, 4)))
    return where(inside < 1, 3, where(steps < SHORTEST, 4, fate))
