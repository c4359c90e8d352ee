"""Backtracking linesearch: the largest η = c₋ᵏ η₀, k = 0, 1, …, that is accepted, with η₀ = min(c₊ η_prev, η_max).

Accepted is what meets f(w + ηu) ≤ (1 + δ) f(w) − c η n. After 60 refusals the last candidate is taken.

Source: Armijo 1966; Roulet et al. 2024, arXiv 2407.06183, appendix: c ∈ {0, 1e-4, ½}, c₊ ∈ {4, ∞}, c₋ ∈ {0.8, 0.9}.
"""

from ..vocabulary import minimum, where

TRIES = 60


def linesearch(eta_prev=1, /, *, f, n, f_along, w, c=1e-4, c_plus=4, c_minus=0.8, delta=0, eta_max=1):
    eta = minimum(c_plus * eta_prev, eta_max)
    for _ in range(TRIES):
        eta = where(f_along(eta, w) <= (1 + delta) * f - c * eta * n, eta, eta * c_minus)
    return eta, eta
