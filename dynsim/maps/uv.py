"""UV model: gradient descent with a constant rate on ½(vᵀUx/√n − target)², residual z, output z + target.

    z' = z (1 − ηλ + η²zf/n)            λ' = λ + (η/n) z (ηλz − 4f)

The edge of stability is reached iff η > √n/|target|. Above it the motion falls on λ = 2|f|/√n; see ``uv_balanced``.

Source: Kalra, He, Barkeshli 2023, arXiv 2311.02076.
"""

from ..landscapes import uv
from ..loop import closed_loop
from ..tuners import constant

map = closed_loop(uv, constant, name="uv", doc=__doc__, start={"eta": 1.1})
