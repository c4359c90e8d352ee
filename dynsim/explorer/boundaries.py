"""The theory's boundaries over a picture: where what is derived, known or said by the user changes.

========= ============================================================================================================
derived   from the step: where fixed points and 2-cycles exist and attract, and where there may be more of them
known     of this map, see :mod:`.statements`: the edge of stability where orbits start, and what theory.md has
own       conditions or expressions of the user's
========= ============================================================================================================
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp

from ..model import Map
from ..stability.theory import parsed
from .derived import Abandoned, derive, never, shown
from .plane import Piece, Plane
from .statements import WORDS, statements
from .subjects import letter
from .view import View


@dataclass(frozen=True)
class Boundary:
    """A boundary of the theory.

    Attributes
    ----------
    label : such as "attracts: 8a < λ₀²".
    source : "derived", "own", or where it is stated.
    pieces : lines, each an array of x and one of y.
    note : what the reader must know.
    """

    label: str
    source: str
    pieces: list[Piece]
    note: str = ""


def boundaries(
    map: Map, name: str, view: View, own: Mapping | None = None, stale: Callable[[], bool] = never
) -> list[Boundary]:
    """The theory's boundaries that pass through a picture.

    Parameters
    ----------
    map, name : the map, and the name that it is looked up by among what is known.
    view : its axes are the plane. States that the statements read stand at the start, as do free states of families.
    own : label -> condition, equation, or expression that vanishes on the boundary, as sympy or as text.
    stale : asked between the steps; what was found until then is returned.

    Returns
    -------
    list of Boundary : the user's first, then the derived ones, then those that are known. A line that another one
        covers is named in the other's note. What of `own` cannot be drawn has no pieces, and its note says why.

    Examples
    --------
    >>> import dynsim as ds
    >>> from dynsim.explorer.view import Axis, View
    >>> view = View("uv_balanced", Axis("A", 0.5, 1.5), Axis("u", 0.1, 0.9), "period")
    >>> for one in boundaries(ds.maps.uv_balanced, "uv_balanced", view):
    ...     print(one.label, one.pieces[0][0][0].round(12))
    attracts: A < 1 1.0
    the 2-cycle flips at A = √5 − 1 1.2360679775
    """
    plane = Plane(map, view)
    found: list[Boundary] = []
    for label, statement in (own or {}).items():
        found.append(_own(plane, label, statement))
    try:
        for one in (*_derived(plane, stale), *_known(plane, name, stale)):
            _add(found, one, plane)
    except Abandoned:
        pass
    return found


def _own(plane, label, statement):
    try:
        statement = parsed(statement, plane.values)
        if isinstance(statement, sp.Eq):
            statement = statement.lhs - statement.rhs
        pieces = plane.changes(plane.field(statement))
    except (ValueError, TypeError) as error:
        return Boundary(label, "own", [], str(error))
    return Boundary(label, "own", pieces, "" if pieces else "does not pass through this picture")


def _derived(plane, stale):
    map = plane.map
    found = derive(map, plane.values, plane.swept, stale)
    assumed = plane.assumed(found.given)
    for known in found.known:
        if stale():
            raise Abandoned
        at = "; ".join(filter(None, (known.name, _starting(known.point.free))))
        exists = sp.And(*(c for c in known.point.conditions if c is not sp.true), evaluate=False)
        inside = _both(assumed, plane.field(exists))
        if exists is not sp.true:
            yield Boundary(f"exists: {shown(exists, map.state)}", "derived", _lines(plane, exists, assumed), at)
        if known.attracts is not None and known.attracts.free_symbols:
            label = f"attracts: {shown(known.attracts, map.state)}"
            yield Boundary(label, "derived", _lines(plane, known.attracts, inside), at)
    for expression in found.special:
        note = "on it there may be more fixed points or 2-cycles"
        yield Boundary(f"{shown(expression, map.state)} = 0", "derived", _lines(plane, expression, assumed), note)


def _known(plane, name, stale):
    symbols = {n: sp.Symbol(n, real=True) for n in plane.values}
    for one in statements(plane.map, name):
        if stale():
            raise Abandoned
        zero = sp.sympify(one.zero, locals=symbols | WORDS)
        inside = plane.field(sp.sympify(one.inside, locals=symbols)) if one.inside else None
        starts = [n for n in plane.map.state if n in {s.name for s in zero.free_symbols}]
        yield Boundary(one.label, one.source, _lines(plane, zero, inside), _starting(starts))


def _starting(names):
    """What is to be said of states that a condition takes at their start."""
    return f"{', '.join(map(letter, names))} as at the start" if names else ""


def _both(*fields):
    return lambda s, t: np.minimum.reduce([field(s, t) for field in fields])


def _lines(plane, statement, inside):
    try:
        return plane.changes(plane.field(statement), inside)
    except (ValueError, TypeError):  # no condition between real numbers
        return []


def _add(found, one, plane):
    """Take a boundary in, unless it is drawn already."""
    if not one.pieces:
        return
    mine = _places(one, plane)
    for i, other in enumerate(found):
        if mine <= _places(other, plane):
            also = f"also {one.label}"
            if one.label != other.label and also not in other.note:
                found[i] = replace(other, note="; ".join(filter(None, (other.note, also))))
            return
    found.append(one)


def _places(boundary, plane):
    """The vertices to some nine digits of the picture."""
    places = set()
    for x, y in boundary.pieces:
        shares = [np.round(axis.share(values), 7) for axis, values in ((plane.x, x), (plane.y, y))]
        places |= set(zip(*(s.tolist() for s in shares)))
    return places
