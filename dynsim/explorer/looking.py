"""One point of a picture: its orbit, and what is measured of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

import dynsim as ds

from ..cli_request import measure as measure_of
from ..labels import flags_of, named
from ..plot import escape
from ..sweeps import job_of, point_of
from .derived import numbers, told
from .subjects import Subject, letter
from .view import View

#: So many states of an orbit are kept.
KEPT = 20_000


@dataclass(frozen=True)
class Look:
    """One point.

    Attributes
    ----------
    values : all parameters and initial states there.
    orbit : as ds.orbit gives it, at most 20 000 states of it; None where there is none.
    rows : (name, value), as text: where it is, and what is measured.
    last : the same of all states and observables at the last step that is kept, and that step.
    note : what the reader must know.
    """

    values: Mapping[str, float]
    orbit: xr.Dataset | None
    rows: list[tuple[str, str]]
    last: list[tuple[str, str]]
    note: str = ""


def orbit_at(subject: Subject, view: View, x: float, y: float, cells: bool = True) -> Look:
    """The orbit from a point of the picture, and what is measured of it.

    Parameters
    ----------
    subject, view : the picture.
    x, y : the values on its axes.
    cells : of a map that takes noise: whether to take the middle of the picture's cell and its draws.

    Returns
    -------
    Look : rows are the values on the axes; what the picture shows; the regime and the lifetime, where the map has
        them. Where the map fails, its words stand there.

    Examples
    --------
    >>> from dynsim.explorer.library import Library
    >>> subject = Library().subject("uv_balanced")
    >>> look = orbit_at(subject, subject.first(), 0.5, 1.0)
    >>> look.rows[:3], look.orbit.sizes["step"]
    ([('A', '0.5'), ('u₀', '1'), ('period', 'period 1')], 1001)
    """
    number, note = 0, ""
    if subject.noisy and cells:
        number, (x, y) = _cell(view, x, y)
        note = "the middle of the picture's cell, with the noise that was drawn for it"
    elif subject.noisy:
        note = "its noise is drawn anew: not that of the stored point"
    given = subject.values(view) | {view.x.name: float(x), view.y.name: float(y)}
    map, every = subject.map, max(1, -(-view.steps // (KEPT - 1)))
    places = ((view.x, x), (view.y, y))
    rows = [(letter(a.name) + "₀" * (a.name in map.state), told(v, a.digits)) for a, v in places]
    kinds = [view.measure, *(n for n in ("regime", "lifetime") if n in subject.measures)]
    for text in dict.fromkeys(kinds):
        rows.append(_measured(subject, view, given, text, number if subject.noisy and cells else None))
    last: list[tuple[str, str]] = []
    orbit, noise = None, {"seed": view.seed, "point": number} if subject.noisy else {}
    try:
        orbit = ds.orbit(map, view.steps, every=every, progress=False, **noise, **given)
    except Exception as error:  # whatever a user's own map may raise
        rows.append(("orbit", _sentence(error)))
    else:
        end = orbit.isel(step=-1)
        last = [("step", f"{int(end.step):,}"), *((letter(str(n)), told(v.item())) for n, v in end.data_vars.items())]
    if orbit is not None and (end := escape(orbit, map.state)) is not None:
        dotted = f"the dotted line is step {int(orbit.step[end]):,}, from which on the orbit only grows"
        note = "; ".join(filter(None, (note, dotted)))
    return Look(numbers(map, given), orbit, rows, last, note)


def _cell(view, x, y):
    """The number of the cell of the picture that a point lies in, in the order of its grid, and the cell's middle."""
    places = [int(np.clip(axis.share(v) * view.side, 0, view.side - 1)) for axis, v in ((view.x, x), (view.y, y))]
    middle = (grid[i] for grid, i in zip(view.over(view.side).values(), places))
    return places[0] * view.side + places[1], middle


def _measured(subject, view, given, text, number):
    """What is measured there; of the cell with a number, as the picture has it."""
    name = text
    try:
        asked = measure_of(text)
        name = asked.name.replace("_", " ")
        if number is None:
            others = {n: v for n, v in given.items() if n != view.x.name}
            job = job_of(subject.map, view.steps, {view.x.name: [given[view.x.name]]}, [asked], others, view.seed)
        else:
            job = subject.job(view.but(measure=text), view.side)
        array = point_of(job, number or 0)[asked.name]
        if array.ndim:
            return name, ", ".join(told(v) for v in array.values.ravel())
        if name == "lifetime" and array.item() > view.steps:
            return name, f"more than {view.steps:,} steps"
        return name, str(named(array).item()) if flags_of(array) else told(array.item())
    except Exception as error:  # whatever a user's own map may raise
        return name, _sentence(error)


def _sentence(error):
    return str(error) or type(error).__name__
