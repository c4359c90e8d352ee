"""Tasks in as many processes as there are cores: compiling and sympy use one core each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from .sweeps import cores


def side_by_side(function: Callable, tasks: Sequence[tuple], unit: str) -> dict[tuple, object]:
    """``function(*task)`` for every task, begun in this order; task -> result. An error stops the rest."""
    from tqdm.auto import tqdm

    found = {}
    with (
        ProcessPoolExecutor(min(cores(), len(tasks)), get_context("spawn")) as pool,
        tqdm(total=len(tasks), unit=unit) as bar,
    ):
        try:
            running = {pool.submit(function, *task): task for task in tasks}
            for future in as_completed(running):
                task = running[future]
                found[task] = future.result()
                bar.set_description(task[0])
                bar.update()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found
