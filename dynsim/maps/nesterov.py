"""Nesterov's momentum with a constant rate on the edge model: the edge lies at ηλ = 2 (1 + β)/(1 + 2β).

    v' = βv + λ̂x̂        x' = x − ηv'        m' = βm + bx̂² − a        λ' = λ − ηm',    x̂ = x − ηβv,  λ̂ = λ − ηβm

Source: Nesterov 1983, on the model of Roulet et al. 2024, arXiv 2407.06183, eq. 4.
"""

from ..landscapes import nesterov
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(nesterov, constant, name="nesterov", doc=__doc__)
