"""Log-cosh of a product, the threshold neuron's loss: L(x, y) = ln cosh(xy), in p = xy and s = x² + y².

    p' = p − ηs tanh p + η²p tanh²p            s' = s − 4ηp tanh p + η²s tanh²p

ℓ' = tanh p, ℓ'' = 1 − tanh²p; n, d and λmax are those of :func:`dynsim.families.product`. ``lam`` is the true
sharpness; where p has died out it is s. Above the edge, ηs > 2, p settles on a 2-cycle and s falls slowly, until λ =
2/η − 3η/2 + O(η²).

Source: Ahn et al. 2022, arXiv 2212.07469; Song, Yun 2023, arXiv 2307.04204. The 3/2 derived for dynsim: with r(p) =
ℓ'/p, the flow along the 2-cycles of arXiv 2307.04204 gives η/|r''(0)| = 3η/2.
"""

from ..families import product
from ..vocabulary import absolute, exp, log, tanh


def loss(p):
    size = absolute(p)
    return size + log((1 + exp(-2 * size)) / 2)


def slope(p):
    return tanh(p)


def curvature(p):
    return 1 - tanh(p) * tanh(p)


landscape = product(loss, slope, curvature, start=(0.3, 12.0))
