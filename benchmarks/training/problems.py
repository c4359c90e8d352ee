"""What is timed: a CDAT step of one network, a wide one, many runs at once; dynsim's way to make each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

import dynsim as ds

#: CDAT "on edge".
SIGMA = 2.0
ACTIVATIONS = ("tanh", "relu", "gelu")


@dataclass(frozen=True)
class Size:
    """How much work the benchmark does."""

    samples: int = 512
    width: int = 64
    #: Steps in one timed run. CDAT makes the loss fall so fast that a long run ends among the smallest numbers.
    steps: int = 200
    wide: int = 1024
    wide_samples: int = 1797
    wide_steps: int = 40
    #: Runs at once: so many values of σ, and as many seeds.
    side: int = 8
    many_steps: int = 30
    #: The same with a small network on little data, where most of a step is not arithmetic.
    few_samples: int = 64
    few_width: int = 16
    #: Within what the loss can still tell from rounding.
    tracked_steps: int = 200
    #: Steps after which all must have the same parameters.
    checked: int = 20
    #: Among many runs some magnify rounding by ten a step, and fewer steps can be compared.
    checked_many: int = 5
    rounds: int = 5
    least: float = 0.1
    quick: bool = False


QUICK = Size(
    samples=100, width=16, steps=10, wide=64, wide_samples=200, wide_steps=2, side=2, many_steps=5, few_width=8,
    tracked_steps=50, rounds=1, least=0.0, quick=True,
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """A two-layer network on the digits, with cross-entropy, and where its training starts."""

    activation: str
    width: int
    samples: int
    #: (σ, seed) of every run.
    runs: tuple[tuple[float, int], ...] = ((SIGMA, 0),)
    network: object = field(init=False)

    def __post_init__(self):
        x, y = ds.tasks.digits(self.samples)
        net = ds.objectives.network(x, y, self.width, activation=self.activation, loss="cross_entropy")
        object.__setattr__(self, "network", net)

    @cached_property
    def starts(self) -> list[np.ndarray]:
        """The initial parameters of each run."""
        return [self.network.start(seed) for _, seed in self.runs]

    def parts(self, w: np.ndarray) -> list[np.ndarray]:
        """Matrices and biases, layer by layer."""
        n, m, k = self.network.widths
        cuts = np.cumsum([n * m, m, m * k])
        first, b1, second, b2 = np.split(w, cuts)
        return [first.reshape(n, m), b1, second.reshape(m, k), b2]


@dataclass(frozen=True)
class Trainer:
    """One way to train. ``run(steps)`` returns the final parameters of every run, shape (runs, P)."""

    who: str
    label: str
    run: Callable[[int], np.ndarray]
    #: Written the usual way, not tuned by hand.
    usual: bool = False


def flat(parts) -> np.ndarray:
    """Parameters in one vector, as dynsim has them."""
    return np.concatenate([np.asarray(part).ravel() for part in parts])


def own(problem: Problem, cores: int | None = None, label: str = "dynsim") -> Trainer:
    """dynsim through its public call, from the call to the labelled result."""

    def run(steps):
        common = {"every": steps, "keep": steps, "cores": cores, "progress": False}
        if len(problem.runs) == 1:
            (sigma, seed) = problem.runs[0]
            done = ds.descend(problem.network, ds.tuners.cdat, steps, sigma=sigma, seed=seed, **common)
        else:
            over = {"sigma": sorted({s for s, _ in problem.runs}), "seed": sorted({s for _, s in problem.runs})}
            done = ds.descend(problem.network, ds.tuners.cdat, steps, over=over, **common)
        return done.w.isel(kept_step=-1).values.reshape(len(problem.runs), -1)

    return Trainer("dynsim", label, run, usual=True)


def many(size: Size, activation: str, width: int, samples: int) -> Problem:
    """The runs over σ × seed, in dynsim's order."""
    sigmas = np.linspace(1.0, 2.0, size.side)
    runs = tuple((float(sigma), seed) for sigma in sigmas for seed in range(size.side))
    return Problem(activation, width, samples, runs)


def check(reference: np.ndarray, trainer: Trainer, steps: int) -> None:
    """ValueError unless the trainer makes the same steps as dynsim."""
    found = trainer.run(steps)
    if not np.isfinite(reference).all():
        raise ValueError("the runs must stay finite; make them shorter.")
    apart = np.linalg.norm(found - reference, axis=1) / np.linalg.norm(reference, axis=1)
    if found.shape != reference.shape or not (apart <= 1e-6).all():
        raise ValueError(f"{trainer.label} makes other steps than dynsim (off by {apart.max():.3g} after {steps}).")
