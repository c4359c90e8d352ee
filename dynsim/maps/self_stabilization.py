"""Self-stabilization: gradient descent with a constant rate at the edge of stability.

    x' = (1 − η λ) x            λ' = λ + η (a − b x²)

λ rises until ηλ = 2; then x grows, and b x² pushes λ back. Fixed point x² = a/b, ηλ = 2, a weakly repelling spiral
with multipliers 1 ± iη√(2a). In p̃ = b x²/a and y = ηλ − 2 one parameter rules: α = η²a.

Source: Damian, Nichani, Lee 2023, arXiv 2209.15594; Roulet et al. 2024, arXiv 2407.06183, eq. 4.
"""

from ..landscapes import top_eigendirection
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(top_eigendirection, constant, name="self_stabilization", doc=__doc__)
