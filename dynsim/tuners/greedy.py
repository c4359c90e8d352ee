"""Quadratically greedy: the minimizer of the quadratic model along the update, η = n/d with n = −∇fᵀu, d = uᵀ∇²f u.

Source: Roulet et al. 2024, arXiv 2407.06183, section 2.
"""


def greedy(n, d):
    return n / d
