"""What the orbit does in the end, judged on its second half (y = ηλ − 2).

    settled    λ and y stay within `tol` (relative, absolute) of their values at half time
    edge       y crosses 0 upward at least twice, and stays bounded
    runaway    runaway sharpening: λ rises by more than `tol`, y crosses 0 at most once, and η falls along, so that
               ηλ rises by less than half of what λ does (in logarithms)
    escaped    a state became larger than `bound`, or not a number, at any time
    undecided  none of these, e.g. still sharpening below the edge; follow it for longer

Escaped is tested first, then settled, edge, runaway.

Source: definition for dynsim; the regimes are those of Roulet et al. 2024, arXiv 2407.06183, section 3.
"""

from ..vocabulary import absolute, log, maximum, minimum, where

dtype = "int8"
flags = ("settled", "edge", "runaway", "escaped", "undecided")
long_name = "regime"


def update(
    inside=1.0, low=float("inf"), high=float("-inf"), lam_half=0.0, lam_low=float("inf"), lam_high=float("-inf"),
    y_half=0.0, y_last=0.0, crossings=0.0, /, *, y, lam, norm, t, steps, bound=1e12,
):  # fmt: skip
    late = 2 * t >= steps
    inside = where(norm <= bound, inside, 0.0)
    lam_half = where(late, lam_half, lam)
    y_half = where(late, y_half, y)
    crossings = crossings + where(late & (y_last < 0) & (y >= 0), 1.0, 0.0)
    return (
        inside,
        where(late, minimum(low, y), low),
        where(late, maximum(high, y), high),
        lam_half,
        where(late, minimum(lam_low, lam), lam_low),
        where(late, maximum(lam_high, lam), lam_high),
        y_half,
        y,
        crossings,
    )


def finish(
    inside, low, high, lam_half, lam_low, lam_high, y_half, y_last, crossings, /, *, y, lam, tol=1e-3,
):  # fmt: skip
    still = (lam_high - lam_low <= tol * absolute(lam)) & (high - low <= tol)
    growth = log(absolute(lam / lam_half))
    edge_growth = log(absolute((y + 2) / (y_half + 2)))
    rising = (lam > lam_half) & (growth > tol) & (lam >= lam_high * (1 - tol)) & (2 * edge_growth < growth)
    return where(
        inside < 1,
        3,
        where(still, 0, where(crossings >= 2, 1, where(rising & (crossings <= 1), 2, 4))),
    )
