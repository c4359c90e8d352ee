"""Claims 7, 8 and 11: other ways to set the rate, and what CDAT costs."""

import time

from .. import tuners
from ..training.descent import descend
from .claims_full import settings
from .lab import LARGEST_POLYAK, Lab, along, merit
from .outcomes import Outcome, growth, outcome, ratio, typical
from .settings import Setting
from .verdicts import EQUAL, TWICE, Claim, Part, as_good, at_most, better, between, number, worse

#: The exact sharpness costs as much as several steps: these runs get this share of the steps.
SHARP_SHARE = 4
#: Warm-ups and peaks of the schedules: shares of the run, and factors on the tuned constant rate.
WARM_UPS, PEAKS = (0.05, 0.2, 0.5), (1, 2, 4, 8)
#: Steps in one timing, and how often it is taken.
TIMED, TIMES = 100, 3


def measure_sharp(lab: Lab, setting: Setting, seed: int) -> dict:
    """Ends of η = σ/λmax over that of the constant rate, tuned for the same, fewer steps."""
    until, least = setting.steps // SHARP_SHARE, setting.least
    runs = lab.run(setting, "target_sharpness", {"sigma": (2, 3)}, steps=until).isel(seed=seed)
    constant = outcome(lab.tuned(setting, steps=until).isel(seed=seed), least)
    return {f"at_{s}": ratio(outcome(runs.sel(sigma=s), least), constant) for s in (2, 3)}


def judge_sharp(*, at_2, at_3) -> dict[str, Part]:
    return {"σ=2 / const": worse(at_2), "σ=3 / const": as_good(at_3)}


def polyak(lab: Lab, setting: Setting):
    """Polyak's rate with f* the infimum of the loss."""
    return lab.run(setting, "polyak", f_star=setting.least, eta_max=LARGEST_POLYAK, sharp=True)


def measure_other(lab: Lab, setting: Setting, seed: int) -> dict:
    """Polyak against the constant rate and CDAT, hypergradient against the constant rate and greedy."""
    least = setting.least
    constant = lab.tuned(setting, sharp=True).isel(seed=seed)
    by_polyak, hyper = polyak(lab, setting).isel(seed=seed), lab.hypergradient(setting, seed)
    return {
        "rate": typical(by_polyak, "eta", 0, 1, least) / float(constant.eta),
        "to_cdat": ratio(outcome(by_polyak, least), outcome(lab.cdat(setting, 2).isel(seed=seed), least)),
        "hyper": ratio(outcome(hyper, least), outcome(constant, least)),
        "hyper_growth": growth(hyper, "lam", least),
        "greedy_growth": growth(lab.greedy(setting).isel(seed=seed), "lam", least),
    }


def judge_other(*, rate, to_cdat, hyper, hyper_growth, greedy_growth) -> dict[str, Part]:
    slow = at_most(hyper_growth, greedy_growth)
    return {
        "Polyak η / const η": Part(number(rate), bool(rate > 1)),
        "Polyak / σ=2": better(to_cdat),
        "hypergradient / const": between(hyper, (1 / EQUAL, EQUAL)),
        "λ hypergradient; greedy": Part(f"{slow.shown}; {number(greedy_growth)}", slow.good),
    }


def scheduled(lab: Lab, setting: Setting, seed: int) -> tuple[str, Outcome]:
    """The best schedule of one seed, and its end: peak, warm-up, and constant or falling to 0 as a cosine after it."""
    rate = float(lab.tuned(setting).eta[seed])
    over = {
        "peak": [rate * factor for factor in PEAKS],
        "warmup": [float(round(share * setting.steps)) for share in WARM_UPS],
    }
    least, total = setting.least, float(setting.steps)
    found = {}
    for tuner, end in (("schedule", 1.0), ("cosine_schedule", 0.0)):
        # The peaks differ from seed to seed, so each seed has runs of its own.
        runs = lab.run(setting, tuner, over, total=total, end=end, only=seed)
        for factor, row in zip(PEAKS, along(runs.isel(seed=0), "peak")):
            for share, run in zip(WARM_UPS, along(row, "warmup")):
                found[f"×{factor}, {share:.0%}, {'cosine' if end == 0 else 'constant'}"] = outcome(run, least)
    return min(found.items(), key=lambda named: merit(named[1]))


def cost(setting: Setting) -> float:
    """The time of a CDAT step over that of a step at a constant rate: the best of alternating trials on one core."""
    spent = {"constant": [], "cdat": []}
    values = {"constant": {"eta": 1e-3}, "cdat": {"sigma": 1}}
    for _ in range(TIMES):
        for name, seconds in spent.items():
            begun = time.perf_counter()
            descend(
                setting.objective, getattr(tuners, name), TIMED, every=TIMED, cores=1, progress=False, **values[name]
            )
            seconds.append(time.perf_counter() - begun)
    return min(spent["cdat"]) / min(spent["constant"])


def measure_schedule(lab: Lab, setting: Setting, seed: int) -> dict:
    """The best schedule's end over that of CDAT σ=2, and the cost of a step."""
    least = setting.least
    cdat = outcome(lab.cdat(setting, 2).isel(seed=seed), least)
    kind, end = scheduled(lab, setting, seed)
    return {"schedule": ratio(end, cdat), "kind": kind, "cost": cost(setting)}


def judge_schedule(*, schedule, kind, cost) -> dict[str, Part]:
    return {"schedule / σ=2": better(schedule), "it is": Part(kind), "cost": between(cost, TWICE)}


SHARPNESS = Claim(
    7,
    "η=σ/λmax: σ=2 does poorly, σ=3 well (it ignores alignment).",
    {"σ=2 / const": "worse", "σ=3 / const": "as well as"},
    measure_sharp,
    judge_sharp,
    settings,
    note=f"Both on 1/{SHARP_SHARE} of the steps, for which the constant rate is tuned too.",
)
OTHER = Claim(
    8,
    "Polyak picks larger rates than the constant one and beats CDAT σ=2; hypergradient equals the constant rate and "
    "sharpens slowly.",
    {
        "Polyak η / const η": "Polyak's median rate is above the constant one",
        "Polyak / σ=2": "better",
        "hypergradient / const": "equal",
        "λ hypergradient; greedy": "λ grows by no larger factor than under greedy, from the first tenth to the last",
    },
    measure_other,
    judge_other,
    settings,
    note=f"Polyak's rate is at most {LARGEST_POLYAK:g}. Hypergradient starts at 0.1, with the best of three β.",
)
SCHEDULE = Claim(
    11,
    "A prefixed warm-up schedule can still beat CDAT. CDAT's step costs about 2×.",
    {
        "schedule / σ=2": f"better, for the best of {2 * len(PEAKS) * len(WARM_UPS)}: peak {PEAKS} times the tuned "
        f"constant rate, warm-up over {WARM_UPS} of the run, then constant or falling to 0 as a cosine",
        "it is": "no verdict: peak over the tuned constant rate, warm-up, and what follows it",
        "cost": f"a CDAT step takes {TWICE[0]:g} to {TWICE[1]:g} times as long as one at a constant rate, on one core",
    },
    measure_schedule,
    judge_schedule,
    settings,
    note="The cost is a timing: it depends on the machine and on what else it does.",
)
