"""``python -m benchmarks.scale.overhead [points a side] [steps]``: what it costs to keep a sweep in a store.

The same chunks are computed twice in one process: once gathered in memory and dropped, once kept in the store. The
two take turns every few seconds, so that a busy neighbour disturbs both alike; the time of the store includes the wait
until all is on the disk.
"""

import json
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import dynsim as ds
from dynsim.engines import Threads
from dynsim.store import sink
from dynsim.store.scan import scan
from dynsim.sweeps import cores, job_of, labelled

#: Chunks between two turns.
TURN = 5


@dataclass
class Outcome:
    """Seconds in memory and into the store, for all points; the peak of the process's memory; the size on disk."""

    points: int
    steps: int
    memory: float
    store: float
    begin: float
    check: float
    peak: int
    raw: int
    disk: int
    files: int


class Dropped:
    """Gathers chunks as the store does, and drops them."""

    def __init__(self, job, layout):
        self._job, self._layout, self._gathered = job, layout, {}

    def deliver(self, start, stop, rows):
        n = self._layout.number(start)
        low, high = self._layout.span(n)
        gathered, count = self._gathered.pop(n, None) or (self._job.empty(high - low), 0)
        for own, found in zip(gathered, rows):
            own[:, start - low : stop - low] = found
        if count + stop - start < high - low:
            self._gathered[n] = gathered, count + stop - start


def run(folder: Path, side: int, steps: int) -> Outcome:
    """Compute a grid of side × side points both ways."""
    over = {"a": np.geomspace(1e-4, 1, side), "x": np.geomspace(1e-4, 10, side)}
    job = job_of(ds.maps.self_stabilization, steps, over, [ds.measures.final("lam")], {"lam": 2.0})
    engine, path = Threads(cores()), folder / "sweep.zarr"
    engine.run(job, [(0, 128)], lambda *piece: None, lambda count: None)  # compile
    memory = store = 0.0
    start = time.perf_counter()
    with sink.Store(path, job, labelled(job, job.blank(), "cpu")) as kept:
        begin = time.perf_counter() - start
        dropped = Dropped(job, kept.layout)
        for low in range(0, len(kept.spans), TURN):
            spans = kept.spans[low : low + TURN]
            turns = {"memory": lambda: engine.run(job, spans, dropped.deliver, lambda count: None)}  # noqa: B023
            turns["store"] = lambda: (engine.run(job, spans, kept.deliver, lambda count: None), kept.flush())  # noqa: B023
            for name in ("memory", "store") if low // TURN % 2 else ("store", "memory"):
                start = time.perf_counter()
                turns[name]()
                seconds = time.perf_counter() - start
                memory, store = memory + seconds * (name == "memory"), store + seconds * (name == "store")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    start = time.perf_counter()
    found = scan(path, kept.layout, {"lam_final": False})
    check = time.perf_counter() - start
    if not found.done.all():
        raise RuntimeError("the store is not complete")
    files = sum(1 for _ in path.rglob("c/*/*"))
    return Outcome(job.grid.size, steps, memory, store, begin, check, peak, job.grid.size * 8, found.size, files)


def main(side: int = 10_000, steps: int = 1000) -> None:
    """Print the outcome as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asdict(run(Path(folder), side, steps))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
