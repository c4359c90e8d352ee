"""ds.sweep: a map iterated on every point of a grid, measured on the way, as one labelled dataset."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from . import checks, engines
from .carry import PRECISIONS
from .grids import SEED, Grid
from .jobs import Job, Memory
from .labels import describe, label
from .measure import SUPPLIED, Measure
from .model import Map
from .progress import meter
from .store import open_store


def sweep(
    map: Map,
    steps: int,
    over: Mapping,
    measure: Sequence[Measure] | Measure,
    *,
    device: str = "cpu",
    dtype: str = "float64",
    threads: int | None = None,
    client=None,
    store: str | os.PathLike | None = None,
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
    device : "cpu"; "cuda", an NVIDIA GPU (``pip install 'dynsim[cuda]'``); or "auto", the GPU where there is one.
    dtype : "float64", or "float32" on a GPU: see docs/gpu.md for what it can tell.
    threads : how many; all cores by default. The result does not depend on it.
    client : a ``dask.distributed.Client``: its workers compute, each with `device` (``pip install 'dynsim[cluster]'``).
    store : a folder such as ``"sweep.zarr"`` that takes the results chunk by chunk (``pip install 'dynsim[store]'``).
        Where it holds part of this very sweep, only the rest is computed. The result is then read from it lazily.
    seed : of a map that takes noise. A draw is a function of (seed, point of the grid, step) alone. Seeds may be swept,
        as in ``over={"seed": range(32)}``; :func:`dynsim.ensemble` then gives means and their standard errors.
    progress : show a progress bar on anything over two seconds.
    **values : the other states' initial values and the other parameters; their defaults where left out.

    Returns
    -------
    xarray.Dataset : a variable for each measure (``lam_final``, ``regime``, …) over the dims of the grid. Points that
        diverge are data: infinite or NaN, with a ``lifetime`` and the regime "escaped".

    Raises
    ------
    ValueError, TypeError : at once, where a name, a shape or a value does not fit, or where the store belongs to
        another sweep.
    OSError : where the store cannot be written to, or another process writes to it. What was computed stays in it.
    dynsim.engines.cuda.NoGpu : a GPU is asked for, and there is none.

    Notes
    -----
    On the CPU, float64, without fastmath: each point is, bit for bit, the plain Python orbit of the step (as long as
    no state underflows; see :mod:`dynsim.carry`), whatever else is in the grid and however many threads there are.
    A GPU may fuse a product and a sum, which rounds once instead of twice; see docs/gpu.md.

    Examples
    --------
    >>> import dynsim as ds
    >>> result = ds.sweep(ds.maps.self_stabilization, 1000, over={"eta": [0.5, 1.0], "x": [1e-3, 1e-2, 1e-1]},
    ...                   measure=[ds.measures.final("lam"), ds.measures.lifetime()], a=1e-3)
    >>> dict(result.sizes), int(result.lifetime.min())
    ({'eta': 2, 'x': 3}, 1001)
    """
    threads = cores() if threads is None else checks.whole(threads, "threads", least=1)
    engine = engines.choose(device, threads, client)
    where = device if client is not None else engine.name
    job = job_of(map, steps, over, measure, values, seed, dtype, where)
    if store is not None:
        return into_store(store, job, engine, where, progress)
    kept = Memory(job)
    with progress_bar(job, progress) as advance:
        engine.run(job, kept.spans, kept.deliver, advance)
    return labelled(job, kept.arrays(), where)


def job_of(
    map: Map, steps: int, over: Mapping, measure, values: Mapping, seed: int = 0, dtype="float64", device: str = "cpu"
) -> Job:
    """What a sweep has to compute, once all of it fits; the arguments of :func:`sweep`."""
    check_map(map)
    steps = checks.whole(steps, "steps")
    grid = Grid(over)
    asked = check_measures(map, measure, taken=(*grid.names, *grid.dims))
    for m in asked:
        if m.options.get("skip", 0) > steps:
            raise ValueError(f"{m!r} skips more states than there are ({steps + 1}); skip at most {steps}.")
    for dim in grid.dims:
        if dim in map.readable and dim not in grid.names:
            raise ValueError(f"the dim {dim!r} is called like a name of {map.name!r}; call it something else.")
    seed = checks.whole(seed, "seed")
    fixed = map.complete(values, swept=_swept(map, grid, seed, device))
    dtype = check_dtype(dtype, device, asked, map, steps)
    return Job(map, steps, grid, tuple(asked), fixed, seed, dtype)


def into_store(path, job: Job, engine, device: str, progress: bool) -> xr.Dataset:
    """Compute what is missing in a store, and open it."""
    with open_store(path, job, labelled(job, job.blank(), device)) as kept:
        if kept.spans:
            with progress_bar(job, progress, kept.done) as advance:
                engine.run(job, kept.spans, kept.deliver, advance)
    return kept.dataset()


def labelled(job: Job, arrays: Mapping, device: str) -> xr.Dataset:
    """The dataset of a job's results, given by the measures' names."""
    grid, call = job.grid, f"ds.sweep({job.map.name}, {job.steps}, over={list(job.grid.names)}, measure={job.made!r})"
    attrs = describe(
        job.map, steps=job.steps, values=job.fixed, swept=grid.names, device=device, call=call, seed=job.seed,
        dtype=job.dtype,
    )  # fmt: skip
    data = {m.name: xr.Variable(job.dims(m), arrays[m.name], _attributes(m)) for m in job.made}
    dims = {d.dim: np.arange(1, d.width + 1) for m in job.made if (d := m.kind.does).dim}
    return label(xr.Dataset(data, grid.coords | dims, attrs), job.map)


def point_of(job: Job, number: int) -> xr.Dataset:
    """What a job finds at one point, by its number in the order of the grid: variables without the grid's dims."""
    found = xr.Dataset()
    for m, rows in zip(job.made, engines.compute(engines.choose("cpu", 1), job, number, number + 1)):
        dims = job.dims(m)[len(job.grid.dims) :]
        found[m.name] = dims, rows[:, 0] if dims else rows[0, 0], _attributes(m)
    return found


def _swept(map, grid, seed, device):
    """The swept states and parameters; seeds, which are neither, must be whole numbers."""
    if not map.noisy or SEED not in grid.names:
        return grid.names
    if device == "cuda":
        raise ValueError("seeds are swept on the CPU; on a GPU make one sweep for each, with seed=.")
    if seed:
        raise ValueError("'seed' is given twice: once in over=, once as a value; keep one.")
    for value in grid.coords[SEED].values.ravel():
        checks.whole(value, SEED)
    return [name for name in grid.names if name != SEED]


def progress_bar(job: Job, shown: bool, done: int = 0):
    """The bar of a sweep, in steps times points; it begins at `done` points."""
    total, initial = (float(points) * max(job.steps, 1) for points in (job.grid.size, done))
    return meter(
        shown, total=total, initial=initial, unit="step", unit_scale=True, delay=2, desc=job.map.name, leave=False
    )


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


def check_dtype(dtype, device: str, measures: Sequence[Measure], map: Map, steps: int) -> str:
    """The name of the type, once the device has it and the measures can do with it."""
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = ""
    if name not in PRECISIONS:
        raise ValueError(f"dtype must be 'float64' or 'float32', not {dtype!r}.")
    if name == "float64":
        return name
    if device != "cuda":
        raise ValueError("float32 is for a GPU; write device='cuda', or leave out dtype.")
    if steps >= 2**24:
        raise ValueError(f"float32 counts to 2^24 = {2**24:,} steps; make fewer, or leave out dtype.")
    for m in measures:
        if m.made_for(map).kind.does.lifted:
            raise ValueError(f"{m!r} follows a tangent vector, for which float32 is too narrow; leave out dtype.")
    return name


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
    for m in measure:
        m.made_for(map)  # what cannot be made for this map is refused here
    return list(measure)


def _attributes(measure):
    kind = measure.kind
    attrs = {"measure": repr(measure), "of": measure.of, "long_name": kind.long_name or kind.name}
    if kind.units:
        attrs["units"] = kind.units
    if kind.flags:
        attrs["flag_values"] = np.array(kind.flag_values or range(len(kind.flags)), kind.dtype)
        attrs["flag_meanings"] = " ".join(kind.flags)
    return attrs
