"""Target sharpness: the model of the classical tuners, η_t = σ/λ_t with σ = 2(1 − ε).

    x' = (1 − σ) x              λ' = λ + (σ/λ) (a − b x²)

y = σ − 2 stays put; for σ < 2, x dies out, λ² ≈ λ0² + 2σat rises for ever and η falls.

Source: Roulet et al. 2024, arXiv 2407.06183, eq. 6.
"""

from ..landscapes import top_eigendirection
from ..loop import closed_loop
from ..tuners import target_sharpness

map = closed_loop(top_eigendirection, target_sharpness, name="target_sharpness", doc=__doc__)
