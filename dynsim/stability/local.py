"""The Jacobian of a map, and the multipliers of a point that is given."""

from collections.abc import Sequence

import numpy as np
import sympy as sp

from ..checks import known_name
from ..model import Map
from ..sweeps import check_map
from ..symbolic import equations, exact, put
from .found import FixedPoint
from .linear import Multipliers
from .points import mirrors, short


def multipliers(map: Map, period: int = 1, flip: Sequence[str] = (), **point) -> Multipliers:
    """The multipliers of a point that is fixed, or that belongs to a cycle.

    Parameters
    ----------
    map : the map.
    period, flip : the period, and the states whose signs the return changes; found by trying where left out (a
        change of signs, then two steps).
    **point : the states, and parameters, by name: numbers or expressions. Parameters that are left out stay symbols.

    Returns
    -------
    Multipliers : ``values``, ``condition`` (when it attracts), ``numbers()``.

    Raises
    ------
    ValueError : the point is not fixed: the message says how far it moves.

    Examples
    --------
    >>> import dynsim as ds
    >>> ds.multipliers(ds.maps.self_stabilization, x=0.5, lam=2, eta=1, a=0.075, b=0.3)
    multipliers  1 + sqrt(15)*I/10, 1 - sqrt(15)*I/10
    of           the step followed by a change of sign of x
    attracts     never
    """
    check_map(map)
    for name in flip:
        known_name(name, map.state, "state", f" of the map {map.name!r}, to flip")
    names = {n: point.pop(n) for n in map.state if n in point}
    missing = [n for n in map.state if n not in names]
    if missing:
        raise ValueError(f"give all states of {map.name!r}: {', '.join(missing)} too.")
    found = equations(map, point)
    state = {n: put(exact(v, n), found.parameters) for n, v in names.items()}
    tries = [(period, tuple(flip))] if flip or period != 1 else [(1, ()), *((1, f) for f in mirrors(found)), (2, ())]
    for steps, turned in tries:
        distance = _moves(found, state, steps, turned)
        if _is_zero(distance):
            size = 2 if turned else steps
            return FixedPoint(map, state, (), (), size, turned, equations=found).multipliers()
    raise ValueError(_not_fixed(map, _moves(found, state, *tries[0])))


def _moves(found, state, steps, flip):
    """What each state is moved by on a return."""
    place = dict(state)
    for _ in range(steps):
        place = {n: put(f, place) for n, f in zip(state, found.after)}
    return {n: sp.simplify((-1 if n in flip else 1) * place[n] - state[n]) for n in state}


def _is_zero(distance):
    values = [d if d.free_symbols else sp.N(d) for d in distance.values()]
    return all(v == 0 if v.free_symbols else bool(np.abs(complex(v)) <= 1e-9) for v in values)


def _not_fixed(map, distance):
    moved = {n: d if d.free_symbols else sp.N(d, 3) for n, d in distance.items() if d != 0}
    moved = ", ".join(f"{n} by {short(d)}" for n, d in moved.items())
    left = sorted({s.name for d in distance.values() for s in d.free_symbols})
    advice = f" Give numbers for {', '.join(left)}, or expressions that make it fixed." if left else ""
    return (
        f"this point is not fixed, nor on a 2-cycle, of {map.name!r}: one step moves {moved}.{advice} "
        f"ds.fixed_points({map.name}) finds the fixed points, with period=2 the 2-cycles."
    )


def jacobian(map: Map, **point) -> sp.Matrix:
    """The Jacobian ∂step/∂state, at a point or at symbols.

    Parameters
    ----------
    map : the map.
    **point : states and parameters by name, numbers or expressions; what is left out stays a symbol.

    Returns
    -------
    sympy.Matrix, a row for each next state, a column for each state.

    Raises
    ------
    NoClosedForm : the step cannot be written as one expression. ValueError : unknown names.

    Examples
    --------
    >>> import dynsim as ds
    >>> ds.jacobian(ds.maps.self_stabilization)
    Matrix([
    [-eta*lam + 1, -eta*x],
    [  -2*b*eta*x,      1]])
    """
    check_map(map)
    for name in point:
        known_name(name, (*map.state, *map.parameters), "state or parameter", f" of the map {map.name!r}")
    found = equations(map, {n: v for n, v in point.items() if n in map.parameters})
    values = {n: exact(v, n) for n, v in point.items() if n in map.state}
    return found.jacobian.applyfunc(lambda e: put(e, values))
