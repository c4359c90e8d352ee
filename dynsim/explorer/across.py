"""The orbit diagram along a straight line across a picture, as an image: how often the late states are where."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from .. import checks
from ..grids import Grid
from ..stability.endings import BOUND, Ends
from .derived import never
from .subjects import Subject
from .view import View

#: Points along the line, and cells of the value.
POINTS, CELLS = 400, 160
#: So many of an orbit's last states are kept, and no more than this share of it.
KEPT, SHARE = 200, 0.25
#: What the range leaves out at either end, where few states would make it much longer.
STRAY, LONGER = 0.002, 3.0
#: Positive values over more than this factor are shown in their logarithm.
WIDE = 1e3
#: Seconds between two looks whether the result is still wanted.
PATIENCE = 0.02


@dataclass(frozen=True)
class Across:
    """The late states along a line.

    Attributes
    ----------
    name : of what.
    counts : uint32 (160, 400): how many states of the orbit from each position are in each cell; rows go up with the
        value, columns along the line.
    low, high : the ends of the range of values.
    log : whether the cells are even in the logarithm.
    position : (400,) shares of the line, from 0 at its start to 1.
    x, y : (400,) the values on the picture's axes there.
    steps : (first, last) step that is counted.
    escaped : (400,) whether the orbit escaped; it is not counted.
    """

    name: str
    counts: np.ndarray
    low: float
    high: float
    log: bool
    position: np.ndarray
    x: np.ndarray
    y: np.ndarray
    steps: tuple[int, int]
    escaped: np.ndarray


def across(
    subject: Subject,
    view: View,
    line: tuple[float, float, float, float],
    name: str,
    stale: Callable[[], bool] = never,
) -> Across | None:
    """The last states of the orbits along a line that is straight on the picture.

    Parameters
    ----------
    subject, view : the picture; its steps are those of an orbit.
    line : the ends (x0, y0, x1, y1). On a logarithmic axis the points are even in the logarithm.
    name : a state or an observable.
    stale : asked every 20 ms; where it says so, the computation ends and None is returned.

    Raises
    ------
    ValueError : an unknown name, or an end that a logarithmic axis cannot have.

    Examples
    --------
    >>> from dynsim.explorer.library import Library
    >>> subject = Library().subject("uv_balanced")
    >>> found = across(subject, subject.first(), (0.5, 0.4, 1.2, 0.4), "u")
    >>> found.counts.shape, found.steps, (found.counts > 0).sum(axis=0)[[0, -1]]
    ((160, 400), (801, 1000), array([1, 2]))
    """
    map = subject.map
    names = (*map.state, *map.observables)
    checks.known_name(name, names, "state or observable", f" of the map {map.name!r}")
    position = np.linspace(0, 1, POINTS)
    x, y = _between(view.x, line[0], line[2], position), _between(view.y, line[1], line[3], position)
    grid = Grid({view.x.name: ("line", x), view.y.name: ("line", y)})
    fixed = map.complete(subject.values(view), swept=grid.names)
    keep = min(KEPT, view.steps + 1 - int(view.steps * (1 - SHARE)))
    skip = view.steps + 1 - keep
    kept = _unless(stale, lambda stop: Ends(map, grid, fixed, view.seed).fresh(skip, keep, stop))
    if kept is None:
        return None
    chosen = [*range(len(map.state)), names.index(name)]
    with np.errstate(invalid="ignore"):
        escaped = ~(np.abs(kept[:, :, chosen]) <= BOUND).all(axis=(1, 2))
    values = kept[~escaped, :, names.index(name)]
    low, high, log = _range(values)
    counts = np.zeros((CELLS, POINTS), np.uint32)
    counts[:, ~escaped] = _counted(values, low, high, log)
    return Across(name, counts, low, high, log, position, x, y, (skip, skip + keep - 1), escaped)


def _between(axis, start, end, position):
    """Values from `start` to `end`, even as the axis is; the ends exactly."""
    if not (np.isfinite(start) and np.isfinite(end)):
        raise ValueError(f"the line must end at finite numbers of {axis.name}.")
    if not axis.log:
        return start * (1 - position) + end * position
    if start <= 0 or end <= 0:
        raise ValueError(f"{axis.name} is on a logarithmic axis, so the line must stay at positive numbers.")
    return np.geomspace(start, end, position.size)


def _unless(stale, work):
    """What `work(stop)` returns; None where it becomes stale, after `stop` is set."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work, stop)
        ended = threading.Event()
        running.add_done_callback(lambda _: ended.set())
        while not ended.wait(PATIENCE):
            if stale():
                stop.set()
                break
    return None if stop.is_set() else running.result()


def _range(values):
    """The ends of the range that is shown, and whether in the logarithm."""
    if not values.size:
        return 0.0, 1.0, False
    low, high = values.min(), values.max()
    log = bool(low > 0 and high / low > WIDE)
    place = np.log(values) if log else values
    low, high = place.min(), place.max()
    first, last = np.quantile(place, [STRAY, 1 - STRAY])
    if high - low > LONGER * (last - first) > 0:
        low, high = first, last
    beside = 0.03 * (high - low) or 1e-3 * abs(high) or 1e-3
    low, high = float(low - beside), float(high + beside)
    return (float(np.exp(low)), float(np.exp(high)), True) if log else (low, high, False)


def _counted(values, low, high, log):
    """Counts (cells, orbits) of values (orbits, states)."""
    share = np.log(values / low) / np.log(high / low) if log else (values - low) / (high - low)
    inside = (share >= 0) & (share < 1)
    cell = (share[inside] * CELLS).astype(np.intp)
    orbit = np.broadcast_to(np.arange(len(values))[:, None], values.shape)[inside]
    counted = np.bincount(cell * len(values) + orbit, minlength=CELLS * len(values))
    return counted.reshape(CELLS, len(values))
