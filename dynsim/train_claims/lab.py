"""Runs, made once and shared by the claims and pictures that ask for them."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from .. import optimizers, tuners
from ..grids import Grid
from ..training.descent import descend
from .outcomes import Outcome, outcome
from .settings import Scale, Setting

#: Where the search for a constant rate begins: the exponent of 2, an optimizer each.
GUESS = {"gd": -1, "momentum": -4, "rmsprop": -8, "adam": -8}
#: How far it may go from there.
REACH = 14
#: The largest rates that the linesearch and Polyak may take. The paper's linesearch has 1, less than these need.
LARGEST, LARGEST_POLYAK = 1e4, 100.0
#: Options of the linesearch, of those in docs/theory.md: c, and δ with it.
LINESEARCH = {"c": (0.0, 1e-4, 0.5), "delta": (1e-3, 0.0, 0.0)}
#: Hypergradient's step sizes of the rate.
HYPER = (0.01, 0.02, 0.05)


class Lab:
    """Makes the runs of one scale; asked again, it gives the same dataset. Every dataset has the dim ``seed``."""

    def __init__(self, scale: Scale):
        self.scale = scale
        self.steps = 0
        self._made: dict = {}

    def run(
        self,
        setting: Setting,
        tuner: str,
        over: Mapping | None = None,
        *,
        steps: int = 0,
        optimizer: str = "gd",
        sharp: bool = False,
        only: int | None = None,
        **options,
    ) -> xr.Dataset:
        """ds.descend on a setting with every seed (or the `only` one of that place).

        f and the like are recorded some 100 times a run; so is λ, if `sharp`.
        """
        key = ("run", setting, tuner, repr(over), steps, optimizer, sharp, only, repr(options))
        if key not in self._made:
            count = steps or setting.steps
            every = interval(count)
            seeds = self.scale.seeds if only is None else self.scale.seeds[only : only + 1]
            grid = {"seed": seeds, **(over or {})}
            made = descend(
                setting.objective,
                getattr(tuners, tuner),
                count,
                optimizer=getattr(optimizers, optimizer),
                over=grid,
                every=every,
                sharpness=every if sharp else 0,
                # One small run gains nothing from a second core, and on a busy machine it waits for it.
                cores=1 if Grid(grid).size == 1 else None,
                **options,
            )
            self.steps += int(np.minimum(made.lifetime, count).sum())
            self._made[key] = made
        return self._made[key]

    def constants(self, setting: Setting, *, optimizer: str = "gd", steps: int = 0, batch: int = 0) -> xr.Dataset:
        """Constant rates, powers of 2, dims (seed, eta): as many as it takes for each seed's best to be inside."""
        key = ("constants", setting, optimizer, steps, batch)
        if key not in self._made:
            guess = GUESS[optimizer]
            made = self._rates(setting, range(guess - 2, guess + 3), optimizer, steps, batch)
            while ends := self._at_the_ends(made, setting):
                new = [int(np.log2(made.eta.values[side])) + step for side, step in ends]
                if max(abs(exponent - guess) for exponent in new) > REACH:
                    raise RuntimeError(f"no best constant rate for {setting.name} with {optimizer} inside {made.eta}.")
                made = xr.concat([made, self._rates(setting, new, optimizer, steps, batch)], "eta").sortby("eta")
            self._made[key] = made
        return self._made[key]

    def _rates(self, setting, exponents, optimizer, steps, batch):
        over = {"eta": [2.0**e for e in exponents]}
        return self.run(setting, "constant", over, optimizer=optimizer, steps=steps, batch=batch)

    def _at_the_ends(self, made, setting):
        best = {int(made.eta.to_index().get_loc(rate)) for rate in best_rates(made, setting.least)}
        sides = ((0, 0, -1), (made.sizes["eta"] - 1, -1, 1))
        return [(side, step) for at, side, step in sides if at in best]

    def tuned(self, setting: Setting, *, optimizer: str = "gd", steps: int = 0, batch: int = 0, sharp=False):
        """The best constant rate of each seed, as a run; dim ``seed``, coordinate ``eta``."""
        made = self.constants(setting, optimizer=optimizer, steps=steps, batch=batch)
        rates = best_rates(made, setting.least)
        if sharp:
            over = {"eta": ("seed", rates)}
            return self.run(setting, "constant", over, optimizer=optimizer, steps=steps, batch=batch, sharp=True)
        return made.sel(eta=xr.DataArray(rates, dims="seed"), seed=made.seed)

    def cdats(self, setting: Setting, *, optimizer: str = "gd") -> xr.Dataset:
        """CDAT on the grid of σ, with λ under gradient descent; dims (seed, sigma)."""
        grid = self.scale.sigmas if optimizer == "gd" else (1, 2, 2.0625, 2.5)
        return self.run(setting, "cdat", {"sigma": grid}, optimizer=optimizer, sharp=optimizer == "gd")

    def cdat(self, setting: Setting, sigma: float, *, optimizer: str = "gd") -> xr.Dataset:
        """CDAT at one σ of that grid."""
        return self.cdats(setting, optimizer=optimizer).sel(sigma=sigma)

    def greedy(self, setting: Setting) -> xr.Dataset:
        """The quadratically greedy rate."""
        return self.run(setting, "greedy", sharp=True)

    def linesearch(self, setting: Setting, seed: int) -> xr.Dataset:
        """The linesearch with the best of its options for this seed, as one run."""
        over = {"c": LINESEARCH["c"], "delta": ("c", LINESEARCH["delta"])}
        made = self.run(setting, "linesearch", over, sharp=True, eta_max=LARGEST).isel(seed=seed)
        return best(made, "c", setting.least)

    def hypergradient(self, setting: Setting, seed: int) -> xr.Dataset:
        """Hypergradient descent from the rate 0.1 with the best of its step sizes for this seed, as one run."""
        made = self.run(setting, "hypergradient", {"beta": HYPER}, sharp=True, rate=0.1).isel(seed=seed)
        return best(made, "beta", setting.least)


def interval(steps: int) -> int:
    """Steps between two records: some 100 of them, and odd, as much at the edge alternates from step to step.

    Examples
    --------
    >>> interval(1000), interval(500), interval(200)
    (9, 5, 1)
    """
    return max(steps // 100 - 1, 0) | 1


def best(runs: xr.Dataset, dim: str, least: float) -> xr.Dataset:
    """The run, of those along a dim, that ends best."""
    return min(along(runs, dim), key=lambda run: merit(outcome(run, least)))


def best_rates(runs: xr.Dataset, least: float) -> list[float]:
    """The best constant rate of each seed."""
    return [float(best(run, "eta", least).eta) for run in along(runs, "seed")]


def along(runs: xr.Dataset, dim: str) -> list[xr.Dataset]:
    """The datasets along a dim."""
    return [runs.isel({dim: i}) for i in range(runs.sizes[dim])]


def merit(end: Outcome) -> tuple[float, int]:
    """What orders outcomes, best first: the excess loss, then the steps."""
    return end.excess, end.steps
