"""The carried exponent: lines of a kernel that keep small states from underflowing.

States in a map's ``scale`` (x and u, say) may shrink far below the smallest double while their ratio or their later
return still rules the motion. The kernel therefore carries a common power of two beside them: when the largest of
them is below 2^-250 all are multiplied by 2^150, and divided again when it is above 2^-100. A power of two changes no
rounding, and at those sizes the squares of the states vanish in a sum with anything of ordinary size, so the step may
be fed the lifted values. A state below 2^-700 beside a largest one above 2^-250 gets another power of two of its own:
it is then so small that the step of the others does not notice it, and its own step is linear in it.

Blocks in which nothing is carried are looked at every 8 steps, others every 2 steps. That is exact as long as the
states shrink by less than a factor 2^30 a step, or grow, while lifted, by less than 2^13. What is measured is the true
state (lifted value times its scale; zero where that underflows).

In float32 there is no room for that: the squares of the states must neither vanish nor count. There the largest is
kept between 2^-32 and 2^-22 by powers of 2^8, as many at once as are needed, and looked at after every step.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from .model import SHIFT, Map

UP, DOWN = 2.0**SHIFT, 2.0**-SHIFT
#: Steps between two looks where nothing is carried.
CARRY_EVERY = 8


def lift(size, exponent, low, high):
    """Factor by which to multiply what has this size now, and its new exponent, in units of SHIFT bits."""
    up = (size < low) & (size > 0.0)
    down = (size > high) & (exponent < 0.0)
    factor = UP if up else (DOWN if down else 1.0)
    return factor, exponent - 1.0 if up else (exponent + 1.0 if down else exponent)


def unit(exponent):
    """The scale 2^(SHIFT·exponent); zero below the smallest doubles."""
    one = 1.0 if exponent >= 0.0 else DOWN
    two = 1.0 if exponent >= -1.0 else DOWN
    three = 1.0 if exponent >= -2.0 else (DOWN if exponent >= -3.0 else DOWN * DOWN)
    five = 1.0 if exponent >= -4.0 else (DOWN if exponent >= -5.0 else DOWN * DOWN)
    return one * two * three * five if exponent >= -6.0 else 0.0


def lift32(size, exponent, low, high):
    """The same in float32: as many powers of 2^8 as bring the size above `low`, or below `high`."""
    factor, moved = np.float32(1.0), exponent
    if (size < low) & (size > np.float32(0.0)):
        if size < low * np.float32(2.0**-56):
            size, factor, moved = size * np.float32(2.0**64), np.float32(2.0**64), moved - np.float32(8.0)
        if size < low * np.float32(2.0**-24):
            size, factor, moved = size * np.float32(2.0**32), factor * np.float32(2.0**32), moved - np.float32(4.0)
        if size < low * np.float32(2.0**-8):
            size, factor, moved = size * np.float32(2.0**16), factor * np.float32(2.0**16), moved - np.float32(2.0)
        if size < low:
            factor, moved = factor * np.float32(2.0**8), moved - np.float32(1.0)
    elif (size > high) & (exponent < np.float32(0.0)):
        if (size > high * np.float32(2.0**56)) & (moved <= np.float32(-8.0)):
            size, factor, moved = size * np.float32(2.0**-64), np.float32(2.0**-64), moved + np.float32(8.0)
        if (size > high * np.float32(2.0**24)) & (moved <= np.float32(-4.0)):
            size, factor, moved = size * np.float32(2.0**-32), factor * np.float32(2.0**-32), moved + np.float32(4.0)
        if (size > high * np.float32(2.0**8)) & (moved <= np.float32(-2.0)):
            size, factor, moved = size * np.float32(2.0**-16), factor * np.float32(2.0**-16), moved + np.float32(2.0)
        if (size > high) & (moved <= np.float32(-1.0)):
            factor, moved = factor * np.float32(2.0**-8), moved + np.float32(1.0)
    return factor, moved


def unit32(exponent):
    """The scale 2^(8·exponent); zero below the smallest numbers of float32."""
    scale, left = np.float32(1.0), -exponent
    if left >= np.float32(16.0):
        scale, left = scale * np.float32(2.0**-64) * np.float32(2.0**-64), left - np.float32(16.0)
    if left >= np.float32(8.0):
        scale, left = scale * np.float32(2.0**-64), left - np.float32(8.0)
    if left >= np.float32(4.0):
        scale, left = scale * np.float32(2.0**-32), left - np.float32(4.0)
    if left >= np.float32(2.0):
        scale, left = scale * np.float32(2.0**-16), left - np.float32(2.0)
    if left >= np.float32(1.0):
        scale, left = scale * np.float32(2.0**-8), left - np.float32(1.0)
    return scale if left < np.float32(1.0) else np.float32(0.0)


@dataclass(frozen=True)
class Precision:
    """A type of numbers, and the exponents that fit it.

    Attributes
    ----------
    low, high : bounds of the largest carried state.
    own_low, own_high : bounds of one that has a power of its own.
    shift : bits by which an exponent counts.
    every : steps between two looks where something is carried.
    rarely : steps between two looks where nothing is.
    lift, unit : as above.
    """

    name: str
    low: float
    high: float
    own_low: float
    own_high: float
    shift: int
    every: int
    rarely: int
    lift: Callable
    unit: Callable

    def literal(self, value: float) -> str:
        """A number, as it is written into the source."""
        text = repr(value).replace("inf", "np.inf").replace("nan", "np.nan")
        return text if self.name == "float64" else f"np.{self.name}({text})"


DOUBLE = Precision("float64", 2.0**-250, 2.0**-100, 2.0**-700, 2.0**-540, SHIFT, 2, CARRY_EVERY, lift, unit)
SINGLE = Precision("float32", 2.0**-32, 2.0**-22, 2.0**-80, 2.0**-70, 8, 1, 1, lift32, unit32)
PRECISIONS = {p.name: p for p in (DOUBLE, SINGLE)}


class Carry:
    """Which exponents are carried for a map, and the lines of source that look after them.

    ``exponents`` names the rows: ``exponent`` is the common one, ``own_<n>`` that of one state. ``scales`` names what
    follows from them: ``scale`` and ``scale_<n>``, the powers of two by which to multiply.
    """

    def __init__(self, map_: Map, precision: Precision = DOUBLE):
        self.precision, number = precision, precision.literal
        self.low, self.high = number(precision.low), number(precision.high)
        self.own_low, self.own_high = number(precision.own_low), number(precision.own_high)
        self.degrees = map_.scale
        # Where several states are carried, each of degree 1 may have a power of its own.
        self.linear = [n for n, degree in map_.scale.items() if degree == 1]
        self.own = self.linear if len(map_.scale) > 1 else []
        self.exponents = (["exponent"] if map_.scale else []) + [f"own_{n}" for n in self.own]
        self.scales = (["scale"] if map_.scale else []) + [f"scale_{n}" for n in self.own]

    def amplitude(self) -> list[str]:
        """Lines that find the largest of the carried states, by the root of its degree."""
        roots = {1: "abs(s_{})", 2: "math.sqrt(abs(s_{}))"}
        first, *others = [roots[degree].format(n) for n, degree in self.degrees.items()]
        return [f"amplitude = {first}"] + [
            f"amplitude = amplitude if amplitude >= {size} else {size}" for size in others
        ]

    def small(self) -> list[str]:
        """Lines that set `look` where something is small enough to be lifted."""
        lines = [*self.amplitude(), f"look |= amplitude < {self.low}"]
        return lines + [f"look |= abs(s_{n}) < {self.own_low}" for n in self.own]

    def move(self, follows: Mapping = MappingProxyType({})) -> list[str]:
        """Lines that look at the carried states of one point and lift or lower them, and what follows them."""
        if not self.degrees:
            return []
        lines = [*self.amplitude(), f"factor, exponent = lift(amplitude, exponent, {self.low}, {self.high})"]
        lines += [f"s_{n} = s_{n}" + " * factor" * degree for n, degree in self.degrees.items()]
        for name, states in follows.items():
            lines.append(f"{name} = {name}" + " * factor" * sum(self.degrees.get(n, 0) for n in states))
        for n in self.own:
            lines.append(f"factor, own_{n} = lift(abs(s_{n}), own_{n}, {self.own_low}, {self.own_high})")
            lines.append(f"s_{n} = s_{n} * factor")
            lines += [f"{name} = {name} * factor" for name, states in follows.items() if n in states]
        return lines + self.follow()

    def follow(self) -> list[str]:
        """Lines that compute the scales from the exponents."""
        lines = ["scale = unit(exponent)"] if self.degrees else []
        return lines + [f"scale_{n} = unit(exponent + own_{n})" for n in self.own]

    def note(self) -> list[str]:
        """Lines that note whether anything is carried."""
        zero = self.precision.literal(0.0)
        return [f"carried |= {exponent} < {zero}" for exponent in self.exponents]

    def true(self, name: str) -> str:
        """The true value of a carried state."""
        scale = f"scale_{name}" if name in self.own else "scale"
        return f"s_{name}" + f" * {scale}" * self.degrees[name]

    def left(self, name: str) -> str:
        """The exponent, in units of SHIFT bits, of what is left out of a state."""
        if name not in self.degrees:
            return "0.0"
        return f"(exponent + own_{name})" if name in self.own else f"({self.degrees[name]} * exponent)"

    def mantissa(self, name: str, alone: str) -> str:
        """What a function that reads log_scale is given for a carried state, or for log_scale.

        A function of one carried state (`alone`) gets its mantissa and the logarithm of its whole scale; one of
        several gets them at their common scale, so that they may be compared.
        """
        own = (alone if name == "log_scale" else name) in self.own
        if name == "log_scale":
            exponent = f"(exponent + own_{alone})" if own else "exponent"
            number = self.precision.literal
            return f"{exponent} * {number(self.precision.shift * math.log(2))}" if self.degrees else number(0.0)
        return f"s_{name} * unit(own_{name})" if own and not alone else f"s_{name}"
