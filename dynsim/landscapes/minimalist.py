"""Minimalist example: a product of four, in which the sharpness ends just below 2/η whatever the start.

    L(x, y) = ¼ (1 − x²y²)²        x' = x − η (x²y² − 1) x y²        y' = y − η (x²y² − 1) x² y

in p = xy and s = x² + y², with ℓ = ¼(1 − p²)², ℓ' = p³ − p, ℓ'' = 3p² − 1:

    p' = p − ηsℓ' + η²pℓ'²            s' = s − 4ηpℓ' + η²sℓ'²

n, d and λmax are those of :func:`dynsim.families.product`. ``lam`` is the true sharpness; at the minima p = ±1 it is
2s. With ½ in place of ¼, as some print the loss, gradients are twice these and η stands for half of it.

Source: Zhu, Wang, Wang, Zhou, Ge 2022, arXiv 2210.03294.
"""

from ..families import product


def loss(p):
    rest = 1 - p * p
    return rest * rest / 4


def slope(p):
    return (p * p - 1) * p


def curvature(p):
    return 3 * p * p - 1


landscape = product(loss, slope, curvature, start=(1.1, 8.0))
