"""Claim 9: mini-batches."""

from itertools import pairwise

import numpy as np

from ..tuners.linesearch import TRIES
from .lab import LARGEST, Lab, merit
from .outcomes import Outcome, outcome, ratio
from .settings import Setting
from .verdicts import Claim, Part, as_good, number, numbers


def half(setting: Setting) -> int:
    """Mini-batch runs, and those of many sizes, get half the steps."""
    return setting.steps // 2


def grid(lab: Lab, setting: Setting, seed: int) -> dict[tuple[int, float, float], Outcome]:
    """The end of CDAT's run for each (batch, β, σ); the batch of all samples is the full batch."""
    scale, found = lab.scale, {}
    over = {"sigma": scale.batch_sigmas, "beta": scale.betas}
    for batch in (*scale.batches, setting.samples):
        given = 0 if batch == setting.samples else batch
        runs = lab.run(setting, "cdat_ema", over, steps=half(setting), batch=given).isel(seed=seed)
        for sigma in scale.batch_sigmas:
            for beta in scale.betas:
                found[batch, beta, sigma] = outcome(runs.sel(sigma=sigma, beta=beta), setting.least)
    return found


def best_sigmas(lab: Lab, ends: dict) -> dict[float, list[float]]:
    """For each β, the σ that ends best, from the smallest batch to the full one; NaN where all diverge."""
    batches = sorted({batch for batch, _, _ in ends})

    def best_of(batch, beta):
        sigma = min(lab.scale.batch_sigmas, key=lambda s: merit(ends[batch, beta, s]))
        return np.nan if ends[batch, beta, sigma].diverged else sigma

    return {beta: [best_of(batch, beta) for batch in batches] for beta in lab.scale.betas}


def measure_batch(lab: Lab, setting: Setting, seed: int) -> dict:
    """The best σ of each batch size with and without averages, and the linesearch's end over the constant rate's."""
    ends = grid(lab, setting, seed)
    sigmas = best_sigmas(lab, ends)
    averaged = [min((b for b in lab.scale.betas if b), key=lambda b: merit(_top(ends, batch, b)))
                for batch in lab.scale.batches]  # fmt: skip
    gains = [ratio(_top(ends, batch, b), _top(ends, batch, 0)) for batch, b in zip(lab.scale.batches, averaged)]
    search = []
    for batch in lab.scale.batches:
        steps = half(setting)
        run = lab.run(setting, "linesearch", steps=steps, batch=batch, eta_max=LARGEST).isel(seed=seed)
        constant = lab.tuned(setting, steps=steps, batch=batch).isel(seed=seed)
        search.append(ratio(outcome(run, setting.least), outcome(constant, setting.least)))
    return {"plain": sigmas[0], "averaged": sigmas[0.9], "gains": gains, "linesearch": search}


def _top(ends, batch, beta):
    return min((end for (b, e, _), end in ends.items() if (b, e) == (batch, beta)), key=merit)


def judge_batch(*, plain, averaged, gains, linesearch) -> dict[str, Part]:
    falls = plain[0] < plain[-1] and all(a <= b for a, b in pairwise(plain))
    evens = np.ptp(plain) > np.ptp(averaged)  # neither, where one is NaN
    return {
        "best σ": Part(numbers(*plain), bool(falls)),
        "best σ, β=0.9": Part(numbers(*averaged), bool(evens)),
        "EMA / none": Part(numbers(*gains), as_good(float(np.median(gains))).good),
        "linesearch / const": Part(
            f"{number(float(np.median(linesearch)))} of {numbers(*linesearch)}",
            as_good(float(np.median(linesearch))).good,
        ),
    }


def four(lab: Lab) -> dict[str, Setting]:
    return {setting.name: setting for setting in lab.scale.four}


BATCH = Claim(
    9,
    "Mini-batch: the best σ falls with the batch size (σ=1 can win); EMA evens it out (batch 256: σ=1.8, β=0.9). "
    "Linesearch does fine there.",
    {
        "best σ": "the best σ without averages, from the smallest batch to the full one, never falls, and rises",
        "best σ, β=0.9": "with averages it spans a smaller range",
        "EMA / none": "the best with averages (β > 0) does as well as the best without, in the median batch size",
        "linesearch / const": "as well as, in the median batch size, the constant rate tuned for each",
    },
    measure_batch,
    judge_batch,
    four,
    note="Half of the steps. Numbers go from the smallest mini-batch to the largest, and on to the full batch for σ. "
    f"The linesearch may take rates up to {LARGEST:g} and tries {TRIES} of them; the paper's stops at 1, and at 30 "
    "tries.",
)
