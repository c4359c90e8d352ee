"""Self-stabilization with gradient noise of strength s: the noise keeps x away from zero and λ below the edge.

    x' = (1 − η λ) x − η s ξ            λ' = λ + η (a − b x²),      ξ ~ N(0, 1) on each step

In the source's words a = α, b = β/2. In the stationary state E x² = a/b, and the gap 2/η − E λ is at least about
η b s²/(2a).

Source: Liao, Kolomvaki, Kyrillidis 2026, arXiv 2604.21016.
"""


def step(x=0.1, lam=1.9, /, *, xi, eta=1.0, a=1e-3, b=0.3, s=0.02):
    return (1 - eta * lam) * x - eta * s * xi, lam + eta * (a - b * x * x)


def y(eta, lam):
    return eta * lam - 2


def p(x):
    return x * x
