"""Quadratic regression with one data point and two parameters, ω = (1, −ε): the smallest model that sharpens.

    z = ½ (θ₁² − κ θ₂²) − E        L = ½ z²        λ = θ₁² + κ² θ₂²

    z' = z − ηzλ + ½η²z²T₁        λ' = λ − ηz (2T₁ − ηzT₂)
    T₁ = (1 − κ) λ + 2κ (z + E)        T₂ = (1 − κ) T₁ + κ λ

λ = |J|² is the tangent kernel, here ``lam``; κ, called ``kappa``, is the source's ε; its equations are in units of η =
1.

    |∇L|² = λz²        gᵀHg = λ²z² + z³T₁        λmax = ½(t + √(t² + 4κz(3z + 2E))),  t = λ + (1 − κ) z

Started a little below the edge it sharpens to ηλ = 2 − κ/2 + o(κ). A motion of θ itself has λ ≥ 2|z + E|·min(1, κ).

Source: Agarwala, Pedregosa, Pennington 2023, arXiv 2210.04860; d and λmax derived for dynsim.
"""

from ..vocabulary import maximum, sqrt


def move(z=0.01, lam=1.9, /, *, eta, kappa=0.01, E=0):
    t1 = (1 - kappa) * lam + 2 * kappa * (z + E)
    t2 = (1 - kappa) * t1 + kappa * lam
    return (
        z - eta * z * lam + eta * eta * z * z * t1 / 2,
        lam - eta * z * (2 * t1 - eta * z * t2),
    )


def f(z):
    return z * z / 2


def n(z, lam):
    return lam * z * z


def grad_sq(z, lam):
    return lam * z * z


def d(z, lam, kappa, E):
    return z * z * (lam * lam + z * ((1 - kappa) * lam + 2 * kappa * (z + E)))


def sharpness(z, lam, kappa, E):
    trace = lam + (1 - kappa) * z
    return (trace + sqrt(maximum(trace * trace + 4 * kappa * z * (3 * z + 2 * E), 0))) / 2


def p(z):
    return z * z
