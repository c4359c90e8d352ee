"""Minimalist example: gradient descent with a constant rate on ¼(1 − x²y²)², in p = xy and s = x² + y².

    p' = p − ηsℓ' + η²pℓ'²            s' = s − 4ηpℓ' + η²sℓ'²,        ℓ' = p³ − p

From any start above the edge the sharpness ends just below 2/η.

Source: Zhu, Wang, Wang, Zhou, Ge 2022, arXiv 2210.03294.
"""

from ..landscapes import minimalist
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(minimalist, constant, name="minimalist", doc=__doc__, start={"eta": 0.1, "s": 10.2})
