"""Quartic loss: the cubic loss with a third and a fourth derivative of its own along x.

    f(x, z, u) = ½ (λ_ref + k z) x² + ½ ζ x³ + ¼ q x⁴ − c z + ½ ν u²

Written in λ = λ_ref + kz with a = kc and b = k²/2, and up to a constant,

    f = ½ λ x² + ½ ζ x³ + ¼ q x⁴ − a λ/(2b) + ½ ν u²        ∇f = (λx + (3/2)ζx² + qx³, (b x² − a)/√(2b), νu)

    x' = x − η (λx + (3/2)ζx² + qx³)        λ' = λ + η (a − b x²)        u' = (1 − η ν) u

The Hessian is [[H, kx, 0], [kx, 0, 0], [0, 0, ν]] with H = λ + 3ζx + 3qx² and k² = 2b. On a network
ζ = ∇³f[v, v, v]/3 and q = ∇⁴f[v, v, v, v]/6, v the top eigenvector. The edge is where the slope of the gradient across
a 2-cycle of amplitude |x| is 2/η: y = η(λ + q x²) − 2. Under CDAT q > 0 makes a stable state for σ
slightly above 2, at λ = (6 − σ)qa/((σ − 2)b).

Source: derived for dynsim, after the model of Damian, Nichani, Lee 2023, arXiv 2209.15594; ζ is that of Berthier 2026,
arXiv 2609.01034.
"""

from ..vocabulary import maximum, sqrt
from .two_eigendirections import g, log_p, p, ratio, scale  # noqa: F401


def move(x=2, u=2, lam=18, /, *, eta, a=0.05, b=0.1, nu=0.1, zeta=0, q=0.1):
    along = lam * x + 3 * zeta * x * x / 2 + q * x * x * x
    return x - eta * along, (1 - eta * nu) * u, lam + eta * (a - b * x * x)


def f(x, u, lam, a, b, nu, zeta, q):
    return (lam * x * x + zeta * x * x * x + q * x * x * x * x / 2 - a * lam / b + nu * u * u) / 2


def gradient(x, u, lam, a, b, nu, zeta, q):
    return lam * x + 3 * zeta * x * x / 2 + q * x * x * x, (b * x * x - a) / sqrt(2 * b), nu * u


def d(x, u, lam, a, b, nu, zeta, q):
    along = lam * x + 3 * zeta * x * x / 2 + q * x * x * x
    bent = lam + 3 * zeta * x + 3 * q * x * x
    return bent * along * along + 2 * x * along * (b * x * x - a) + nu * (nu * u) * (nu * u)


def sharpness(x, lam, b, nu, zeta, q):
    bent = lam + 3 * zeta * x + 3 * q * x * x
    return maximum((bent + sqrt(bent * bent + 8 * b * x * x)) / 2, nu)


def y(eta, x, lam, q):
    """Of the 2-cycle through x: λ + q x² is what half the difference of the gradients at ±x is, over x."""
    return eta * (lam + q * x * x) - 2
