"""The special points between two neighbours on a curve of cycles, located.

    fold             the parameter turns: its component of the tangent is 0 (multiplier +1)
    branch_point     two curves cross: the Jacobian bordered by the tangent is singular (multiplier +1)
    flip             a real multiplier passes −1
    neimark_sacker   a complex pair passes the unit circle (never a real pair of product 1, a neutral saddle)

Source: Kuznetsov, Elements of Applied Bifurcation Theory, sections 10.2 and 10.3; for branch points the regular
system of Moore 1980 (Numer. Funct. Anal. Optim. 2:441).
"""

import warnings

import numpy as np

from .branch import Cycle, Lost, Point, root, solve

#: Events closer together than this (arclength) are not told apart.
TOGETHER = 1e-7


def between(cycle: Cycle, a: Point, b: Point) -> list[tuple[str, Point]]:
    """The special points between two, in order."""
    found = what(a, b)
    if found == "":
        return []
    if found != "several":
        try:
            point = _locate(cycle, found, a, b)
        except (Lost, ValueError):
            found = "several"
        else:
            # Not a complex pair: two real multipliers, one soon after the other.
            if found != "neimark_sacker" or _critical(point).imag:
                return [(found, point)]
    length = a.ahead(b)
    for part in (0.5, 0.4, 0.6) if length > TOGETHER else ():
        try:
            middle = cycle.follow(a, part * length)
        except Lost:
            continue
        if 0 < a.ahead(middle) < length:
            return between(cycle, a, middle) + between(cycle, middle, b)
    return [_together(cycle, a, b)]


def what(a, b):
    """What happens between two points: nothing (""), one event, or "several"."""
    turns = a.turn * b.turn < 0
    crosses = a.border[0] * b.border[0] < 0
    flips = a.flips * b.flips < 0
    change = abs(a.outside - b.outside)
    if not (turns or crosses or flips or change):
        return ""
    if crosses and not flips and change <= 1:
        return "branch_point"
    if turns and not crosses and not flips and change <= 1:
        return "fold"
    if flips and not turns and not crosses and change == 1:
        return "flip"
    if change == 2 and not (turns or crosses or flips):
        return "neimark_sacker"
    return "several"


def _together(cycle, a, b):
    """Events that cannot be told apart, such as two multipliers through −1 at once, as one."""
    try:
        point = root(cycle, a, b, lambda p: _modulus(p, max(a.outside, b.outside)) - 1)
    except (Lost, ValueError):
        point = min((a, b), key=lambda p: abs(abs(_critical(p)) - 1))
        if a.distance(b) > 10 * TOGETHER:
            warnings.warn(f"a special point near {a.z[-1]:.6g} is not fully located.", RuntimeWarning, stacklevel=4)
    mu = _critical(point)
    if abs(mu.imag) > 1e-3:
        return "neimark_sacker", point
    if mu.real < 0:
        return "flip", point
    return "fold" if a.turn * b.turn < 0 < a.border[0] * b.border[0] else "branch_point", point


def _modulus(point, rank):
    """The modulus of the multiplier of that rank, the largest being the first: it varies without jumps."""
    return np.sort(np.abs(point.multipliers))[::-1][max(rank, 1) - 1]


def _critical(point):
    """The multiplier nearest the unit circle; of a pair, the one above the real axis."""
    mu = point.multipliers
    mu = mu[np.argmin(np.abs(np.abs(mu) - 1))]
    return complex(mu.real, abs(mu.imag))


def _locate(cycle, kind, a, b):
    if kind == "fold":
        return root(cycle, a, b, lambda p: p.turn)
    if kind == "flip":
        return root(cycle, a, b, lambda p: p.flips)
    if kind == "neimark_sacker":
        return root(cycle, a, b, lambda p: _modulus(p, max(a.outside, b.outside)) - 1)
    return _branch_point(cycle, a, b)


def _branch_point(cycle, a, b):
    """The crossing of two curves. Near it Newton's method on the curve is ill-conditioned, so it is solved for

        F(z) + ε ψ = 0,    ∂F/∂zᵀ ψ = 0,    ψ·ψ = 1        for z, ε and ψ,

    which is regular there, with ε = 0. ∂(∂F/∂zᵀ ψ)/∂z is taken by differences; it steers, and does not
    enter the result.
    """
    size, other = (np.exp(p.border[1] - a.border[1]) for p in (a, b))
    z = a.z + size / (size + other) * (b.z - a.z)
    scale, most = a.scale, 2 * a.distance(b)
    psi = np.linalg.svd(cycle.scaled(z, scale)[1])[0][:, -1]
    n, offset, before = len(psi), 0.0, np.inf
    for _ in range(20):
        residual, jacobian = cycle.scaled(z, scale)
        curved = _curved(cycle, z, scale, psi)
        system = np.block(
            [
                [jacobian, psi[:, None], offset * np.eye(n)],
                [curved, np.zeros((n + 1, 1)), jacobian.T],
                [np.zeros((1, n + 2)), 2 * psi[None, :]],
            ]
        )
        move = solve(system, -np.concatenate([residual + offset * psi, psi @ jacobian, [psi @ psi - 1]]))
        z, offset, psi = z + scale * move[: n + 1], offset + move[n + 1], psi + move[n + 2 :]
        size = np.abs(move).max()
        if np.linalg.norm((z - a.z) / scale) > most:
            raise Lost
        if size < 1e-12 or (size < 1e-9 and size > before / 4):
            break
        before = size
    if size > 1e-8 or abs(offset) > 1e-9:
        raise Lost
    along = (b.z - a.z) / scale
    along /= np.linalg.norm(along)
    return Point(z, scale * along, scale, cycle.multipliers(z), along[-1], (0.0, -np.inf))


def _curved(cycle, z, scale, psi):
    """∂(∂F/∂zᵀ ψ)/∂z by central differences. The equations of one point know only that point and the parameter."""
    n, k = len(cycle.signs), cycle.period
    which = np.append(np.tile(np.arange(n), k), n)

    def change(j):
        h = 1e-5 * scale * (which == j)
        return psi @ (cycle.scaled(z + h, scale)[1] - cycle.scaled(z - h, scale)[1]) / 2e-5

    blocks = np.zeros((k, n, k, n))
    i = np.arange(k)
    for j in range(n):
        blocks[i, :, i, j] = change(j)[:-1].reshape(k, n)
    along = change(n)
    return np.block([[blocks.reshape(n * k, n * k), along[:-1, None]], [along[None, :]]])
