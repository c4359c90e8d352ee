"""Scalar chain of four weights, a linear network of width one: f(w) = ½ (w₁w₂w₃w₄ − target)².

    wᵢ' = wᵢ − η r cᵢ,    r = ∏ wⱼ − target,    cᵢ = ∏_{j≠i} wⱼ

``lam`` is Σcᵢ², the sharpness where r = 0. ``solution`` is the sharpness of the minimum at which gradient flow from
here would end; it never increases along gradient descent. :func:`dynsim.families.scalar_chain` makes a chain of any
depth.

Source: Kreisler, Shpigel Nacson, Soudry, Carmon 2023, arXiv 2305.13064.
"""

from ..families import scalar_chain

landscape = scalar_chain(4, start=(2.2, 0.9, 0.8, 0.7))
