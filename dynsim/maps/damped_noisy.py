"""Damped edge with gradient noise of strength s: gradient descent with a constant rate.

    x' = x − η (λ x + 3ζx²/2 − a) − η s ξ        λ' = λ + η (a − x²/2),      ξ ~ N(0, 1) on each step

Source: derived for dynsim: Berthier 2026, arXiv 2609.01034, with the noise of arXiv 2604.21016.
"""

from ..landscapes import damped_noisy
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(damped_noisy, constant, name="damped_noisy", doc=__doc__)
