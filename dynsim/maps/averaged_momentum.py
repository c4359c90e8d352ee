"""Averaged momentum with a constant rate on the edge model: the edge lies at ηλ = 2 (1 + β)/(1 − β).

    v' = βv + (1 − β)λx        x' = x − ηv'        m' = βm + (1 − β)(bx² − a)        λ' = λ − ηm'

Source: Polyak 1964, on the model of Roulet et al. 2024, arXiv 2407.06183, eq. 4.
"""

from ..landscapes import averaged_momentum
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(averaged_momentum, constant, name="averaged_momentum", doc=__doc__)
