"""Constant learning rate: η_t = η.

Source: gradient descent; Roulet et al. 2024, arXiv 2407.06183, eq. 4 with η fixed.
"""


def constant(eta=1):
    return eta
