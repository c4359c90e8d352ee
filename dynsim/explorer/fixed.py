"""The fixed points and 2-cycles at the numbers of one point of a picture."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import sympy as sp
import xarray as xr

import dynsim as ds

from ..model import Map
from ..stability.found import FixedPoint
from ..stability.roots import mean_step
from ..symbolic import equations, put
from .derived import Abandoned, derive, never, numbers, shown, told
from .subjects import letter

#: A multiplier whose modulus is 1 to within this says nothing.
NEUTRAL = 1e-9
#: A point that numbers find, and one of whose multipliers is 1 to within this, is on a family, or next to a bifurcation
#: where Newton's method stops anywhere: it is none of its own.
APART = 1e-4
#: States beyond this are left out of the box that a search goes through.
FAR = 1e6


@dataclass(frozen=True)
class FixedHere:
    """A fixed point or 2-cycle at the values of one point.

    Attributes
    ----------
    kind : "fixed point", "2-cycle", "family of fixed points" or "family of 2-cycles".
    place : the states; of a cycle, those of one of its points; of a family, of its member at the given free states.
    multipliers : complex, the largest first; of a 2-cycle that is its own mirror image, those of the step followed by
        the change of signs. Those that are 1 along a family are left out.
    attracts : None where the largest has modulus 1, or the multipliers have not been found.
    text : a line for the reader.
    """

    kind: str
    place: dict[str, float]
    multipliers: np.ndarray
    attracts: bool | None
    text: str

    @property
    def largest(self) -> float:
        """The largest modulus of the multipliers; NaN where they have not been found."""
        return float(np.abs(self.multipliers).max()) if self.multipliers.size else float("nan")


@dataclass(frozen=True)
class FixedFound:
    """What is there; `note` says where the search is not complete."""

    points: list[FixedHere] = field(default_factory=list)
    note: str = ""


def fixed_points_at(
    map: Map, values: Mapping[str, float], stale: Callable[[], bool] = never, orbit: xr.Dataset | None = None
) -> FixedFound:
    """The fixed points and 2-cycles at the numbers of a point, and whether they attract.

    They come from what is derived once for the map (seconds at first, then at once). Where nothing is derived, Newton's
    method goes through the range of the orbit.

    Parameters
    ----------
    map : the map.
    values : its parameters and initial states; defaults where left out. Free states of families stand where they start.
    stale : asked between the steps; what was found until then is returned.
    orbit : one whose range is searched; 2000 steps of the map where left out.

    Examples
    --------
    >>> import dynsim as ds
    >>> for one in fixed_points_at(ds.maps.uv_balanced, {"A": 1.5}).points[:2]:
    ...     print(one.text)
    fixed point u = 0: repels, largest multiplier 2.5
    fixed point u = 1.22474: repels, largest multiplier −2
    """
    values, points, notes = numbers(map, values), [], []
    if map.noisy:
        notes.append("of the mean map: the step is averaged over its noise")
    with suppress(Abandoned):
        found = derive(map, values, (), stale)
        for known in found.known:
            if stale():
                raise Abandoned
            period = known.point.period
            for here in _members(map, known, values, orbit):
                if not any(period == p and _one_cycle(map, here, other, values) for p, other in points):
                    points.append((period, here))
        for period in found.notes:  # what sympy did not settle is looked for in numbers
            if stale():
                raise Abandoned
            more, left_out = _searched(map, period, values, orbit)
            points += [(period, here) for here in more if not _known(map, here, points, period, values)]
            what = "fixed point" if period == 1 else "2-cycle"
            further = "further " * any(p == period for p, _ in points)
            found_so = f"there may be more {what}s than were" if more else f"no {further}{what} was"
            notes.append(f"{found_so} found where the orbit goes" + ", apart from families" * left_out)
        if found.special:
            notes.append("there may be more where " + " or ".join(f"{shown(e)} = 0" for e in found.special))
    return FixedFound([here for _, here in points], "; ".join(notes))


def _known(map, here, points, period, values):
    """Whether this is one of the points, or a later point of its cycle."""
    now = here.place
    for _ in range(period):
        if any(p == period and _near(now, other.place) for p, other in points):
            return True
        now = _next(map, now, values)
    return False


def _members(map, known, values, orbit):
    """What is known, at these numbers; of a family, its members at the free states of the orbit's start and end."""
    here = _here(map, known, values)
    if not known.point.free or orbit is None:
        return [here] if here else []
    ends = {n: float(orbit[n][-1]) for n in known.point.free}
    there = _here(map, known, values | ends) if all(abs(v) <= FAR for v in ends.values()) else None
    if here and there and _near(here.place, there.place):
        return [here]
    found = [(here, "at the start's"), (there, "at the end's")]
    free = ", ".join(letter(n) for n in known.point.free)
    return [replace(one, text=f"{one.text} ({where} {free})") for one, where in found if one]


def _here(map, known, values):
    """What is known, at these numbers; None where it is not there."""
    point = known.point
    exact = {n: sp.Float(v, 30) for n, v in values.items()}
    try:
        if not all(_positive(put(e, exact)) for e in point.where):
            return None
        place = {n: complex(sp.N(put(e, exact), 20)) for n, e in point.state.items()}
    except (TypeError, ValueError):  # no number there
        return None
    if any(abs(v.imag) > 0 or not np.isfinite(v.real) for v in place.values()):
        return None
    place = {n: v.real for n, v in place.items()}
    if not _stays(map, point, place, values):
        return None
    multipliers = _numbers(map, known, place, values)
    return _described(known.kind, place, multipliers, len(point.free), point.flip)


def _positive(expression):
    value = sp.N(expression)
    return bool(value.is_real) and value > 0


def _stays(map, point, place, values):
    """Whether the step itself leaves it where it is."""
    now = place
    for _ in range(1 if point.flip else point.period):
        now = _next(map, now, values)
    return _near({n: -v if n in point.flip else v for n, v in now.items()}, place)


def _next(map, place, values):
    """The state after it."""
    parameters = {n: np.float64(values[n]) for n in map.parameters}
    with np.errstate(all="ignore"):
        after = mean_step(map)(*(np.float64(v) for v in place.values()), **parameters)
    return dict(zip(place, after if isinstance(after, tuple) else (after,)))


def _near(one, other):
    size = 1 + max(abs(v) for v in other.values())
    return all(abs(one[n] - other[n]) <= 1e-6 * size for n in other)


def _one_cycle(map, one, other, values):
    """Whether two 2-cycles are one, started from either of its points."""
    if "2-cycle" not in one.kind or "2-cycle" not in other.kind:
        return False
    return _near(one.place, other.place) or _near(_next(map, one.place, values), other.place)


def _numbers(map, known, place, values):
    """All multipliers: from the closed form, else from the Jacobian at the numbers; empty where both fail."""
    at = values | place
    with suppress(Exception):
        names = {s.name for s in known.multipliers.matrix.free_symbols}
        return known.multipliers.numbers(**{n: at[n] for n in names})
    with suppress(Exception):
        exact = equations(map, {n: values[n] for n in map.parameters})
        state = {n: sp.Float(v, 17) for n, v in place.items()}
        point = FixedPoint(map, state, (), (), known.point.period, known.point.flip, equations=exact)
        return point.multipliers().numbers()
    return np.empty(0, complex)


def _described(kind, place, multipliers, free=0, flip=()):
    multipliers = np.asarray(multipliers, complex)
    if multipliers.size:  # those along the family
        along = np.argsort(np.abs(multipliers - 1))[:free]
        multipliers = np.delete(multipliers, along)
        multipliers = multipliers[np.isfinite(multipliers)]
    attracts, size = None, np.abs(multipliers).max(initial=0.0)
    if multipliers.size and abs(size - 1) > NEUTRAL:
        attracts = bool(size < 1)
    text = f"{kind} " + ", ".join(f"{letter(n)} = {told(v)}" for n, v in place.items())
    word = {True: "attracts", False: "repels", None: "neither attracts nor repels to first order"}[attracts]
    if not multipliers.size:
        return FixedHere(kind, place, multipliers, None, f"{text}: its multipliers have not been found")
    of = f" of the step and a change of sign of {', '.join(map(letter, flip))}" if flip else ""
    return FixedHere(
        kind, place, multipliers, attracts, f"{text}: {word}, largest multiplier {_complex(multipliers)}{of}"
    )


def _complex(multipliers):
    first = multipliers[0]
    if abs(first.imag) <= NEUTRAL * abs(first):
        return told(first.real)
    return f"{told(first.real)} ± {told(abs(first.imag))}i, of modulus {told(abs(first))}"


def _searched(map, period, values, orbit):
    """By Newton's method in the range of an orbit; and whether points were left out that lie on families."""
    what = "fixed point" if period == 1 else "2-cycle"
    try:
        if orbit is None:
            orbit = ds.orbit(map, 2000, progress=False, **values)
        box = {n: _range(orbit[n].values, values[n]) for n in map.state}
        found = ds.fixed_points(map, period=period, box=box, **{n: values[n] for n in map.parameters})
        here, left_out = [], False
        for point in found:
            place = {n: float(e) for n, e in point.state.items()}
            multipliers = np.empty(0)
            with suppress(Exception):
                multipliers = point.multipliers().numbers()
            if np.abs(multipliers - 1).min(initial=np.inf) < APART:
                left_out = True
            else:
                here.append(_described(what, place, multipliers))
        return here, left_out
    except Exception:  # whatever a user's own map may raise: nothing was found
        return [], False


def _range(states, start):
    good = states[np.abs(states) <= FAR]
    low, high = (good.min(), good.max()) if good.size else (start, start)
    beside = 0.1 * (high - low) + 1e-3 * max(abs(low), abs(high), 1e-3)
    return float(low - beside), float(high + beside)
