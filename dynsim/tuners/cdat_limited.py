"""CDAT whose rate may grow by at most a factor c₊ a step: η = min(σ max(n, 0)/(|d| + ε), c₊ η_prev).

A cap of this kind guards a first step taken where the curvature along the update is still small.

Source: derived for dynsim from Roulet et al. 2024, arXiv 2407.06183, eq. 8, with the linesearch's c₊.
"""

from ..vocabulary import absolute, maximum, minimum


def cdat_limited(eta_prev=0.01, /, *, n, d, sigma=2, eps=0, c_plus=1.1):
    eta = minimum(sigma * maximum(n, 0) / (absolute(d) + eps), c_plus * eta_prev)
    return eta, eta
