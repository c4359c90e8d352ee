"""CDAT on two eigendirections, as used in training: η is computed from the state that it moves.

    η = σ (λ² p + ν² g)/(λ³ p + ν³ g)       x' = (1 − ηλ) x      u' = (1 − ην) u      λ' = λ + η (a − b p)

with p = x², g = u². At σ = 2, once g has died out, y = ηλ − 2 vanishes and p is frozen: λ drifts without feedback.

Source: Roulet et al. 2024, arXiv 2407.06183, eq. 10 without its delay; the rule is eq. 8.
"""

from ..landscapes import two_eigendirections
from ..loop import closed_loop
from ..tuners import cdat

map = closed_loop(two_eigendirections, cdat, name="cdat_undelayed", doc=__doc__, eps=0)
