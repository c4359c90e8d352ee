"""Top eigendirection with gradient noise of strength s along it: the noise keeps x away from zero.

    x' = (1 − η λ) x − η s ξ            λ' = λ + η (a − b x²),      ξ ~ N(0, 1) on each step

What is measured is that of the truncated model without the noise: gradient λx, curvature λ.

Source: Liao, Kolomvaki, Kyrillidis 2026, arXiv 2604.21016, in the names of Roulet et al. 2024, arXiv 2407.06183, eq. 4.
"""

from .top_eigendirection import d, gradient, p, sharpness  # noqa: F401


def move(x=0.1, lam=1.9, /, *, eta, xi, a=1e-3, b=0.3, s=0.02):
    return (1 - eta * lam) * x - eta * s * xi, lam + eta * (a - b * x * x)
