"""Cubic loss: the loss whose gradient descent is exactly the reduced model, with all of its own terms.

    f(x, z, u) = ½ (λ_ref + k z) x² − c z + ½ ν u²

Written in λ = λ_ref + kz with a = kc and b = k²/2 it moves as ``two_eigendirections`` does. Up to a constant

    f = ½ λ x² − a λ/(2b) + ½ ν u²          ∇f = (λx, (b x² − a)/√(2b), νu)

and with the Hessian [[λ, kx, 0], [kx, 0, 0], [0, 0, ν]], k² = 2b,

    d = λ³x² + 2λx²(b x² − a) + ν³u²        λmax = max(½(λ + √(λ² + 8b x²)), ν)

The state ``lam`` is the curvature along x; ``sharpness`` is the true λmax. f is unbounded below.

Source: derived for dynsim; the model is that of Damian, Nichani, Lee 2023, arXiv 2209.15594, and Roulet et al. 2024,
arXiv 2407.06183, eqs. 4 and 10.
"""

from ..vocabulary import maximum, sqrt
from .two_eigendirections import g, log_p, move, p, ratio, scale  # noqa: F401


def f(x, u, lam, a, b, nu):
    return (lam * x * x - a * lam / b + nu * u * u) / 2


def gradient(x, u, lam, a, b, nu):
    return lam * x, (b * x * x - a) / sqrt(2 * b), nu * u


def d(x, u, lam, a, b, nu):
    return lam * (lam * x) * (lam * x) + 2 * lam * x * x * (b * x * x - a) + nu * (nu * u) * (nu * u)


def sharpness(x, lam, b, nu):
    return maximum((lam + sqrt(lam * lam + 8 * b * x * x)) / 2, nu)
