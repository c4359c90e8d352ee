"""Damped edge with gradient noise of strength s along x, as mini-batches have it.

    f(x, λ) = ½ (λ + ζ x) x² − a (x + λ)

    x' = x − η (λ x + 3ζx²/2 − a) − η s ξ        λ' = λ + η (a − x²/2),      ξ ~ N(0, 1) on each step

What is measured is that of the loss itself, without the noise: the tuner sees the full batch, or a good mean of it.

Source: derived for dynsim: Berthier 2026, arXiv 2609.01034, with the noise of Liao, Kolomvaki, Kyrillidis 2026,
arXiv 2604.21016.
"""

from .damped import d, f, gradient, p, sharpness  # noqa: F401


def move(x=0.05, lam=2, /, *, eta, xi, a=1e-3, zeta=0.7, s=0.01):
    return x - eta * (lam * x + 3 * zeta * x * x / 2 - a) - eta * s * xi, lam + eta * (a - x * x / 2)
