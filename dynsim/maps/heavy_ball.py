"""Heavy-ball momentum with a constant rate on the edge model: the edge lies at ηλ = 2 (1 + β).

    v' = βv + λx        x' = x − ηv'        m' = βm + bx² − a        λ' = λ − ηm'

Source: Polyak 1964, on the model of Roulet et al. 2024, arXiv 2407.06183, eq. 4.
"""

from ..landscapes import heavy_ball
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(heavy_ball, constant, name="heavy_ball", doc=__doc__)
