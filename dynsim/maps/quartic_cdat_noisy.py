"""CDAT on the quartic loss with gradient noise of strength s along x: the range of σ survives, narrowed.

    η = σ n/|d|     x' = x − η (λx + (3/2)ζx² + qx³) − η s ξ     λ' = λ + η (a − b x²),      ξ ~ N(0, 1) on each step

The tuner sees n and d of the loss without the noise.

Source: derived for dynsim: the rule is that of Roulet et al. 2024, arXiv 2407.06183, eq. 8, the noise that of Liao,
Kolomvaki, Kyrillidis 2026, arXiv 2604.21016.
"""

from ..landscapes import quartic_noisy
from ..loop import closed_loop
from ..tuners import cdat

map = closed_loop(quartic_noisy, cdat, start={"sigma": 2.1}, name="quartic_cdat_noisy", doc=__doc__, eps=0)
