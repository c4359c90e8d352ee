"""``dynsim reproduce``: the base paper's theory figures, three phase diagrams, and the table of claims."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import checks


def pieces() -> dict[str, Callable[[Path], list[Path]]]:
    """Everything that can be reproduced, by name: a function of the folder that returns what it wrote."""
    from . import analysis, cubic, diagrams, figures, table

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
        "claims": table.write,
    }


def run(out: Path = Path("reproduced"), only: Sequence[str] | None = None) -> list[Path]:
    """Draw the figures and try the claims, into the folder `out`; the files written.

    Each file is written whole or not at all.
    """
    from tqdm.auto import tqdm

    every = pieces()
    for name in only or ():
        checks.known_name(name, every, "piece")
    chosen = list(only or every)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    written = []
    with tqdm(chosen, unit="piece") as bar:
        for name in bar:
            bar.set_description(name)
            written += every[name](out)
    for path in written:
        print(path)
    print(f"{len(chosen)} pieces in {time.perf_counter() - begun:.0f} s")
    return written
