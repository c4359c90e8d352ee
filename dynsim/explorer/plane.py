"""The plane of a picture: expressions over it, and the lines where they change sign."""

from collections.abc import Callable, Mapping

import numpy as np
import sympy as sp
from contourpy import contour_generator
from scipy.ndimage import rank_filter

from ..model import Map
from ..stability.theory import excess
from ..symbolic import function
from .derived import numbers
from .view import Axis, View

#: Values along a side that a change of sign is looked for between.
SIDE = 201
#: So often a bracket of a change of sign is halved.
HALVINGS = 48
#: A value that is so small beside the third largest of its neighbours is taken for zero.
ROUNDING = 1e-12
#: Across a pole the value grows by more than this as it is approached.
POLE = 100.0

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]
Piece = tuple[np.ndarray, np.ndarray]


def along(axis: Axis, share: np.ndarray) -> np.ndarray:
    """The values at these shares of an axis, evenly spaced as the axis is.

    Examples
    --------
    >>> along(Axis("nu", 0.01, 1.0, log=True), np.array([0.0, 0.5, 1.0])).round(12)
    array([0.01, 0.1 , 1.  ])
    """
    if axis.log:
        return axis.low * np.exp(share * np.log(axis.high / axis.low))
    return axis.low + share * (axis.high - axis.low)


class Plane:
    """Expressions in the names of a map over the plane of a view; what is not on an axis stands where the view has it.

    Places are shares of the axes, from 0 to 1.
    """

    def __init__(self, map: Map, view: View):
        self.map, self.x, self.y = map, view.x, view.y
        self.values = numbers(map, view.values)
        self.swept = (view.x.name, view.y.name)
        self.nodes = np.linspace(0, 1, SIDE)

    def field(self, statement: sp.Basic) -> Field:
        """A function of places: the expression's value, or how far a condition is met (> 0 where it holds).

        Of several conditions that must all hold, one that fails decides, though others may have no value there.

        Raises
        ------
        ValueError : an unknown name, or nothing that can be evaluated.
        """
        if isinstance(statement, (sp.And, sp.Or)):
            sign = 1 if isinstance(statement, sp.And) else -1
            parts = [self.field(a) for a in statement.args]
            return lambda s, t: sign * _all([sign * part(s, t) for part in parts])
        if isinstance(statement, sp.Not):
            inner = self.field(statement.args[0])
            return lambda s, t: -inner(s, t)
        if isinstance(statement, sp.Eq):
            inner = self.field(statement.lhs - statement.rhs)
            return lambda s, t: np.where(inner(s, t) == 0, 1.0, -1.0)
        if isinstance(statement, sp.Ne):
            return self.field(sp.true)  # but on a line
        return self._evaluated(excess(statement) if not isinstance(statement, sp.Expr) else statement)

    def _evaluated(self, expression):
        names = sorted({s.name for s in expression.free_symbols})
        if unknown := [n for n in names if n not in self.values]:
            raise ValueError(f"{', '.join(unknown)} is no parameter or state of {self.map.name!r}.")
        call = function("field", names, {"value": expression})

        def value(s, t):
            swept = dict(zip(self.swept, (along(self.x, s), along(self.y, t))))
            with np.errstate(all="ignore"):
                (found,) = call(*(swept.get(n, np.float64(self.values[n])) for n in names))
            return np.broadcast_to(np.asarray(found, float), s.shape)

        return value

    def assumed(self, given: Mapping) -> Field:
        """Where the axes have the sign that is assumed of their symbols."""
        checked = [(i, n) for i, n in enumerate(self.swept) if n in self.map.parameters and n not in given]

        def value(s, t):
            result = np.ones(s.shape)
            for i, name in checked:
                default = self.map.parameters[name]
                if default is not None:
                    at = along((self.x, self.y)[i], (s, t)[i])
                    good = at > 0 if default > 0 else at >= 0 if default == 0 else at < 0
                    result = np.where(good, result, -1.0)
            return result

        return value

    def changes(self, field: Field, inside: Field | None = None) -> list[Piece]:
        """Where a field changes sign, as lines in the coordinates of the data; none where it does so across a pole.

        Changes between neighbouring nodes of a grid are found, and then narrowed down to the last bits of a place.
        """
        s, t = np.meshgrid(self.nodes, self.nodes)
        values = np.array(field(s, t))
        if inside is not None:
            values[~(inside(s, t) > 0)] = np.nan
        if np.isnan(values).all():
            return []
        size = np.abs(np.nan_to_num(values, nan=0, posinf=0, neginf=0))
        values[np.isfinite(values) & (size < ROUNDING * rank_filter(size, -3, 3, mode="constant"))] = 0
        signs = np.ma.masked_invalid(np.sign(values))
        found = contour_generator(z=signs, corner_mask=False).lines(0.0)
        return [piece for line in found for piece in self._narrowed(field, line / (SIDE - 1))]

    def _narrowed(self, field, line):
        # Each vertex lies on an edge between two nodes, in the middle or on one of them.
        low, high = np.floor(line * (SIDE - 1) + 1e-9), np.ceil(line * (SIDE - 1) - 1e-9)
        low, high = low / (SIDE - 1), high / (SIDE - 1)
        before, after = field(*low.T), field(*high.T)
        coarse = np.fmax(np.abs(before), np.abs(after))
        up = before > 0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            same = ((field(*middle.T) > 0) == up)[:, None]
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        fine = np.fmax(np.abs(field(*low.T)), np.abs(field(*high.T)))
        good = fine <= POLE * coarse
        at = (low + high) / 2
        x, y = along(self.x, at[:, 0]), along(self.y, at[:, 1])
        runs = np.split(np.arange(good.size), np.flatnonzero(np.diff(good)) + 1)
        return [(x[run], y[run]) for run in runs if good[run[0]] and run.size > 1]


def _all(parts):
    """The least of the parts; NaN where one has no value and none of the others fails."""
    parts = np.array(parts)
    least = np.fmin.reduce(parts)
    return np.where(np.isnan(parts).any(axis=0) & ~(least <= 0), np.nan, least)
