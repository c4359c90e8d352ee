"""Where jobs are computed. An engine's ``run(job, spans, deliver, advance)`` computes stretches of points.

It cuts each span (start, stop) of flat points into pieces as suits it and calls, in the thread that called it,
``deliver(start, stop, rows)`` once for each piece, in any order, with the results as :meth:`dynsim.jobs.Job.empty`
makes room for them; and ``advance(count)``, from any thread, with the steps times points just made. A result depends
on the point alone, not on the pieces. An error or Ctrl-C stops it within about a second.
"""

import numpy as np

from ..jobs import Job, Memory
from .cluster import Cluster
from .threads import Threads

DEVICES = ("cpu", "cuda", "auto")


def check_device(device: str) -> None:
    """ValueError where there is no such device; whether this machine has it is not asked."""
    if device not in DEVICES:
        raise ValueError(f"unknown device {device!r}; write device='cpu', 'cuda' (an NVIDIA GPU) or 'auto'.")


def choose(device: str, threads: int, client=None, call: int | None = None):
    """The engine for a device, or for the workers of a client, each with that device; "auto" is the GPU where one is.

    `call` is how many map steps a thread makes before it listens again.

    Raises
    ------
    ValueError : there is no such device.
    NoGpu : there is no GPU to be used; the message says why.
    """
    check_device(device)
    if client is not None:
        return Cluster(client, device)
    if device == "cpu":
        return Threads(threads, call)
    from . import cuda

    return Threads(threads, call) if device == "auto" and cuda.missing() else cuda.Cuda()


def compute(engine, job: Job, start: int, stop: int, advance=lambda count: None) -> list[np.ndarray]:
    """The results of the points start, …, stop − 1, an array (width, points) for each measure."""
    kept = Memory(job, start, stop)
    engine.run(job, kept.spans, kept.deliver, advance)
    return kept.rows
