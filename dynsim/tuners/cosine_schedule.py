"""Cosine schedule: linear warm-up, then cosine decay to a share `end` of the peak.

    η_t = peak · min((t+1)/(warmup+1), 1) · (1 − (1 − end)·(1 − cos πs)/2)
    s = clip((t − warmup)/(total − warmup), 0, 1)

Source: Loshchilov, Hutter 2017, arXiv 1608.03983; Roulet et al. 2024, arXiv 2407.06183, section on baselines.
"""

from ..vocabulary import cospi, maximum, minimum


def cosine_schedule(clock=0, /, peak=1, warmup=0, total=1000, end=0):
    ramp = minimum((clock + 1) / (warmup + 1), 1)
    done = minimum(maximum((clock - warmup) / maximum(total - warmup, 1), 0), 1)
    return peak * ramp * (1 - (1 - end) * (1 - cospi(done)) / 2), clock + 1
