"""A curve of cycles of a map: the equations of a cycle, one step along the curve, and the special points on it.

A cycle s₀ … s₍ₖ₋₁₎ at the parameter p solves

    f(sᵢ, p) − sᵢ₊₁ = 0  (i < k − 1),        f(s₍ₖ₋₁₎, p) − S s₀ = 0,        S = diag(±1)

one block a point, so that nothing is composed. Its multipliers are the eigenvalues of S A₍ₖ₋₁₎ … A₀, Aᵢ = ∂f(sᵢ)/∂s.
The unknowns z = (s₀, …, s₍ₖ₋₁₎, p) are measured in units of `scale`, and so are lengths and angles along the curve.

Source: Keller 1977, "Numerical solution of bifurcation and nonlinear eigenvalue problems"; Kuznetsov, Elements of
Applied Bifurcation Theory, chapter 10 (continuation, test functions, branch points).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

#: One step may turn the curve by this much at the most (cosine; 10 degrees), and grows again below a third of it.
SHARPEST, STRAIGHT = np.cos(np.radians(10)), np.cos(np.radians(3))
#: Steps smaller than this part of the largest one are given up.
SMALLEST = 1e-7
#: A state that grows by more than this is not followed further.
LARGEST = 1e9
#: Multipliers this close to the unit circle are on it: those of a map that conserves areas are, up to rounding.
ROUNDING = 1e-8


class Lost(ArithmeticError):
    """Newton's method does not converge here."""


@dataclass(frozen=True, eq=False)
class Point:
    """A point on the curve with its unit tangent (both in the units of the states), and what is tested there.

    turn is the tangent's component along the parameter, border the sign and the logarithm of the determinant of the
    Jacobian bordered by the tangent: 0 at a branch point.
    """

    z: np.ndarray
    tangent: np.ndarray
    scale: np.ndarray
    multipliers: np.ndarray
    turn: float
    border: tuple[float, float]

    @property
    def outside(self):
        """How many multipliers lie outside the unit circle."""
        return int(np.sum(np.abs(self.multipliers) > 1 + ROUNDING))

    @property
    def critical(self):
        """Whether a multiplier lies on the unit circle, to rounding."""
        return bool(np.any(np.abs(np.abs(self.multipliers) - 1) < 10 * ROUNDING))

    @property
    def flips(self):
        """∏(1 + μ), bounded: it changes sign where a real multiplier passes −1."""
        mu = self.multipliers
        return float(np.prod((1 + mu) / np.maximum(1, np.abs(mu))).real)

    def back(self):
        """The same point, seen by one who goes the other way."""
        border = (-self.border[0], self.border[1])
        return Point(self.z, -self.tangent, self.scale, self.multipliers, -self.turn, border)

    def distance(self, other):
        return float(np.linalg.norm((other.z - self.z) / self.scale))

    def ahead(self, other):
        """How far another point lies along this one's tangent."""
        return float((self.tangent / self.scale) @ ((other.z - self.z) / self.scale))


@dataclass(frozen=True, eq=False)
class Cycle:
    """The equations of a cycle of `period` points.

    step(states, p) returns the next states (n, period), the Jacobians (n, n, period) and ∂f/∂p (n, period) at states
    of shape (n, period); signs are those of S.
    """

    step: Callable
    signs: np.ndarray
    period: int

    def states(self, z):
        """The states (n, period)."""
        return z[:-1].reshape(self.period, -1).T

    def equations(self, z):
        """The residual (N,) and its Jacobian (N, N + 1)."""
        n, k = len(self.signs), self.period
        states = self.states(z)
        after, jacobian, along = self.step(states, z[-1])
        target = np.roll(states, -1, axis=1)
        target[:, -1] *= self.signs
        whole = np.zeros((k, n, k, n))
        i = np.arange(k)
        whole[i, :, i, :] = jacobian.transpose(2, 0, 1)
        to = np.repeat(-np.eye(n)[None], k, axis=0)
        to[-1] = np.diag(-self.signs)
        whole[i, :, (i + 1) % k, :] += to
        full = np.concatenate([whole.reshape(n * k, n * k), along.T.reshape(-1, 1)], axis=1)
        return (after - target).T.ravel(), full

    def scaled(self, z, scale):
        """The same in units of `scale`."""
        residual, jacobian = self.equations(z)
        return residual / scale[:-1], jacobian * scale / scale[:-1, None]

    def multipliers(self, z):
        """The n multipliers, the largest first; of a pair, the one above the real axis first."""
        jacobians = self.step(self.states(z), z[-1])[1]
        product = np.eye(len(self.signs))
        for i in range(self.period):
            product = jacobians[:, :, i] @ product
        product = self.signs[:, None] * product
        if not np.isfinite(product).all():
            raise Lost
        mu = np.linalg.eigvals(product).astype(complex)
        return mu[np.lexsort((-mu.imag, -mu.real, -np.round(np.abs(mu), 10)))]

    def correct(self, z, scale, row, most=10):
        """Newton's method from z, on the hyperplane through z across `row`; the point found."""
        first, before = z, np.inf
        for _ in range(most):
            residual, jacobian = self.scaled(z, scale)
            right = np.append(residual, row @ ((z - first) / scale))
            move = solve(np.vstack([jacobian, row]), -right)
            z = z + scale * move
            size = np.abs(move).max()
            # Either converged, or as far as rounding lets it.
            if size < 1e-11 or (size < 1e-8 and size > before / 4):
                return z
            before = size
        raise Lost

    def point(self, z, scale, towards):
        """The point at a solution z, its tangent on the side of `towards` (scaled)."""
        jacobian = np.vstack([self.scaled(z, scale)[1], towards])
        tangent = solve(jacobian, np.append(np.zeros(len(z) - 1), 1.0))
        tangent /= np.linalg.norm(tangent)
        jacobian[-1] = tangent
        return Point(z, scale * tangent, scale, self.multipliers(z), tangent[-1], np.linalg.slogdet(jacobian))

    def follow(self, point, length, scale=None):
        """The point at `length` along the tangent of `point`; raises Lost where there is none."""
        scale = point.scale if scale is None else scale
        tangent = point.tangent / scale
        tangent /= np.linalg.norm(tangent)
        guess = point.z + length * scale * tangent
        found = self.correct(guess, scale, tangent)
        return self.point(found, scale, tangent)

    def joined(self, a, b):
        """Whether the way back from b leads to a; it does not where the step to b has reached another curve."""
        tangent = b.tangent / b.scale
        try:
            again = self.correct(b.z + b.ahead(a) * b.tangent, b.scale, tangent)
        except Lost:
            return False
        return np.linalg.norm((again - a.z) / b.scale) < 1e-3 * b.distance(a)


def solve(matrix, right):
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        raise Lost
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        raise Lost from None


def trace(cycle, start, span, steps, step):
    """The points after `start`, along its tangent, and why they end."""
    points, length = [start], step
    while len(points) <= steps:
        last = points[-1]
        scale = np.maximum(last.scale, _sizes(cycle, last.z))
        try:
            new = cycle.follow(last, length, scale)
            cosine = (last.tangent / scale) @ (new.tangent / scale) / np.linalg.norm(last.tangent / scale)
        except Lost:
            cosine = -1.0
        if cosine < SHARPEST or not cycle.joined(last, new):
            length /= 2
            if length < SMALLEST * step:
                return points[1:], "the curve could not be followed further: it has a corner or a singularity"
            continue
        if not span[0] <= new.z[-1] <= span[1]:
            bound = span[0] if new.z[-1] < span[0] else span[1]
            if last.z[-1] != bound:
                points.append(_reach(cycle, last, new, bound))
            return points[1:], "the parameter leaves the span"
        points.append(new)
        if (new.scale[:-1] > LARGEST * start.scale[:-1]).any():
            return points[1:], "a state grows without bound"
        if len(points) > 4 and _passed(cycle, last, new, start):
            points[-1] = start
            return points[1:], "the curve is closed"
        if cosine > STRAIGHT:
            length = min(step, 1.5 * length)
    return points[1:], f"after {steps} steps"


def _sizes(cycle, z):
    """How large the states are, in the form of a scale; the parameter keeps its own."""
    sizes = np.abs(cycle.states(z)).max(axis=1) * np.sqrt(cycle.period)
    return np.append(np.tile(sizes, cycle.period), 0.0)


def _passed(cycle, last, new, start):
    """Whether the curve has come back to `start` between two points."""
    if not start.ahead(last) < 0 <= start.ahead(new) or start.distance(new) > 2 * last.distance(new):
        return False
    try:
        again = cycle.follow(last, last.ahead(start))
    except Lost:
        return False
    return again.distance(start) < 1e-7 and (again.tangent / start.scale) @ (start.tangent / start.scale) > 0


def _reach(cycle, last, new, bound):
    """The point between two where the parameter is `bound`."""
    point = root(cycle, last, new, lambda p: (p.z[-1] - bound) / p.scale[-1])
    try:
        row = np.append(np.zeros(len(point.z) - 1), 1.0)
        z = cycle.correct(np.append(point.z[:-1], bound), point.scale, row)
        return cycle.point(np.append(z[:-1], bound), point.scale, point.tangent / point.scale)
    except Lost:  # the parameter turns right at the bound
        return point


def root(cycle, a, b, test):
    """The point between a and b where a test function, of opposite signs there, is 0."""
    length = a.ahead(b)
    seen = {0.0: test(a), length: test(b)}
    if seen[0.0] * seen[length] >= 0:
        return a if abs(seen[0.0]) <= abs(seen[length]) else b

    def value(at):
        return seen[at] if at in seen else test(cycle.follow(a, at))

    at = brentq(value, 0.0, length, xtol=1e-15, rtol=1e-15)
    return a if at == 0 else b if at == length else cycle.follow(a, at)
