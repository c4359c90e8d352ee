"""Two eigendirections: projections x and u on those of eigenvalues λ > ν, with p = x² and g = u².

    x' = (1 − η λ) x        u' = (1 − η ν) u        λ' = λ + η (a − b x²)

The gradient is truncated to (λx, νu), so n = λ²p + ν²g and d = λ³p + ν³g, as the base paper's CDAT model has it.

Source: Roulet et al. 2024, arXiv 2407.06183, eqs. 9 and 10.
"""

from ..vocabulary import absolute, log

scale = {"x": 1, "u": 1}


def move(x=2, u=2, lam=18, /, *, eta, a=0.05, b=0.1, nu=0.1):
    return (1 - eta * lam) * x, (1 - eta * nu) * u, lam + eta * (a - b * x * x)


def gradient(x, u, lam, nu):
    return lam * x, nu * u


def d(x, u, lam, nu):
    return lam * (lam * x) * (lam * x) + nu * (nu * u) * (nu * u)


def sharpness(lam):
    return lam


def p(x):
    return x * x


def g(u):
    return u * u


def ratio(x, u, log_scale):
    """p/g, of the carried mantissas: it outlives p and g."""
    return (x / u) * (x / u)


def log_p(x, log_scale):
    return 2 * (log(absolute(x)) + log_scale)
