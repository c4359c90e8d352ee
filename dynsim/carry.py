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
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

from .model import SHIFT, Map

#: Bounds of the largest carried state, and of one that has a power of its own.
LOW, HIGH = 2.0**-250, 2.0**-100
OWN_LOW, OWN_HIGH = 2.0**-700, 2.0**-540
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


class Carry:
    """Which exponents are carried for a map, and the lines of source that look after them.

    ``exponents`` names the rows: ``exponent`` is the common one, ``own_<n>`` that of one state. ``scales`` names what
    follows from them: ``scale`` and ``scale_<n>``, the powers of two by which to multiply.
    """

    def __init__(self, map_: Map):
        self.degrees = map_.scale
        # Where several states are carried, each of degree 1 may have a power of its own.
        self.linear = [n for n, degree in map_.scale.items() if degree == 1]
        self.own = self.linear if len(map_.scale) > 1 else []
        self.exponents = (["exponent"] if map_.scale else []) + [f"own_{n}" for n in self.own]
        self.scales = (["scale"] if map_.scale else []) + [f"scale_{n}" for n in self.own]

    def amplitude(self) -> list[str]:
        """Lines that find the largest of the carried states, by the root of its degree."""
        roots = {1: "abs(s_{})", 2: "np.sqrt(abs(s_{}))"}
        first, *others = [roots[degree].format(n) for n, degree in self.degrees.items()]
        return [f"amplitude = {first}"] + [
            f"amplitude = amplitude if amplitude >= {size} else {size}" for size in others
        ]

    def small(self) -> list[str]:
        """Lines that set `look` where something is small enough to be lifted."""
        lines = [*self.amplitude(), f"look |= amplitude < {LOW!r}"]
        return lines + [f"look |= abs(s_{n}) < {OWN_LOW!r}" for n in self.own]

    def move(self, follows: Mapping = MappingProxyType({})) -> list[str]:
        """Lines that look at the carried states of one point and lift or lower them, and what follows them."""
        if not self.degrees:
            return []
        lines = [*self.amplitude(), f"factor, exponent = lift(amplitude, exponent, {LOW!r}, {HIGH!r})"]
        lines += [f"s_{n} = s_{n}" + " * factor" * degree for n, degree in self.degrees.items()]
        for name, states in follows.items():
            lines.append(f"{name} = {name}" + " * factor" * sum(self.degrees.get(n, 0) for n in states))
        for n in self.own:
            lines.append(f"factor, own_{n} = lift(abs(s_{n}), own_{n}, {OWN_LOW!r}, {OWN_HIGH!r})")
            lines.append(f"s_{n} = s_{n} * factor")
            lines += [f"{name} = {name} * factor" for name, states in follows.items() if n in states]
        return lines + self.follow()

    def follow(self) -> list[str]:
        """Lines that compute the scales from the exponents."""
        lines = ["scale = unit(exponent)"] if self.degrees else []
        return lines + [f"scale_{n} = unit(exponent + own_{n})" for n in self.own]

    def note(self) -> list[str]:
        """Lines that note whether anything is carried."""
        return [f"carried |= {exponent} < 0.0" for exponent in self.exponents]

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
            return f"{exponent} * {SHIFT * math.log(2)!r}" if self.degrees else "0.0"
        return f"s_{name} * unit(own_{name})" if own and not alone else f"s_{name}"
