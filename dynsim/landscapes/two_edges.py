"""Two edges: two unstable directions, each with a feedback of its own on its eigenvalue.

    x' = (1 − η λ) x        u' = (1 − η μ) u        λ' = λ + η (a − b x²)        μ' = μ + η (α a − β b u²)

The gradient is truncated to (λx, μu), so n = λ²p + μ²g and d = λ³p + μ³g with p = x², g = u², as in
``two_eigendirections``, whose second eigenvalue stands still. In units x ~ √(a/b), λ ~ √a, η ~ 1/√a both a and b drop
out. Under CDAT with its delay the motion has an attracting state for every σ from 2 to about 2.1.

Source: derived for dynsim: Roulet et al. 2024, arXiv 2407.06183, eqs. 9 and 10, with eq. 4's feedback in both.
"""

from ..vocabulary import maximum
from .two_eigendirections import g, p, ratio, scale  # noqa: F401


def move(x=1, u=0.9, lam=20, mu=19, /, *, eta, a=1, b=1, alpha=1, beta=1):
    grown = lam + eta * (a - b * x * x), mu + eta * (alpha * a - beta * b * u * u)
    return (1 - eta * lam) * x, (1 - eta * mu) * u, *grown


def gradient(x, u, lam, mu):
    return lam * x, mu * u


def d(x, u, lam, mu):
    return lam * (lam * x) * (lam * x) + mu * (mu * u) * (mu * u)


def sharpness(lam, mu):
    return maximum(lam, mu)
