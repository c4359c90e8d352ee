"""Points tried on the step itself: at random parameters that their conditions allow, by numbers.

The solver works with the step as sympy sees it: it cancels what is 0/0, and takes both sides of a choice on its border.
So every point is tried on the plain function before it is returned.
"""

import numpy as np
import sympy as sp

from ..symbolic import NoClosedForm, function
from .roots import mean_step

#: Parameter sets tried, over six decades; and how close is fixed.
TRIALS, CLOSE = 400, 1e-7


def samples(point, trials: int = TRIALS) -> dict[str, np.ndarray]:
    """Random numbers for all that a point hangs on, with the signs of their symbols, near 1 and far from it."""
    given = map(sp.sympify, point.equations.parameters.values())
    known = {s.name: s for e in (*point.equations.after, *point.state.values(), *given) for s in e.free_symbols}
    rng = np.random.default_rng(17)
    drawn = {}
    for name in sorted(set(known) | {s.name for e in point.where for s in e.free_symbols} | set(point.free)):
        size = np.concatenate([np.exp(rng.uniform(-7, 7, trials // 2)), rng.uniform(0.05, 4, trials - trials // 2)])
        s = point.state.get(name, known.get(name)) if name in point.free else known.get(name)
        sign = rng.choice([-1.0, 1.0], trials)
        if s is not None and s.is_nonnegative:
            sign = 1.0
        elif s is not None and s.is_nonpositive:
            sign = -1.0
        drawn[name] = sign * size
    return drawn


def allowed(point, drawn) -> np.ndarray:
    """Where all conditions of a point hold, and it is a number."""
    names = list(drawn)
    expressions = {f"where{i}": e for i, e in enumerate(point.where)} | {f"at_{n}": e for n, e in point.state.items()}
    with np.errstate(all="ignore"):
        found = function("conditions", names, expressions)(**drawn)
    shape = next(iter(drawn.values())).shape if drawn else (1,)
    ok = np.ones(shape, bool)
    for name, values in zip(expressions, found):
        values = np.broadcast_to(np.asarray(values, float), shape)
        ok &= (values >= 0) if name.startswith("where") else np.isfinite(values)
    return ok


def stays(point) -> float | None:
    """The share of the parameters that a point's conditions allow at which it is fixed; None where they allow none."""
    drawn = samples(point)
    try:
        ok = allowed(point, drawn)
    except NoClosedForm:  # a complex number
        return None
    if not ok.any():
        return None
    drawn, count = {n: v[ok] for n, v in drawn.items()}, int(ok.sum())
    with np.errstate(all="ignore"):
        found = function("place", list(drawn), {f"at_{n}": e for n, e in point.state.items()})(**drawn)
        state = np.array([np.broadcast_to(np.asarray(v, float), count) for v in found])
        parameters = {}
        for name, value in point.equations.parameters.items():
            (numbers,) = function("given", list(drawn), {"value": sp.sympify(value)})(**drawn)
            parameters[name] = np.broadcast_to(np.asarray(numbers, float), count)
        turn = np.array([[-1.0 if n in point.flip else 1.0] for n in point.state])
        step, place, worst = mean_step(point.map), state, np.zeros(count)
        size = 1 + np.abs(state).max(axis=0)
        for k in range(1, point.period + 1):
            place = step(*place, **parameters)
            place = np.array([np.broadcast_to(p, count) for p in (place if isinstance(place, tuple) else (place,))])
            size = np.maximum(size, np.abs(place).max(axis=0))
            if point.flip or k == point.period:
                want = turn**k * state if point.flip else state
                worst = np.maximum(worst, np.abs(place - want).max(axis=0))
    # NaN is no fixed point: a comparison with it is false.
    return float(np.mean(worst <= CLOSE * size))
