"""Damped edge: gradient descent with a constant rate on ½(λ + ζx)x² − a(x + λ).

    x' = x − η (λ x + 3ζx²/2 − a)            λ' = λ + η (a − x²/2)

ζ = 0, but for the drive along x, is ``self_stabilization`` with b = ½, whose oscillation grows until it escapes. A
curvature that changes along x damps it where ζ² > 2/9.

Source: Berthier 2026, arXiv 2609.01034.
"""

from ..landscapes import damped
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(damped, constant, name="damped", doc=__doc__)
