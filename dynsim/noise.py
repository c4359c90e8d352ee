"""Standard normal noise by counting: a function of (seed, point, step), so that every chunk and thread draws the same.

    ξ = √(−2 ln u₁) cos(2π u₂),    u₁, u₂ from a 64-bit hash of (seed, point, step)

A step that takes an input ``xi`` (no default, after the slash) gets it. The hash is the finalizer of SplitMix64,
applied once for each of the three counters.

Source: Steele, Lea, Flood 2014, OOPSLA, p. 453 (SplitMix64); Box, Muller 1958, Ann. Math. Stat. 29, 610.

Examples
--------
>>> normal(0, 3, 10) == normal(0, 3, 10), normal(0, 3, 10) == normal(0, 3, 11)
(True, False)
"""

import math

#: The input of a step that is noise.
NAME = "xi"
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = 2**64 - 1


def _mixed(z):
    z = (z + GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * FIRST) & _MASK
    z = ((z ^ (z >> 27)) * SECOND) & _MASK
    return z ^ (z >> 31)


def normal(seed, point, step):
    """One standard normal number for each triple of whole numbers ≥ 0."""
    bits = _mixed(_mixed(_mixed(int(seed)) ^ int(point)) ^ int(step))
    u1 = ((bits >> 11) + 1) * 2.0**-53
    u2 = (_mixed(bits) >> 11) * 2.0**-53
    return math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)


def normal32(seed, point, step):
    """The same in float32, from the first 24 of the same bits: about the same number, at most 5.8 in size."""
    bits = _mixed(_mixed(_mixed(int(seed)) ^ int(point)) ^ int(step))
    u1 = ((bits >> 40) + 1) * 2.0**-24
    u2 = (_mixed(bits) >> 40) * 2.0**-24
    return math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)
