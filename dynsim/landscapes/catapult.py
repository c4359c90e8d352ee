"""Catapult: a two-layer linear network of one output f = vᵀUx/√n trained towards zero; |x| = 1, z = f.

    L = ½ z²        z' = (1 − ηλ + η²z²/n) z        λ' = λ + (ηz²/n)(ηλ − 4)

λ is the tangent kernel (|U|² + |v|²)/n, here ``lam``; n is called ``width``. Below η = 2/λ0 training is lazy; from
there to 4/λ0 the loss first grows, to the order of n, while λ falls until it is below 2/η: the catapult; above it
diverges.

    |∇L|² = λz²        gᵀHg = λ²z² + 2z⁴/n        λmax = ½(λ + √(λ² + 12z²/n))

It is ``uv`` with target 0.

Source: Lewkowycz, Bahri, Dyer, Sohl-Dickstein, Gur-Ari 2020, arXiv 2003.02218; d and λmax derived for dynsim.
"""

from ..vocabulary import sqrt
from .uv import f, grad_sq, n, p  # noqa: F401


def move(z=1, lam=2.5, /, *, eta, width=1000):
    return (
        (1 - eta * lam + eta * eta * z * z / width) * z,
        lam + eta * z * z * (eta * lam - 4) / width,
    )


def d(z, lam, width):
    return lam * lam * z * z + 2 * z * z * z * z / width


def sharpness(z, lam, width):
    return (lam + sqrt(lam * lam + 12 * z * z / width)) / 2
