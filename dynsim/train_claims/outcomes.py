"""What is read off a training run: how far it came, and how a record looks in a part of it."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

#: A run whose loss is within this of its infimum is trained; what comes after is left out. On separable data the
#: curvature vanishes with the loss, and a tuner's rate grows without bound.
TRAINED = 1e-4


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its excess loss, the steps it took to be trained (or all), and whether it diverged."""

    excess: float
    steps: int
    trained: bool = False

    @property
    def diverged(self) -> bool:
        return not np.isfinite(self.excess)


def outcome(run: xr.Dataset, least: float = 0.0) -> Outcome:
    """The end of one run of ds.descend, dim ``step``.

    The excess is the median of f − least over the last tenth of the records; infinite where it is above that of the
    start, or where the run left the finite numbers.
    """
    excess, steps = run.f.values - least, run.step.values
    reached = np.flatnonzero(excess <= TRAINED)
    if reached.size:
        return Outcome(TRAINED, max(int(steps[reached[0]]), 1), True)
    end = float(np.median(excess[-max(1, len(excess) // 10) :]))  # NaN if any record there is
    return Outcome(end if end <= excess[0] else np.inf, int(steps[-1]))


def ratio(one: Outcome, other: Outcome) -> float:
    """How much worse `one` is: the ratio of excess losses; of steps, where both are trained. NaN if both diverged.

    Examples
    --------
    >>> ratio(Outcome(0.2, 100), Outcome(0.1, 100)), ratio(Outcome(1e-4, 30, True), Outcome(1e-4, 60, True))
    (2.0, 0.5)
    """
    if one.diverged and other.diverged:
        return np.nan
    if other.diverged:
        return 0.0
    if one.trained and other.trained:
        return one.steps / other.steps
    return one.excess / other.excess


def typical(run: xr.Dataset, name: str, low: float, high: float, least: float = 0.0, share: float = 0.5) -> float:
    """The median (or another quantile) of a record between two shares of the run, up to where it is trained."""
    values = run[name].broadcast_like(run.f).values[_window(run, low, high, least)]
    values = values[np.isfinite(values)]
    return float(np.quantile(values, share)) if values.size else np.nan


def _window(run, low, high, least):
    step, excess = run.step.values, run.f.values - least
    reached = np.flatnonzero(~(excess > TRAINED))  # trained, or no number any more
    end = step[reached[0]] if reached.size else step[-1]
    return (step >= low * end) & (step <= high * end)


def growth(run: xr.Dataset, name: str, least: float = 0.0) -> float:
    """The median of a record over the last tenth of the run over that of its first tenth."""
    return typical(run, name, 0.9, 1, least) / typical(run, name, 0, 0.1, least)
