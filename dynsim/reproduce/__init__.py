"""``dynsim reproduce``: the base paper's theory figures, three phase diagrams, and the table of claims."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from .. import checks
from ..sweeps import cores


def pieces() -> dict[str, Callable[[Path], list[Path]]]:
    """Everything that can be reproduced, by name: a function of the folder that returns what it wrote."""
    from . import analysis, cubic, diagrams, figures, table, zoom

    return {
        "fig4": figures.figure_4,
        "fig9": figures.figure_9,
        "fig10": figures.figure_10,
        "fig11": figures.figure_11,
        "lifetime": diagrams.lifetime,
        "regimes": diagrams.regimes,
        "delay": diagrams.delay,
        "theory": analysis.theory,
        "exponents": analysis.exponents,
        "cubic_line": cubic.line,
        "cubic_side_by_side": cubic.side_by_side,
        "cubic_window": cubic.window,
        "cubic_floor": cubic.below,
        "zoom": zoom.zoom,
        "claims": table.write,
    }


def run(out: Path = Path("reproduced"), only: Sequence[str] | None = None) -> list[Path]:
    """Draw the figures and try the claims, into the folder `out`; the files written.

    Each file is written whole or not at all.
    """
    every = pieces()
    for name in only or ():
        checks.known_name(name, every, "piece")
    chosen = list(only or every)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    written = every[chosen[0]](out) if len(chosen) == 1 else _side_by_side(chosen, out)
    for path in written:
        print(path)
    print(f"{len(chosen)} pieces in {time.perf_counter() - begun:.0f} s")
    return written


def _side_by_side(chosen, out) -> list[Path]:
    """The pieces in as many processes as there are cores: compiling and sympy use one core each."""
    from tqdm.auto import tqdm

    from . import table

    # What takes longest goes first.
    tasks = [*(reversed(table.SOURCES) if "claims" in chosen else ()), *(name for name in chosen if name != "claims")]
    rows, written = {}, {}
    with (
        ProcessPoolExecutor(min(cores(), len(tasks)), get_context("spawn")) as pool,
        tqdm(total=len(tasks), unit="piece") as bar,
    ):
        try:
            running = {pool.submit(_made, name, out): name for name in tasks}
            for future in as_completed(running):
                name = running[future]
                (rows if name in table.SOURCES else written)[name] = future.result()
                bar.set_description(name)
                bar.update()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if "claims" in chosen:
        written["claims"] = table.write(out, [row for name in table.SOURCES for row in rows[name]])
    return [path for name in chosen for path in written[name]]


def _made(name, out):
    """One task in a process of its own: the claims of a module, or the files of a piece."""
    from . import table

    return table.tried(name) if name in table.SOURCES else pieces()[name](out)
