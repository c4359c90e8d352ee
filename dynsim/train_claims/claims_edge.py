"""Claims 4 to 6: what CDAT does at the edge."""

import numpy as np

from .claims_full import settings
from .lab import Lab, interval
from .outcomes import TRAINED, growth, typical
from .settings import Setting
from .verdicts import (
    ABOVE,
    ALIGNED,
    AS_GOOD,
    MOST,
    OPPOSED,
    Claim,
    Part,
    at_least,
    at_most,
    between,
    both,
    number,
)  # fmt: skip

#: The σ around 2 that claim 4 looks at.
NEAR = (2, 2.0625)


def measure_edge(lab: Lab, setting: Setting, seed: int) -> dict:
    """For each σ near 2, the growth of λ and the quartiles of ηλ over the middle half."""
    facts = {}
    for name, sigma in zip(("on", "beyond"), NEAR):
        run = lab.cdat(setting, sigma).isel(seed=seed)
        facts[f"{name}_growth"] = growth(run, "lam", setting.least)
        quartiles = (typical(run, "eta_lam", 0.25, 0.75, setting.least, share) for share in (0.25, 0.5, 0.75))
        facts[f"{name}_quartiles"] = tuple(quartiles)
    return facts


def judge_edge(*, on_growth, on_quartiles, beyond_growth, beyond_quartiles) -> dict[str, Part]:
    return {
        "λ, σ=2": at_most(on_growth, AS_GOOD),
        "ηλ, σ=2": _above(on_quartiles),
        "λ, σ=2.0625": at_most(beyond_growth, AS_GOOD),
        "ηλ, σ=2.0625": _above(beyond_quartiles),
    }


def _above(quartiles):
    low, middle, high = quartiles
    return Part(f"{number(middle)} ({number(low)}–{number(high)})", between(middle, ABOVE).good)


def decreases(lab: Lab, setting: Setting, sigma: float, seed: int) -> dict[str, np.ndarray]:
    """Along CDAT at σ: the share of the excess loss that one greedy and one on-edge step take from each kept point.

    From w, with u = −∇f, n = ‖∇f‖² and d = uᵀ∇²f u, the two go to w + (n/|d|)u and w + 2(n/|d|)u.
    """
    steps, least, objective = setting.steps, setting.least, setting.objective
    keep = interval(steps)
    run = lab.run(setting, "cdat", {"sigma": (1, 2)}, keep=keep).sel(sigma=sigma).isel(seed=seed)
    found = {"step": [], "greedy": [], "on edge": []}
    for step, w in zip(run.kept_step.values, run.w.values):
        if not np.isfinite(w).all() or (f := objective.loss(w)) - least <= TRAINED:
            break
        u = -objective.gradient(w)
        eta = float(u @ u) / abs(objective.second(w, u))
        found["step"].append(step)
        for name, factor in (("greedy", 1), ("on edge", 2)):
            found[name].append((f - objective.loss(w + factor * eta * u)) / (f - least))
    return {name: np.array(values) for name, values in found.items()}


def measure_one_step(lab: Lab, setting: Setting, seed: int) -> dict:
    """Along either trajectory, the share of points at which the greedy step decreases the loss more."""
    shares = {}
    for name, sigma in (("greedy", 1), ("edge", 2)):
        seen = decreases(lab, setting, sigma, seed)
        shares[f"along_{name}"] = float(np.mean(seen["greedy"] > seen["on edge"]))
    return shares


def judge_one_step(*, along_greedy, along_edge) -> dict[str, Part]:
    return {"along greedy": at_least(along_greedy, MOST), "along on-edge": at_least(along_edge, MOST)}


def measure_turns(lab: Lab, setting: Setting, seed: int) -> dict:
    """Medians over the second half of the cosine between updates, and of the alignment with the top eigenvector."""
    runs = {
        "constant": lab.tuned(setting, sharp=True),
        "edge": lab.cdat(setting, 2),
        "greedy": lab.greedy(setting),
    }
    return {
        name: tuple(typical(run.isel(seed=seed), n, 0.5, 1, setting.least) for n in ("turn", "alignment"))
        for name, run in runs.items()
    }


def judge_turns(*, constant, edge, greedy) -> dict[str, Part]:
    def opposed(pair):
        return both(at_most(pair[0], OPPOSED), at_least(pair[1], ALIGNED))

    free = Part(f"{number(greedy[0])}; {number(greedy[1])}", bool(greedy[0] > OPPOSED and greedy[1] < ALIGNED))
    return {"const": opposed(constant), "σ=2": opposed(edge), "greedy": free}


EDGE = Claim(
    4,
    "Under CDAT σ≈2, λ does not rise (it falls slightly) and ηλ runs slightly above 2.",
    {
        "λ, σ=2": f"λ over the last tenth of the run is at most {AS_GOOD:g} times that over the first",
        "ηλ, σ=2": f"its median over the middle half of the run is in {ABOVE[0]:g} to {ABOVE[1]:g}",
        "λ, σ=2.0625": "the same",
        "ηλ, σ=2.0625": "the same",
    },
    measure_edge,
    judge_edge,
    settings,
    note="In brackets: the quartiles of ηλ.",
)
ONE_STEP = Claim(
    5,
    "Yet one greedy step decreases the loss more than one on-edge step, along either trajectory.",
    {
        "along greedy": f"the greedy step decreases the loss more at {MOST:.0%} or more of the kept points",
        "along on-edge": "the same, along the trajectory of CDAT σ=2",
    },
    measure_one_step,
    judge_one_step,
    settings,
)
TURNS = Claim(
    6,
    "Under σ≈2, as under a constant rate, successive updates become opposed and align with the top eigenvector; under "
    "greedy they do not.",
    {
        "const": f"over the second half, median cosine between updates ≤ {OPPOSED:g} and alignment ≥ {ALIGNED:g}",
        "σ=2": "the same",
        "greedy": f"cosine > {OPPOSED:g} and alignment < {ALIGNED:g}",
    },
    measure_turns,
    judge_turns,
    settings,
    note="Each cell: the cosine; the alignment.",
)
