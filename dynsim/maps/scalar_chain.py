"""Scalar chain of four weights: gradient descent with a constant rate on ½(w₁w₂w₃w₄ − target)².

    wᵢ' = wᵢ − η r cᵢ,    r = ∏ wⱼ − target,    cᵢ = ∏_{j≠i} wⱼ

``solution``, the sharpness of the gradient-flow solution, never increases.

Source: Kreisler, Shpigel Nacson, Soudry, Carmon 2023, arXiv 2305.13064.
"""

from ..landscapes import scalar_chain
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(scalar_chain, constant, name="scalar_chain", doc=__doc__, start={"eta": 0.3})
