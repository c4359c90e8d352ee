"""ds.compare: the reduced model, started from what was measured on a full one, beside the training run itself."""

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from .. import checks
from ..labels import long_name, symbol
from ..loop import closed_loop
from ..model import roles
from ..orbits import orbit
from .blas import one_thread
from .descent import descend
from .local import local_cubic
from .objective import Derivatives
from .reduction import Point, reduce

#: The reduced models, and which of the measured ν and u each takes.
MODELS = {"two_eigendirections": ("nu_whole", "u_whole"), "cubic_loss": ("nu", "u")}
#: What a prediction must beat.
BASELINES = ("unchanged", "linear")
CRITERIA = {
    "lam": "|Δλ| ≤ within · λ",
    "eta_lam": "|Δy| ≤ within · 2",
    "lam_change": "|Δ(λ̄ − λ̄₀)| ≤ within · largest |λ̄ − λ̄₀| so far, λ̄ the mean of λ over two successive steps",
    "y": "|Δy| ≤ within · largest |y| so far, at least 0.02",
}
#: Residual at which the eigenvectors along the run count as found; the error of λ is of its square.
ALONG = 1e-5
#: Below this share of λ, a difference of λ is not resolved.
ROUNDING = 1e-9
#: What y is at least measured against: 1 % of the 2 that ηλ is at the edge. On the edge itself y is 0.
LEAST_Y = 0.02


def compare(
    objective: Derivatives,
    tuner: Callable,
    steps: int,
    *,
    w: np.ndarray | None = None,
    seed: int = 0,
    within: float = 0.1,
    directions: Sequence[int] = (),
    cores: int | None = None,
    progress: bool = True,
    **values: float,
) -> xr.Dataset:
    """Train from w by gradient descent, iterate the reduced models from ``ds.reduce(objective, w)``, and compare.

    The models are the closed loops of the landscapes ``two_eigendirections`` and ``cubic_loss`` with the same tuner.
    Each predicts the top eigenvalue λ (the landscape's ``sharpness``), η and y = ηλ − 2. Two baselines stand beside
    them: "unchanged" (λ and η stay as they are) and "linear" (λ grows at its present rate, λ₀ + t η₀ (a − bx²); under
    a constant rate y = η₀λ − 2, under a tuner y stays). A prediction is worth something where it outlasts them. The
    landscapes that cannot measure what the tuner asks for are left out. They know the loss up to a constant only: do
    not ask them about a tuner that needs the loss itself, as Polyak's does.

    Parameters
    ----------
    objective, tuner, seed, cores, progress : as for :func:`dynsim.descend`; the optimizer is gradient descent.
    steps : how many.
    w : where to start, shape (P,); ``objective.start(seed)`` by default.
    within : the relative error up to which a prediction holds.
    directions : add the model with k unstable directions, for each k named here: "local_cubic_k"
        (:func:`dynsim.training.local.local_cubic`).
    **values : the tuner's parameters and initial states.

    Returns
    -------
    xarray.Dataset : dims ``step`` and ``who`` ("training", the models that can carry the tuner, the baselines).
        lam, eta, y, p (= x²; in training x = v·∇f/λ at each step) with both dims; ``horizon`` (who, criterion): up to
        which step the prediction holds without a break, `steps` where it does to the end. Its criteria:
        lam (within · λ), eta_lam (within · 2 for y: within the 2 that ηλ is measured against), lam_change (within ·
        the largest change of λ so far; each from its own start, and λ averaged over two successive steps, which takes
        out what changes its sign with x) and y (within · the largest size of y so far, or 0.02). Of the training run
        alone: overlap (the absolute v_t·v_0), f, n, d. Then the numbers of ``ds.reduce`` with a leading ``start_``.

    Raises
    ------
    ValueError, TypeError : as ``ds.descend`` and ``ds.reduce``; λ ≤ 0 at w; no model can carry the tuner.

    Examples
    --------
    >>> import dynsim as ds
    >>> def loss(w, k=0.5, c=0.02): return (2 + k * w[1]) * w[0]**2 / 2 - c * w[1] + w[2]**2 / 4
    >>> def slope(w, k=0.5, c=0.02): return np.array([(2 + k * w[1]) * w[0], k * w[0]**2 / 2 - c, w[2] / 2])
    >>> f = ds.Objective(loss, slope, start=[0.1, 0.0, 0.3])
    >>> both = ds.compare(f, ds.tuners.constant, 50, eta=1.0)
    >>> both.horizon.sel(who="cubic_loss").values.tolist()
    [50, 50, 50, 50]
    """
    steps = checks.whole(steps, "steps", least=1)
    if not isinstance(objective, Derivatives):
        raise TypeError(f"compare needs an objective such as ds.objectives.network(x, y), not {objective!r}.")
    # Here, and not after a long run: other options of descend would have no counterpart in the models.
    for name in values:
        checks.known_name(
            name, {**roles(tuner).state, **roles(tuner).parameters}, "parameter", f" of {tuner.__name__!r}"
        )
    within = checks.scalar(within, "within")
    if not 0 < within < np.inf:
        raise ValueError(f"within must be a number above 0, such as 0.1 for ten percent, not {within:g}.")
    directions = [checks.whole(k, "directions", least=1) for k in np.atleast_1d(directions).tolist()]
    w = objective.start(seed) if w is None else objective._point(w)
    run = descend(objective, tuner, steps, w=w, keep=1, cores=cores, progress=progress, **values)
    start = {name: float(value) for name, value in reduce(objective, w).items() if value.ndim == 0}
    if not start["lam"] > 0:
        raise ValueError(f"the top eigenvalue is {start['lam']:.3g} here; the reduced models need it > 0.")
    paths, seen = {"training": None}, _seen(objective, run)
    paths["training"] = {name: seen.pop(name) for name in ("lam", "p")} | {"eta": run.eta.values}
    paths |= _models(tuner, steps, start, values)
    paths |= {f"local_cubic_{k}": _local(objective, w, k, tuner, steps, values) for k in directions}
    paths |= _baselines(paths["training"], start, steps, moves=bool(roles(tuner).inputs))
    return _dataset(run, paths, seen, start, within)


def _seen(objective, run):
    """λ, p and the overlap with the first eigenvector at each step of the run."""
    count = run.sizes["step"]
    out = {name: np.full(count, np.nan) for name in ("lam", "p", "overlap")}
    point, first = Point(objective, ALONG, count=1), None
    with one_thread():
        for t, w in enumerate(run.w.values):
            here = point.at(w) if np.isfinite(w).all() else None
            if here is None:
                break
            first = here.v if first is None else first
            out["lam"][t] = here.values[0]
            out["p"][t] = (here.v @ here.gradient / here.values[0]) ** 2
            out["overlap"][t] = abs(here.v @ first)
    return out


def _models(tuner, steps, start, values):
    """The orbit of each reduced model that can carry the tuner."""
    from .. import landscapes

    found, refusal = {}, None
    for name, (nu, u) in MODELS.items():
        try:
            loop = closed_loop(getattr(landscapes, name), tuner)
        except ValueError as error:
            refusal = error
            continue
        given = {"x": start["x"], "lam": start["lam"], "u": start[u], "a": start["a"], "b": start["b"], "nu": start[nu]}
        path = orbit(loop, steps, progress=False, **given, **values)
        eta = path.eta.values if "eta" in path else np.full(steps + 1, float({**loop.parameters, **values}["eta"]))
        found[name] = {"lam": path.sharpness.values, "p": path.p.values, "eta": eta}
    if not found:
        raise refusal
    return found


def _local(objective, w, k, tuner, steps, values):
    """The model with k directions: the descent of an objective of its own."""
    near = local_cubic(objective, w, k)
    run = descend(near, tuner, steps, keep=1, sharpness=1, cores=1, progress=False, **values)
    p = _seen(near, run)["p"] if near.size > 1 else np.full(steps + 1, np.nan)
    return {"lam": run.lam.values, "eta": run.eta.values, "p": p}


def _baselines(training, start, steps, moves):
    """Nothing changes; λ grows at its present rate."""
    t = np.arange(steps + 1)
    lam, eta = training["lam"][0], training["eta"][0]
    linear = lam + t * eta * (start["a"] - start["b"] * start["x"] ** 2)
    p = np.full(steps + 1, training["p"][0])
    with np.errstate(divide="ignore"):
        rate = eta * lam / linear if moves else np.full(steps + 1, eta)
    return {
        "unchanged": {"lam": np.full(steps + 1, lam), "eta": np.full(steps + 1, eta), "p": p},
        "linear": {"lam": linear, "eta": rate, "p": p},
    }


def horizons(lam: np.ndarray, y: np.ndarray, lam_true: np.ndarray, y_true: np.ndarray, within: float) -> dict:
    """Up to which step each criterion of :func:`compare` holds without a break; -1 where it fails at the start.

    Examples
    --------
    >>> lam = np.array([1.0, 1.1, 1.2, 1.3])
    >>> horizons(lam + [0, 0, 0.1, 0.2], lam - 2, lam, lam - 2, 0.1)
    {'lam': 2, 'eta_lam': 3, 'lam_change': 0, 'y': 3}
    """
    with np.errstate(invalid="ignore", over="ignore"):
        change, change_true = (_mean_change(values) for values in (lam, lam_true))
        off_y = np.abs(y - y_true)
        cases = {
            "lam": (np.abs(lam - lam_true), np.abs(lam_true)),
            "eta_lam": (off_y, np.full(len(lam), 2.0)),
            "lam_change": (np.abs(change - change_true), np.fmax.accumulate(np.abs(change_true))),
            "y": (off_y, np.maximum(np.fmax.accumulate(np.abs(y_true)), LEAST_Y)),
        }
        found = {}
        for name, (off, size) in cases.items():
            unresolved = ROUNDING * (np.abs(lam_true) if name.startswith("lam") else 2)
            bad = ~(off <= within * size + unresolved)
            found[name] = int(bad.argmax()) - 1 if bad.any() else len(lam) - 1
    return found


def _mean_change(lam):
    """The change, since the start, of the mean over two successive steps; the last one stands alone."""
    mean = lam.copy()
    mean[:-1] = (lam[:-1] + lam[1:]) / 2
    mean[-1] = mean[-2]
    return mean - mean[0]


def _dataset(run, paths, seen, start, within):
    names = list(paths)
    data = {}
    for path in paths.values():
        with np.errstate(invalid="ignore", over="ignore"):
            path["y"] = path["eta"] * path["lam"] - 2
    for name in ("lam", "eta", "y", "p"):
        attrs = {"symbol": symbol(name), "long_name": long_name(name)}
        data[name] = (("who", "step"), np.stack([paths[who][name] for who in names]), attrs)
    true = paths["training"]
    rows = [
        list(horizons(paths[who]["lam"], paths[who]["y"], true["lam"], true["y"], within).values()) for who in names
    ]
    data["horizon"] = (("who", "criterion"), np.array(rows), {"long_name": "steps for which the prediction holds"})
    data["overlap"] = ("step", seen["overlap"], {"long_name": "overlap of v with v at the start"})
    data |= {name: run[name] for name in ("f", "n", "d")}
    data |= {f"start_{name}": value for name, value in start.items()}
    coords = {"who": names, "step": run.step, "criterion": list(CRITERIA)}
    kept = {name: run.attrs[name] for name in ("objective", "tuner", "steps", "values", "versions")}
    made = xr.Dataset(data, coords, kept | {"within": within})
    made.criterion.attrs["meaning"] = "; ".join(f"{name}: {text}" for name, text in CRITERIA.items())
    return made
