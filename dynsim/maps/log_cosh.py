"""Threshold neuron: gradient descent with a constant rate on ln cosh(xy), in p = xy and s = x² + y².

    p' = p − ηsℓ' + η²pℓ'²            s' = s − 4ηpℓ' + η²sℓ'²,        ℓ' = tanh p

The sharpness ends at 2/η − 3η/2 + O(η²).

Source: Ahn et al. 2022, arXiv 2212.07469; Song, Yun 2023, arXiv 2307.04204.
"""

from ..landscapes import log_cosh
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(log_cosh, constant, name="log_cosh", doc=__doc__, start={"p": 0.3, "s": 2.5})
