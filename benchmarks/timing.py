"""Timing on a shared machine: the best of several rounds, all contenders taking turns in each."""

import itertools
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
#: Pieces a core, so that one core's bad luck is shared.
PIECES = 4


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CORES)


def on_all_cores(function: Callable, arguments: Sequence) -> list:
    """function(argument) for every argument, in a thread a core."""
    return list(_pool().map(function, arguments))


def pieces(points: int) -> list[slice]:
    """`points` points cut into some pieces a core."""
    cuts = (points * k // (CORES * PIECES) for k in range(CORES * PIECES + 1))
    return [slice(lo, hi) for lo, hi in itertools.pairwise(cuts)]


def seconds_of(call: Callable[[], object], times: int = 1) -> float:
    """Seconds that one of `times` calls in a row takes."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def best_seconds(calls: Mapping[str, Callable[[], object]], rounds: int, least: float = 0.0) -> dict[str, float]:
    """The fewest seconds that each call took. One timing is of as many calls in a row as last `least` seconds.

    The contenders take turns, so that a neighbour who wakes up disturbs all of them alike.
    """
    times = {name: max(1, math.ceil(least / max(seconds_of(call), 1e-9))) for name, call in calls.items()}
    best = dict.fromkeys(calls, math.inf)
    for _ in range(rounds):
        for name, call in calls.items():
            best[name] = min(best[name], seconds_of(call, times[name]))
    return best
