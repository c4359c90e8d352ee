"""A fixed point or a cycle of a map followed through a parameter, with the points where its stability changes.

    f^period(s; p) = S s,        S = diag(±1), −1 for the states in `flip`

is solved as one system with a block for each point of the cycle, and followed by pseudo-arclength: a predictor along
the tangent, Newton's method on the plane across it. Folds are therefore points like any other.

Source: Keller 1977, in Applications of Bifurcation Theory (ed. Rabinowitz), p. 359; Kuznetsov, Elements of Applied
Bifurcation Theory, chapters 4, 5 and 10.
"""

import itertools
import json
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from .. import checks
from ..labels import describe, label
from ..model import Map
from ..sweeps import check_map
from .branch import ROUNDING, Cycle, trace
from .located import between, what
from .starting import first, shorter, stepper

#: What a point on the curve is.
KINDS = ("regular", "fold", "flip", "neimark_sacker", "branch_point", "start", "end")
_TAKEN = ("multipliers", "stable", "kind", "angle", "residual", "branch", "order", "point")


def continuation(
    map: Map,
    parameter: str,
    span: tuple[float, float],
    *,
    start: Mapping,
    period: int = 1,
    flip: Sequence[str] = (),
    steps: int = 2000,
    step: float = 0.01,
    **values: float,
) -> xr.Dataset:
    """Follow a fixed point or a cycle of `map` through `parameter`, in both directions and around folds.

    Parameters
    ----------
    map : the map.
    parameter : the parameter that varies; it begins at its value in `values`, or else at its default.
    span : (low, high); the curve is followed as long as the parameter lies within.
    start : about where the cycle is, by state: a number each (the cycle's first point; the others are its images), or
        `period` numbers each. States left out start at their defaults. Newton's method goes on from there.
    period : how many steps the cycle has; with `flip`, half of it.
    flip : states whose sign is reversed in the second half of the cycle, f^period(s) = S s: ("x",) for the edge of
        stability, where x changes its sign at every step. The multipliers are then those of S f^period.
    steps : at most so many points in each direction.
    step : the largest distance between two points. The parameter is measured in units of its span, a state in units
        of its size on the curve. Steps shrink where the curve bends.
    **values : the parameters; their defaults where left out.

    Returns
    -------
    xarray.Dataset : dim ``branch``, the points along the curve, the parameter rising through the start; for period > 1
        states also have the dim ``point``. ::

            parameter (a coordinate), each state
            multipliers (branch, order)  complex, the largest first
            stable    every multiplier lies inside the unit circle, by 1e-8 (at a special point: False)
            kind      regular, fold, flip, neimark_sacker, branch_point (transcritical, pitchfork), start, end. A start
                      or end that is itself special is called by that.
            angle     of the complex pair at a Neimark–Sacker point, in radians; NaN elsewhere
            residual  the largest error of the equations, in units of the states' sizes

        The attribute ``ended`` says why the curve ends on either side. It ends also where a cycle shrinks to one of
        fewer steps, as at the flip that it is born from; that is a branch point of this curve.
        ``ds.values_of(curve.isel(branch=3, order=0))`` is what starts ds.orbit at a point (of a cycle, with point=0).

    Raises
    ------
    ValueError : a name or a value does not fit; no cycle is found near the start; the cycle found has fewer steps; it
        is not isolated, but one of a family; the map has no closed form.

    Notes
    -----
    Multipliers come from the product of the Jacobians along the cycle: the error is some 1e-16 of the largest one.
    Two crossings that cancel within one step are missed, so take smaller steps where a result looks incomplete.

    Examples
    --------
    >>> import dynsim as ds
    >>> def logistic(x=0.6, /, r=2.5):
    ...     return r * x * (1 - x)
    >>> curve = continuation(ds.Map(logistic), "r", (0.5, 3.5), start={"x": 0.6})
    >>> special(curve)
    kind                    r             x  multiplier
    branch_point  1.000000000   0.000000000           1
    flip          3.000000000  0.6666666667          -1
    """
    check_map(map)
    fixed, guess = _check(map, parameter, start, values)
    span = _span(span, parameter, fixed[parameter])
    period, steps = checks.whole(period, "period", least=1), checks.whole(steps, "steps", least=1)
    step = checks.scalar(step, "step")
    if not 0 < step <= 1:
        raise ValueError(f"step must be a part of the scale, above 0 and at most 1 (such as 0.01), not {step:g}.")
    flip = (flip,) if isinstance(flip, str) else tuple(flip)
    for name in flip:
        checks.known_name(name, map.state, "state", f" of the map {map.name!r}, to flip")
    cycle = Cycle(
        stepper(map, parameter, {n: fixed[n] for n in map.parameters}, span),
        np.array([-1.0 if n in flip else 1.0 for n in map.state]),
        period,
    )
    with np.errstate(all="ignore"):
        begin = first(cycle, map, fixed, parameter, guess, span)
        parts, ended = _curve(cycle, begin, span, steps, step)
        dataset = _dataset(cycle, map, parameter, parts)
    call = f"continuation({map.name}, {parameter!r}, ({span[0]:g}, {span[1]:g}), period={period}, flip={flip!r})"
    known = describe(map, steps=steps, values=fixed, swept=(parameter, *map.state), device="cpu", call=call)
    dataset.attrs = known | {"parameter": parameter, "period": period, "flip": json.dumps(flip), "ended": ended}
    return label(dataset, map)


def _check(map, parameter, start, values):
    """Every parameter with its value, and the start of each state."""
    checks.known_name(parameter, map.parameters, "parameter", f" of the map {map.name!r}")
    for name in values:
        checks.known_name(name, map.parameters, "parameter", f" of the map {map.name!r}")
    if not isinstance(start, Mapping):
        raise TypeError(f"start must give states by name, such as {{{next(iter(map.state))!r}: 0.5}}, not {start!r}.")
    for name in start:
        checks.known_name(name, map.state, "state", f" of the map {map.name!r}, in start")
    for name in (*map.state, *map.parameters):
        if name in _TAKEN:
            raise ValueError(f"{name!r} is also a name in the result; call it something else in {map.name!r}.")
    guess = {}
    for name, default in map.state.items():
        try:
            guess[name] = np.ravel(np.asarray(start.get(name, default), float))
        except (TypeError, ValueError):
            guess[name] = np.array([np.nan])
        if not (guess[name].size and np.isfinite(guess[name]).all()):
            raise ValueError(f"start needs finite numbers for {name}, not {start.get(name, default)!r}.")
    fixed = map.complete({n: g[0] for n, g in guess.items()} | values)
    for name, value in fixed.items():
        if not np.isfinite(value):
            raise ValueError(f"{name} is {value}; a cycle needs finite numbers.")
    return fixed, guess


def _span(span, parameter, value):
    try:
        low, high = (checks.scalar(bound, "span") for bound in span)
    except (TypeError, ValueError):
        raise ValueError(f"span must be two numbers, (low, high), not {span!r}.") from None
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"span must be (low, high) with low < high, both finite, not {span!r}.")
    if not low <= value <= high:
        raise ValueError(
            f"the start has {parameter}={value:g}, outside the span ({low:g}, {high:g}); widen the span, "
            f"or give {parameter}=... a value inside it, with a start to match."
        )
    return low, high


def _curve(cycle, begin, span, steps, step):
    """The curve in order, as (kind, point), special points among them; and why it ends on either side."""
    ahead, why = trace(cycle, begin, span, steps, step)
    if why == "the curve is closed":
        behind, ended = [], why
    else:
        behind, before = trace(cycle, begin.back(), span, steps, step)
        ended = why if before == why else f"{before} | {why}"
    points = [p.back() for p in reversed(behind)] + [begin] + ahead
    if len(points) == 1:
        raise ValueError(
            f"the curve leaves the start nowhere within the span ({ended}); widen span=, or move the start."
        )
    # A point where something happens is no place to compare signs at; it comes back when it is located.
    inner = zip(points, points[1:], points[2:])
    keep = [points[0], *(p for a, p, b in inner if not (p.critical and what(a, b))), points[-1]]
    parts = [("end", keep[0])]
    for a, b in itertools.pairwise(keep):
        found = between(cycle, a, b)
        if begin not in keep and a.ahead(begin) > 0 and b.ahead(begin) <= 0:
            found = _put(found, begin, a)
        parts += [*found, ("start" if b is begin else "regular", b)]
    parts[-1] = ("end", parts[-1][1])
    if begin in (keep[0], keep[-1]):
        parts[0 if begin is keep[0] else -1] = ("start", begin)
    return _cut(cycle, parts, begin), ended


def _put(found, begin, a):
    """The start among the points found between a and b, unless it is one of them."""
    if any(point.distance(begin) < 1e-6 for _, point in found):
        return found
    return sorted([*found, ("start", begin)], key=lambda part: a.ahead(part[1]))


def _cut(cycle, parts, begin):
    """The curve as far as the cycle has all its steps: beyond, it only runs back with its points renumbered."""
    start = next((i for i, (_, point) in enumerate(parts) if point is begin), len(parts) // 2)
    low, high = 0, len(parts)
    for i, (kind, point) in enumerate(parts):
        if kind == "branch_point" and _shrinks(cycle, point):
            if i < start:
                low = i
            elif i > start:
                high = min(high, i + 1)
    return parts[low:high]


def _shrinks(cycle, point):
    states = cycle.states(point.z)
    orbit = states if (cycle.signs > 0).all() else np.hstack([states, cycle.signs[:, None] * states])
    return shorter(orbit / (cycle.states(np.append(point.scale[:-1], 0)).max(axis=1))[:, None])


def _dataset(cycle, map, parameter, parts):
    kinds = np.array([KINDS.index(kind) for kind, _ in parts], "int8")
    special = (kinds > 0) & (kinds < KINDS.index("start"))
    points = [point for _, point in parts]
    multipliers = np.array([p.multipliers for p in points])
    states = np.array([cycle.states(p.z) for p in points])
    dims = ("branch",) if cycle.period == 1 else ("branch", "point")
    data = {n: (dims, states[:, i, 0] if cycle.period == 1 else states[:, i]) for i, n in enumerate(map.state)}
    angle = np.full(len(points), np.nan)
    for i in np.flatnonzero(kinds == KINDS.index("neimark_sacker")):
        off = np.where(multipliers[i].imag > 0, np.abs(np.abs(multipliers[i]) - 1), np.inf)
        angle[i] = np.angle(multipliers[i][np.argmin(off)])
    flags = {"flag_values": np.arange(len(KINDS), dtype="int8"), "flag_meanings": " ".join(KINDS)}
    residual = [np.abs(cycle.scaled(p.z, p.scale)[0]).max() for p in points]
    data |= {
        "multipliers": (("branch", "order"), multipliers),
        "stable": ("branch", (np.abs(multipliers) < 1 - ROUNDING).all(axis=1) & ~special),
        "kind": ("branch", kinds, flags | {"long_name": "kind of point"}),
        "angle": ("branch", angle, {"long_name": "angle of the pair at a Neimark–Sacker point", "units": "rad"}),
        "residual": ("branch", residual, {"long_name": "largest error of the equations"}),
    }
    return xr.Dataset(data, {parameter: ("branch", [p.z[-1] for p in points])})


class Special(list):
    """Special points, a dict each; shown as a table."""

    def __repr__(self):
        if not self:
            return "no special points"
        names = [n for n in self[0] if n not in ("multipliers", "angle")]
        rows = [[*names, "multiplier"]]
        for one in self:
            mu = min(one["multipliers"], key=lambda m: abs(abs(m) - 1))
            shown = f"exp(±{one['angle']:.7g}i)" if "angle" in one else f"{mu.real:.6g}"
            cells = (np.ravel(one[n])[0] for n in names[1:])
            rows.append([one["kind"], *(f"{c:#.10g}" for c in cells), shown])
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join(
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]) for row in rows
        )


def special(dataset: xr.Dataset) -> Special:
    """The special points of a curve: a list of dicts with the kind, the parameter, the states and the multipliers.

    Raises
    ------
    ValueError : this is no curve.

    Examples
    --------
    >>> import dynsim as ds
    >>> def cubic(x=1.0, /, r=1.5):
    ...     return r * x - x * x * x
    >>> curve = continuation(ds.Map(cubic), "r", (0.5, 2.5), start={"x": 0.7})
    >>> [(one["kind"], round(one["r"], 9)) for one in special(curve)]
    [('flip', 2.0), ('branch_point', 1.0), ('flip', 2.0)]
    """
    if not isinstance(dataset, xr.Dataset) or "parameter" not in dataset.attrs or "kind" not in dataset:
        raise ValueError("this is no curve of fixed points or cycles; give what continuation returns.")
    names = [dataset.attrs["parameter"], *(n for n in dataset.data_vars if n not in _TAKEN)]
    found = Special()
    for i in np.flatnonzero((dataset.kind > 0) & (dataset.kind < KINDS.index("start"))):
        point = dataset.isel(branch=i)
        near = dataset.isel(branch=slice(max(i - 3, 0), i + 4))
        # What is rounding beside its neighbours is 0.
        one = {n: np.where(np.abs(point[n]) < 1e-12 * np.abs(near[n]).max(), 0.0, point[n]).tolist() for n in names}
        one = {"kind": KINDS[int(point.kind)]} | one
        one["multipliers"] = point.multipliers.values.tolist()
        if one["kind"] == "neimark_sacker":
            one["angle"] = float(point.angle)
        found.append(one)
    return found
