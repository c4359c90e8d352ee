"""CDAT with exponential moving averages: η = σ max(ñ, 0)/(|d̃| + ε), ñ' = (1 − β) n + β ñ, d̃' = (1 − β) d + β d̃.

Both averages start at zero; the bias of the start cancels in their ratio.

Source: Roulet et al. 2024, arXiv 2407.06183, appendix on CDAT in mini-batch.
"""

from ..vocabulary import absolute, maximum


def cdat_ema(n_avg=0, d_avg=0, /, *, n, d, sigma=2, eps=0, beta=0.9):
    n_avg = (1 - beta) * n + beta * n_avg
    d_avg = (1 - beta) * d + beta * d_avg
    return sigma * maximum(n_avg, 0) / (absolute(d_avg) + eps), n_avg, d_avg


# The averages are quadratic in the state; they keep its common scale, squared.
cdat_ema.scale = {"n_avg": 2, "d_avg": 2}
