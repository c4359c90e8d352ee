"""The period of the orbit in the end: 1, 2, …, up to `longest`; codes of 0 and below say why there is none.

    period = min{ P : |s_i(t₀ + kP) − s_i(t₀)| ≤ tol · max_t |s_i(t)|  for all states i and all k up to the end }

with the reference t₀ = T − max(2·longest, T/8), so that a drift too slow to be seen in one period is seen. The size of
a state is its largest over the third quarter, and at least 1e-9 of the largest state's, so that one that has died out
does not count.

     0  undecided       still converging, drifting, of a longer period, or followed for fewer than 4·longest steps
    −1  quasi-periodic  |ln growth| < 3 ln W; extremes of two quarters agree within min(1/20, 40/T) of their range
    −2  chaotic         ln growth > 3 ln W + 5; they agree within a quarter of it
    −3  escaped         a state became larger than 1e12, or not a number, at any time

The growth is that of a tangent vector over the second half, of length W; the quarters are the third and the last. An
orbit that sits exactly on an unstable cycle has its period. What neither returns nor grows, such as an orbit where
period doublings accumulate, or in too few steps one that converges slowly, may count as quasi-periodic: follow it for
longer. Values without a flag are periods. A step without a Jacobian in symbols (a linesearch) gets no code −1 or −2.

Source: definition for dynsim; the tangent vector as in Benettin et al. 1980, Meccanica 15, 9.
"""

from ..recurrence import update

dtype = "int16"
flags = ("undecided", "quasi-periodic", "chaotic", "escaped")
flag_values = (0, -1, -2, -3)
long_name = "period"


def made_for(map, /, tol=1e-6, longest=64):
    return update(map, tol, longest)
