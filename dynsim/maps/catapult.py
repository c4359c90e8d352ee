"""Catapult: gradient descent with a constant rate on a two-layer linear network trained towards zero.

    z' = (1 − ηλ + η²z²/n) z            λ' = λ + (ηz²/n)(ηλ − 4)

Lazy for η < 2/λ0, a catapult up to 4/λ0, divergent above; n is the width.

Source: Lewkowycz, Bahri, Dyer, Sohl-Dickstein, Gur-Ari 2020, arXiv 2003.02218.
"""

from ..landscapes import catapult
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(catapult, constant, name="catapult", doc=__doc__, start={"lam": 2.5})
