"""Fixed points and cycles as small named objects."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from ..model import Map
from ..symbolic import Equations, derivative, function, put
from .linear import Multipliers, return_matrix
from .show import Shown, latex, tex, text
from .signs import positive


@dataclass(frozen=True, repr=False, eq=False)
class FixedPoint(Shown):
    """A fixed point, a point of a cycle, or a whole family of them.

    Attributes
    ----------
    map : the map.
    state : state -> expression in the parameters, and in the states that are free.
    free : states along which this is a family.
    where : what must be > 0 for it to be there.
    period : 1, or 2 for a cycle.
    flip : of a cycle that is its own mirror image, the states whose signs change on each step.
    residual : how far one return moves it; 0 for closed forms.
    """

    map: Map
    state: dict[str, sp.Expr]
    free: tuple[str, ...] = ()
    where: tuple[sp.Expr, ...] = ()
    period: int = 1
    flip: tuple[str, ...] = ()
    residual: float = 0.0
    equations: Equations | None = None

    @property
    def cycle(self) -> list[dict[str, sp.Expr]]:
        """Its points, one for each step of the period."""
        points = [self.state]
        for _ in range(self.period - 1):
            after = [put(f, points[-1]) for f in self.equations.after]
            points.append({n: sp.simplify(f) for n, f in zip(self.state, after)})
        return points

    def multipliers(self) -> Multipliers:
        """Its multipliers."""
        from .sides import smooth

        points = [self.state] if self.flip else self.cycle
        after = [smooth(self, place) for place in points]
        jacobians = [
            sp.Matrix([[put(derivative(f, s), place) for s in self.equations.symbols] for f in functions])
            for functions, place in zip(after, points)
        ]
        matrix = return_matrix(jacobians, self.state, self.flip)
        return Multipliers(matrix, len(self.free), self.flip, self.equations.note, len(points))

    @property
    def stability(self) -> sp.Basic:
        """When it attracts (a family: across itself), as a condition on the parameters."""
        return self.multipliers().condition

    def at(self, **values: float) -> dict[str, float]:
        """The state as numbers, for values of all that is left."""
        numbers = {n: sp.sympify(v) for n, v in values.items()}
        found = {n: put(e, numbers) for n, e in self.state.items()}
        left = sorted({s.name for e in found.values() for s in e.free_symbols})
        if left:
            raise ValueError(f"numbers are needed for {', '.join(left)} too: write at({left[0]}=..., ...).")
        return {n: float(e) for n, e in found.items()}

    def lambdify(self) -> Callable:
        """A fast function of the names that are left (numbers or arrays), which returns a dict of the states.

        Examples
        --------
        >>> import dynsim as ds
        >>> edge = ds.fixed_points(ds.maps.self_stabilization, period=2)[0]
        >>> edge.lambdify()(a=[0.01, 0.04], b=1.0, eta=0.5)["x"]
        array([0.1, 0.2])
        """
        names = sorted({s.name for e in self.state.values() for s in e.free_symbols})
        call = function("state", names, {f"at_{n}": e for n, e in self.state.items()})

        def state(**values):
            found = call(**{n: np.asarray(v, float)[()] for n, v in values.items()})
            return dict(zip(self.state, found))

        return state

    def lines(self):
        what = "fixed point" if self.period == 1 else f"{self.period}-cycle"
        what = f"family of {what}s" if self.free else what
        yield what, ", ".join(f"{n} = {text(e)}" for n, e in self._given())
        if self.free:
            yield "for every", ", ".join(self.free)
        if self.flip:
            yield "changes sign", ", ".join(self.flip) + " on each step"
        if self.where:
            yield "where", text(sp.And(*self.conditions, evaluate=False))
        if self.residual:
            yield "residual", f"{self.residual:.1g}"

    @property
    def conditions(self) -> list[sp.Basic]:
        """`where` as inequalities."""
        return [sp.Ne(e.base, 0) if e.is_Pow and e.exp == 2 else positive(_plain(e)) for e in self.where]

    def _given(self):
        return [(n, e) for n, e in self.state.items() if n not in self.free]

    def tex(self):
        shown = ",\\; ".join(f"{tex(n)} = {latex(e)}" for n, e in self._given())
        return shown + (r"\quad\text{for every } " + ", ".join(map(tex, self.free)) if self.free else "")


def _plain(expression):
    """With symbols of which nothing is assumed, so that a condition on them is not taken for granted."""
    return expression.xreplace({s: sp.Symbol(s.name, real=True) for s in expression.free_symbols})


@dataclass(frozen=True, repr=False, eq=False)
class FixedPoints(Shown, Sequence):
    """What was found, and what could not be: a sequence of :class:`FixedPoint`.

    Attributes
    ----------
    complete : whether these are provably all; if so, an empty one means that there are none.
    special : expressions in the parameters; where one vanishes there may be more points.
    note : what else the reader must know.
    """

    points: tuple[FixedPoint, ...]
    what: str
    complete: bool
    special: tuple[sp.Expr, ...] = ()
    note: str = ""

    def __len__(self):
        return len(self.points)

    def __getitem__(self, i):
        return self.points[i]

    def lines(self) -> Iterator[tuple[str, str]]:
        if not self.points:
            yield self.what, "none: the equations have no real solution" if self.complete else "none found"
        for point in self.points:
            yield from point.lines()
        if self.special:
            yield "there may be more", "where " + " or ".join(f"{text(e)} = 0" for e in self.special)
        if not self.complete:
            yield "not complete", self.note or "some equations have no closed form"
        elif self.note:
            yield "note", self.note

    def tex(self):
        if not self.points:
            return r"\text{none}" + ("" if self.complete else r"\text{ found}")
        return r"\begin{array}{l}" + r" \\ ".join(p.tex() for p in self.points) + r"\end{array}"
