"""Tasks in as many processes as there are cores: compiling and sympy use one core each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from .progress import meter
from .sweeps import cores


def side_by_side(function: Callable, tasks: Sequence[tuple], unit: str) -> list:
    """``function(*task)`` for every task, begun and returned in this order. An error stops the rest."""
    with (
        ProcessPoolExecutor(min(cores(), len(tasks)), get_context("spawn")) as pool,
        meter(total=len(tasks), unit=unit) as advance,
    ):
        try:
            running = {pool.submit(function, *task): task for task in tasks}
            for future in as_completed(running):
                future.result()
                advance(1, running[future][0])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in running]
