"""ds.orbit: one orbit of a map, with everything that can be seen on it."""

import numpy as np
import xarray as xr

from . import checks
from .carry import CARRY_EVERY
from .engines.threads import STEPS_A_CALL
from .kernels import Kernel
from .labels import describe, label
from .model import Map
from .progress import meter
from .sweeps import check_map


def orbit(
    map: Map, steps: int, *, every: int = 1, seed: int = 0, point: int = 0, progress: bool = True, **values: float
) -> xr.Dataset:
    """Iterate `map` from one point, and keep its states and observables.

    Parameters
    ----------
    map : the map.
    steps : how many steps, ≥ 0.
    every : keep each `every`-th state: 0, every, 2·every, …
    seed, point : of a map that takes noise: the draws of that point (in order of the grid) of a sweep with that seed.
    progress : show a progress bar on anything over two seconds.
    **values : initial states and parameters; their defaults where left out.

    Returns
    -------
    xarray.Dataset : dim ``step`` (0 is the start); a variable for each state and observable.

    Raises
    ------
    ValueError : a name, a number of steps or a value does not fit.

    Examples
    --------
    >>> import dynsim as ds
    >>> one = ds.orbit(ds.maps.target_sharpness, 1000, every=100, sigma=1.9, x=1, lam=2)
    >>> one.sizes["step"], bool((one.lam.diff("step") > 0).all())
    (11, True)
    """
    check_map(map)
    steps = checks.whole(steps, "steps")
    every = checks.whole(every, "every", least=1)
    fixed = map.complete(values)
    kernel = Kernel(map)
    state = np.zeros((kernel.state_rows, 1))
    state[: len(map.state), 0] = [fixed[n] for n in map.state]
    seed, point = checks.whole(seed, "seed"), checks.whole(point, "point")
    given = [*(fixed[n] for n in map.parameters), *((seed, point) if map.noisy else ())]
    parameters = np.array(given, float).reshape(-1, 1)
    names = (*map.state, *map.observables)
    out = np.empty((steps // every + 1, len(names)))
    _record(kernel.ready("record"), map, steps, every, state, parameters, out, progress)
    data = {n: ("step", row) for n, row in zip(names, out.T.copy())}
    call = f"ds.orbit({map.name}, {steps}, every={every})"
    coords = {"step": np.arange(0, steps + 1, every)}
    dataset = xr.Dataset(data, coords, describe(map, steps=steps, values=fixed, device="cpu", call=call, seed=seed))
    return label(dataset, map)


def _record(record, map, steps, every, state, parameters, out, progress):
    # A call ends on a multiple of `every` and of the carry's interval, so that both go on where they were.
    whole = every * CARRY_EVERY
    stride = max(1, STEPS_A_CALL // 32 // whole) * whole
    with meter(progress, total=steps, unit="step", unit_scale=True, delay=2, desc=map.name) as advance:
        for t in range(0, steps + 1, stride):
            # One step beyond the end, so that the last state is recorded too; its result is not used.
            until = min(t + stride, steps + 1)
            record(t, until, every, state, parameters, out[t // every :])
            advance(min(until, steps) - t)
