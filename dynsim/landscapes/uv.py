"""UV model: a two-layer linear network of one output on one example, f = vᵀUx/√n with |x| = 1; residual z = f − target.

    L = ½ z²        z' = z (1 − ηλ + η²zf/n)        λ' = λ + (η/n) z (ηλz − 4f),        f = z + target

λ is the tangent kernel (|U|² + |v|²)/n, here ``lam``; n is called ``width``. In the plane of the gradient and its
mirror image the Hessian has trace λ and determinant −z(3z + 2·target)/n; its other eigenvalues are ±z/√n. So

    |∇L|² = λz²        gᵀHg = λ²z² + 2z³f/n        λmax = max(½(λ + √(λ² + 4z(2f + z)/n)), |z|/√n)

λ ≥ 2|f|/√n always, with equality where U x and v are parallel and of one length.

Source: Kalra, He, Barkeshli 2023, arXiv 2311.02076; d and λmax derived for dynsim.
"""

from ..vocabulary import absolute, maximum, sqrt


def move(z=-0.5, lam=1.5, /, *, eta, target=1, width=1):
    out = z + target
    return (
        z * (1 - eta * lam + eta * eta * z * out / width),
        lam + eta * z * (eta * lam * z - 4 * out) / width,
    )


def f(z):
    return z * z / 2


def n(z, lam):
    return lam * z * z


def grad_sq(z, lam):
    return lam * z * z


def d(z, lam, target, width):
    return lam * lam * z * z + 2 * z * z * z * (z + target) / width


def sharpness(z, lam, target, width):
    inside = lam * lam + 4 * z * (3 * z + 2 * target) / width
    return maximum((lam + sqrt(maximum(inside, 0))) / 2, absolute(z) / sqrt(width))


def p(z):
    return z * z
