"""What only a fresh process can tell: seconds to a first result, and peak memory."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

#: A small phase diagram, as a first sweep may be.
FIRST_SWEEP = """
import numpy as np
import dynsim as ds
over = {"eta": np.linspace(0.5, 1.5, 100), "x": np.linspace(0.01, 0.1, 100)}
measures = [ds.measures.final("lam"), ds.measures.regime()]
result = ds.sweep(ds.maps.self_stabilization, 1000, over=over, measure=measures, a=1e-3)
print(float(result.lam_final[0, 0]), flush=True)
"""

# On Linux ru_maxrss of a new process starts from its parent's peak; VmHWM is the process's own.
_BIG_SWEEP = """
import resource, sys
import numpy as np
import dynsim as ds
points, steps = int(sys.argv[1]), int(sys.argv[2])
x = np.linspace(0.1, 0.2, points)
result = ds.sweep(ds.maps.self_stabilization, steps, over={"x": x}, measure=ds.measures.final("lam"), a=3e-4, lam=1.9,
                  progress=False)
try:
    status = open("/proc/self/status").read()
    peak = 1024 * int(status.split("VmHWM:")[1].split()[0])
except (OSError, IndexError):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(peak, result.nbytes)
"""


@dataclass(frozen=True)
class Start:
    """Seconds from a new process to its first result."""

    cold: float
    warm: float


@dataclass(frozen=True)
class Memory:
    """Bytes: the peak of a big sweep and the size of its result; the peak of a sweep of one point."""

    peak: int
    result: int
    baseline: int

    @property
    def over(self) -> int:
        return self.peak - self.result


def _first_result(folder: str) -> float:
    begin = time.perf_counter()
    command = [sys.executable, "-c", FIRST_SWEEP]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "DYNSIM_CACHE_DIR": folder}) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - begin
        process.stdout.read()
    if process.returncode or not line.strip():
        raise RuntimeError("the first sweep of a new process failed; its message is above.")
    return seconds


def start(repeats: int) -> Start:
    """The fewest of `repeats` cold starts, each with an empty compile cache, and of as many warm ones."""
    cold, warm = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(_first_result(folder))
            warm.append(_first_result(folder))
    return Start(min(cold), min(warm))


def _big_sweep(points: int, steps: int) -> tuple[int, int]:
    command = [sys.executable, "-c", _BIG_SWEEP, str(points), str(steps)]
    peak, result = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    return int(peak), int(result)


def memory(points: int, steps: int) -> Memory:
    """Peak memory of a sweep over `points` points."""
    _big_sweep(1, 8)  # compiles, which takes memory of its own
    baseline, _ = _big_sweep(1, 8)
    return Memory(*_big_sweep(points, steps), baseline)
