"""Warm-up on the edge model: a rate that rises linearly to its peak, then stays.

    η_t = peak · min((t + 1)/(warmup + 1), 1)        x' = (1 − η_t λ) x        λ' = λ + η_t (a − b x²)

A ramp reaches the edge gently, however large the peak. (``schedule`` can let the rate fall afterwards, too.)

Source: the ramps of Kalra, Barkeshli 2024, arXiv 2406.09405, on the model of Roulet et al. 2024, arXiv 2407.06183, eq.
4.
"""

from ..landscapes import top_eigendirection
from ..loop import closed_loop
from ..tuners import schedule

map = closed_loop(top_eigendirection, schedule, name="warmup", doc=__doc__, start={"lam": 1.0}, total=1.0, end=1.0)
