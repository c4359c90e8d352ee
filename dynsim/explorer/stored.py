"""Stored sweeps: drawn from the store, and computed anew where one zooms in beyond its points."""

import json
from collections.abc import Callable

import numpy as np
import xarray as xr

from .. import checks
from ..jobs import Job
from ..labels import flags_of
from ..measure import Measure
from ..model import Map
from ..sweeps import job_of
from .reading import Cells, Reader, grid_of, measure_from
from .reading import open_sweep as open_sweep
from .subjects import LONGEST_PERIOD, Subject, letter, map_of, measure_text, run
from .view import Axis, Limits, View

#: Fewer stored points than these along an axis of the picture make it too coarse, unless the store has no more.
FINE = 60
#: Stored points that are computed again before the map is trusted to be the one of the sweep.
TRIED = 16


class Cannot(ValueError):
    """Why a picture cannot be computed anew."""


class Stored:
    """A stored sweep, as the explorer asks about it; see :class:`dynsim.explorer.subjects.Subject`.

    Parameters
    ----------
    name : what it is called on the page.
    dataset : what ds.sweep returned, or :func:`open_sweep`.
    map : the map of the sweep, where it is none of dynsim's.
    limits : what a picture may cost; one that would cost more is drawn from the store, however coarse.

    Attributes
    ----------
    names : the dims that can be axes or be fixed.
    measures : the variables over two of them at least.
    map : the map, None where it is not known.
    noisy : False: the seed is the sweep's, and cannot be chosen.
    """

    computed = noisy = False

    def __init__(self, name: str, dataset: xr.Dataset, map: Map | None = None, limits: Limits | None = None):
        self.name, self.dataset, self.limits = name, dataset, limits or Limits()
        self.cells = {dim: Cells(values, dim) for dim, values in grid_of(dataset, name).items()}
        self.names = tuple(self.cells)
        self.defaults = {dim: cells.middle() for dim, cells in self.cells.items()}
        self.measures = {
            n: False
            for n, v in dataset.data_vars.items()
            if len(set(self.names) & set(v.dims)) > 1 and v.dtype.kind in "fiub"
        }
        self.steps = checks.whole(dataset.attrs["steps"], "steps")
        self.about = f"{name}: a stored sweep of {dataset.attrs['map']}, {self.steps:,} steps"
        self._swept, self._fixed = (json.loads(dataset.attrs[key]) for key in ("swept", "values"))
        self._grid = {dim for n in self._swept if n in dataset.coords for dim in dataset[n].dims}
        self._reader, self._trials = Reader(dataset), {}
        try:
            self.map = map or map_of(dataset.attrs["map"])
        except ValueError:
            self.map = None
        self.readable = self.map.readable if self.map else ()
        if not self.measures:
            raise ValueError(f"{name} cannot be drawn: no variable has two of the dims {', '.join(self.names)}.")

    # -- what the page asks -------------------------------------------------------------------------------------------

    def open_values(self, *swept: str) -> dict[str, float]:
        """Nothing: every dim has its middle entry."""
        return {}

    def usual_range(self, name: str) -> tuple[float, float, bool]:
        """The stored range, with the half cells at its ends, and whether the grid is geometric."""
        cells = self.cells[name]
        return cells.low, cells.high, cells.log

    def described(self, name: str, short: bool = False) -> str:
        """A dim for a reader: "initial sharpness λ₀"."""
        if self.map and name in (*self.map.state, *self.map.parameters):
            return Subject(self.map.name, self.map).described(name, short)
        long = self.dataset[name].attrs.get("long_name", name)
        return letter(name) if long == name else f"{long} {letter(name)}"

    def first(self) -> View:
        """The whole sweep over its first two dims."""
        measure = min(self.measures, key=lambda n: (n != "regime", not flags_of(self.dataset[n])))
        x, y, *rest = (dim for dim in self.names if dim in self.dataset[measure].dims)
        axes = (Axis(dim, *self.usual_range(dim)) for dim in (x, y))
        return View(self.name, *axes, measure, self.steps, {dim: self.defaults[dim] for dim in rest})

    def check(self, view: View) -> None:
        """ValueError says what does not fit."""
        checks.known_name(view.measure, self.measures, "variable", f" of {self.name!r}")
        dims = self.dataset[view.measure].dims
        for axis in (view.x, view.y):
            checks.known_name(axis.name, [n for n in self.names if n in dims], "axis", f" of {view.measure!r}")
        if view.x.name == view.y.name:
            raise ValueError(f"both axes are {view.x.name}; choose two names.")
        for name in view.values:
            checks.known_name(name, self.dataset.dims, "dim", f" of {self.name!r}")

    def orders(self, view: View) -> dict[str, int]:
        """The dim of a measure that is several numbers, and how many; the one that is shown is among the values."""
        array = self.dataset[view.measure]
        return {str(dim): array.sizes[dim] for dim in array.dims if dim not in self._grid}

    def values(self, view: View) -> dict[str, float]:
        """The view's values of dims of this sweep."""
        axes = (view.x.name, view.y.name)
        return {n: v for n, v in view.values.items() if n in self.dataset.dims and n not in axes}

    def plain(self, view: View) -> View:
        """The view as one of the sweep's map: its steps and measure, and what it does not show at its stored values."""
        entries, known = self.entries(view), (*self.map.state, *self.map.parameters)
        places = {
            n: self.dataset[n].isel(entries, missing_dims="ignore") for n in self._swept if n in self.dataset.coords
        }
        values = dict(self._fixed) | {n: float(at) for n, at in places.items() if not at.dims}
        axes = (view.x.name, view.y.name)
        measure = measure_text(measure_from(self.dataset[view.measure].attrs.get("measure", "")))
        kept = {n: v for n, v in values.items() if n in known and n not in axes}
        return view.but(map=self.map.name, values=kept, steps=self.steps, measure=measure, beside="", look=0)

    def compute(self, view: View, side: int, advance: Callable, device: str = "cpu") -> xr.Dataset:
        """A picture, as ds.sweep returns one; `advance` hears of it as of steps, and may raise to stop.

        Its attribute ``drawn`` says whether it is read or computed, and why; ``at`` has the entries of other dims;
        ``lacks`` is the share of it that the store has not got yet.
        Where nothing is stored it is NaN, and the variable's attribute ``not_stored`` has the share of such cells.
        """
        entries = self.entries(view)
        try:
            found, drawn = self._anew(view, side, entries, advance, device)
        except Cannot as error:
            found, drawn = self._read(view, side, entries, advance)
            drawn += f": {error}" * bool(str(error))
        except ValueError as error:  # the time is up, or the map refuses
            found, drawn = self._read(view, side, entries, lambda count: None)
            drawn += f": {error}"
        at = {dim: self._value(dim, entry) for dim, entry in entries.items() if dim not in self.orders(view)}
        return found.assign_attrs(drawn=drawn, at=json.dumps(at))

    # -- from the store -----------------------------------------------------------------------------------------------

    def entries(self, view: View) -> dict[str, int]:
        """The entry of every dim of the variable that is no axis; one without numbers along it is counted from 0."""
        entries, array = {}, self.dataset[view.measure]
        for dim in array.dims:
            if dim in (view.x.name, view.y.name):
                continue
            if dim in self.cells:
                entries[dim] = self.cells[dim].nearest(view.values.get(dim, self.defaults[dim]))
            elif dim in self.orders(view):
                entries[dim] = int(np.clip(round(view.values.get(dim, 1)), 1, array.sizes[dim])) - 1
            else:
                entries[dim] = int(np.clip(round(view.values.get(dim, array.sizes[dim] // 2)), 0, array.sizes[dim] - 1))
        return entries

    def _value(self, dim, entry):
        """What stands at an entry of a dim; its number where there is no coordinate."""
        value = self.dataset[dim].values[entry].item() if dim in self.dataset.coords else entry
        return value if isinstance(value, (int, float)) else str(value)

    def _read(self, view, side, entries, advance):
        array, axes = self.dataset[view.measure], (view.x, view.y)
        places = {axis.name: self.cells[axis.name].at(axis.centres(side)) for axis in axes}
        shown = np.ma.masked_all((side, side), array.dtype)
        inside = {name: np.flatnonzero(at >= 0) for name, at in places.items()}
        damaged, late = 0, 0.0
        if all(where.size for where in inside.values()):
            picks, back = dict(entries), {}
            for name, where in inside.items():
                picks[name], back[name] = np.unique(places[name][where], return_inverse=True)
            cost = side * side * max(view.steps, 1)
            found, damaged = self._reader.read(view.measure, picks, lambda share: advance(int(share * cost)))
            if array.get_axis_num(view.x.name) > array.get_axis_num(view.y.name):
                found = found.T
            seen = found[np.ix_(*(back[axis.name] for axis in axes))]
            late = np.ma.getmaskarray(seen).sum() / side**2
            shown[np.ix_(*(inside[axis.name] for axis in axes))] = seen
        mask = np.ma.getmaskarray(shown)
        values = np.where(mask, np.nan, shown.data.astype(float)) if mask.any() else shown.data
        attrs = array.attrs | ({"not_stored": float(mask.mean())} if mask.any() else {})
        coords = {axis.name: (axis.name, axis.centres(side), self.dataset[axis.name].attrs) for axis in axes}
        others = self.dataset.coords.to_dataset().isel(entries, missing_dims="ignore").coords
        coords |= {n: c for n, c in others.items() if not c.dims}
        drawn = "from the store" + f", {damaged} of whose chunks are damaged" * bool(damaged)
        drawn += f", which lacks {late:.1%} of this picture" * bool(late)
        name = {view.measure: ((view.x.name, view.y.name), values, attrs)}
        return xr.Dataset(name, coords, self.dataset.attrs | {"lacks": float(late)}), drawn

    # -- computed anew ------------------------------------------------------------------------------------------------

    def _anew(self, view, side, entries, advance, device):
        if not self._coarse(view):
            raise Cannot
        job = self._job(view, side, entries)
        differ, tried = self._try(view.measure, job, advance)
        found = run(job, advance, device).isel({dim: entries[dim] for dim in self.orders(view)})
        here = " × ".join(str(self.cells[a.name].within(a.low, a.high)) for a in (view.x, view.y))
        drawn = f"computed anew, the store has too few points here ({here})"
        drawn += "; other noise was drawn than for the store" * job.map.noisy
        dtype = self.dataset.attrs.get("dtype", job.dtype)
        drawn += f"; in {job.dtype}, while the store has {dtype}" * (dtype != job.dtype)
        drawn += f"; {differ} of {tried} stored points tried came out otherwise" * bool(differ)
        return found, drawn

    def _coarse(self, view):
        """Whether one has zoomed in beyond the stored points."""
        grids = [(axis, self.cells[axis.name]) for axis in (view.x, view.y)]
        return any(cells.within(axis.low, axis.high) < min(FINE, cells.values.size) for axis, cells in grids)

    def sweep_of(self, view: View) -> tuple[str, Measure, dict[str, float]] | None:
        """The map, measure and values by which the picture is computed; None where it is read from the store."""
        try:
            job = self._job(view, 2, self.entries(view)) if self._coarse(view) else None
        except Cannot:
            return None
        if job is None or _strange(*self._trials.get(view.measure, (0, 0))):
            return None
        return job.map.name, job.measures[0], dict(job.fixed) | ({"seed": job.seed} if job.map.noisy else {})

    def _job(self, view, side, entries):
        """What is to be computed for the picture; Cannot says why nothing can be."""
        no = f"{view.measure} cannot be recomputed since"
        if self.map is None:
            raise Cannot(f"{no} the map {self.dataset.attrs['map']!r} is not known here")
        if self.steps > self.limits.steps or view.side**2 * float(self.steps) > self.limits.work:
            raise Cannot(f"{no} it would take {view.side**2 * float(self.steps):.1e} steps of the map")
        values, axes = dict(self._fixed), (view.x.name, view.y.name)
        for axis in axes:
            if axis not in self._swept or axis not in (*self.map.state, *self.map.parameters):
                raise Cannot(f"{no} {axis} is no parameter or initial state that was swept")
        for name in (n for n in self._swept if n not in axes):
            at = self.dataset[name].isel(entries, missing_dims="ignore") if name in self.dataset.coords else None
            if at is None or at.dims:
                raise Cannot(f"{no} {name} was swept too, and {'varies with an axis' if at is not None else 'is gone'}")
            values[name] = float(at)
        try:
            return self._asked(view.measure, view.over(side), values)
        except (ValueError, TypeError) as error:
            raise Cannot(f"{no} {str(error).rstrip('.')}") from None

    def _asked(self, name, over, values) -> Job:
        measure = measure_from(self.dataset[name].attrs.get("measure", ""))
        if measure.options.get("longest", 0) > LONGEST_PERIOD:
            raise ValueError(f"periods beyond {LONGEST_PERIOD} take too much memory here")
        measure = measure if measure.name == name else measure.named(name)
        seed = values.pop("seed", self.dataset.attrs.get("seed", 0)) if self.map.noisy else 0
        return job_of(self.map, self.steps, over, [measure], values, seed)

    def _try(self, name, job, advance):
        """How many of some stored points come out otherwise, of how many; Cannot if more than a quarter do.

        A map that is called like that of the sweep need not be the same one.
        """
        if name not in self._trials:
            about = self.dataset.attrs
            same = about.get("device") == "cpu" and about.get("dtype") == "float64" and not job.map.noisy
            self._trials[name] = self._tried(name, advance) if same else (0, 0)
        differ, tried = self._trials[name]
        if _strange(differ, tried):
            raise Cannot(
                f"{name} cannot be recomputed since {job.map.name} gives other values than the stored ones at {differ} "
                f"of {tried} points; it is not the map that was swept"
            )
        return differ, tried

    def _tried(self, name, advance):
        array, points = self.dataset[name], []
        for number in np.unique(np.linspace(0, array.size - 1, TRIED).astype(int)):
            picks = dict(zip(array.dims, (int(i) for i in np.unravel_index(number, array.shape))))
            picks |= {dim: np.array([picks[dim]]) for dim in [d for d in array.dims if d in self._grid][:2]}
            picks |= dict.fromkeys(set(array.dims) - self._grid, 0)
            found, _ = self._reader.read(name, picks, lambda share: advance(0))
            if found.count():
                points.append(({d: int(np.ravel(i)[0]) for d, i in picks.items()}, float(found.ravel()[0])))
        if not points:
            return 0, 0
        over = {
            n: ("point", [float(self.dataset[n].isel(at, missing_dims="ignore")) for at, _ in points])
            for n in self._swept
        }
        job = self._asked(name, over, dict(self._fixed))
        again = run(job, lambda count: advance(0), "cpu")[name]
        again = again.isel(dict.fromkeys(set(again.dims) - {"point"}, 0)).values
        same = np.isclose(again, [value for _, value in points], rtol=1e-6, atol=0, equal_nan=True)
        return int((~same).sum()), len(points)


def _strange(differ, tried):
    """Too many to be another machine's last bits, which chaos makes large."""
    return 4 * differ > tried
