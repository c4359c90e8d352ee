"""Gradient descent with a constant rate on √(1 + (xy)²), in p = xy and s = x² + y².

    p' = p − ηsℓ' + η²pℓ'²            s' = s − 4ηpℓ' + η²sℓ'²,        ℓ' = p/√(1 + p²)

The sharpness ends at 2/η − η + O(η²).

Source: Ahn et al. 2022, arXiv 2212.07469; Song, Yun 2023, arXiv 2307.04204.
"""

from ..landscapes import square_root
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(square_root, constant, name="square_root", doc=__doc__, start={"p": 0.3, "s": 2.5})
