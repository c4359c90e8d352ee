"""A Dask cluster: each worker computes pieces with an engine of its own.

The scheduler places tasks, and does again those of a worker that is lost. What is to be computed travels once to each
worker, as a task that can be done again too. A few pieces for each thread of the workers are under way at any time, so
that neither the scheduler nor the memory fills up.
"""

import functools
import threading
from collections.abc import Callable, Iterable

import numpy as np

from ..jobs import Job

#: Map steps in one task: about a second on one core.
STEPS_A_TASK = 2**31
#: Points in one task at the most: some megabytes of results.
POINTS_A_TASK = 2**18
#: Tasks under way for each thread of the workers.
AHEAD = 3
#: Bytes of a sweep's description in one task: Dask warns of large ones.
PART = 2**20
#: Run on every worker before anything else. As source: it must also run where there is no dynsim.
_ASK = """
def versions():
    try:
        import dynsim
    except Exception as error:
        return f"no dynsim ({type(error).__name__}: {error})"
    return f"dynsim {dynsim.__version__}"
"""


class Cluster:
    """The engine behind ``ds.sweep(..., client=...)``.

    Parameters
    ----------
    client : a ``dask.distributed.Client``.
    device : what each worker uses.
    """

    name = "cluster"

    def __init__(self, client, device: str):
        distributed = _distributed()
        if not isinstance(client, distributed.Client):
            raise TypeError(f"client must be a dask.distributed.Client, not {client!r}.")
        if client.asynchronous:
            raise ValueError("this client is asynchronous; give one made with Client(..., asynchronous=False).")
        self.client, self.device = client, device

    def run(self, job: Job, spans: Iterable[tuple[int, int]], deliver: Callable, advance: Callable) -> None:
        """Compute the spans; see :mod:`dynsim.engines`."""
        threads = self._check_workers()
        spans = list(spans)
        size = self._piece(job, sum(stop - start for start, stop in spans), threads)
        pieces = iter([(low, min(low + size, stop)) for start, stop in spans for low in range(start, stop, size)])
        packed = self._send(job)
        # Its own loop: the default is that of the newest client, which may be another one.
        running = _distributed().as_completed(loop=self.client.loop, with_results=True, raise_errors=True)
        under_way = set()

        def submit():
            if (piece := next(pieces, None)) is not None:
                future = self.client.submit(_compute, packed, *piece, self.device, pure=False)
                under_way.add(future)
                running.add(future)

        try:
            for _ in range(AHEAD * threads):
                submit()
            for future, (start, stop, rows) in running:
                under_way.discard(future)
                submit()
                deliver(start, stop, rows)
                advance((stop - start) * max(job.steps, 1))
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"a worker cannot import {error.name!r}; install it there, or send it: client.upload_file(...)."
            ) from error
        finally:
            self.client.cancel([*under_way, packed], force=True)

    def _send(self, job):
        """The job, on the cluster."""
        import cloudpickle

        pickled = cloudpickle.dumps(job)
        pieces = [pickled[start : start + PART] for start in range(0, len(pickled), PART)]
        parts = [self.client.submit(bytes, piece, pure=False) for piece in pieces]
        return self.client.submit(_Packed, parts, _version(), pure=False)

    def _piece(self, job, points, threads):
        share = -(-points // (AHEAD * threads))
        return int(np.clip(min(STEPS_A_TASK // max(job.steps, 1), share), 128, POINTS_A_TASK))

    def _check_workers(self):
        """How many threads the workers have, once they have this dynsim."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            raise RuntimeError("the cluster has no workers yet; start some, or wait: client.wait_for_workers(1).")
        scope = {"__name__": "__main__"}  # so that it travels by value
        exec(_ASK, scope)
        ours = f"dynsim {_version()}"
        for address, theirs in self.client.run(scope["versions"]).items():
            if theirs != ours:
                raise RuntimeError(f"the worker {address} has {theirs}, not {ours}; install the same everywhere.")
        return sum(worker["nthreads"] for worker in workers.values())


def _distributed():
    try:
        import distributed
    except ImportError:
        raise ModuleNotFoundError("a sweep on a cluster needs Dask: pip install 'dynsim[cluster]'.") from None
    return distributed


def _version():
    from .. import __version__

    return __version__


class _Packed:
    """A job on its way, in parts; unpacked once in each process."""

    def __init__(self, parts: list[bytes], version: str):
        self.parts, self.version = parts, version

    @functools.cached_property
    def job(self) -> Job:
        import cloudpickle

        if self.version != _version():  # a worker that came later
            raise RuntimeError(f"this worker has dynsim {_version()}, not {self.version}; install the same everywhere.")
        return cloudpickle.loads(b"".join(self.parts))

    def __reduce__(self):
        return _Packed, (self.parts, self.version)


#: The threads of a worker that has a GPU take turns.
_TURNS = threading.Lock()


def _compute(packed: _Packed, start: int, stop: int, device: str):
    """What a worker does: one piece, on the thread that Dask gives it."""
    from . import choose, compute

    engine = choose(device, threads=1)
    if engine.name == "cpu":
        return start, stop, compute(engine, packed.job, start, stop)
    with _TURNS:
        return start, stop, compute(engine, packed.job, start, stop)
