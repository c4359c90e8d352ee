"""Self-stabilization with gradient noise of strength s: the noise keeps x away from zero and λ below the edge.

    x' = (1 − η λ) x − η s ξ            λ' = λ + η (a − b x²),      ξ ~ N(0, 1) on each step

In the source's words a = α, b = β/2. In the stationary state E x² = a/b, and with Y = λ − 2/η the gap below the edge is

    2/η − E λ = (η/4α) (βs² + β E[Y²x²] + 2 E(α − βx²/2)²)  ≥  ηβs²/(4α)

Source: Liao, Kolomvaki, Kyrillidis 2026, arXiv 2604.21016 (the short formula); the identity derived for dynsim.
"""

from ..landscapes import noisy_eigendirection
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(noisy_eigendirection, constant, name="stochastic", doc=__doc__)
