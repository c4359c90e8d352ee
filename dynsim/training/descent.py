"""ds.descend: an objective trained under a tuner, recorded on the way, as one labelled dataset."""

import inspect
import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import numpy as np
import xarray as xr

from .. import checks
from ..grids import Grid
from ..loop import check_returns
from ..model import roles
from ..progress import meter
from ..sweeps import cores as all_cores
from .blas import one_thread
from .doors import check_grid, check_memory
from .objective import Derivatives
from .optimizer import Optimizer
from .run import MEASURED, RECORDED, Plan, Run

#: Seconds between two looks at the progress bar and at Ctrl-C.
LOOK = 0.1
#: What results hold besides the runs that were swept; a tuner's parameter eta is the rate.
TAKEN = {*RECORDED, "eigenvalues", "lifetime", "step", "kept_step", "parameter", "rank"} - {"eta"}


def descend(
    objective: Derivatives,
    tuner: Callable,
    steps: int,
    *,
    optimizer: Optimizer | Callable | None = None,
    w: np.ndarray | None = None,
    seed: int = 0,
    batch: int = 0,
    delay: int = 0,
    every: int = 1,
    sharpness: int = 0,
    top: int = 1,
    keep: int = 0,
    over: Mapping | None = None,
    cores: int | None = None,
    progress: bool = True,
    **values: float,
) -> xr.Dataset:
    """Train: w' = w + η u, where the optimizer makes u from the gradient, and the tuner makes η.

    Parameters
    ----------
    objective : such as ``ds.objectives.network(x, y)`` or your own :class:`dynsim.Objective`.
    tuner : such as ``ds.tuners.cdat``; the very functions that the reduced maps use. It may ask for n, d, f, grad_sq,
        sharpness, f_along and cos_along (:mod:`dynsim.loop`), taken on the mini-batch where there is one, but for
        the sharpness, which is that of the whole loss.
    steps : how many.
    optimizer : such as ``ds.optimizers.momentum``; gradient descent by default. A function will do.
    w : initial parameters, shape (P,); ``objective.start(seed)`` by default.
    seed : of the start and of the mini-batches.
    batch : samples in a mini-batch, drawn without replacement in each epoch; 0 is the full batch.
    delay : 1 makes each step with the rate that the tuner found a step before (the first with its own), as the base
        paper's model of CDAT has it.
    every : record each `every`-th step.
    sharpness : find λ at each such step, a multiple of `every`; 0 is never. Found to about 1e-3
        (:mod:`dynsim.training.lanczos`). Where the optimizer has a preconditioner P it is λmax(P^{-1/2} ∇²f P^{-1/2}).
    top : how many eigenvalues.
    keep : keep w at each such step, as the variable ``w``; 0 is never.
    over : runs to make, as for :func:`dynsim.sweep`: names of the tuner's and the optimizer's parameters and initial
        states, "seed" and "batch".
    cores : how many; all by default. One run spreads its samples over them, many runs are shared out. The result
        does not depend on it, and each run is that of its own single call, to the bit.
    progress : show a progress bar on anything over two seconds.
    **values : the tuner's and the optimizer's parameters; their defaults where left out.

    Returns
    -------
    xarray.Dataset : dims of `over`, then ``step`` (0 is the start). Variables f (of the whole data), eta (but where a
        parameter of that name is swept: then it is the coordinate), grad_norm, n, d, turn (cosine between this
        update and the one before), lam, eta_lam, alignment (the absolute cosine between the update and the top
        eigenvector, in the preconditioned coordinates), ``eigenvalues`` with `top` > 1, ``w`` with `keep`; and
        ``lifetime``, the steps until f or η was not finite. What comes after is NaN, as are lam, eta_lam and alignment
        where they were not asked for. The attribute ``edge`` is where ηλ is unstable on a quadratic; NaN if it
        varies.

    Raises
    ------
    ValueError, TypeError : at once, where a name, a shape or a value does not fit.

    Examples
    --------
    >>> import dynsim as ds
    >>> bowl = ds.objectives.quadratic([1.0, 10.0])
    >>> run = ds.descend(bowl, ds.tuners.greedy, 100, sharpness=1)
    >>> bool(run.f[-1] < 1e-6 * run.f[0]), float(run.lam[0])
    (True, 10.0)
    >>> runs = ds.descend(bowl, ds.tuners.constant, 100, over={"eta": [0.1, 0.19, 0.21]})
    >>> (runs.f[:, -1] < runs.f[:, 0]).values.tolist()
    [True, True, False]
    """
    if not isinstance(objective, Derivatives):
        raise TypeError(f"descend needs an objective such as ds.objectives.quadratic([1, 10]), not {objective!r}.")
    optimizer = _optimizer(optimizer)
    known = _check_tuner(tuner, optimizer, objective)
    whole = {"steps": steps, "seed": seed, "batch": batch, "sharpness": sharpness, "keep": keep}
    whole = {name: checks.whole(value, name) for name, value in whole.items()}
    every, top = checks.whole(every, "every", least=1), checks.whole(top, "top", least=1)
    if whole["sharpness"] % every or whole["keep"] % every:
        raise ValueError(f"sharpness and keep must be multiples of every ({every}), so that each has its place.")
    if top > objective.size:
        raise ValueError(f"top is {top}, but {objective.name!r} has {objective.size} parameters.")
    if w is not None:
        w = objective._point(w)
        if not np.isfinite(w).all():
            raise ValueError("w holds NaN or infinite numbers; give the parameters to start from.")
    grid = Grid(over) if over else None
    if grid:
        check_grid(grid, tuner, TAKEN)
    runs = _runs(objective, known, values, grid, whole["seed"], whole["batch"])
    threads = all_cores() if cores is None else checks.whole(cores, "cores", least=1)
    if np.ndim(delay) or delay not in (0, 1):
        raise ValueError(f"delay must be 0 or 1, not {delay!r}.")
    rows, kept = whole["steps"] // every + 1, whole["keep"] and whole["steps"] // whole["keep"] + 1
    check_memory(len(runs), rows, len(RECORDED) + top, kept, objective.size)
    plan = Plan(
        objective, tuner, optimizer, whole["steps"], every, whole["sharpness"], top, w, whole["keep"], int(delay),
        cores=threads if len(runs) == 1 else 1,
    )  # fmt: skip
    done = _Job(plan, runs, threads).go(progress)
    attrs = _attributes(plan, [values for values, _, _ in runs], grid, whole)
    return _dataset(plan, done, grid, attrs)


def _optimizer(given) -> Optimizer:
    if given is None:
        from ..optimizers import gd

        return gd
    if isinstance(given, Optimizer):
        return given
    if not callable(given):
        raise TypeError(f"optimizer must be one of ds.optimizers or a function of the gradient, not {given!r}.")
    return Optimizer(given)


def _check_tuner(tuner, optimizer, objective) -> dict:
    """What can be set, with its default."""
    if not callable(tuner) or not hasattr(tuner, "__name__"):
        raise TypeError(
            f"descend needs a tuner function such as ds.tuners.cdat, made with def or lambda, not {tuner!r}."
        )
    own = roles(tuner)
    for need in own.inputs:
        if need not in MEASURED:
            raise ValueError(f"the tuner {tuner.__name__!r} needs {need}, which training does not measure "
                             f"(it measures {', '.join(MEASURED)}).")  # fmt: skip
    check_returns(tuner, own)
    for clash in sorted({*own.state, *own.parameters} & {*optimizer.state, *optimizer.parameters}):
        raise ValueError(f"{tuner.__name__!r} and {optimizer.name!r} both use the name {clash!r}; rename one.")
    known = {**own.state, **own.parameters, **optimizer.parameters}
    for clash in sorted(known.keys() & {*inspect.signature(descend).parameters}):
        raise ValueError(f"{clash!r} is an argument of descend itself; call that of the tuner or optimizer otherwise.")
    return known


def _runs(objective, known, values, grid, seed, batch):
    """(values, seed, batch) of each run."""
    swept = grid.names if grid else ()
    for name in (*values, *swept):
        checks.known_name(name, (*known, *(("seed", "batch") if name in swept else ())), "parameter")
        if name in values and name in swept:
            raise ValueError(f"{name!r} is given twice: once in over=, once as a value; keep one.")
        if name in swept and name in TAKEN:
            raise ValueError(f"results have a {name!r} of their own; call what is swept by another name.")
    fixed = known | {name: checks.scalar(value, name) for name, value in values.items()}
    missing = [name for name, value in fixed.items() if value is None and name not in swept]
    if missing:
        raise ValueError(f"the tuner needs a value for {', '.join(missing)}: write {missing[0]}=... .")
    runs = []
    for i in range(grid.size if grid else 1):
        here = {}
        for name in swept:
            out = np.empty(1)
            grid.take(name, i, i + 1, out)
            here[name] = float(out[0])
        own_seed = checks.whole(here.pop("seed", seed), "seed")
        own_batch = checks.whole(here.pop("batch", batch), "batch")
        if own_batch > objective.samples:
            raise ValueError(
                f"a batch of {own_batch} cannot be drawn from the {objective.samples} samples of {objective.name!r}."
            )
        full = {name: float(value) for name, value in (fixed | here).items()}
        runs.append((full, own_seed, own_batch))
    return runs


class _Job:
    """All runs of one call, by a pool of threads (what computes holds no lock)."""

    def __init__(self, plan, runs, threads):
        self.plan, self.runs, self.threads = plan, runs, min(threads, len(runs))
        self.stop = threading.Event()
        # Of runs that are done: workers whose buffers can be used again, and how many steps of a batch fit into a look.
        self.free, self.strides = [], {}

    def go(self, progress) -> list[Run]:
        total = self.plan.steps * len(self.runs)
        name = f"{self.plan.objective.name}.{self.plan.tuner.__name__}"
        with (
            one_thread(),
            meter(progress, total=total, unit="step", delay=2, desc=name, leave=False) as advance,
            ThreadPoolExecutor(self.threads) as pool,
        ):
            try:
                if len(self.runs) == 1:
                    return [self._run(self.runs[0], advance)]
                futures = [pool.submit(self._run, run, advance) for run in self.runs]
                pending = futures
                while pending:  # with a time limit, so that Ctrl-C is heard on every system
                    done, pending = wait(futures, timeout=0.5, return_when=FIRST_EXCEPTION)
                    for future in done:
                        future.result()
                return [future.result() for future in futures]
            finally:
                self.stop.set()  # Ctrl-C or an error: the others stop at their next look
                pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, asked, advance):
        values, seed, batch = asked
        worker = self.free.pop() if self.free else None
        run = Run(self.plan, values, seed, batch, worker)
        steps, done, going = self.plan.steps, 0, True
        while going and not self.stop.is_set():
            stride, begin = self.strides.get(batch, 1), time.perf_counter()
            going = run.advance(min(done + stride - 1, steps))
            self.strides[batch] = _stride(stride, time.perf_counter() - begin)
            advance((min(done + stride, steps) if going else steps) - done)
            done = min(done + stride, steps)
        self.free.append(run.worker)
        run.worker = run.whole = None  # their buffers are not needed any more
        return run


def _stride(steps, seconds):
    """How many steps to make next, so that Ctrl-C is heard and the progress seen soon enough."""
    return max(1, int(steps * min(8.0, LOOK / max(seconds, 1e-6))))


def _attributes(plan, runs, grid, whole):
    from .. import __version__

    values, edges = runs[0], {plan.optimizer.edge_at(values) for values in runs}
    return {
        "objective": plan.objective.name,
        "tuner": plan.tuner.__name__,
        "optimizer": plan.optimizer.name,
        "steps": plan.steps,
        "values": json.dumps({name: value for name, value in values.items() if not grid or name not in grid.names}),
        "swept": json.dumps(list(grid.names) if grid else []),
        "seed": whole["seed"],
        "batch": whole["batch"],
        "delay": plan.delay,
        "edge": edges.pop() if len(edges) == 1 else np.nan,
        "versions": f"dynsim {__version__}, numpy {np.__version__}",
    }


def _dataset(plan, done, grid, attrs):
    dims, shape = (tuple(grid.dims), grid.shape) if grid else ((), ())
    data = {}
    for name in done[0].records:
        if grid and name in grid.names:
            continue  # a tuner's parameter eta is the rate
        stacked = np.stack([run.records[name] for run in done])
        own = {"w": ("kept_step", "parameter"), "eigenvalues": ("step", "rank")}.get(name, ("step",))
        data[name] = ((*dims, *own), stacked.reshape(*shape, *stacked.shape[1:]))
    data["lifetime"] = (dims, np.array([run.lifetime for run in done]).reshape(shape))
    coords = dict(grid.coords) if grid else {}
    coords["step"] = np.arange(0, plan.steps + 1, plan.every)
    if plan.keep:
        coords["kept_step"] = np.arange(0, plan.steps + 1, plan.keep)
    if plan.top > 1:
        coords["rank"] = np.arange(1, plan.top + 1)
    dataset = xr.Dataset(data, coords, attrs)
    for name in RECORDED.keys() & dataset.keys():
        symbol, meaning = RECORDED[name]
        dataset[name].attrs |= {"symbol": symbol, "long_name": meaning}
    dataset.lifetime.attrs["long_name"] = "steps until the loss or the rate is not finite"
    dataset.step.attrs |= {"symbol": "t", "long_name": "step"}
    return dataset
