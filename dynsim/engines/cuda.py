"""An NVIDIA GPU: a thread a point, chunk after chunk, while the results of the chunk before travel back."""

import importlib.util
import time
import warnings
from collections.abc import Callable, Iterable

import numpy as np

from ..carry import CARRY_EVERY
from ..jobs import Job

#: Threads in a block.
THREADS = 128
#: Points in a chunk at the most: some waves of all that a large card runs at once.
POINTS_A_CHUNK = 2**22
#: Bytes of results in a chunk at the most, as they lie in the host's memory too, twice.
RESULTS_A_CHUNK = 2**27
#: The share of the card's free memory that is used.
SHARE = 0.5
#: Seconds that one launch is to last, and how many steps times points the first one makes: Ctrl-C and progress wait.
LAUNCH, FIRST_LAUNCH = 0.05, 2**28
#: Values of a swept name up to which it lies on the card whole; more are laid out chunk by chunk.
WHOLE_AXIS = 2**20


class NoGpu(RuntimeError):
    """There is no GPU that could be used; the message says what is missing."""


def missing() -> str:
    """What stands in the way of using a GPU, in one sentence; "" where nothing does."""
    if importlib.util.find_spec("numba_cuda") is None:
        return "device='cuda' needs numba-cuda; install it with pip install 'dynsim[cuda]', or write device='cpu'."
    from numba import cuda

    if cuda.is_available():
        return ""
    try:
        from numba.cuda.cudadrv import driver

        reason = driver.driver.initialization_error if not driver.driver.is_available else ""
    except Exception as error:  # of any kind, by whatever the driver lacks
        reason = error
    if reason or reason is None:
        return f"no NVIDIA GPU with a working driver was found ({_first(reason)}); write device='cpu'."
    return (
        "the GPU is there, but not the compiler for it; install it with pip install 'dynsim[cuda]', "
        "or write device='cpu'."
    )


def _first(reason):
    return (str(reason).strip().splitlines() or ["no reason is given"])[0].rstrip(".")


class Cuda:
    """An engine of one GPU, the current one of numba.cuda."""

    name = "cuda"

    def __init__(self):
        if reason := missing():
            raise NoGpu(reason)

    def run(self, job: Job, spans: Iterable[tuple[int, int]], deliver: Callable, advance: Callable) -> None:
        """Compute the spans; see :mod:`dynsim.engines`."""
        spans = [(start, stop) for start, stop in spans if stop > start]
        if not spans:
            return
        work = _Chunks(job, max(stop - start for start, stop in spans), advance)
        chunks = (
            (low, min(low + work.points, stop)) for start, stop in spans for low in range(start, stop, work.points)
        )
        waiting = None
        try:
            for k, chunk in enumerate(chunks):
                slot = work.slots[k % 2]
                work.start(slot, *chunk)
                work.advance(slot, waiting and (lambda of=waiting: deliver(*of.collect())))
                waiting = slot
            if waiting:
                deliver(*waiting.collect())
        finally:
            for slot in work.slots:
                slot.stream.synchronize()  # nothing may be freed under a kernel that runs


class _Slot:
    """The memory of one chunk, on the card and here; of two, one computes while the other's results travel."""

    def __init__(self, job, kernel, points, values):
        from numba import cuda

        self.job, self.stream = job, cuda.stream()
        self.state = cuda.device_array((kernel.state_rows, points), job.dtype)
        self.accumulated = cuda.device_array((kernel.accumulated_rows, points), job.dtype)
        self.results = cuda.device_array((kernel.result_rows, points), job.dtype)
        self.here = cuda.pinned_array((kernel.result_rows, points), job.dtype)
        self.values = cuda.to_device(values)
        self.span = (0, 0)

    def collect(self):
        """What :func:`deliver` takes, once it is here."""
        self.stream.synchronize()
        start, stop = self.span
        found = self.job.empty(stop - start)
        with np.errstate(invalid="ignore"):
            for row, result in zip([row for rows in found for row in rows], self.here):
                row[:] = result[: stop - start]
        return start, stop, found


class _Chunks:
    """Does chunks of one job."""

    def __init__(self, job, longest, tell):
        from numba import cuda

        from ..kernels_cuda import CudaKernel

        self.job, self.tell = job, tell
        self.kernel = CudaKernel(job.map, job.made, job.dtype)
        self.layout = Layout(job)
        self.step, self.finish = self.kernel.ready("advance"), self.kernel.ready("finish")
        self.points = min(longest, self._points(cuda.current_context().get_memory_info().free))
        values = np.concatenate([self.layout.values, np.empty(len(self.layout.laid) * self.points)])
        self.host_values = values
        self.slots = [_Slot(job, self.kernel, self.points, values) for _ in range(2)]
        self.shape = cuda.to_device(self.layout.shape)
        self.table = cuda.to_device(self.layout.table(self.points))
        self.options = cuda.to_device(self.kernel.options)
        # A draw is that of the CPU, where the seed is a float64.
        self.seed = int(float(job.seed))
        self.stride = 0

    def _points(self, free):
        """How many points a chunk has, so that two of them fit into the free memory."""
        kernel, size = self.kernel, np.dtype(self.job.dtype).itemsize
        results = kernel.result_rows * size
        point = (kernel.state_rows + kernel.accumulated_rows) * size + results + 8 * len(self.layout.laid)
        room = SHARE * free - 2 * self.layout.values.nbytes
        if room < 2 * point * THREADS:
            raise MemoryError(f"the GPU has only {free / 2**20:.0f} MiB of free memory; free some of it.")
        return int(min(POINTS_A_CHUNK, RESULTS_A_CHUNK // results, room / (2 * point)))

    def start(self, slot, start, stop):
        """Make a slot ready for the points start, …, stop − 1."""
        slot.span = (start, stop)
        if self.layout.laid:
            for k, name in enumerate(self.layout.laid):
                low = len(self.layout.values) + k * self.points
                self.job.grid.take(name, start, stop, self.host_values[low : low + stop - start])
            slot.values.copy_to_device(self.host_values)

    def advance(self, slot, meanwhile):
        """Make all steps and send the results on their way; call `meanwhile` while the card is busy."""
        job, (start, stop) = self.job, slot.span
        points = stop - start
        threads = min(THREADS, points)
        where = (-(-points // threads), threads, slot.stream)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numba finds small grids a waste
            step, finish = self.step[where], self.finish[where]
        kept = (self.shape, self.table, slot.values, slot.state, slot.accumulated, self.options)
        t = 0
        while t < job.steps or t == 0:  # once at least: it writes the initial state
            until = min(t + self._stride(points), job.steps)
            began = time.perf_counter()
            step(start, points, t, until, job.steps, self.seed, *kept)
            if meanwhile:
                meanwhile()
            slot.stream.synchronize()
            if not meanwhile and until > t:
                self.stride = int(LAUNCH * (until - t) / max(time.perf_counter() - began, 1e-9))
            meanwhile = None
            self.tell(points * (until - t))
            t = max(until, 1)
        finish(start, points, job.steps, self.seed, *kept, slot.results)
        slot.results.copy_to_host(slot.here, stream=slot.stream)

    def _stride(self, points):
        """Steps of the next launch: a multiple of the interval at which exponents are looked at."""
        return max(self.stride or FIRST_LAUNCH // points, CARRY_EVERY) // CARRY_EVERY * CARRY_EVERY


class Layout:
    """Where the values of every state and parameter are; see :mod:`dynsim.source_cuda`.

    Attributes
    ----------
    shape : sizes of the grid's dims.
    values : those of all names that are on the card whole.
    laid : names with more values, which follow, a chunk's part of each.
    """

    def __init__(self, job: Job):
        grid, self.laid = job.grid, []
        self.shape = np.array(grid.shape or (1,), np.int64)
        self._rows, values, begin = [], [], 0
        for name in (*job.map.state, *job.map.parameters):
            dims, array = grid.axis(name) if name in grid.names else ((), np.array(job.fixed[name]))
            if dims and array.size > WHOLE_AXIS:
                self._rows.append((len(self.laid), None))
                self.laid.append(name)
                continue
            apart = dict(zip(dims, np.cumprod([1, *array.shape[:0:-1]])[::-1])) if dims else {}
            self._rows.append((begin, [apart.get(dim, 0) for dim in grid.dims] or [0]))
            values.append(array.ravel())
            begin += array.size
        self.values = np.concatenate([*values, np.zeros(1)])

    def table(self, points: int) -> np.ndarray:
        """The table of the kernels, for chunks of so many points."""
        rows = []
        for begin, apart in self._rows:
            if apart is None:
                rows.append([len(self.values) + begin * points, 1, *[0] * len(self.shape)])
            else:
                rows.append([begin, 0, *apart])
        return np.array(rows, np.int64)
