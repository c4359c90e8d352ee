"""CDAT on the quartic loss, as used in training: it has a stable state for a range of σ above 2.

    η = σ n/|d|     x' = x − η (λx + (3/2)ζx² + qx³)     λ' = λ + η (a − b x²)     u' = (1 − ην) u

n = ‖∇f‖² and d = ∇fᵀ∇²f∇f are those of f = ½λx² + ½ζx³ + ¼qx⁴ − aλ/(2b) + ½νu². For ζ = 0 and q > 0 the 2-cycle
x² = a/b, λ = (6 − σ)qa/((σ − 2)b), η(λ + qa/b) = 2 attracts iff 2 < σ < 4 and λ² > a(6 − σ)³/(4(σ² − 6σ + 12)): to
leading order up to σ = 2 + 2q√a/b.

Source: derived for dynsim; the rule is that of Roulet et al. 2024, arXiv 2407.06183, eq. 8.
"""

from ..landscapes import quartic_loss
from ..loop import closed_loop
from ..tuners import cdat

START = {"sigma": 2.1, "x": 0.15, "u": 0.1, "lam": 1, "a": 0.01, "b": 0.5, "q": 1}
map = closed_loop(quartic_loss, cdat, start=START, name="quartic_cdat_undelayed", doc=__doc__, eps=0)
