"""Claim 10: width, depth and weight decay."""

from dataclasses import replace

import numpy as np

from .claims_batch import four, half
from .lab import Lab
from .outcomes import outcome, ratio
from .settings import Setting
from .verdicts import RISES, Claim, Part, numbers


def variants(lab: Lab, setting: Setting) -> dict[str, dict[float, Setting]]:
    """The networks of other width, depth and weight decay."""
    scale, (width,) = lab.scale, setting.hidden
    return {
        "width": {w: replace(setting, hidden=(w,)) for w in scale.widths},
        "depth": {d: replace(setting, hidden=(width,) * d) for d in scale.depths},
        "decay": {c: replace(setting, weight_decay=c) for c in scale.decays},
    }


def gain(lab: Lab, setting: Setting, seed: int) -> float:
    """By what factor CDAT σ=2 ends below the tuned constant rate."""
    steps = half(setting)
    constant = outcome(lab.tuned(setting, steps=steps).isel(seed=seed), setting.least)
    run = lab.run(setting, "cdat", steps=steps, sigma=2).isel(seed=seed)
    return float(np.float64(1) / ratio(outcome(run, setting.least), constant))


def measure_size(lab: Lab, setting: Setting, seed: int) -> dict:
    """The gains over each kind of variant."""
    return {
        kind: [gain(lab, variant, seed) for variant in chosen.values()]
        for kind, chosen in variants(lab, setting).items()
    }


def judge_size(*, width, depth, decay) -> dict[str, Part]:
    return {
        "width": Part(numbers(*width), bool(width[-1] >= RISES * width[0])),
        "depth": Part(numbers(*depth), bool(depth[-1] >= RISES * depth[0])),
        "weight decay": Part(numbers(*decay), bool(decay[0] > RISES and decay[-1] <= RISES)),
    }


SIZE = Claim(
    10,
    "Wider and deeper networks gain more from CDAT; weight decay removes the gain.",
    {
        "width": f"the gain (const / CDAT σ=2) of the widest network is at least {RISES:g} times the narrowest's",
        "depth": f"that of the deepest is at least {RISES:g} times the shallowest's",
        "weight decay": f"the gain is above {RISES:g} without weight decay, and at most that with the largest",
    },
    measure_size,
    judge_size,
    four,
    note="With weight decay the infimum is not known: there the ends are those of the loss less its infimum without "
    "decay. The decay's own share of the loss, much the same for both, draws the gain towards 1.",
)
