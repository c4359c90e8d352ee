"""Square-root loss of a product: L(x, y) = √(1 + (xy)²), in p = xy and s = x² + y²; convex, even, of slope below 1.

    p' = p − ηsℓ' + η²pℓ'²            s' = s − 4ηpℓ' + η²sℓ'²,        ℓ' = p/√(1 + p²)

ℓ'' = (1 + p²)^(−3/2); n, d and λmax are those of :func:`dynsim.families.product`. ``lam`` is the true sharpness; where
p has died out it is s. The final sharpness is 2/η − η + O(η²).

Source: Ahn et al. 2022, arXiv 2212.07469; Song, Yun 2023, arXiv 2307.04204; the coefficient derived for dynsim.
"""

from ..families import product
from ..vocabulary import sqrt


def loss(p):
    return sqrt(1 + p * p)


def slope(p):
    return p / sqrt(1 + p * p)


def curvature(p):
    return 1 / ((1 + p * p) * sqrt(1 + p * p))


landscape = product(loss, slope, curvature, start=(0.3, 12.0))
