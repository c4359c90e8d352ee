"""Damped edge: a loss whose curvature along x changes sign with x, which damps the oscillation at the edge.

    f(x, λ) = ½ (λ + ζ x) x² − a (x + λ)

    x' = x − η (λ x + 3ζx²/2 − a)            λ' = λ + η (a − x²/2)

Source's names: λ is its Y, a its ε. ζ = 0 without the −ax is ``top_eigendirection`` with b = ½. Gradient and Hessian
are the true ones, H = [[λ + 3ζx, x], [x, 0]], so

    d = (λ + 3ζx) g₁² + 2x g₁g₂        λmax = ½(h + √(h² + 4x²)),  h = λ + 3ζx

with (g₁, g₂) = ∇f. ``lam`` is the curvature along x at x = 0, by which y = ηλ − 2 is measured; ``sharpness`` is the
true λmax. f is unbounded below. With x = √a (−1)^k a₁, λ − 2/η = √a y₁, the energy E = y₁²/2 + a₁²/4 − ln|a₁| of the
fast motion drifts by dE/d(ak) = η²(2 − 9ζ²)⟨y₁²⟩: damped where ζ² > 2/9.

Source: Berthier 2026, arXiv 2609.01034; d and λmax derived for dynsim.
"""

from ..vocabulary import sqrt


def move(x=0.05, lam=2, /, *, eta, a=1e-3, zeta=0.7):
    return x - eta * (lam * x + 3 * zeta * x * x / 2 - a), lam + eta * (a - x * x / 2)


def f(x, lam, a, zeta):
    return (lam + zeta * x) * x * x / 2 - a * (x + lam)


def gradient(x, lam, a, zeta):
    return lam * x + 3 * zeta * x * x / 2 - a, x * x / 2 - a


def d(x, lam, a, zeta):
    along, down = lam * x + 3 * zeta * x * x / 2 - a, x * x / 2 - a
    return (lam + 3 * zeta * x) * along * along + 2 * x * along * down


def sharpness(x, lam, zeta):
    h = lam + 3 * zeta * x
    return (h + sqrt(h * h + 4 * x * x)) / 2


def p(x):
    return x * x
