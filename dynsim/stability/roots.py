"""Fixed points and cycles by numbers: Newton's method from many starts in a box.

It finds what its starts lead to; that there is nothing else is not proved, and the result says so.
"""

from collections.abc import Mapping

import numpy as np
import sympy as sp
from scipy.stats import qmc

from .. import checks
from ..model import Map
from ..symbolic import NoClosedForm, equations, function
from .found import FixedPoint, FixedPoints

STARTS, ROUNDS, MOST = 2**11, 60, 50


def in_box(map: Map, period: int, box: Mapping, values: Mapping) -> FixedPoints:
    """All roots of step^period(s) = s in a box that Newton's method finds from 2048 evenly spread starts.

    A point counts once its residual is below 1e-9 of its size; roots closer than 1e-6 of the box are one. Points of a
    smaller period, and later points of one cycle, are left out.
    """
    low, high = _limits(map, box)
    given = map.complete(dict(values), swept=tuple(map.state))
    parameters = {n: np.float64(given[n]) for n in map.parameters}
    width = high - low
    start = qmc.scale(qmc.Sobol(len(low), rng=0).random(STARTS), low, high).T
    with np.errstate(all="ignore"):
        found = _newton(lambda s: _moved(map, parameters, s, period), start, width)
        residual = _residual(map, parameters, found, period)
        inside = (found >= low[:, None] - 1e-9 * width[:, None]) & (found <= high[:, None] + 1e-9 * width[:, None])
        good = inside.all(axis=0) & (residual <= 1e-9 * (1 + np.abs(found).max(axis=0)))
        if period == 2:
            good &= ~(_residual(map, parameters, found, 1) <= 1e-6 * (1 + np.abs(found).max(axis=0)))
    roots = _one_each(map, parameters, found[:, good], residual[good], width, period)
    return _labelled(map, period, roots, box, parameters)


def _limits(map, box):
    for name in box:
        checks.known_name(name, map.state, "state", f" of the map {map.name!r}")
    missing = [n for n in map.state if n not in box]
    if missing:
        raise ValueError(f"the box needs a range for {', '.join(missing)}: box={{{missing[0]!r}: (low, high)}}.")
    for name, pair in box.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"the range of {name} must be a pair (low, high), not {pair!r}.")
    limits = {n: (checks.scalar(box[n][0], n), checks.scalar(box[n][1], n)) for n in map.state}
    for name, (low, high) in limits.items():
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError(f"the range of {name} must be two finite numbers, the lower one first.")
    return np.array([limits[n][0] for n in map.state]), np.array([limits[n][1] for n in map.state])


def _moved(map, parameters, state, period):
    place = tuple(state)
    step = mean_step(map)
    for _ in range(period):
        place = step(*place, **parameters)
        place = place if isinstance(place, tuple) else (place,)
    return np.array([np.broadcast_to(p, state.shape[1:]) for p in place]) - state


def mean_step(map):
    """The step itself, or that of the mean map where there is noise."""
    if not map.noisy:
        return map.step
    found = equations(map)
    names = [*map.state, "/", *map.parameters]
    return function("mean_step", names, {f"next_{n}": f for n, f in zip(map.state, found.after)})


def _residual(map, parameters, state, period):
    return np.abs(_moved(map, parameters, state, period)).max(axis=0)


def _newton(function, state, width):
    """Newton's method on all starts at once; steps are no longer than the box."""
    size = state.shape[0]
    for _ in range(ROUNDS):
        value = function(state)
        matrix = np.empty((state.shape[1], size, size))
        for k in range(size):
            h = 1e-6 * np.maximum(np.abs(state[k]), 1e-3 * width[k])
            beside = np.zeros_like(state)
            beside[k] = h
            matrix[:, :, k] = ((function(state + beside) - function(state - beside)) / (2 * h)).T
        bad = ~(np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(value).all(axis=0))
        matrix[bad], value[:, bad] = np.eye(size), 0
        step = -np.einsum("nij,jn->in", np.linalg.pinv(matrix, rcond=1e-10), value)
        longest = np.abs(step / width[:, None]).max(axis=0)
        state = np.where(bad, np.nan, state + step / np.maximum(longest, 1))
    return state


def _one_each(map, parameters, found, residual, width, period):
    """Each root once, the best of those that agree, and each cycle once."""
    kept = []
    for i in np.argsort(residual):
        point = found[:, i]
        turned = point + _moved(map, parameters, point[:, None], 1)[:, 0] if period == 2 else point
        if not any(np.all(np.abs(p - q) <= 1e-6 * width) for q, _ in kept for p in (point, turned)):
            kept.append((point, residual[i]))
        if len(kept) > MOST:
            break
    return sorted(kept, key=lambda root: tuple(root[0]))


def _labelled(map, period, roots, box, parameters):
    what = "fixed point" if period == 1 else "2-cycle"
    ranges = ", ".join(f"{n} in [{low:g}, {high:g}]" for n, (low, high) in box.items())
    note = f"searched by numbers in {ranges}, from {STARTS} starts; others may have been missed"
    if not roots:
        note = f"no root in the box {ranges}, from {STARTS} starts; try another box"
    if len(roots) > MOST:
        note = f"more than {MOST} roots, so they lie on a family (a curve of {what}s); {MOST} are shown. {note}"
    try:
        exact = equations(map, parameters)
    except NoClosedForm:
        exact = None
    points = []
    for point, residual in roots[:MOST]:
        state = {n: sp.Float(float(v), 17) for n, v in zip(map.state, point)}
        points.append(FixedPoint(map, state, (), (), period, (), float(residual), exact))
    note = "; ".join(filter(None, (exact.note if exact else "", note)))
    return FixedPoints(tuple(points), what, False, (), note)
