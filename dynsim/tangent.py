"""Tangent dynamics: the update of a measure that carries tangent vectors of a map along.

The Jacobian is that of the symbolic step, written out as source (:mod:`dynsim.derivatives`). For the spectrum no
orthogonalization is needed: the volume spanned by k tangent vectors is a vector of C(d, k) minors, which moves
linearly too, by the k-th compound of the Jacobian, and its growth rate is the sum of the k largest exponents.

A carried state is seen as the step sees it (:mod:`dynsim.carry`); its tangent components are lifted along with it.
"""

import math
from itertools import combinations

import sympy as sp

from .derivatives import jacobian_lines
from .measure import Update
from .model import SHIFT as CARRIED
from .model import Map
from .symbolic import XI, NoClosedForm, define, equations

#: A vector is rescaled by 2^SHIFT, every 8 steps, where it is out of bounds.
SHIFT = 300


def update(map: Map, orders, skipping: bool) -> Update:
    """The update that follows the volume of each order k in `orders` along an orbit.

    Its accumulators are ``tangent<k>_<i>``, the components, and ``power<k>``, the powers of two taken out, with their
    values at the step `skip`, from which on growth counts. The finish returns the growth rates of the volumes,
    differenced into exponents where there are several.
    """
    slopes, entries = jacobian_of(map)
    volumes = [Volume(map, k, skipping) for k in orders]
    own = [name for v in volumes for name in v.accumulators]
    starts = [f"{name}={value!r}" for v in volumes for name, value in v.starts.items()]
    left = [f"left_{n}" for n in map.state]
    inputs = [*map.state, *map.parameters, *(("t", *left, "skip=0") if skipping else ())]
    body = [*slopes, *(line for v in volumes for line in (*v.rest(), *v.move(entries)))]
    made = define("update", [*starts, "/", "*", *inputs], body, own)
    tidy = define("tidy", own, [line for v in volumes for line in v.tidy()], own)
    # A volume that is zero stays zero: its exponent is -inf, not the difference of two infinities.
    exponents = ["growth1" if v.k == 1 else f"where(growth{v.k} < -1e300, growth{v.k}, growth{v.k} - growth{v.k - 1})"
                 for v in volumes]  # fmt: skip
    inputs = ["steps", *left, "skip=0"]
    body = [line for v in volumes for line in v.rate()]
    finish = define("finish", [*own, "/", "*", *inputs], body, exponents)
    follows = {name: states for v in volumes for name, states in v.follows().items()}
    many = len(volumes) > 1
    return Update(made, finish, tidy, follows, True, "order" if many else "", len(volumes))


def jacobian_of(map: Map) -> tuple[list[str], dict]:
    """Lines that compute the Jacobian along an orbit, and the names of its entries."""
    found = equations(map, mean=False)
    if any(entry.has(XI) for entry in found.jacobian):
        raise NoClosedForm(f"the noise of {map.name!r} multiplies its states; tangent vectors need additive noise.")
    # Additive noise has no part in the derivatives.
    return jacobian_lines(found.symbols, [f.xreplace({XI: sp.Integer(0)}) for f in found.after])


class Volume:
    """The volume spanned by k tangent vectors: its components are named by the states that they span."""

    def __init__(self, map_: Map, k: int, skipping: bool):
        self.k, self.states = k, tuple(map_.state)
        self.indices = list(combinations(range(len(self.states)), k))
        self.components = [f"tangent{k}_{i}" for i in range(len(self.indices))]
        # A vector in general position.
        values = [1 / (1 + 0.618 * i) for i in range(len(self.indices))]
        self.starts = dict(zip(self.components, values)) | {f"power{k}": 0.0}
        #: What is remembered of the step `skip`: name -> what it is a copy of.
        self.marks = {}
        if skipping:
            copied = [*self.starts, *(f"left_{n}" for n in self.states)]
            self.marks = {f"at_skip{k}_{name}": name for name in copied}
        self.starts |= dict.fromkeys(self.marks, 0.0)
        self.accumulators = list(self.starts)

    def follows(self):
        return {c: tuple(self.states[i] for i in index) for c, index in zip(self.components, self.indices)}

    def rest(self):
        """Lines that remember the volume at the step `skip`."""
        return [f"{mark} = where(t == skip, {name}, {mark})" for mark, name in self.marks.items()]

    def move(self, entries):
        """Lines that multiply by the compound of the Jacobian, whose entries are named by (row, column)."""
        after = []
        for row in self.indices:
            terms = [
                f"({minor}) * {component}"
                for column, component in zip(self.indices, self.components)
                if (minor := _minor(row, column, entries))
            ]
            after.append(" + ".join(terms) or "0.0")
        moved = [f"next_{c} = {e}" for c, e in zip(self.components, after)]
        return [*moved, *(f"{c} = next_{c}" for c in self.components)]

    def tidy(self):
        """Lines that rescale by a power of two, which changes no rounding."""
        first, *others = self.components
        lines = [f"size = absolute({first})", *(f"size = maximum(size, absolute({c}))" for c in others)]
        lines += [f"large = size > {2.0**SHIFT!r}", f"small = size < {2.0**-SHIFT!r}"]
        lines += [f"factor = where(large, {2.0**-SHIFT!r}, where(small, {2.0**SHIFT!r}, 1.0))"]
        lines += [f"{c} = {c} * factor" for c in self.components]
        return [*lines, f"power{self.k} = power{self.k} + where(large, 1.0, where(small, -1.0, 0.0))"]

    def _log(self, prefix):
        """The logarithm of the size as an expression: of the largest component, what was left out put back."""
        sizes = []
        for c, index in zip(self.components, self.indices):
            left = " + ".join(f"{prefix}left_{self.states[i]}" for i in index)
            sizes.append(f"log(absolute({prefix}{c})) + ({left}) * {_bits(CARRIED)}")
        largest = sizes[0]
        for size in sizes[1:]:
            largest = f"maximum({largest}, {size})"
        return f"{largest} + {prefix}power{self.k} * {_bits(SHIFT)}"

    def rate(self):
        """Lines that compute the growth rate a step."""
        if self.marks:
            before = self._log(f"at_skip{self.k}_")
        else:
            before = repr(math.log(max(self.starts[c] for c in self.components)))
        return [f"growth{self.k} = ({self._log('')} - ({before})) / (steps + 1 - skip)"]


def _bits(count):
    return repr(count * math.log(2))


def _minor(rows, columns, entries):
    """The minor of the Jacobian as source, '' where it vanishes; expanded along its first row."""
    if len(rows) == 1:
        return entries.get((rows[0], columns[0]), "")
    terms = []
    for i, column in enumerate(columns):
        name = entries.get((rows[0], column), "")
        rest = _minor(rows[1:], columns[:i] + columns[i + 1 :], entries)
        if name and rest:
            terms.append(f"{'-' if i % 2 else '+'} {name} * ({rest})")
    return " ".join(terms).removeprefix("+ ")
