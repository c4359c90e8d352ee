"""CDAT on two eigendirections, as printed: η is computed from the state one step before (a delay of one step).

    η' = σ (λ² p + ν² g)/(λ³ p + ν³ g)      x' = (1 − ηλ) x      u' = (1 − ην) u      λ' = λ + η (a − b p)

with p = x², g = u². At σ = 2 every point (p = a/b, g = 0, η = 2/Λ, λ = Λ) is fixed: a line, attracting iff 8a < Λ².

Source: Roulet et al. 2024, arXiv 2407.06183, eq. 10.
"""

from ..landscapes import two_eigendirections
from ..loop import closed_loop
from ..tuners import cdat

map = closed_loop(two_eigendirections, cdat, delay=1, start={"eta": 0.05}, name="cdat", doc=__doc__, eps=0)
