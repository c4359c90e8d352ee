"""What the equations of a map say, derived once in a process: its fixed points and 2-cycles, and when they attract.

sympy takes seconds for it. One thread derives at a time; the others wait for what it finds, or leave.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp

from ..model import Map, reads
from ..stability import fixed_points
from ..stability.found import FixedPoint
from ..stability.linear import Multipliers
from ..stability.show import text
from ..stability.signs import reduced
from ..symbolic import exact, fits, put
from .subjects import letter

#: So many results are kept.
KEPT = 1000
_KEPT: OrderedDict = OrderedDict()
_LOOKING, _DERIVING = threading.Lock(), threading.Lock()
#: Seconds between two looks whether the result is still wanted.
PATIENCE = 0.05


class Abandoned(Exception):
    """The result is not wanted any more."""


@dataclass(frozen=True)
class Known:
    """A fixed point, a 2-cycle or a family of them.

    Attributes
    ----------
    point : what was derived.
    name : for a reader, such as "2-cycle x = sqrt(a/b), λ = 2/η".
    kind : "fixed point", "2-cycle", "family of fixed points" or "family of 2-cycles".
    attracts : when, as a condition; None where that has no closed form.
    multipliers : None where they have no closed form.
    """

    point: FixedPoint
    name: str
    kind: str
    attracts: sp.Basic | None
    multipliers: Multipliers | None


@dataclass(frozen=True)
class Derived:
    """What was found.

    Attributes
    ----------
    known : the points, of period 1 first.
    special : expressions; where one vanishes there may be more points.
    notes : period -> why these may not be all, for each period where that is so.
    given : the parameters that were numbers, since a symbol would not do for them.
    """

    known: tuple[Known, ...]
    special: tuple[sp.Expr, ...]
    notes: Mapping[int, str]
    given: Mapping[str, sp.Expr]


def never() -> bool:
    """That nothing is stale."""
    return False


def numbers(map: Map, values: Mapping[str, float]) -> dict[str, float]:
    """All parameters and initial states: as given, else the map's default, else 1. Other names are left out."""
    given = {**map.parameters, **map.state}
    return {n: float(values.get(n, 1.0 if v is None else v)) for n, v in given.items()}


def derive(
    map: Map, values: Mapping[str, float], swept: Iterable[str] = (), stale: Callable[[], bool] = never
) -> Derived:
    """The fixed points and 2-cycles of a map in symbols.

    Where an expression of ``FixedPoints.special`` vanishes exactly at `values`, its parameters are taken as these
    numbers, since there may be more there; so are those whose number has not the sign that is assumed of its symbol.

    Parameters
    ----------
    map : the map.
    values : numbers for its parameters.
    swept : names that stay symbols.
    stale : asked between the calls to sympy.

    Raises
    ------
    Abandoned : `stale` said so.

    Examples
    --------
    >>> import dynsim as ds
    >>> found = derive(ds.maps.self_stabilization, {"eta": 1.0, "a": 0.03, "b": 0.3})
    >>> [known.name for known in found.known][2]
    '2-cycle x = sqrt(a)/sqrt(b), λ = 2/η'
    """
    fixed = {n: exact(values[n]) for n in map.parameters if n in values and n not in swept}
    given = {n: v for n, v in fixed.items() if not fits(v, map.parameters[n])}
    while True:
        found = _derived(map, given, stale)
        vanish = [e for e in found.special if _names(e) <= set(fixed) and put(e, fixed) == 0]
        more = {n: fixed[n] for e in vanish for n in _names(e)}
        if more.keys() <= given.keys():
            return found
        given = given | more


def _names(expression):
    return {s.name for s in expression.free_symbols}


def _derived(map, given, stale):
    key = (map, tuple(sorted(given.items())))
    known, special, notes = [], [], {}
    for period in (1, 2):
        found = _once((*key, period), lambda p=period: _points(map, p, given), stale)
        if isinstance(found, str):
            notes[period] = found
            continue
        special += [reduced(e, squares=False) for e in found.special]
        if not found.complete:
            notes[period] = found.note
        for i, point in enumerate(found):
            known.append(_once((*key, period, i), lambda p=point: _linear(p), stale))
    return Derived(tuple(known), tuple(e for e in dict.fromkeys(special) if e.free_symbols), notes, given)


def _once(key, make, stale):
    """What `make` returns, made once."""
    while True:
        with _LOOKING:
            if key in _KEPT:
                _KEPT.move_to_end(key)
                return _KEPT[key]
        if stale():
            raise Abandoned
        if not _DERIVING.acquire(timeout=PATIENCE):
            continue
        try:
            with _LOOKING:
                there = key in _KEPT
            if not there:
                made = make()
                with _LOOKING:
                    _KEPT[key] = made
                    while len(_KEPT) > KEPT:
                        _KEPT.popitem(last=False)
        finally:
            _DERIVING.release()


def _points(map, period, given):
    try:
        return fixed_points(map, period=period, **given)
    except Exception as error:  # whatever sympy may raise on a user's own step
        return f"{'fixed points' if period == 1 else '2-cycles'}: {error or type(error).__name__}"


def _linear(point):
    kind = "fixed point" if point.period == 1 else f"{point.period}-cycle"
    kind = f"family of {kind}s" if point.free else kind
    multipliers = attracts = None
    try:
        multipliers = point.multipliers()
        attracts = multipliers.condition
    except Exception:  # no closed form, or sympy gives up: the point is there all the same
        pass
    place = ", ".join(f"{letter(n)} = {shown(e)}" for n, e in point.state.items() if n not in point.free)
    place = place if len(place) <= 90 else place[:87] + "…"
    return Known(point, f"{kind} {place}".strip(), kind, attracts, multipliers)


def observable(map: Map, name: str) -> sp.Expr:
    """A state, parameter or observable as an expression in the map's states and parameters.

    Raises
    ------
    Exception : whatever a function may raise that is no expression.

    Examples
    --------
    >>> import dynsim as ds
    >>> observable(ds.maps.self_stabilization, "y")
    eta*lam - 2
    """
    if name == "log_scale":
        return sp.Integer(0)
    if name in map.fixed:
        return sp.sympify(map.fixed[name])
    if name not in map.observables:
        return sp.Symbol(name, real=True)
    function = map.observables[name]
    return sp.sympify(function(*(observable(map, n) for n in reads(function))))


def shown(expression: sp.Basic, start: Iterable[str] = ()) -> str:
    """An expression or a condition for a reader: Greek letters and powers; `start` are shown as where they start.

    Examples
    --------
    >>> shown(sp.sympify("8*a < lam**2", locals={"lam": sp.Symbol("lam")}), start=["lam"])
    '8a < λ₀²'
    """
    letters = {s: sp.Symbol(letter(s.name) + "₀" * (s.name in start)) for s in expression.free_symbols}
    line = text(expression.xreplace(letters))
    line = re.sub(r"\*\*(\d+)", lambda m: m[1].translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")), line)
    line = re.sub(r"(\d)\*(?=[^\W\d])", r"\1", line)
    return line.replace("-", "−").replace("**", "^").replace("*", "·")


def told(value: float, digits: int = 6) -> str:
    """A number for a reader, to so many digits.

    Examples
    --------
    >>> told(1 / 3), told(-2e-13), told(20000.0), told(float("inf"))
    ('0.333333', '−2e−13', '20000', '∞')
    """
    if np.isnan(value):
        return "not a number"
    return f"{value:.{digits}g}".replace("inf", "∞").replace("-", "−")
