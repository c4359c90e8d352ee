"""The CPU: a pool of threads; the kernels hold no lock."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, ThreadPoolExecutor, wait

import numpy as np

from ..carry import CARRY_EVERY
from ..jobs import Job
from ..kernels import Kernel

#: Map steps that one compiled call makes: short enough to answer Ctrl-C and to move the progress bar (some 10 ms).
STEPS_A_CALL = 2**26
#: Points in one piece at the most; the memory beside the result is a few arrays of this length a thread.
POINTS_A_PIECE = 2**13


class Threads:
    """An engine of so many threads; the result does not depend on their number.

    `call` is how many map steps one compiled call makes: an error or a callback that raises stops the engine in about
    two such calls.
    """

    name = "cpu"

    def __init__(self, count: int, call: int | None = None):
        self.count, self.call = count, call or STEPS_A_CALL

    def run(self, job: Job, spans: Iterable[tuple[int, int]], deliver: Callable, advance: Callable) -> None:
        """Compute the spans; see :mod:`dynsim.engines`."""
        spans = list(spans)
        points = self._piece(job, sum(stop - start for start, stop in spans))
        work = _Pieces(job, advance, points, self.call // points)
        pieces = (
            (low, min(low + work.points, stop)) for start, stop in spans for low in range(start, stop, work.points)
        )
        with ThreadPoolExecutor(self.count) as pool:
            running = set()
            try:
                while True:
                    while len(running) < self.count + 2 and (piece := next(pieces, None)) is not None:
                        running.add(pool.submit(work.do, *piece))
                    if not running:
                        return
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        deliver(*future.result())
            finally:
                work.stop.set()  # Ctrl-C or an error: the others stop at their next call

    def _piece(self, job, points):
        # Some pieces for each thread, so that all end together; at least a full block of lanes.
        share = -(-points // (4 * self.count))
        return int(np.clip(min(self.call // max(job.steps, 1), share), 128, POINTS_A_PIECE))


class _Pieces:
    """Does pieces of one job, in whatever thread asks."""

    def __init__(self, job, advance, points, stride):
        self.job, self.points, self.tell = job, points, advance
        self.kernel = Kernel(job.map, job.made)
        self.advance, self.finish = self.kernel.ready("advance"), self.kernel.ready("finish")
        self.stop = threading.Event()
        self.stride = max(CARRY_EVERY, stride // CARRY_EVERY * CARRY_EVERY)

    def do(self, start, stop):
        job, kernel = self.job, self.kernel
        state, parameters = kernel.filled(job.grid, job.fixed, start, stop, job.seed)
        accumulated = np.repeat(kernel.starts[:, None], stop - start, axis=1)
        for t in range(0, job.steps, self.stride):
            if self.stop.is_set():
                raise CancelledError
            until = min(t + self.stride, job.steps)
            self.advance(t, until, job.steps, state, parameters, accumulated, kernel.options)
            self.tell((stop - start) * (until - t))
        found = job.empty(stop - start)
        every = [row for rows in found for row in rows]
        results = np.empty((len(every), stop - start))
        self.finish(job.steps, state, parameters, accumulated, kernel.options, results)
        with np.errstate(invalid="ignore"):
            for row, result in zip(every, results):
                row[:] = result
        return start, stop, found
