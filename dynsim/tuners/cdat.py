"""CDAT, curvature dynamics aware tuning: η = σ max(n, 0)/(|d| + ε) with n = −∇fᵀu, d = uᵀ∇²f u.

σ = 1 is greedy; σ = 2, "on edge", is the largest η at which the quadratic model of the loss does not rise.

Source: Roulet et al. 2024, arXiv 2407.06183, eq. 8.
"""

from ..vocabulary import absolute, maximum


def cdat(n, d, sigma=2, eps=0):
    return sigma * maximum(n, 0) / (absolute(d) + eps)
