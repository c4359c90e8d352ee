"""What can be explored: maps, closed loops and own maps, and how each is first shown."""

import inspect
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

import xarray as xr

import dynsim as ds

from .. import checks, engines
from ..cli_request import measure as measure_of
from ..jobs import Job, Memory
from ..labels import long_name
from ..measure import SUPPLIED, Measure
from ..model import Map
from ..sweeps import cores, job_of, labelled
from .view import Axis, View

#: Closed loops made from a name end so where the tuner sees the step before.
DELAYED = "delayed"
#: The longest period that may be asked for here; more takes much memory for each point.
LONGEST_PERIOD = 128
#: Map steps of one compiled call: some 10 ms, so that what is stale stops soon.
STEPS_A_CALL = 2**22
#: The longest name beside a slider.
SHORT = 22
#: How some names are first shown; others go from half their default to 1.5 times it, small ones over four decades.
_RANGES = {"sigma": (1.0, 3.0, False), "beta": (0.0, 1.0, False), "zeta": (0.0, 1.0, False)}
#: What a closed loop's first view is over, where it has it.
_TELLING = ("sigma", "eta", "peak", "a", "zeta", "q", "b", "lam", "x")
#: First views: axes, values, measure and steps, where the usual choice shows little.
_FIRST = {
    "self_stabilization": (("a", 1e-4, 1.0, True), ("x", 1e-4, 10.0, True), {"lam": 2.0}, "lifetime", 2000),
    "target_sharpness": (("sigma", 1.0, 2.2, False), ("a", 1e-3, 10.0, True), {}, "final:lam", 2000),
    "cdat": (("sigma", 1.0, 2.05, False), ("nu", 0.018, 18.0, True), {}, "crossings:y,skip=1000", 2000),
    "cdat_undelayed": (("sigma", 0.5, 2.05, False), ("nu", 0.018, 18.0, True), {}, "crossings:y,skip=1000", 2000),
    "central_flow": (("eta", 0.5, 1.5, False), ("a", 1e-3, 1.0, True), {}, "final:lam", 100),
    "heavy_ball": (("eta", 0.5, 1.3, False), ("a", 1e-5, 0.1, True), {}, "lifetime", 2000),
    "nesterov": (("eta", 0.5, 1.3, False), ("a", 1e-5, 0.1, True), {}, "lifetime", 2000),
    "averaged_momentum": (("eta", 0.5, 1.3, False), ("a", 1e-5, 0.1, True), {}, "lifetime", 2000),
    "warmup": (("peak", 0.1, 2.5, False), ("warmup", 0.0, 500.0, False), {"a": 0.003}, "lifetime", 2000),
    "catapult": (("eta", 0.05, 2.0, False), ("lam", 0.1, 8.0, False), {}, "regime", 2000),
    "uv": (("eta", 0.1, 2.5, False), ("target", 0.1, 2.5, False), {}, "period", 1000),
    "uv_balanced": (("A", 0.0, 2.2, False), ("u", 0.01, 2.0, False), {}, "period", 1000),
    "flip_normal_form": (("mu", -0.2, 1.5, False), ("delta", 0.0, 2.0, False), {"kappa": 0.0}, "period", 1000),
}


def map_of(name: str, own: Mapping[str, Map] = {}) -> Map:
    """The map of this name: an own one, one of ``ds.maps``, or a closed loop "landscape.tuner" or
    "landscape.tuner.delayed".

    Raises
    ------
    ValueError : there is none; or the tuner needs what the landscape cannot measure.

    Examples
    --------
    >>> map_of("top_eigendirection.cdat.delayed").name
    'top_eigendirection.cdat.delayed'
    """
    if name in own:
        return own[name]
    if name in ds.maps.__all__:
        return getattr(ds.maps, name)
    parts = name.split(".")
    if len(parts) == 2 or (len(parts) == 3 and parts[2] == DELAYED):
        checks.known_name(parts[0], ds.landscapes.__all__, "landscape")
        checks.known_name(parts[1], ds.tuners.__all__, "tuner")
        return _loop(*parts[:2], delay=len(parts) - 2)
    checks.known_name(name[:60], (*own, *ds.maps.__all__), "map")
    raise AssertionError


@lru_cache
def _loop(landscape, tuner, delay):
    return ds.closed_loop(getattr(ds.landscapes, landscape), getattr(ds.tuners, tuner), delay=delay)


@lru_cache
def tuners_for(landscape: str) -> list[str]:
    """The tuners that find on this landscape what they need."""
    found = []
    for tuner in ds.tuners.__all__:
        try:
            _loop(landscape, tuner, 0)
        except ValueError:
            continue
        found.append(tuner)
    return found


class Subject:
    """A map, as the explorer asks about it.

    Attributes
    ----------
    names : what can be put on an axis or fixed: parameters, then initial states.
    defaults : where these stand at first; 1 where the map leaves one open.
    measures : what it can be coloured by; whether each is of a name.
    readable : what a measure can be of.
    computed : whether pictures are computed, not read.
    """

    computed = True

    def __init__(self, name: str, map: Map):
        self.name, self.map, self.noisy, self.readable = name, map, map.noisy, map.readable
        given = {**map.parameters, **map.state}
        self.names = tuple(given)
        self.defaults = {n: 1.0 if v is None else float(v) for n, v in given.items()}
        self._open = tuple(n for n, v in given.items() if v is None)
        kinds = [getattr(ds.measures, n) for n in ds.measures.__all__]
        self.measures = {
            kind.name: "name" in inspect.signature(kind).parameters
            for kind in kinds
            if all(n in (*SUPPLIED, *map.readable) for n in kind.inputs)
        }

    @property
    def about(self) -> str:
        """What the page says of it: the first line of its text."""
        if self.map.doc.strip():
            return f"{self.name}: {self.map.doc.strip().splitlines()[0]}"
        return f"{self.name}: a map of {', '.join(map(letter, self.map.state))}"

    def open_values(self, *swept: str) -> dict[str, float]:
        """A value for each parameter that the map leaves open."""
        return {n: 1.0 for n in self._open if n not in swept}

    def usual_range(self, name: str) -> tuple[float, float, bool]:
        """Low end, high end and whether logarithmic, of a name on an axis or a slider."""
        value = self.defaults[name]
        if name in _RANGES and _RANGES[name][0] <= value <= _RANGES[name][1]:
            return _RANGES[name]
        if value == 0:
            return (0.0, 1.0, False) if name in self.map.parameters else (-1.0, 1.0, False)
        if value < 0:
            return _round(3 * value), _round(-value), False
        if value < 0.2:
            return _round(value / 100), _round(value * 100), True
        return _round(value / 2), _round(1.5 * value), False

    def described(self, name: str, short: bool = False) -> str:
        """A name for a reader, such as "initial sharpness λ₀"; `short`: no more than fits a slider."""
        edge, start = {"lam", "y"} <= set(self.readable), name in self.map.state
        sign = letter(name) + "₀" * start
        meant = long_name(name) if edge else ""
        if meant in ("", name, name.replace("_", " ")):
            meant = ""
        if short and len(meant) > SHORT:
            meant = ""
        return " ".join(filter(None, ("initial" if start else "", meant, sign)))

    def first(self) -> View:
        """How it is shown at first."""
        if self.name in _FIRST and self.map is getattr(ds.maps, self.name):
            x, y, values, measure, steps = _FIRST[self.name]
            return View(self.name, Axis(*x), Axis(*y), measure, steps, values)
        if len(self.names) < 2:
            raise ValueError(f"{self.name!r} has one name only, {self.names[0]!r}; a picture needs two axes.")
        rank = {n: i for i, n in enumerate(_TELLING)}
        telling = sorted((n for n in self.names if n != "eps"), key=lambda n: rank.get(n, len(rank)))
        x, y = (Axis(n, *self.usual_range(n)) for n in (telling if len(telling) > 1 else self.names)[:2])
        view = View(self.name, x, y, "regime", values=self.open_values(x.name, y.name))
        for measure in ("regime", "lyapunov"):  # a step with an if has no tangent
            with suppress(ValueError, TypeError):
                self.job(view.but(measure=measure), 2)
                return view.but(measure=measure)
        return view.but(measure=f"final:{next(iter(self.map.state))}")

    def check(self, view: View) -> None:
        """ValueError or TypeError says what does not fit."""
        for axis in (view.x, view.y):
            checks.known_name(axis.name, self.names, "axis", f" of the map {self.name!r}")
        self.job(view, 2)

    def orders(self, view: View) -> dict[str, int]:
        """The dim of a measure that is several numbers, and how many; the one that is shown is among the values."""
        does = measure_of(view.measure).made_for(self.map).kind.does
        return {does.dim: does.width} if does.dim else {}

    def values(self, view: View) -> dict[str, float]:
        """The view's values that this map has a name for, and 1 for what it leaves open."""
        swept = (view.x.name, view.y.name)
        return self.open_values(*swept) | {n: v for n, v in view.values.items() if n in self.names and n not in swept}

    def plain(self, view: View) -> View:
        """The view with all its values, as one of the map."""
        return view.but(values=self.values(view), beside="", look=0)

    def job(self, view: View, side: int) -> Job:
        """What is to be computed for a picture of so many cells along a side."""
        asked = measure_of(view.measure)
        if asked.options.get("longest", 0) > LONGEST_PERIOD:
            raise ValueError(f"periods up to {LONGEST_PERIOD} are looked for here; {view.measure!r} goes further.")
        orders = self.orders(view)
        for dim, count in orders.items():
            if view.values.get(dim, 1) not in range(1, count + 1):
                raise ValueError(f"{asked.kind.name} has the {dim}s 1 to {count} here, not {view.values[dim]:g}.")
        values = {n: v for n, v in view.values.items() if n not in orders}
        return job_of(self.map, view.steps, view.over(side), [asked], values, view.seed)

    def compute(self, view: View, side: int, advance, device: str = "cpu") -> xr.Dataset:
        """What ``ds.sweep`` returns for a picture; `advance` hears of the steps made, and may raise to stop."""
        found = run(self.job(self.plain(view), side), advance, device)
        return found.sel({dim: view.values.get(dim, 1) for dim in self.orders(view)})


def run(job: Job, advance, device: str) -> xr.Dataset:
    """What ds.sweep returns for a job."""
    kept, engine = Memory(job), engines.choose(device, cores(), call=STEPS_A_CALL)
    engine.run(job, kept.spans, kept.deliver, advance)
    return labelled(job, kept.arrays(), engine.name)


def measure_text(measure: Measure | str) -> str:
    """A measure as on the command line.

    Examples
    --------
    >>> measure_text(ds.measures.mean("y", skip=100)), measure_text(ds.measures.regime())
    ('mean:y,skip=100', 'regime')
    """
    if isinstance(measure, str):
        return measure
    if not isinstance(measure, Measure):
        raise TypeError(f"{measure!r} is not a measure; write ds.measures.regime(), or 'regime'.")
    given = [f"{k}={v!r}" for k, v in measure.options.items() if v != measure.kind.options[k]]
    inside = ",".join([*[measure.of] * bool(measure.of), *given])
    return measure.kind.name + f":{inside}" * bool(inside)


def _round(value):
    """To two digits."""
    return float(f"{value:.1e}")


def letter(name: str) -> str:
    """The name as a reader sees it: Greek ones as their letters.

    Examples
    --------
    >>> letter("lam"), letter("sigma"), letter("n_avg")
    ('λ', 'σ', 'n_avg')
    """
    head, underscore, tail = name.partition("_")
    spelled = "lamda" if head in ("lam", "lambda") else head
    with suppress(KeyError):
        head = unicodedata.lookup(f"GREEK SMALL LETTER {spelled.upper()}") if head.islower() else head
    return head + underscore + tail
