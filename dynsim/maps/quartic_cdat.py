"""CDAT on the quartic loss, delayed as in the base paper's eq. 10: it has a stable state for a range of σ above 2.

    x' = x − η (λx + (3/2)ζx² + qx³)     λ' = λ + η (a − b x²)     u' = (1 − ην) u     η' = σ n/|d|

n = ‖∇f‖² and d = ∇fᵀ∇²f∇f are those of f = ½λx² + ½ζx³ + ¼qx⁴ − aλ/(2b) + ½νu². For ζ = 0, q > 0 and 2 < σ < 6 the
2-cycle x² = a/b, λ = (6 − σ)qa/((σ − 2)b), η(λ + qa/b) = 2 attracts up to a σ with λ² → 16a for q → 0: to leading order
up to σ = 2 + q√a/b.

Source: derived for dynsim; the rule is that of Roulet et al. 2024, arXiv 2407.06183, eqs. 8 and 10.
"""

from ..landscapes import quartic_loss
from ..loop import closed_loop
from ..tuners import cdat

START = {"sigma": 2.1, "x": 0.15, "u": 0.1, "lam": 1, "eta": 2, "a": 0.01, "b": 0.5, "q": 1}
map = closed_loop(quartic_loss, cdat, delay=1, start=START, name="quartic_cdat", doc=__doc__, eps=0)
