"""One training run: measure, ask the tuner, move; what is recorded on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..model import roles
from .lanczos import Top
from .optimizer import Direction, Optimizer, kernels
from .stepping import ASKED, ETA, F, cosine, dot, move
from .tuning import pointed

#: What is recorded, with its symbol and long name: of every step, in the order of STEPWISE, and with the sharpness.
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
STEPWISE, SHARP = (*RECORDED,)[:6], (*RECORDED,)[6:]
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
    #: The optimizer, compiled.
    kernels: object = field(init=False)
    #: The tuner and the optimizer as machine code, where the objective can make many steps in one compiled call.
    pointers: tuple | None = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "needs", frozenset(roles(self.tuner).inputs))
        tuner = pointed(self.tuner) if self.objective.steps_compiled else None
        object.__setattr__(self, "pointers", (tuner, kernels(self.optimizer, pointed=True)) if tuner else None)
        object.__setattr__(self, "kernels", kernels(self.optimizer))


class Run:
    """A run with one set of values. ``advance`` makes steps; ``records`` holds what was seen."""

    def __init__(self, plan: Plan, values: Mapping, seed: int, batch: int, worker=None):
        self.plan, self.batch, self.seed = plan, batch, seed
        objective, own = plan.objective, roles(plan.tuner)
        self.w = np.array(objective.start(seed) if plan.w is None else plan.w, float)
        self.worker = worker or objective.worker(plan.cores)
        self.whole = objective.worker(plan.cores) if batch else self.worker
        if worker and not batch:
            worker.select(None)
        # Arrays, which compiled steps can change.
        self.tuner_state = np.array([values[name] for name in own.state], float)
        self.tuner_values = np.array([values[name] for name in own.parameters], float)
        self.direction = Direction(plan.optimizer, objective.size, values, plan.kernels)
        self.numbers = np.full(3, np.nan)
        self.gradient, self.u, self.before = np.empty((3, objective.size))
        self.steps_done, self.lifetime, self.found = 0, plan.steps + 1, None
        count = plan.steps // plan.every + 1
        self.table = np.full((len(RECORDED), count), np.nan)
        self.records = dict(zip(RECORDED, self.table))
        if plan.top > 1:
            self.records["eigenvalues"] = np.full((count, plan.top), np.nan)
        if plan.keep:
            self.records["w"] = np.full((plan.steps // plan.keep + 1, objective.size), np.nan)

    @cached_property
    def top(self):
        return Top(self.plan.objective.size, self.plan.top, self.seed)

    @cached_property
    def batches(self):
        return _batches(self.plan.objective.samples, self.batch, np.random.default_rng((self.seed, 1)))

    def advance(self, until: int) -> bool:
        """Make the steps up to `until`; the state there is measured, but not moved from.

        Returns whether the run goes on: False at its end, and where it has left the finite numbers.
        """
        make = self._steps if self.plan.pointers is None else self._compiled_steps
        with np.errstate(all="ignore"):
            while self.steps_done <= until:
                last, self.found = min(until, self._next_look(self.steps_done)), None
                ended = make(self.steps_done, last)
                self._look(last if ended < 0 else ended)
                if ended >= 0:
                    self.lifetime = ended
                    return False
                self.steps_done = last + 1
        return until < self.plan.steps

    def _next_look(self, t):
        """The first step from t on at which more is recorded than the steps themselves can."""
        plan = self.plan
        spans = [span for span in (plan.keep, plan.sharpness, plan.every if self.batch else 0) if span]
        return min((-(-t // span) * span for span in spans), default=plan.steps)

    def _look(self, t):
        """Record what takes more than the step itself."""
        plan = self.plan
        if plan.keep and t % plan.keep == 0:
            self.records["w"][t // plan.keep] = self.w
        if t % plan.every or not np.isfinite(self.numbers[F]):
            return
        at = t // plan.every
        if self.batch:
            self.records["f"][at] = self.whole.loss(self.w)
        if plan.sharpness and t % plan.sharpness == 0:
            values, vector = self._sharpness()
            self.records["lam"][at], self.records["eta_lam"][at] = values[0], self.numbers[ETA] * values[0]
            self.records["alignment"][at] = self._alignment(vector)
            if plan.top > 1:
                self.records["eigenvalues"][at] = values

    def _compiled_steps(self, first, last):
        drawn = [next(self.batches) for _ in range(first, last + 1)] if self.batch else np.empty((0, 0), int)
        tuner, update = self.plan.pointers
        return self.worker.steps(
            first, last, (self.plan.every, self.plan.delay, "d" in self.plan.needs), tuner.address, update.address,
            np.array(drawn),
            (self.w, self.gradient, self.u, self.before), (self.tuner_state, self.tuner_values),
            (self.direction.state, self.direction.values), self.numbers, self.table,
        )  # fmt: skip

    def _steps(self, first, last):
        """The same for every objective and tuner, in Python."""
        for t in range(first, last + 1):
            if t > 0:
                self.w = self.w.copy()
                move(self.w, self.numbers[ETA], self.u, self.before)
            if not self._step(t):
                return t
        return -1

    def _step(self, t):
        plan, g = self.plan, self.gradient
        self.found = None
        if self.batch:
            self.worker.select(next(self.batches))
        self.numbers[F] = f = np.float64(self.worker.gradient(self.w, g))
        if not np.isfinite(f):
            return False
        self.u = u = self.direction.update(g)
        recording = t % plan.every == 0
        # numpy's numbers, for which a division by zero is data.
        n, squared = np.float64(-dot(g, u)), np.float64(dot(g, g))
        d = np.float64(self.worker.second(u)) if recording or "d" in plan.needs else np.nan
        asked = self._asked({"n": n, "d": d, "f": f, "grad_sq": squared, "w": None})
        eta = self.numbers[ASKED] if plan.delay and t > 0 else asked
        self.numbers[ETA], self.numbers[ASKED] = eta, asked
        if recording:
            turn = cosine(u, self.before) if t > 0 else np.nan
            self.table[: len(STEPWISE), t // plan.every] = f, eta, np.sqrt(squared), n, d, turn
        return np.isfinite(eta)

    def _asked(self, given):
        """What the tuner answers; its state moves on."""
        plan, u = self.plan, self.u
        if "sharpness" in plan.needs:
            given["sharpness"] = self._sharpness()[0][0]
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
                return np.float64(cosine(after, u))

            given["cos_along"] = cos_along
        own = roles(plan.tuner)
        inputs = {name: given[name] for name in own.inputs}
        # numpy's numbers: 1/0 is inf, as in compiled code, where Python would raise.
        results = plan.tuner(*self.tuner_state, **inputs, **dict(zip(own.parameters, self.tuner_values)))
        if isinstance(results, tuple):
            results, *self.tuner_state[:] = results
        return float(results)

    def _sharpness(self):
        """The eigenvalues and the first eigenvector here; a tuner may have asked for them already."""
        if self.found is None:
            if self.batch or self.plan.needs & {"f_along", "cos_along"}:  # these have been elsewhere
                self.whole.gradient(self.w, np.empty_like(self.w))
            product, scale = self.whole.hvp, self.direction.preconditioner()
            if scale is not None:
                root = np.sqrt(scale)

                def product(v):
                    return self.whole.hvp(v / root) / root

            self.found = self.top.find(product)
        return self.found

    def _alignment(self, vector):
        scale = self.direction.preconditioner()
        return abs(cosine(self.u if scale is None else self.u * np.sqrt(scale), vector))


def _batches(samples, batch, rng):
    """Row numbers of one mini-batch after another: a new order in every epoch, what is left over dropped."""
    while batch:
        order = rng.permutation(samples)
        for start in range(0, samples - batch + 1, batch):
            yield order[start : start + batch]
