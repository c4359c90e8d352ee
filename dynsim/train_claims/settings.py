"""What is trained: data, networks, and how long; and how much of it the full and the quick run make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from .. import objectives, tasks
from ..training.blas import one_thread
from ..training.objective import Derivatives

#: Share of the target's mass that label smoothing spreads over all classes.
SMOOTHING = 0.1
#: How much longer the runs are that a claim asks for "in the long run".
LONG = 5


@dataclass(frozen=True)
class Setting:
    """A network on some digits, and the number of steps that it is trained."""

    loss: str
    activation: str
    steps: int
    smoothing: float = 0.0
    hidden: tuple[int, ...] = (64,)
    weight_decay: float = 0.0
    samples: int = 512

    @property
    def name(self) -> str:
        """Such as "squared, tanh"."""
        loss = "smoothed" if self.smoothing else self.loss.replace("_", "-")
        return f"{loss}, {self.activation if self.hidden else 'linear'}"

    @property
    def long(self) -> "Setting":
        """The same, trained longer."""
        return replace(self, steps=LONG * self.steps)

    @cached_property
    def objective(self) -> Derivatives:
        """The network on its data."""
        x, y = _digits(self.samples)
        if self.loss == "logistic":
            y = 2 * y - 1
        if self.smoothing:
            y = smoothed(y, self.smoothing)
        return objectives.network(
            x, y, self.hidden, activation=self.activation, loss=self.loss, weight_decay=self.weight_decay
        )

    @cached_property
    def least(self) -> float:
        """What the loss cannot fall below: the targets' entropy, or the minimum of a linear model; else 0."""
        if not self.hidden:
            return _minimum(self.objective)
        if not self.smoothing:
            return 0.0
        y = self.objective.y
        return float(-(y * np.log(y)).sum(1).mean())


def smoothed(y: np.ndarray, share: float) -> np.ndarray:
    """Targets (1 − share) y + share/classes, shape (N, classes): smoothed labels, which no finite w separates.

    Source: Szegedy et al. 2016, arXiv 1512.00567.

    Examples
    --------
    >>> smoothed(np.eye(2), 0.2).round(6).tolist()
    [[0.9, 0.1], [0.1, 0.9]]
    """
    return (1 - share) * y + share / y.shape[1]


def _minimum(objective):
    """The minimum of a convex loss; 0 where the data are separable and the loss falls without bound to 0."""
    from scipy.optimize import minimize

    worker = objective.worker()

    def loss_and_gradient(w):
        out = np.empty_like(w)
        return worker.gradient(w, out), out

    options = {"maxiter": 5000, "maxfun": 10_000, "ftol": 1e-14, "gtol": 1e-8}
    with one_thread():
        found = minimize(loss_and_gradient, objective.start(0), jac=True, method="L-BFGS-B", options=options)
    return float(found.fun) if found.fun > 1e-3 else 0.0


@cache
def _digits(samples):
    return tasks.digits(samples)


def networks(squared: int, separable: int, smooth: int) -> tuple[Setting, ...]:
    """Three losses times tanh and ReLU, with their numbers of steps; 0 leaves a loss out."""
    losses = (("squared", 0.0, squared), ("cross_entropy", 0.0, separable), ("cross_entropy", SMOOTHING, smooth))
    return tuple(
        Setting(loss, activation, steps, smoothing)
        for loss, smoothing, steps in losses
        if steps
        for activation in ("tanh", "relu")
    )


def linear(steps: int) -> tuple[Setting, ...]:
    """Linear models: least squares, one logistic regression a class, softmax, and softmax with smoothed labels."""
    kinds = (("squared", 0.0), ("logistic", 0.0), ("cross_entropy", 0.0), ("cross_entropy", SMOOTHING))
    return tuple(Setting(loss, "linear", steps, smoothing, hidden=()) for loss, smoothing in kinds)


@dataclass(frozen=True)
class Scale:
    """How much is run."""

    name: str
    settings: tuple[Setting, ...]
    linear: tuple[Setting, ...]
    seeds: tuple[int, ...] = (0, 1)
    sigmas: tuple[float, ...] = (0.25, 0.5, 1, 1.5, 1.9, 2, 2.0625, 2.25, 2.5, 3)
    optimizers: tuple[str, ...] = ("momentum", "rmsprop", "adam")
    batches: tuple[int, ...] = (16, 64, 256)
    batch_sigmas: tuple[float, ...] = (0.25, 0.5, 1, 1.5, 1.8, 2)
    betas: tuple[float, ...] = (0, 0.9, 0.99)
    widths: tuple[int, ...] = (32, 64, 128)
    depths: tuple[int, ...] = (1, 2, 3)
    decays: tuple[float, ...] = (0, 1e-3, 1e-2)

    @property
    def four(self) -> tuple[Setting, ...]:
        """The settings whose minimum is not at infinity: for what asks for batch sizes, widths and optimizers."""
        return tuple(s for s in self.settings if s.loss == "squared" or s.smoothing)

    def smaller(self, samples: int, width: int) -> "Scale":
        """The same on fewer samples and a narrower network."""
        settings = tuple(replace(s, samples=samples, hidden=(width,)) for s in self.settings)
        return replace(self, settings=settings, linear=tuple(replace(s, samples=samples) for s in self.linear))


def full() -> Scale:
    """Two seeds and six settings."""
    return Scale("full", networks(1000, 200, 500), linear(500))


def quick(optimizers: Sequence[str] = ("momentum",)) -> Scale:
    """One seed, four settings, a fifth of the steps: the same code, too short for some of the physics."""
    return Scale(
        "quick", networks(200, 0, 100), linear(100), seeds=(0,), sigmas=(1, 1.9, 2, 2.0625, 2.5),
        optimizers=tuple(optimizers), batches=(16, 128), batch_sigmas=(1, 2), betas=(0, 0.9), widths=(32, 64),
        depths=(1, 2), decays=(0, 1e-2),
    )  # fmt: skip
