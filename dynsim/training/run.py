"""One training run: measure, ask the tuner, move; what is recorded on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..model import roles
from .lanczos import Top
from .optimizer import Direction, Optimizer

#: What is recorded, with its symbol and long name.
RECORDED = {
    "f": ("f", "loss"),
    "eta": (r"\eta", "learning rate"),
    "grad_norm": (r"\|\nabla f\|", "gradient norm"),
    "n": (r"n = -\nabla f^\top u", "slope along the update"),
    "d": (r"d = u^\top\nabla^2 f\,u", "curvature along the update"),
    "turn": (r"\cos(u_t, u_{t-1})", "cosine between successive updates"),
    "lam": (r"\lambda", "sharpness"),
    "eta_lam": (r"\eta\lambda", "learning rate times sharpness"),
    "alignment": (r"|\cos(u, v)|", "alignment of the update with the top eigenvector"),
}
SHARP = ("lam", "eta_lam", "alignment")
#: What a tuner can ask of an objective.
MEASURED = ("n", "d", "grad_sq", "f", "sharpness", "f_along", "cos_along", "w")


@dataclass(frozen=True)
class Plan:
    """What every run of one call has in common."""

    objective: object
    tuner: object
    optimizer: Optimizer
    steps: int
    every: int
    sharpness: int
    top: int
    w: np.ndarray | None
    keep: int
    delay: int = 0
    cores: int = 1
    needs: frozenset = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "needs", frozenset(roles(self.tuner).inputs))


class Run:
    """A run with one set of values. ``advance`` makes steps; ``records`` holds what was seen."""

    def __init__(self, plan: Plan, values: Mapping, seed: int, batch: int):
        self.plan, self.batch, self.steps_done = plan, batch, 0
        objective, own = plan.objective, roles(plan.tuner)
        self.w = np.array(objective.start(seed) if plan.w is None else plan.w, float)
        self.worker = objective.worker(plan.cores)
        self.whole = objective.worker(plan.cores) if batch else self.worker
        self.tuner_state = {name: values[name] for name in own.state}
        self.tuner_values = {name: values[name] for name in own.parameters}
        self.direction = Direction(plan.optimizer, objective.size, values)
        self.top = Top(objective.size, plan.top, seed)
        self.batches = _batches(objective.samples, batch, np.random.default_rng((seed, 1)))
        self.gradient, self.before, self.asked_before = np.empty(objective.size), None, None
        count = plan.steps // plan.every + 1
        self.records = {name: np.full(count, np.nan) for name in RECORDED}
        if plan.top > 1:
            self.records["eigenvalues"] = np.full((count, plan.top), np.nan)
        if plan.keep:
            self.records["w"] = np.full((plan.steps // plan.keep + 1, objective.size), np.nan)
        self.lifetime = plan.steps + 1

    def advance(self, until: int) -> bool:
        """Make the steps up to `until`; the state there is measured, but not moved from, where the run ends.

        Returns whether the run goes on: False at its end, and where it has left the finite numbers.
        """
        with np.errstate(all="ignore"):
            for t in range(self.steps_done, until + 1):
                if not self._step(t):
                    self.lifetime = t
                    return False
        self.steps_done = until + 1
        return until < self.plan.steps

    def _step(self, t):
        plan = self.plan
        if self.batch:
            self.worker.select(next(self.batches))
        if plan.keep and t % plan.keep == 0:
            self.records["w"][t // plan.keep] = self.w
        self.f = self.worker.gradient(self.w, self.gradient)
        if not np.isfinite(self.f):
            return False
        u = self.direction.update(self.gradient)
        n = -(self.gradient @ u)
        recording = t % plan.every == 0
        # numpy's numbers, for which a division by zero is data.
        d = np.float64(self.worker.second(u)) if recording or "d" in plan.needs else np.nan
        given = {"n": n, "d": d, "f": np.float64(self.f), "w": None}
        sharp = recording and plan.sharpness and t % plan.sharpness == 0
        if sharp or "sharpness" in plan.needs:
            values, vector = self._sharpness()
            given["sharpness"] = values[0]
        eta = self._asked(given, u)
        if plan.delay:
            eta, self.asked_before = (eta if self.asked_before is None else self.asked_before), eta
        if recording:
            at = t // plan.every
            found = {"eta": eta, "n": n, "d": d, "grad_norm": np.linalg.norm(self.gradient)}
            found["f"] = self.whole.loss(self.w) if self.batch else self.f
            if self.before is not None:
                found["turn"] = _cosine(u, self.before)
            if sharp:
                found |= {"lam": values[0], "eta_lam": eta * values[0], "alignment": self._alignment(u, vector)}
                if plan.top > 1:
                    self.records["eigenvalues"][at] = values
            for name, value in found.items():
                self.records[name][at] = value
        if not np.isfinite(eta):
            return False
        if t < plan.steps:
            self.w = self.w + eta * u
            self.before = u
        return True

    def _asked(self, given, u):
        """What the tuner answers; its state moves on."""
        plan = self.plan
        if "grad_sq" in plan.needs:
            given["grad_sq"] = self.gradient @ self.gradient
        if "f_along" in plan.needs:
            known = {}

            def f_along(eta, w):
                eta = float(eta)
                if eta not in known:  # a linesearch that has found its rate goes on asking
                    known[eta] = np.float64(self.worker.loss(self.w + eta * u))
                return known[eta]

            given["f_along"] = f_along
        if "cos_along" in plan.needs:

            def cos_along(eta, w):
                after = np.empty_like(self.gradient)
                self.worker.gradient(self.w + float(eta) * u, after)
                return _cosine(after, u)

            given["cos_along"] = cos_along
        inputs = {name: given[name] for name in roles(plan.tuner).inputs}
        results = plan.tuner(*self.tuner_state.values(), **inputs, **self.tuner_values)
        if isinstance(results, tuple):
            eta, *after = results
            self.tuner_state = dict(zip(self.tuner_state, after))
        else:
            eta = results
        return float(eta)

    def _sharpness(self):
        if self.batch:
            self.whole.gradient(self.w, np.empty_like(self.w))
        scale = self.direction.preconditioner()
        if scale is None:
            return self.top.find(self.whole.hvp)
        root = np.sqrt(scale)
        return self.top.find(lambda v: self.whole.hvp(v / root) / root)

    def _alignment(self, u, vector):
        scale = self.direction.preconditioner()
        return abs(_cosine(u if scale is None else u * np.sqrt(scale), vector))


def _cosine(a, b):
    return (a @ b) / (np.linalg.norm(a) * np.linalg.norm(b))


def _batches(samples, batch, rng):
    """Row numbers of one mini-batch after another: a new order in every epoch, what is left over dropped."""
    while batch:
        order = rng.permutation(samples)
        for start in range(0, samples - batch + 1, batch):
            yield order[start : start + batch]
