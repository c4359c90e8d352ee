"""Schedule: linear warm-up, then constant, or linear decay to a share `end` of the peak.

    η_t = peak · min((t+1)/(warmup+1), 1) · (1 − (1 − end)·clip((t − warmup)/(total − warmup), 0, 1))

end = 1 keeps the rate constant after the warm-up. The step count is the tuner's own state, ``clock``.

Source: Roulet et al. 2024, arXiv 2407.06183, section on baselines.
"""

from ..vocabulary import maximum, minimum


def schedule(clock=0, /, peak=1, warmup=0, total=1000, end=1):
    ramp = minimum((clock + 1) / (warmup + 1), 1)
    done = minimum(maximum((clock - warmup) / maximum(total - warmup, 1), 0), 1)
    return peak * ramp * (1 - (1 - end) * done), clock + 1
