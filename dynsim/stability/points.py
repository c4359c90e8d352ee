"""Fixed points and 2-cycles of a map, as expressions in its parameters; families included."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import sympy as sp

from ..model import Map
from ..sweeps import check_map
from ..symbolic import Equations, equations, put
from .cases import Deadline
from .found import FixedPoint, FixedPoints
from .show import text
from .solve import Solutions, solve
from .trial import stays

#: Seconds after which sympy is not asked any further: for mirror images and fixed points, and for other cycles.
PATIENCE, PATIENCE_FOR_OTHERS = 5.0, 3.0


def fixed_points(map: Map, period: int = 1, box: Mapping | None = None, **values) -> FixedPoints:
    """The fixed points of a map, or its 2-cycles, as expressions in the parameters.

        step(s) = s            (period 1)            step(step(s)) = s ≠ step(s)            (period 2)

    Parameters
    ----------
    map : the map.
    period : 1 or 2. A 2-cycle that is its own mirror image under a change of signs that the map commutes with (x → −x
        at the edge of stability) solves step(s) = −s in those states; such cycles are looked for first.
    box : state -> (low, high). With it the search is numerical: Newton's method from many starts, each root with its
        residual. All parameters are then numbers, the map's defaults where not given.
    **values : parameters given as numbers or expressions; the others stay symbols, with the sign of their default.

    Returns
    -------
    FixedPoints : points and families. ``complete`` is False where some branch has no closed form.

    Raises
    ------
    NoClosedForm : the step cannot be written as one expression (a linesearch, say); give a `box`.
    ValueError : unknown names, another period.

    Examples
    --------
    >>> import dynsim as ds
    >>> edge = ds.fixed_points(ds.maps.self_stabilization, period=2)[0]
    >>> edge
    2-cycle       x = sqrt(a)/sqrt(b), lam = 2/eta
    changes sign  x on each step
    >>> line = ds.fixed_points(ds.maps.cdat, period=2, sigma=2)[0]
    >>> line
    family of 2-cycles  x = sqrt(a)/sqrt(b), u = 0, eta = 2/lam
    for every           lam
    changes sign        x on each step
    where               0 < lam
    >>> line.stability
    (nu < lam) & (8*a < lam**2)
    """
    check_map(map)
    if period not in (1, 2):
        raise ValueError(f"period must be 1 or 2, not {period!r}; longer cycles: ds.stability.continuation.")
    if box is not None:
        from .roots import in_box

        return in_box(map, period, box, values)
    found = equations(map, values)
    deadline = Deadline(PATIENCE)
    what = "fixed point" if period == 1 else "2-cycle"
    points, special, notes = [], [], [found.note]
    for flip in mirrors(found) if period == 2 else [()]:
        turned = [f + s if n in flip else f - s for (n, s), f in zip(found.state.items(), found.after)]
        solutions = solve(turned, found.symbols, deadline)
        points += _points(found, solutions, period, flip)
        special += solutions.special
        notes += _unsolved(solutions, what + (f" with a change of sign of {', '.join(flip)}" if flip else ""))
    if period == 2:
        more, note = _other_cycles(found, Deadline(PATIENCE_FOR_OTHERS))
        points += more
        notes.append(note)
    points, partly = _tried(_distinct(points))
    notes += partly
    complete = not any(notes[1:])
    note = "; ".join(dict.fromkeys(n for n in notes if n))
    return FixedPoints(tuple(points), what, complete, tuple(dict.fromkeys(special)), note)


def _tried(points):
    """The points that the plain step leaves where they are; and what must be said of those that it does at times."""
    kept, notes = [], []
    for point in points:
        share = stays(point)
        if share:
            kept.append(point)
            if share < 1:
                shown = ", ".join(f"{n} = {short(e)}" for n, e in point.state.items() if n not in point.free)
                notes.append(f"{shown} is there for some only of the parameters that its conditions allow")
    return kept, notes


def mirrors(found: Equations) -> list[tuple[str, ...]]:
    """Sets of states whose change of sign commutes with the step (tried at random numbers); at least one state each."""
    names = list(found.state)
    return sorted(
        (flip for k in range(1, len(names) + 1) for flip in combinations(names, k) if _commutes(found, flip)),
        key=lambda flip: (len(flip), [names.index(n) for n in flip]),
    )


def _commutes(found, flip):
    rng = np.random.default_rng(5)
    symbols = sorted({s for f in found.after for s in f.free_symbols} | set(found.symbols), key=str)
    for size in (0.1, 1, 10, 100):
        numbers = {s: sp.Float(rng.uniform(0.3, 2) * (size if s in found.symbols else 1), 30) for s in symbols}
        numbers = {s: -v if s.is_negative else v for s, v in numbers.items()}
        turned = numbers | {s: -numbers[s] for n, s in found.state.items() if n in flip}
        for name, after in zip(found.state, found.after):
            try:
                there, back = sp.N(put(after, turned), 30), sp.N(put(after, numbers), 30)
            except (TypeError, ValueError):  # max of what is no real number
                return False
            if not abs(there - (-back if name in flip else back)) < 1e-20 * (1 + abs(back)):
                return False
    return True


def _points(found, solutions: Solutions, period, flip):
    for one in solutions.found:
        sign_of = {e: sp.Symbol(e.name, positive=True) for e in one.positive if e.is_Symbol}
        sign_of |= {-e: sp.Symbol((-e).name, negative=True) for e in one.positive if (-e).is_Symbol}
        squares = [e.base for e in one.positive if e.is_Pow and e.base.is_Symbol]
        sign_of |= {s: sp.Symbol(s.name, real=True, nonzero=True) for s in squares}
        state = {n: sp.simplify(one.values.get(s, s).xreplace(sign_of)) for n, s in found.state.items()}
        free = tuple(s.name for s in one.free)
        if period == 2 and all(state[n] == 0 for n in flip) and flip:
            continue  # x = −x = 0 is a fixed point
        point = FixedPoint(found.map, state, free, one.positive, period, flip, equations=found)
        asked = point.conditions
        if not any(sp.Lt(c.rhs, c.lhs) in asked for c in asked if isinstance(c, sp.Lt)):
            yield point  # else it asks for a < b and b < a


def _unsolved(solutions, what):
    if solutions.failure:
        return [f"{what}: {solutions.failure}; give numbers and a box={{state: (low, high)}}"]
    if not solutions.unsolved:
        return []
    left = " or ".join(" and ".join(f"{short(e)} = 0" for e in branch.equations) for branch in solutions.unsolved[:2])
    more = ", …" if len(solutions.unsolved) > 2 else ""
    return [f"no closed form for a {what} where {left}{more}; give numbers and a box={{state: (low, high)}}"]


def short(expression):
    shown = text(expression)
    return shown if len(shown) <= 80 else shown[:77] + "…"


def _other_cycles(found: Equations, deadline):
    """2-cycles that are not their own mirror image: step(s) = t and step(t) = s, s and t both unknown."""
    after = {n: sp.Symbol(f"next_{n}", real=True) for n in found.state}
    there = dict(zip(found.symbols, after.values()))
    system = [*(t - f for t, f in zip(after.values(), found.after))]
    system += [s - put(f, there) for s, f in zip(found.symbols, found.after)]
    solutions = solve(system, (*found.symbols, *after.values()), deadline)
    made = []
    for one in solutions.found:
        state = {n: one.values.get(s, s) for n, s in found.state.items()}
        ends = {n: one.values.get(t, t) for n, t in after.items()}
        if all(sp.simplify(state[n] - ends[n]) == 0 for n in state):
            continue
        free = tuple(s.name for s in one.free if s in found.symbols)
        if len(free) == len(one.free):
            made.append(FixedPoint(found.map, state, free, one.positive, 2, equations=found))
    return made, "; ".join(_unsolved(solutions, "2-cycle that is not its own mirror image"))


def _distinct(points):
    """Each cycle once, and no single point that lies in a family which is there too."""
    kept = []
    for point in sorted(points, key=lambda p: (-len(p.free), not p.flip, len(p.flip))):
        if not any(_same(point, other) for other in kept):
            kept.append(point)
    return sorted(kept, key=points.index)


def _same(point, other):
    """Whether `point` is on the cycle `other`, or in that family, and is there nowhere else: by numbers."""
    if point.period != other.period:
        return False
    expressions = [e for p in (point, other) for e in (*p.equations.after, *p.state.values(), *p.where)]
    names = sorted({s.name for e in expressions for s in e.free_symbols})
    rng = np.random.default_rng(9)
    samples = [{n: sp.Float(v, 30) for n, v in zip(names, rng.uniform(0.1, 3, len(names)))} for _ in range(120)]
    # A step with cases goes on elsewhere where the point is not there.
    where = next((numbers for numbers in samples if _there(point.where, numbers)), samples[0])
    return _on(point, other, where) and all(_covers(point, other, numbers) for numbers in samples[:12])


def _on(point, other, numbers):
    """Whether `point` is a point of the cycle `other` at these parameters."""
    mine = {n: sp.N(put(e, numbers), 30) for n, e in point.state.items()}
    chosen = numbers | {n: mine[n] for n in other.free}
    place = {n: sp.N(put(e, chosen), 30) for n, e in other.state.items()}
    for _ in range(other.period):
        if all(abs(complex(place[n] - mine[n])) < 1e-12 for n in mine):
            return True
        try:
            after = [sp.N(put(f, numbers | place), 30) for f in other.equations.after]
        except (TypeError, ValueError):  # max of a complex number: this cycle is not real at these parameters
            return False
        place = dict(zip(place, after))
    return False


def _covers(point, other, numbers):
    """Whether `other` is there at these parameters if `point` is."""
    if not _there(point.where, numbers):
        return True
    return _there(other.where, numbers | {n: put(point.state[n], numbers) for n in other.free})


def _there(where, values):
    found = [sp.N(put(e, values)) for e in where]
    return all(v.is_real and v > 0 for v in found)
