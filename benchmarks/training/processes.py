"""What takes a process of its own: a setting of OpenBLAS, and the first call of a new one."""

import json
import os
import subprocess
import sys
import tempfile

from ..machine import cpu_flags

VARIABLE = "OPENBLAS_CORETYPE"
#: Kernels with vectors of four, which OpenBLAS chooses where a processor has no AVX-512.
NARROW = "HASWELL"

#: The first training of a new process.
FIRST = """
import time
import numpy as np
import dynsim as ds
x, y = ds.tasks.teacher_student(512)
begin = time.perf_counter()
ds.descend(ds.objectives.network(x, y), ds.tuners.cdat, 100, progress=False)
print(time.perf_counter() - begin)
"""


def measured(core_type: str | None, quick: bool) -> dict:
    """The timings of a fresh process, with OpenBLAS as installed or with this core type."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if core_type:
        environment[VARIABLE] = core_type
    command = [sys.executable, "-m", "benchmarks.training.measure", *(["--quick"] if quick else [])]
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def has_wide() -> bool:
    """Whether OpenBLAS has wider vectors to choose here."""
    return "avx512f" in cpu_flags()


def first_call() -> tuple[float, float]:
    """Seconds of the first call of a new process: with empty compile caches, and after it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder, "DYNSIM_CACHE_DIR": folder}

        def once():
            command = [sys.executable, "-c", FIRST]
            return float(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)

        return once(), once()
