"""Central flow of the edge model: the motion of λ once the oscillation of x is averaged out, in steps of η.

    λ' = min(λ + ηa, 2/η)        E x² = 0 below the edge,  max(0, 2⟨−∇L, ∇S⟩/|∇S|²) = a/b on it

For a start at or below the edge. In the loss of ``cubic_loss`` the ratio 2⟨−∇L, ∇S⟩/|∇S|² is 2·ck/k² = a/b.

Source: Cohen, Damian, Talwalkar, Kolter, Lee 2025, arXiv 2410.24206; here for arXiv 2407.06183, eq. 4.
"""

from ..vocabulary import minimum, where


def step(lam=1.9, /, eta=1.0, a=0.03, b=0.3):
    return minimum(lam + eta * a, 2 / eta)


def y(eta, lam):
    return eta * lam - 2


def p(eta, lam, a, b):
    """The variance of x."""
    return where(lam < 2 / eta, 0, a / b)
