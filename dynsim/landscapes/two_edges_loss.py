"""Loss of two edges: the loss whose gradient descent is ``two_edges``, with all of its own terms.

    f(x, u, z, w) = ½ (λ_ref + kz) x² − cz + ½ (μ_ref + mw) u² − ew,    a = kc, b = k²/2, αa = me, βb = m²/2

Written in λ = λ_ref + kz and μ = μ_ref + mw, and up to a constant,

    f = ½ λx² − aλ/(2b) + ½ μu² − αaμ/(2βb)
    d = λ³x² + 2λx²(b x² − a) + μ³u² + 2μu²(βb u² − αa)

``lam`` and ``mu`` are the curvatures along x and u; ``sharpness`` is the true λmax, of two blocks [[λ, kx], [kx, 0]].

Source: derived for dynsim: two of ``cubic_loss``, after Damian, Nichani, Lee 2023, arXiv 2209.15594.
"""

from ..vocabulary import maximum, sqrt
from .two_edges import g, move, p  # noqa: F401


def f(x, u, lam, mu, a, b, alpha, beta):
    return (lam * x * x - a * lam / b + mu * u * u - alpha * a * mu / (beta * b)) / 2


def gradient(x, u, lam, mu, a, b, alpha, beta):
    down = (b * x * x - a) / sqrt(2 * b), (beta * b * u * u - alpha * a) / sqrt(2 * beta * b)
    return lam * x, mu * u, *down


def d(x, u, lam, mu, a, b, alpha, beta):
    first = lam * (lam * x) * (lam * x) + 2 * lam * x * x * (b * x * x - a)
    return first + mu * (mu * u) * (mu * u) + 2 * mu * u * u * (beta * b * u * u - alpha * a)


def sharpness(x, u, lam, mu, b, beta):
    one = (lam + sqrt(lam * lam + 8 * b * x * x)) / 2
    return maximum(one, (mu + sqrt(mu * mu + 8 * beta * b * u * u)) / 2)
