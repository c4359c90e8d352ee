"""Where a curve of cycles begins: the step compiled, Newton's method from a guess, and what may be wrong with it."""

import numpy as np

from .. import symbolic
from ..model import Map
from .branch import Cycle, Lost, Point, solve


def stepper(map: Map, parameter: str, values, span):
    """The step, its Jacobian and its derivative by the parameter, as Cycle calls them."""
    tried = [*values.items(), *((parameter, bound) for bound in span)]
    strange = [n for n, v in tried if not symbolic.fits(symbolic.exact(v, n), map.parameters[n])]
    equations = symbolic.equations(map, unsigned=strange)
    n = len(map.state)
    along = [symbolic.derivative(f, equations.parameters[parameter]) for f in equations.after]
    expressions = (*equations.after, *equations.jacobian, *along)
    names = {f"out{i}": e for i, e in enumerate(expressions)}
    compiled = symbolic.function("cycle_step", (*map.state, *map.parameters), names)

    def step(states, p):
        given = {**values, parameter: p}
        out = np.empty((len(expressions), states.shape[1]))
        # Numbers that are no Python floats: a division by zero is then an infinity, which Newton's method sees.
        for row, value in zip(out, compiled(*states, *(np.float64(given[name]) for name in map.parameters))):
            row[:] = value
        return out[:n], out[n : n + n * n].reshape(n, n, -1), out[n + n * n :]

    return step


def _guess(cycle, guess, p):
    """The start as unknowns: what was given, or the images of the first point."""
    sizes = {g.size for g in guess.values()}
    if sizes == {cycle.period} and cycle.period > 1:
        states = np.array(list(guess.values()))
    elif sizes == {1}:
        columns = [np.array([g[0] for g in guess.values()])]
        while len(columns) < cycle.period:
            columns.append(cycle.step(columns[-1][:, None], p)[0][:, 0])
        states = np.array(columns).T
    else:
        raise ValueError(
            f"start must have one number for every state, or {cycle.period} (the period), not {sorted(sizes)}."
        )
    if not np.isfinite(states).all():
        raise ValueError("the images of the start are not finite; give all points of the cycle, or another start.")
    return np.append(states.T.ravel(), p)


def first(cycle: Cycle, map, fixed, parameter, guess, span) -> Point:
    """The cycle near the start, as a point on its curve."""
    p, names = fixed[parameter], list(map.state)
    z = _guess(cycle, guess, p)
    usual = np.array([abs(fixed[n]) or abs(map.state[n] or 0) or 1.0 for n in names])
    z = _newton(cycle, z, usual, names)
    sizes = np.abs(cycle.states(z)).max(axis=1)
    # A state that is zero here has the size that it starts with.
    sizes = np.where(sizes > 1e-6 * usual, sizes, usual)
    scale = np.append(np.tile(sizes * np.sqrt(cycle.period), cycle.period), span[1] - span[0])
    orbit = np.concatenate([cycle.states(z), cycle.signs[:, None] * cycle.states(z)], axis=1)
    length = 2 * cycle.period if (cycle.signs < 0).any() else cycle.period
    if fewer := shorter(orbit[:, :length] / sizes[:, None]):
        raise ValueError(
            f"near the start there is a cycle of {fewer} step{'s' * (fewer > 1)}, not of {length}; continue that "
            "one with a smaller period= or without flip=, or start nearer the cycle that you mean."
        )
    _isolated(cycle, z, scale, f"at {parameter}={p:g}", names)
    jacobian = cycle.scaled(z, scale)[1]
    singular, right = np.linalg.svd(jacobian)[1:]
    if singular[-1] < 1e-9 * max(1.0, singular[0]):
        raise ValueError(f"at {parameter}={p:g} two curves cross in the start; start at another {parameter}.")
    tangent = right[-1] if right[-1, -1] >= 0 else -right[-1]
    return cycle.point(z, scale, tangent)


def _newton(cycle, z, usual, names):
    """Newton's method at a fixed parameter, damped; of a family it finds the nearest member."""
    scale = np.append(np.tile(usual, cycle.period), 1.0)

    def error(z):
        size = np.linalg.norm(cycle.scaled(z, scale)[0])
        return size if np.isfinite(size) else np.inf

    now, size = error(z), np.inf
    for _ in range(60):
        residual, jacobian = cycle.scaled(z, scale)
        if not np.isfinite(jacobian).all() or not np.isfinite(residual).all():
            break
        move = np.linalg.lstsq(jacobian[:, :-1], -residual, rcond=1e-11)[0]
        part, size = 1.0, np.abs(move).max()
        while part > 1e-4 and not error(z + part * scale * np.append(move, 0)) <= now * (1 - part / 4) + 1e-13:
            part /= 2
        z = z + part * scale * np.append(move, 0)
        now = error(z)
        if size < 1e-12:
            break
    # Where states run off to infinity the equations hold ever better, but the moves do not shrink.
    if now < 1e-10 and size < 1e-6 * max(1.0, np.abs(z / scale).max()):
        return z
    worst = names[int(np.argmax(np.abs(cycle.scaled(z, scale)[0]))) % len(names)]
    where = ", ".join(f"{name} {value:.3g}" for name, value in zip(names, z))
    raise ValueError(
        f"no such cycle is found near the start: Newton's method ends at ({where}), with {worst} off by {now:.2g} of "
        "its size. Start nearer, as with the last states of ds.orbit where the cycle is stable; and see that period= "
        "and flip= fit."
    )


def shorter(orbit):
    """Of how many steps a cycle (states, length), in units of its size, is already one: fewer than its length, or 0."""
    length = orbit.shape[1]
    for fewer in range(1, length):
        if length % fewer == 0 and np.abs(orbit - np.roll(orbit, fewer, axis=1)).max() < 1e-7:
            return fewer
    return 0


def _isolated(cycle, z, scale, where, names):
    """Raise where other cycles at the same parameter lie arbitrarily near.

    With ψ and v the null vectors of ∂F/∂s, the system F(s) + ψ ε = 0, v·(s − s₀) = h is regular. At a fold ε goes as
    h²; in a family it is 0 for every h.
    """
    left, singular, right = np.linalg.svd(cycle.scaled(z, scale)[1][:, :-1])
    null = singular < 1e-6 * max(1.0, singular[0])
    if not null.any():
        return
    psi, v = left[:, null], right[null]
    for i, direction in enumerate(v):
        if all(_stays(cycle, z, scale, psi, v, h * np.eye(len(v))[i]) for h in (0.01, -0.01, 0.03)):
            first = (direction * scale[:-1])[: len(names)]
            first = first / first[np.argmax(np.abs(first))]
            free = ", ".join(f"{n} {c:+.3g}" for n, c in zip(names, first) if abs(c) > 1e-9)
            raise ValueError(
                f"{where} the point is not isolated: it belongs to a family with a free direction ({free}), so there "
                "is no one curve to follow. Follow it at values of the other parameters where it is isolated, or "
                "iterate from members of the family with ds.sweep."
            )


def _stays(cycle, z, scale, psi, v, h):
    """Whether the equations hold at a distance h along the null vectors too."""
    n, m = psi.shape
    s, offset = np.zeros(n), np.zeros(m)
    s = h @ v
    for _ in range(15):
        residual, jacobian = cycle.scaled(z + scale * np.append(s, 0.0), scale)
        system = np.block([[jacobian[:, :-1], psi], [v, np.zeros((m, m))]])
        try:
            move = solve(system, -np.concatenate([residual + psi @ offset, v @ s - h]))
        except Lost:
            return False
        s, offset = s + move[:n], offset + move[n:]
        if np.abs(move).max() < 1e-13:
            break
    return bool(np.abs(move).max() < 1e-9 and np.abs(offset).max() < 1e-11)
