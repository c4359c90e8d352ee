"""Self-stabilization with a noise floor: |x| does not fall below `floor`, as the noise of real training keeps it.

    z = (1 − η λ) x      x' = sign(z) max(|z|, floor)      λ' = λ + η (a − b x²)

It bounds how far λ overshoots after slow sharpening: if x has reached the floor before the edge, it starts again from
there, and λ_exit solves ln floor² + (2/(ηa)) ∫_{2/η}^{λ_exit} ln|1 − ηλ| dλ = ln(a/b) − 1 + b floor²/a for small a.

Source: derived for dynsim from Roulet et al. 2024, arXiv 2407.06183, eq. 4.
"""

from ..vocabulary import absolute, maximum, where


def step(x=0.3, lam=1.9, /, eta=1.0, a=0.03, b=0.3, floor=1e-8):
    z = (1 - eta * lam) * x
    return where(z < 0, -1, 1) * maximum(absolute(z), floor), lam + eta * (a - b * x * x)


def y(eta, lam):
    return eta * lam - 2


def p(x):
    return x * x
