"""How long the reduced model foretells training: networks, starting points and tuners, each compared once."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.sparse.linalg import LinearOperator, eigsh

from .. import objectives, tasks, tuners
from ..training.blas import one_thread
from ..training.comparison import compare
from ..training.descent import descend
from ..training.reduction import reduce

SAMPLES, WIDTH = 256, 32
LOSSES, ACTIVATIONS, SEEDS = ("squared", "cross_entropy"), ("tanh", "gelu", "relu"), (0, 1)
#: The constant rate is tuned on these, by the loss after so many steps.
RATES, TUNING, BOUND = 2.0 ** np.arange(-6, 11), 400, 2.0
#: How long each comparison is; how long where a constant rate is set at the edge, and x must first grow.
STEPS, LONG = 100, 200
#: Directions of the local cubic models.
DIRECTIONS = (1, 10)
#: Below this loss a network that separates its classes has nothing left to learn, and λ is rounding.
LEARNED = 1e-6
#: After so many steps a and b are measured again.
AGAIN = (1, 10, 50)
#: So many eigenvalues are looked at.
RANK = 12


@dataclass(frozen=True)
class Case:
    """A starting point and a tuner."""

    stage: str
    tuner: str
    values: tuple
    w: np.ndarray
    steps: int


def network(loss: str, activation: str):
    """The network of the study, on the digits."""
    x, y = tasks.digits(SAMPLES)
    return objectives.network(x, y, WIDTH, activation=activation, loss=loss)


def tuned(objective, seed: int) -> float:
    """The constant rate with the least loss after TUNING steps, if the loss never exceeds BOUND times the first.

    Without the bound a network that separates its classes has no best rate: thrown far out, it may land at loss 0.
    """
    runs = descend(objective, tuners.constant, TUNING, seed=seed, over={"eta": RATES}, cores=1, progress=False)
    last, worst = runs.f[:, -1].values, runs.f.max("step").values
    ends = np.where(np.isfinite(last) & (worst <= BOUND * runs.f[:, 0].values), last, np.inf)
    best = int(ends.argmin())
    if best in (0, len(RATES) - 1):
        raise ArithmeticError(f"the best constant rate, {RATES[best]:g}, lies on the border of the grid.")
    return float(RATES[best])


def cases(objective, seed: int) -> list[Case]:
    """The starting points of one network.

    A constant rate set at 1.9, 2 and 2.1 over the sharpness, after 800 steps at a quarter of the tuned rate, and at 2.1
    already after 200; the tuned rate after 100 and 400 steps of its own; greedy and CDAT after some of theirs. Left
    out: those where the loss is below LEARNED, or above that of the start: the run has diverged.
    """
    rate = tuned(objective, seed)

    def path(tuner, steps, **values):
        return descend(objective, tuner, steps, seed=seed, every=10, keep=10, cores=1, progress=False, **values)

    gentle, made = path(tuners.constant, 800, eta=rate / 4), []
    for t, target in ((200, 2.1), (800, 1.9), (800, 2.0), (800, 2.1)):
        w = gentle.w.sel(kept_step=t).values
        values = (("eta", target / float(reduce(objective, w).lam_here)),)
        made.append(Case(f"constant, set at ηλ = {target:g}, step {t}", "constant", values, w, LONG))
    runs = [("constant, tuned", "constant", (("eta", rate),), (100, 400)), ("greedy", "greedy", (), (30, 100, 400))]
    for sigma, at in ((2.0, (10, 30, 100, 400)), (1.9, (30, 100)), (2.06, (30, 100))):
        runs.append((f"CDAT σ = {sigma:g}", "cdat", (("sigma", sigma),), at))
    for name, tuner, values, at in runs:
        run = path(getattr(tuners, tuner), max(at), **dict(values))
        for t in at:
            if LEARNED < run.f.sel(step=t) <= run.f[0]:
                made.append(Case(f"{name}, step {t}", tuner, values, run.w.sel(kept_step=t).values, STEPS))
    return made


def compared(loss: str, activation: str, seed: int) -> list[xr.Dataset]:
    """Every case of one network: what ``ds.compare`` says, the eigenvalues at its start, a and b measured again."""
    objective = network(loss, activation)
    return [_one(objective, case, loss, activation, seed) for case in cases(objective, seed)]


def _one(objective, case, loss, activation, seed):
    tuner, values = getattr(tuners, case.tuner), dict(case.values)
    asked = {"w": case.w, "directions": DIRECTIONS, "cores": 1, "progress": False}
    made = compare(objective, tuner, case.steps, **asked, **values)
    made["eigenvalues"] = ("rank", _top(objective, case.w))
    run = descend(objective, tuner, max(AGAIN), w=case.w, keep=1, cores=1, progress=False, **values)
    again = []
    for t in AGAIN:
        w = run.w[t].values
        finite = np.isfinite(w).all() and np.isfinite(run.f[t])
        found = reduce(objective, w) if finite else None
        again.append([float(found[name]) if finite else np.nan for name in ("a", "b")])
    made["again"] = (("after", "number"), np.array(again))
    return made.assign_coords(after=list(AGAIN), number=["a", "b"]).assign_attrs(
        loss=loss, activation=activation, seed=seed, stage=case.stage
    )


def _top(objective, w):
    with one_thread():
        worker = objective.worker()
        worker.gradient(w, np.empty(objective.size))
        shape, product = (objective.size,) * 2, lambda v: worker.hvp(np.ascontiguousarray(v).ravel())
        operator = LinearOperator(shape, product, dtype=float)
        start = np.random.default_rng(0).normal(size=objective.size)
        return eigsh(operator, RANK, which="LA", v0=start, ncv=40, tol=1e-4, return_eigenvectors=False)[::-1]


def unstable(case: xr.Dataset) -> int:
    """How many eigenvalues at the start lie above 2/η, η the median of the first ten steps."""
    eta = float(np.nanmedian(case.eta.sel(who="training")[:10]))
    return int((case.eigenvalues * eta > 2).sum())
