"""Quadratic regression with one data point and two parameters, ω = (1, −κ): gradient descent with a constant rate.

    z' = z − ηzλ + ½η²z²T₁        λ' = λ − ηz (2T₁ − ηzT₂)
    T₁ = (1 − κ) λ + 2κ (z + E)        T₂ = (1 − κ) T₁ + κ λ

It sharpens to ηλ = 2 − κ/2 + o(κ). ``ds.objectives.quadratic_regression`` is its model of any size.

Source: Agarwala, Pedregosa, Pennington 2023, arXiv 2210.04860.
"""

from ..landscapes import quadratic_regression
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(quadratic_regression, constant, name="quadratic_regression", doc=__doc__)
