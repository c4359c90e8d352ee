"""Orbit diagrams and basins of attraction: where orbits end, over a parameter or over where they start."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from .. import checks
from ..grids import Grid
from ..labels import describe, label
from ..model import Map
from ..sweeps import check_map
from .endings import LONGEST, Attractors, Ends

#: The codes of `basin` that are no attractor.
ESCAPED, NOT_SETTLED = -1, 0


def orbit_diagram(
    map: Map, over: Mapping, keep: int = 200, skip: int = 1000, follow: bool = False, **values: float
) -> xr.Dataset:
    """The states that orbits visit in the end, for each value of one parameter, or at each point of a line.

    Parameters
    ----------
    map : the map.
    over : a swept name with its values, such as ``{"r": np.linspace(2.8, 4, 600)}``; a parameter, or an initial state.
        Or several that vary together along one dim, as in ``{"sigma": ("line", s), "nu": ("line", n)}``.
    keep, skip : the states skip, skip + 1, …, skip + keep − 1 of each orbit are kept.
    follow : start each value where the orbit of the one before it arrived, in the order given, as an experiment does
        that turns a knob slowly; sweep up and down to see hysteresis. An orbit that died out to exactly 0 stays there.
    **values : initial states and other parameters; their defaults where left out.

    Returns
    -------
    xarray.Dataset : dims (the swept name or the dim given, ``kept``); a variable for each state and observable. A swept
        initial state x stands under ``x_start``. Orbits that escape are data, infinite or NaN. With `follow` also
        ``restarted``, over the first dim: whether the value started from the given initial state, since the orbit
        before it escaped (the first value: False).

    Raises
    ------
    ValueError, TypeError : a name or a number does not fit, or what is swept does not lie along one dim.

    Notes
    -----
    Without `follow`, bit for bit what ``ds.orbit`` gives. Source of the idea: May 1976, Nature 261, 459.

    Examples
    --------
    >>> import dynsim as ds
    >>> from dynsim.stability.diagrams import orbit_diagram
    >>> def logistic(x=0.3, /, r=4.0):
    ...     return r * x * (1 - x)
    >>> found = orbit_diagram(ds.Map(logistic), over={"r": [2.8, 3.2, 3.5]}, keep=100)
    >>> [len(set(row.round(6).tolist())) for row in found.x.values]
    [1, 2, 4]
    """
    check_map(map)
    keep, skip = checks.whole(keep, "keep", least=1), checks.whole(skip, "skip")
    grid = Grid(over)
    if len(grid.dims) != 1:
        raise ValueError(
            f"an orbit diagram is over one dim, as over={{'r': values}}, or, for names that vary together, "
            f"over={{'r': ('line', r), 's': ('line', s)}}; not over {over!r}."
        )
    fixed = map.complete(values, swept=grid.names)
    if follow and (started := [n for n in grid.names if n in map.state]):
        raise ValueError(f"follow=True goes from one value of a parameter to the next, and {started[0]!r} is a state.")
    job = Ends(map, grid, fixed)
    kept, restarted = job.followed(skip, keep) if follow else (job.fresh(skip, keep), None)
    coords = _beside_the_states(grid, map)
    dim = next(iter(coords.values())).dims[0]
    names = (*map.state, *map.observables)
    data = {n: ((dim, "kept"), np.ascontiguousarray(kept[:, :, k])) for k, n in enumerate(names)}
    if follow:
        about = {"long_name": "started afresh, since the orbit before escaped"}
        data["restarted"] = (dim, restarted, about)
    call = f"orbit_diagram({map.name}, over={list(grid.names)}, keep={keep}, skip={skip}, follow={follow})"
    attrs = describe(map, steps=skip + keep - 1, values=fixed, swept=grid.names, device="cpu", call=call)
    steps = ("kept", np.arange(skip, skip + keep), {"long_name": "step"})
    return label(xr.Dataset(data, coords | {"kept": steps}, attrs), map)


def _beside_the_states(grid, map):
    """The coordinates; those of swept initial states under a name that leaves room for the state itself."""
    renamed = {n: f"{n}_start" for n in (*grid.names, *grid.dims) if n in map.state}
    coords = {}
    for name, variable in grid.coords.items():
        attrs = {"of": name, "long_name": "initial"} if name in renamed else {}
        dims = [renamed.get(d, d) for d in variable.dims]
        coords[renamed.get(name, name)] = xr.Variable(dims, variable.values, attrs)
    return coords


def basins(map: Map, steps: int, over: Mapping, tol: float = 1e-4, **values: float) -> xr.Dataset:
    """Which attractor each start goes to, and what the attractors are.

    Two orbits are on one attractor if they have the same period and the last state of one lies within
    `tol` · max(range of all last states, largest of them / 10) of a point of the other's cycle, in every state. So the
    image of a cycle under x → −x is the same attractor if both share their points, else another. Chaotic and
    quasi-periodic orbits are on one if their extremes agree within a tenth of its range.

    Parameters
    ----------
    map : the map.
    steps : how many, ≥ 256. Orbits that have not settled by then belong to no attractor; see ds.measures.period.
    over : the grid of initial states, as for ds.sweep; no parameters.
    tol : how close is the same, in units of the range of all last states.
    **values : other initial states and parameters; their defaults where left out.

    Returns
    -------
    xarray.Dataset : ``basin`` over the dims of the grid: the attractor's number 1, 2, …, the largest basin first; 0 not
        settled; −1 escaped. Over the dim ``attractor``: ``period`` (or the code of ds.measures.period), ``share`` of
        the points, ``family``, and for each state ``<state>_mean``, ``_minimum`` and ``_maximum`` over the cycle, or
        over the last eighth of the orbit. More than 50 of one period are a continuum of end points, such as a line of
        fixed points: they count as one, with `family` true and the range over all of its points.

    Raises
    ------
    ValueError, TypeError : a name or a number does not fit.

    Notes
    -----
    A family that few points sample looks like as many attractors. Source: definition for dynsim; Nusse and Yorke
    1996, Science 271, 1376, on basins.

    Examples
    --------
    >>> import dynsim as ds
    >>> from dynsim.stability.diagrams import basins
    >>> def pitchfork(x=0.5, /, r=2.0):
    ...     return r * x / (1 + x * x)
    >>> found = basins(ds.Map(pitchfork), 500, over={"x": [-1.0, 0.5, 2.0]})
    >>> found.basin.values.tolist(), found.x_mean.values.round(3).tolist()
    ([2, 1, 1], [1.0, -1.0])
    """
    check_map(map)
    steps = checks.whole(steps, "steps", least=4 * LONGEST)
    tol = checks.scalar(tol, "tol")
    if tol <= 0:
        raise ValueError(f"tol must be positive, not {tol:g}.")
    grid = Grid(over)
    if not grid.names:
        raise ValueError("basins need at least one initial state, as over={'x': values}.")
    fixed = map.complete(values, swept=grid.names)
    for name in grid.names:
        checks.known_name(name, map.state, "initial state", f" of {map.name!r}; basins are over where orbits start")
    ends = Attractors(map, steps, grid, fixed, tol)
    groups = sorted(ends.groups(), key=lambda group: -group[0].size)
    basin = np.where(ends.code == -3, ESCAPED, NOT_SETTLED).astype("int16")
    for number, (members, _, _) in enumerate(groups, start=1):
        basin[members] = number
    about = {"long_name": "attractor", "flag_values": np.array([NOT_SETTLED, ESCAPED], "int16")}
    about["flag_meanings"] = "undecided escaped"
    data = {"basin": (tuple(grid.dims), basin.reshape(grid.shape), about)} | ends.described(groups)
    call = f"basins({map.name}, {steps}, over={list(grid.names)}, tol={tol:g})"
    attrs = describe(map, steps=steps, values=fixed, swept=grid.names, device="cpu", call=call)
    return label(xr.Dataset(data, grid.coords | {"attractor": np.arange(1, len(groups) + 1)}, attrs), map)
