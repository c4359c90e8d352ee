"""ds.sweep: a map iterated on every point of a grid, measured on the way, as one labelled dataset."""

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np
import xarray as xr

from . import checks
from .carry import CARRY_EVERY
from .grids import Grid
from .kernels import Kernel
from .labels import describe, label
from .measure import SUPPLIED, Measure
from .model import Map

#: Map steps that one compiled call makes: short enough to answer Ctrl-C and to move the progress bar (some 10 ms).
STEPS_A_CALL = 2**26
#: Points in one chunk at the most; the memory beside the result is a few arrays of this length a thread.
POINTS_A_CHUNK = 2**13


def sweep(
    map: Map,
    steps: int,
    over: Mapping,
    measure: Sequence[Measure] | Measure,
    *,
    device: str = "cpu",
    threads: int | None = None,
    seed: int = 0,
    progress: bool = True,
    **values: float,
) -> xr.Dataset:
    """Iterate `map` from every point of a grid and measure it on the way; no orbit is stored.

    Parameters
    ----------
    map : the map.
    steps : how many steps, ≥ 0. Measures see the states 0, 1, …, steps.
    over : the grid, a mapping from the names of states (initial values) and parameters to what they run through: a
        sequence (a dim of that name), ``(dims, array)``, or a DataArray. Names on a common dim vary together, as in
        ``{"eta": ("point", e), "a": ("point", a)}``; others make a product.
    measure : one or more measures, such as ``[ds.measures.final("lam"), ds.measures.regime()]``.
    device : "cpu".
    threads : how many; all cores by default. The result does not depend on it.
    seed : of a map that takes noise. A draw is a function of (seed, point of the grid, step) alone.
    progress : show a progress bar on anything over two seconds.
    **values : the other states' initial values and the other parameters; their defaults where left out.

    Returns
    -------
    xarray.Dataset : a variable for each measure (``lam_final``, ``regime``, …) over the dims of the grid. Points that
        diverge are data: infinite or NaN, with a ``lifetime`` and the regime "escaped".

    Raises
    ------
    ValueError, TypeError : at once, where a name, a shape or a value does not fit.

    Notes
    -----
    float64, without fastmath: each point is, bit for bit, the plain Python orbit of the step (as long as no state
    underflows; see :mod:`dynsim.carry`), whatever else is in the grid and however many threads there are.

    Examples
    --------
    >>> import dynsim as ds
    >>> result = ds.sweep(ds.maps.self_stabilization, 1000, over={"eta": [0.5, 1.0], "x": [1e-3, 1e-2, 1e-1]},
    ...                   measure=[ds.measures.final("lam"), ds.measures.lifetime()], a=1e-3)
    >>> dict(result.sizes), int(result.lifetime.min())
    ({'eta': 2, 'x': 3}, 1001)
    """
    check_map(map)
    steps = checks.whole(steps, "steps")
    if device != "cpu":
        raise ValueError(f"unknown device {device!r}; write device='cpu'.")
    grid = Grid(over)
    measures = check_measures(map, measure, taken=(*grid.names, *grid.dims))
    for m in measures:
        if m.options.get("skip", 0) > steps:
            raise ValueError(f"{m!r} skips more states than there are ({steps + 1}); skip at most {steps}.")
    for dim in grid.dims:
        if dim in map.readable and dim not in grid.names:
            raise ValueError(f"the dim {dim!r} is called like a name of {map.name!r}; call it something else.")
    fixed = map.complete(values, swept=grid.names)
    threads = cores() if threads is None else checks.whole(threads, "threads", least=1)
    seed = checks.whole(seed, "seed")
    results = _Job(map, measures, steps, grid, fixed, threads, seed).run(progress)
    call = f"ds.sweep({map.name}, {steps}, over={list(grid.names)}, measure={measures!r})"
    attrs = describe(map, steps=steps, values=fixed, swept=grid.names, device=device, call=call, seed=seed)
    data = {m.name: _variable(m, map, grid, rows) for m, rows in zip(measures, results)}
    dims = {d.dim: np.arange(1, d.width + 1) for m in measures if (d := m.kind.does).dim}
    dataset = xr.Dataset(data, grid.coords | dims, attrs)
    return label(dataset, map)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_map(map) -> None:
    """Raise unless it is a map; say how to make one of what it is."""
    if not isinstance(map, Map):
        how = (
            "join it with a tuner: ds.closed_loop(landscape, tuner)"
            if hasattr(map, "measurements")
            else ("write ds.maps.NAME" if isinstance(map, str) else "wrap your step: ds.Map(step)")
        )
        raise TypeError(f"{map!r} is not a map; {how}.")


def check_measures(map: Map, measure, taken=()) -> list[Measure]:
    """The measures as a list, once every name that they read is known and none is called like one in `taken`."""
    if isinstance(measure, Measure):
        measure = [measure]
    if callable(measure):
        measure = [measure]
    if not isinstance(measure, (list, tuple)) or not measure:
        raise TypeError("measure must be a list of measures, such as [ds.measures.final('lam'), ds.measures.regime()].")
    for m in measure:
        if not isinstance(m, Measure):
            raise TypeError(
                f"{m!r} is not a measure; write ds.measures.final('lam'), or call it: ds.measures.regime()."
            )
        if m.of:
            checks.known_name(m.of, map.readable, "name", f" to measure in {map.name!r}")
        for name in m.kind.inputs:
            if name not in (*SUPPLIED, *map.readable):
                raise ValueError(
                    f"the measure {m.kind.name!r} reads {name!r}, which {map.name!r} does not have "
                    f"(it has {', '.join(map.readable)}); give the map an observable of that name."
                )
    names = [m.name for m in measure]
    for name in names:
        if name in taken:
            raise ValueError(
                f"{name!r} is a swept name or a dim, so no measure can be called that; choose another with .named(...)."
            )
        if names.count(name) > 1:
            raise ValueError(
                f"two measures are called {name!r}; name one of them, as in {measure[0]!r}.named('other')."
            )
    return [m.made_for(map) for m in measure]


def _variable(measure, map, grid, rows):
    does = measure.kind.does
    if not does.dim:
        return xr.Variable(tuple(grid.dims), rows[0].reshape(grid.shape), _attributes(measure))
    return xr.Variable((*grid.dims, does.dim), rows.T.reshape(*grid.shape, does.width), _attributes(measure))


def _attributes(measure):
    kind = measure.kind
    attrs = {"measure": repr(measure), "of": measure.of, "long_name": kind.long_name or kind.name}
    if kind.units:
        attrs["units"] = kind.units
    if kind.flags:
        attrs["flag_values"] = np.array(kind.flag_values or range(len(kind.flags)), kind.dtype)
        attrs["flag_meanings"] = " ".join(kind.flags)
    return attrs


class _Job:
    """The chunks of one sweep, done by a pool of threads (the kernels hold no lock)."""

    def __init__(self, map, measures, steps, grid, fixed, threads, seed):
        self.threads, self.seed = threads, seed
        self.map, self.steps, self.grid, self.fixed = map, steps, grid, fixed
        self.kernel = Kernel(map, measures)
        self.advance, self.finish = self.kernel.ready("advance"), self.kernel.ready("finish")
        self.results = [np.empty((m.kind.does.width, grid.size), m.kind.dtype) for m in measures]
        self.stop = threading.Event()
        # Some chunks for each thread, so that all end together; at least a full block of lanes.
        share = -(-grid.size // (4 * threads))
        self.chunk = int(np.clip(min(STEPS_A_CALL // max(steps, 1), share), 128, POINTS_A_CHUNK))
        self.stride = max(CARRY_EVERY, STEPS_A_CALL // self.chunk // CARRY_EVERY * CARRY_EVERY)

    def run(self, progress):
        from tqdm.auto import tqdm

        starts = iter(range(0, self.grid.size, self.chunk))
        total = float(self.grid.size) * max(self.steps, 1)
        with (
            tqdm(
                total=total,
                unit="step",
                unit_scale=True,
                delay=2,
                disable=not progress,
                desc=self.map.name,
                leave=False,
            ) as bar,
            ThreadPoolExecutor(self.threads) as pool,
        ):
            running = set()
            try:
                while True:
                    while len(running) < self.threads + 1 and (start := next(starts, None)) is not None:
                        running.add(pool.submit(self._chunk, start, bar))
                    if not running:
                        break
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
            finally:
                self.stop.set()  # Ctrl-C or an error: the others stop at their next call
        return self.results

    def _chunk(self, start, bar):
        stop = min(start + self.chunk, self.grid.size)
        state, parameters = self.kernel.filled(self.grid, self.fixed, start, stop, self.seed)
        accumulated = np.repeat(self.kernel.starts[:, None], stop - start, axis=1)
        for t in range(0, self.steps, self.stride):
            if self.stop.is_set():
                return
            until = min(t + self.stride, self.steps)
            self.advance(t, until, self.steps, state, parameters, accumulated, self.kernel.options)
            with bar.get_lock():
                bar.update((stop - start) * (until - t))
        every = [row for rows in self.results for row in rows]
        results = np.empty((len(every), stop - start))
        self.finish(self.steps, state, parameters, accumulated, self.kernel.options, results)
        with np.errstate(invalid="ignore"):
            for row, found in zip(every, results):
                row[start:stop] = found
