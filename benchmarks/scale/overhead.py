"""``python -m benchmarks.scale.overhead [points a side] [steps]``: what it costs to keep a sweep in a store.

The same chunks are computed in one process into memory, where they are gathered and dropped, and into a store. The two
take turns every few chunks, some times over (into as many stores), and the best time of each counts, so that a busy
neighbour disturbs neither. The time of the store includes the wait until all is on the disk.
"""

import json
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import dynsim as ds
from dynsim.engines import Threads
from dynsim.store import sink
from dynsim.store.scan import scan
from dynsim.sweeps import cores, job_of, labelled

#: Chunks between two turns, and how often each takes its turn on the same chunks.
TURN, ROUNDS = 4, 3


@dataclass
class Outcome:
    """What it took.

    Attributes
    ----------
    memory, store : seconds for all points.
    memory_cpu, store_cpu : processor seconds of all threads, on average over the rounds.
    begin, check : seconds to begin the store, and to read all of it and test the checksums.
    peak : of the process's memory, in bytes.
    raw, disk, files : bytes of the results, and as they lie on the disk.
    """

    points: int
    steps: int
    memory: float
    store: float
    memory_cpu: float
    store_cpu: float
    begin: float
    check: float
    peak: int
    raw: int
    disk: int
    files: int


class Dropped:
    """Gathers chunks as the store does, and drops them."""

    def __init__(self, job, layout):
        self.deliver = sink.Gather(job, layout).take

    def flush(self):
        """There is nothing to wait for."""


def run(folder: Path, side: int, steps: int) -> Outcome:
    """Compute a grid of side × side points both ways."""
    over = {"a": np.geomspace(1e-4, 1, side), "x": np.geomspace(1e-4, 10, side)}
    job = job_of(ds.maps.self_stabilization, steps, over, [ds.measures.final("lam")], {"lam": 2.0})
    engine, paths = Threads(cores()), [folder / f"sweep{n}.zarr" for n in range(ROUNDS)]
    engine.run(job, [(0, 128)], lambda *piece: None, lambda count: None)  # compile
    with ExitStack() as stack:
        start = time.perf_counter()
        kept = [stack.enter_context(sink.Store(path, job, labelled(job, job.blank(), "cpu"))) for path in paths]
        begin = (time.perf_counter() - start) / ROUNDS
        spans = kept[0].spans
        turns = [
            turn(engine, job, spans[low : low + TURN], kept, Dropped(job, kept[0].layout))
            for low in range(0, len(spans), TURN)
        ]
    memory, store, memory_cpu, store_cpu = map(sum, zip(*turns))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    start = time.perf_counter()
    found = scan(paths[0], kept[0].layout, {"lam_final": False})
    check = time.perf_counter() - start
    if not found.done.all():
        raise RuntimeError("the store is not complete")
    taken = {"memory": memory, "store": store, "memory_cpu": memory_cpu, "store_cpu": store_cpu}
    sizes = {"raw": job.grid.size * 8, "disk": found.size, "files": found.done.size}
    return Outcome(job.grid.size, steps, **taken, begin=begin, check=check, peak=peak, **sizes)


def turn(engine, job, spans, stores, dropped) -> tuple[float, float, float, float]:
    """Seconds in memory and in the store, the best of the rounds; and processor seconds, their mean."""
    wall, cpu = {"memory": [], "store": []}, {"memory": [], "store": []}
    for store in stores:
        for name, kept in (("memory", dropped), ("store", store)):
            start, busy = time.perf_counter(), time.process_time()
            engine.run(job, spans, kept.deliver, lambda count: None)
            kept.flush()
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - busy)
    return min(wall["memory"]), min(wall["store"]), float(np.mean(cpu["memory"])), float(np.mean(cpu["store"]))


def main(side: int = 10_000, steps: int = 1000) -> None:
    """Print the outcome as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asdict(run(Path(folder), side, steps))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
