"""CDAT on two edges, delayed as in the base paper's eq. 10: bounded for every σ from 2 to about 2.1.

    η' = σ (λ² p + μ² g)/(λ³ p + μ³ g)      x' = (1 − ηλ) x      u' = (1 − ημ) u      λ' = λ + η (a − b p)

and μ' = μ + η (αa − βb g), with p = x², g = u². η holds the weighted mean of ηλ and ημ at σ; the two take turns above
and below it. For α = β = 1 and σ → 2 from above the motion is attracted to an oscillation whose mean λ and μ are
0.9575 √(a/(σ − 2)). Below σ = 2 λ runs away.

Source: derived for dynsim: Roulet et al. 2024, arXiv 2407.06183, eq. 10, with eq. 4's feedback in both directions.
"""

from ..landscapes import two_edges
from ..loop import closed_loop
from ..tuners import cdat

START = {"sigma": 2.02, "x": 1.3, "u": 0.7, "lam": 20, "mu": 20, "eta": 0.1}
map = closed_loop(two_edges, cdat, delay=1, start=START, name="two_edges_cdat", doc=__doc__, eps=0)
