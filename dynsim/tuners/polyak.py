"""Polyak step size: η = min((f − f*)/‖∇f‖², η_max).

Source: Polyak 1964; Loizou et al. 2021, arXiv 2002.10542; Roulet et al. 2024, arXiv 2407.06183, appendix.
"""

from ..vocabulary import minimum


def polyak(f, grad_sq, f_star=0, eta_max=1):
    return minimum((f - f_star) / grad_sq, eta_max)
