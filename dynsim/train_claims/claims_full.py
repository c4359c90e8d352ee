"""Claims 1 to 3: the tuners against a tuned constant rate, full batch."""

from .lab import LARGEST, Lab, best
from .outcomes import growth, outcome, ratio, typical
from .settings import LONG, Setting
from .verdicts import (
    AT,
    BELOW,
    MAGNITUDE,
    RISES,
    Claim,
    Part,
    as_good,
    at_least,
    at_most,
    better,
    between,
    both,
    number,
    numbers,
    worse,
)  # fmt: skip

#: What the table says of the linesearch.
SEARCHED = f"The linesearch may take rates up to {LARGEST:g}, where the paper's stops at 1."


def measure_classical(lab: Lab, setting: Setting, seed: int) -> dict:
    """Ends of linesearch and greedy over that of the constant rate, and where they hold η and λ."""
    least = setting.least
    constant = lab.tuned(setting, sharp=True).isel(seed=seed)
    greedy, search = lab.greedy(setting).isel(seed=seed), lab.linesearch(setting, seed)
    end = outcome(constant, least)
    return {
        "linesearch": ratio(outcome(search, least), end),
        "greedy": ratio(outcome(greedy, least), end),
        "lam_growth": growth(greedy, "lam", least),
        "eta_growth": growth(greedy, "eta", least),
        "eta_lam": typical(greedy, "eta_lam", 0.5, 1, least),
        "eta_lam_search": typical(search, "eta_lam", 0.5, 1, least),
        "eta_lam_constant": typical(constant, "eta_lam", 0.5, 1, least),
    }


def judge_classical(
    *, linesearch, greedy, lam_growth, eta_growth, eta_lam, eta_lam_search, eta_lam_constant
) -> dict[str, Part]:
    return {
        "linesearch / const": worse(linesearch),
        "greedy / const": worse(greedy),
        "λ up": at_least(lam_growth, MAGNITUDE),
        "η down": at_most(eta_growth, 1 / MAGNITUDE),
        "ηλ greedy; linesearch": both(between(eta_lam, BELOW), between(eta_lam_search, BELOW)),
        "ηλ const": between(eta_lam_constant, AT),
    }


def judge_linear(*, linesearch, greedy, **_) -> dict[str, Part]:
    return {"linesearch / const": as_good(linesearch), "greedy / const": as_good(greedy)}


def settings(lab: Lab) -> dict[str, Setting]:
    return {setting.name: setting for setting in lab.scale.settings}


def long_settings(lab: Lab) -> dict[str, Setting]:
    return {setting.name: setting.long for setting in lab.scale.settings}


def linear_settings(lab: Lab) -> dict[str, Setting]:
    return {setting.name.replace("linear", "linear model"): setting for setting in lab.scale.linear}


def optimizer_settings(lab: Lab) -> dict[str, tuple[Setting, str]]:
    """Gradient descent on every setting, the other optimizers on four."""
    found = {f"{s.name}, gd": (s, "gd") for s in lab.scale.settings}
    return found | {f"{s.name}, {name}": (s, name) for name in lab.scale.optimizers for s in lab.scale.four}


def measure_cdat(lab: Lab, pair: tuple[Setting, str], seed: int) -> dict:
    """Ends of CDAT at three σ, relative to each other and to the constant rate, all on one base optimizer."""
    setting, optimizer = pair
    least = setting.least
    runs = {sigma: lab.cdat(setting, sigma, optimizer=optimizer).isel(seed=seed) for sigma in (1, 2, 2.0625, 2.5)}
    ends = {sigma: outcome(run, least) for sigma, run in runs.items()}
    constant = outcome(lab.tuned(setting, optimizer=optimizer).isel(seed=seed), least)
    best_of_all = best(lab.cdats(setting, optimizer=optimizer).isel(seed=seed), "sigma", least)
    return {
        "to_constant": ratio(ends[2], constant),
        "to_greedy": ratio(ends[2], ends[1]),
        "beyond": ratio(ends[2.0625], ends[2]),
        "far": ratio(ends[2.5], ends[2]),
        "diverges": ends[2.5].diverged,
        "sigma": float(best_of_all.sigma),
        "to_best": ratio(outcome(best_of_all, least), constant),
        "rise": typical(runs[2], "eta", 0.05, 0.2, least) / float(runs[2].eta[0]),
    }


def judge_cdat(*, to_constant, to_greedy, beyond, far, diverges, rise, sigma, to_best) -> dict[str, Part]:
    return {
        "σ=2 / const": as_good(to_constant),
        "σ=2 / σ=1": better(to_greedy),
        "σ=2.0625 / σ=2": Part(number(beyond), bool(beyond < 1)),
        "σ=2.5 / σ=2": Part(number(far), bool(diverges)),
        "η rise": at_least(rise, RISES),
        "best σ; / const": Part(numbers(sigma, to_best)),
    }


CLASSICAL = Claim(
    1,
    "Full batch: linesearch and greedy fall behind the tuned constant rate in the long run; η falls and λ rises over "
    "orders of magnitude; ηλ stays just below 2, while for the constant rate it hovers at 2.",
    {
        "linesearch / const": "worse, with the best of three options of the linesearch",
        "greedy / const": "worse",
        "λ up": f"under greedy, λ over the last tenth of the run is at least {MAGNITUDE:g} times that over the first",
        "η down": f"so is η, at most 1/{MAGNITUDE:g}",
        "ηλ greedy; linesearch": f"the medians over the second half are both in {BELOW[0]:g} to {BELOW[1]:g}",
        "ηλ const": f"the median over the second half is in {AT[0]:g} to {AT[1]:g}",
    },
    measure_classical,
    judge_classical,
    long_settings,
    note=f"In the long run: on {LONG} times the steps of the other claims. {SEARCHED}",
)
LINEAR = Claim(
    2,
    "On a linear model the same tuners do well.",
    {"linesearch / const": "as well as", "greedy / const": "as well as"},
    measure_classical,
    judge_linear,
    linear_settings,
    note=SEARCHED,
)
CDAT = Claim(
    3,
    "CDAT σ=2 matches or beats the tuned constant rate and beats σ=1; σ=2.0625 is often better still; σ=2.5 generally "
    "diverges; η rises at first, like a warm-up.",
    {
        "σ=2 / const": "as well as",
        "σ=2 / σ=1": "better",
        "σ=2.0625 / σ=2": "below 1",
        "σ=2.5 / σ=2": "σ=2.5 diverges (∞)",
        "η rise": f"at σ=2, the median η between 5 % and 20 % of the run is at least {RISES:g} times the first",
        "best σ; / const": "no verdict: the σ that ends best, of ten under gd and of 1, 2, 2.0625, 2.5 otherwise",
    },
    measure_cdat,
    judge_cdat,
    optimizer_settings,
)
