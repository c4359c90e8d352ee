"""What ds.descend refuses of its grid and of the size of its records."""

import math
import os
from collections.abc import Callable

import numpy as np

from ..grids import Grid
from ..model import roles

#: From here on a float, as the values of a grid are, cannot tell a seed from the next.
LARGEST_SEED = 2**53


def check_grid(grid: Grid, tuner: Callable, taken: set) -> None:
    """Raise ValueError where a dim or a swept name would hide what is recorded, or a seed would not be itself."""
    for dim in grid.dims:
        if dim not in grid.names and dim in {*taken, "eta"}:
            raise ValueError(f"results have a {dim!r} of their own; call that dim of over= by another name.")
    if "eta" in grid.names and not _is_the_rate(tuner):
        raise ValueError(
            f"the parameter 'eta' of {tuner.__name__!r} is not the rate itself, which results hold under that name; "
            "call the parameter by another name to sweep it."
        )
    for i in range(grid.size if "seed" in grid.names else 0):
        grid.take("seed", i, i + 1, out := np.empty(1))
        if out[0] >= LARGEST_SEED:
            raise ValueError(f"a seed in over= must be below 2**53, not {out[0]:.17g}; larger ones are rounded.")


def _is_the_rate(tuner):
    """Whether the tuner is its parameter eta and nothing else, as ds.tuners.constant is."""
    own = roles(tuner)
    return not own.state and not own.inputs and tuner(**{**own.parameters, "eta": 0.375}) == 0.375


def check_memory(runs: int, rows: int, columns: int, kept: int, size: int) -> None:
    """Raise ValueError where what is recorded would not fit into the machine's memory."""
    needed = 8.0 * runs * (rows * columns + kept * size)
    if needed > _memory():
        raise ValueError(
            f"the records would take {needed / 2**30:.3g} GiB, more than the memory of this machine; make fewer "
            f"steps or runs, or record less often with every={' or keep=' if kept else ''}."
        )


def _memory():
    """The machine's memory in bytes; infinite where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return math.inf
