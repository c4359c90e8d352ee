"""Quartic loss with gradient noise of strength s along x, as mini-batches have it.

    f(x, z, u) = ½ (λ_ref + k z) x² + ½ ζ x³ + ¼ q x⁴ − c z + ½ ν u²,  written in λ = λ_ref + kz, a = kc, b = k²/2

    x' = x − η (λx + (3/2)ζx² + qx³) − η s ξ        λ' = λ + η (a − b x²)        u' = (1 − η ν) u,      ξ ~ N(0, 1)

What is measured is that of the loss itself, without the noise: the tuner sees the full batch, or a good mean of it.

Source: derived for dynsim: ``quartic_loss``, with the noise of Liao, Kolomvaki, Kyrillidis 2026, arXiv 2604.21016.
"""

from .quartic_loss import d, f, g, gradient, p, sharpness, y  # noqa: F401


def move(x=0.15, u=0, lam=1, /, *, eta, xi, a=0.01, b=0.5, nu=0.1, zeta=0, q=1, s=0.01):
    along = lam * x + 3 * zeta * x * x / 2 + q * x * x * x
    return x - eta * along - eta * s * xi, (1 - eta * nu) * u, lam + eta * (a - b * x * x)
