"""Hypergradient descent on the rate: η' = η (1 − β cos(∇f(w + ηu), u)).

The rate rises while the next gradient still points against the update u, and falls once it has turned.

Source: Baydin et al. 2018, arXiv 1703.04782; Roulet et al. 2024, arXiv 2407.06183, appendix.
"""


def hypergradient(rate=0.1, /, *, cos_along, w, beta=0.01):
    return rate, rate * (1 - beta * cos_along(rate, w))
