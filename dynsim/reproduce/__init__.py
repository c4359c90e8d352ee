"""``dynsim reproduce``: the base paper's theory figures, phase diagrams, an animation, and the table of claims."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import checks
from ..processes import side_by_side


def pieces() -> dict[str, Callable[[Path], list[Path]]]:
    """Everything that can be reproduced, by name: a function of the folder that returns what it wrote."""
    from . import analysis, cubic, diagrams, figures, moving, table, zoom

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
        "animation": moving.cycle,
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
    """The pieces beside each other, and the claims of each module as a task of its own."""
    from . import table

    # What takes longest goes first.
    tasks = [*(reversed(table.SOURCES) if "claims" in chosen else ()), *(name for name in chosen if name != "claims")]
    made = dict(zip(tasks, side_by_side(_made, [(name, out) for name in tasks], "piece")))
    if "claims" in chosen:
        made["claims"] = table.write(out, [row for name in table.SOURCES for row in made[name]])
    return [path for name in chosen for path in made[name]]


def _made(name, out):
    """One task in a process of its own: the claims of a module, or the files of a piece."""
    from . import table

    return table.tried(name) if name in table.SOURCES else pieces()[name](out)
