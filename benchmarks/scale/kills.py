"""``python -m benchmarks.scale.kills [kills]``: a sweep into a store, killed again and again.

Each life is a process of its own, forked from one that has everything imported and compiled, and killed with SIGKILL
at a random time: while it begins, computes, writes, or ends. Every piece that an engine delivers is noted in a file
before the store sees it, so that what is computed is counted where it is computed. What is on the disk is read and
checked between the lives, by the files alone.
"""

import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import xarray as xr

import dynsim as ds
from dynsim.store import layout, record, sink
from dynsim.store.scan import scan

STEPS = 20_000
OVER = {"a": np.geomspace(1e-4, 1, 250), "x": np.geomspace(1e-3, 1, 200)}
MEASURES = (ds.measures.final("lam"), ds.measures.lifetime(), ds.measures.regime())
#: Points in a chunk: a row of the grid.
CHUNK = 200


@dataclass
class Outcome:
    """What 50 kills left.

    Attributes
    ----------
    landed : kills that found the process alive.
    before : kills before the first chunk of a life was computed.
    chunks : of a store.
    sweeps : how many sweeps it took to take all the kills; a new one begins where one was done before.
    computed : chunks that were computed in all lives together.
    lost : chunks that were computed when the kill came and were not whole on the disk.
    most_lost : by one kill.
    again : chunks that were computed although they were whole on the disk.
    vanished : chunks that were whole on the disk and are no longer.
    damaged : files with a wrong checksum, seen after any kill.
    identical : the end is, bit for bit, the sweep in memory.
    """

    landed: int = 0
    before: int = 0
    lives: int = 0
    chunks: int = 0
    sweeps: int = 1
    computed: int = 0
    lost: int = 0
    most_lost: int = 0
    again: int = 0
    vanished: int = 0
    damaged: int = 0
    identical: bool = True
    seconds: float = 0.0


def sweep(store=None):
    return ds.sweep(ds.maps.self_stabilization, STEPS, OVER, MEASURES, store=store, progress=False, threads=2, lam=2.0)


def life(path: Path, log: Path) -> int:
    """Start a process that sweeps into the store; returns its id."""
    if pid := os.fork():
        return pid
    note = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    deliver = sink.Store.deliver

    def noted(self, start, stop, rows):
        os.write(note, f"{start}\n".encode())
        deliver(self, start, stop, rows)

    sink.Store.deliver = noted
    code = 1
    try:
        sweep(path)
        code = 0
    finally:
        os._exit(code)


def on_disk(path: Path) -> tuple[set[int], int]:
    """The chunks that are whole, and how many files are damaged."""
    known = record.read(path)
    if not known:
        return set(), 0
    found = scan(path, known.layout, known.arrays)
    return set(np.flatnonzero(found.done).tolist()), len(found.damaged)


def noted(log: Path) -> set[int]:
    """The chunks of which any piece was computed, by the log."""
    starts = log.read_text().split() if log.exists() else []
    return {int(start) // CHUNK for start in starts}


def run(folder: Path, kills: int, seed: int) -> Outcome:
    """Sweep into a store in `folder`, with so many kills on the way, and see what is there after each."""
    layout.POINTS = layout.LEAST = CHUNK
    begin = time.perf_counter()
    outcome, path = Outcome(), folder / "sweep.zarr"
    want = sweep()
    timed(folder / "cold.zarr", folder / "cold")  # the first life is slower than those that follow
    whole, opening = timed(folder / "spare.zarr", folder / "timed")
    random = np.random.default_rng(seed)
    while True:
        before, _ = on_disk(path)
        log = folder / f"life{outcome.lives}"
        pid = life(path, log)
        outcome.lives += 1
        killed = outcome.landed < kills
        if killed:
            # An even share of what is left, or less, so that all kills come before the sweep is done.
            left = 1 - len(before) * CHUNK / want.regime.size
            share = 0.7 * max(whole - opening, 0.05) * left / (kills - outcome.landed)
            time.sleep(random.uniform(0, longest(opening, share)))
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        after, damaged = on_disk(path)
        count(outcome, before, after, noted(log), damaged)
        if os.WIFSIGNALED(status):
            outcome.landed += 1
            outcome.before += not noted(log)
            continue
        if os.WEXITSTATUS(status):
            raise RuntimeError("a life ended with an error")
        outcome.identical &= same(path, want)
        if not killed:
            break
        # It was done before all kills had come: a new one takes the others.
        path = folder / f"sweep{outcome.lives}.zarr"
        outcome.sweeps += 1
    outcome.chunks = record.read(path).layout.count
    outcome.seconds = time.perf_counter() - begin
    return outcome


def same(path, want):
    """Whether the sweep in the store is `want`, bit for bit; asked in another process, as a thread survives no fork."""
    if pid := os.fork():
        return os.waitpid(pid, 0)[1] == 0
    code = 1
    try:
        found = xr.open_zarr(path).load()
        bits = all(found[name].values.tobytes() == want[name].values.tobytes() for name in want.data_vars)
        code = int(not (bits and found.identical(want)))
    finally:
        os._exit(code)


def count(outcome, before, after, computed, damaged):
    """Add what one life did."""
    lost = len(computed - after)
    outcome.computed += len(computed)
    outcome.lost += lost
    outcome.most_lost = max(outcome.most_lost, lost)
    outcome.again += len(computed & before)
    outcome.vanished += len(before - after)
    outcome.damaged += damaged


def timed(path, log):
    """Seconds until the last piece of a life that nobody kills, and until its first."""
    start = time.time()
    pid = life(path, log)
    while not (log.exists() and log.stat().st_size):
        time.sleep(0.001)
    first = time.time() - start
    os.waitpid(pid, 0)
    return log.stat().st_mtime - start, first


def longest(opening, share):
    """The longest time until a kill, such that a life computes for `share` seconds on average.

    Drawn evenly from 0 to T, a kill leaves (T − opening)²/2T on average.
    """
    return opening + share + np.sqrt(share * (share + 2 * opening))


def main(kills: int = 50, seed: int = 0) -> None:
    """Print the outcome as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asdict(run(Path(folder), kills, seed))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
