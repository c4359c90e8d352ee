"""What a sweep from the command line or a file asks for, read and checked before anything is computed.

Everything wrong is a ValueError or TypeError whose message says what to write.
"""

import inspect
import math
import os
import tomllib
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import dynsim as ds

from . import checks, engines
from .grids import Grid
from .measure import Measure
from .model import Map
from .sweeps import check_measures

#: The keys of a file, and what each holds.
KEYS = {
    "map": str,
    "landscape": str,
    "tuner": str,
    "delay": int,
    "steps": (int, float),
    "measure": list,
    "out": str,
    "threads": int,
    "device": str,
    "scheduler": str,
    "over": dict,
    "points": dict,
    "values": dict,
}
_HELD = {
    str: "a string",
    int: "a whole number",
    (int, float): "a whole number",
    list: 'a list of strings, such as ["final:lam", "regime"]',
    dict: "a table",
}
_SYSTEM = ("map", "landscape", "tuner", "delay")
_TABLES = ("over", "points", "values")
_GRIDS = "{0}=0.1:2:200, {0}=1e-5:1e-1:300:log or {0}=0.1,0.2,0.5"
#: The largest axis: 8 GB of numbers. Above it, a slip is likelier than a wish.
_LONGEST = 10**9


@dataclass(frozen=True)
class Request:
    """A sweep that can be run: what ds.sweep takes, and where the result goes."""

    map: Map
    steps: int
    over: Mapping
    measure: list[Measure]
    threads: int | None
    device: str
    scheduler: str | None
    values: Mapping[str, float]
    out: str


def request(args: Namespace) -> Request:
    """The sweep that the arguments of ``dynsim sweep`` ask for; ValueError or TypeError says what does not fit."""
    settings = settings_of(args)
    for key, example in (("steps", "10000"), ("measure", "regime"), ("out", "result.nc")):
        if settings.get(key) in (None, []):
            shown = {"steps": example, "measure": f'["{example}"]', "out": f'"{example}"'}[key]
            raise ValueError(f"{key} is missing: write --{key} {example}, or {key} = {shown} in a file.")
    map_ = _map(settings)
    over = {name: grid(name, values) for name, values in settings["over"].items()}
    over |= {name: ("point", grid(name, values)) for name, values in settings["points"].items()}
    values = {name: checks.scalar(value, name) for name, value in settings["values"].items()}
    laid = Grid(over)
    map_.complete(values, swept=laid.names)
    measures = _measures(settings["measure"], map_, laid)
    steps = checks.whole(settings["steps"], "steps")
    threads = settings.get("threads")
    threads = None if threads is None else checks.whole(threads, "threads", least=1)
    device, scheduler = settings.get("device", "cpu"), settings.get("scheduler")
    engines.check_device(device)
    if scheduler is None:  # else the workers have the device, or not
        device = engines.choose(device, threads).name
    return Request(map_, steps, over, measures, threads, device, scheduler, values, settings["out"])


# -- reading --------------------------------------------------------------------------------------------------------


def settings_of(args: Namespace) -> dict:
    """The settings of the file, if one is named, with those of the command line on top."""
    file, named = None, args.map
    if args.what is not None and (args.what.endswith(".toml") or os.path.isfile(args.what)):
        file = args.what
    elif args.what is not None:
        if named is not None:
            raise ValueError(f"two maps are named, {args.what!r} and {named!r}; keep one.")
        named = args.what
    settings = {table: {} for table in _TABLES} | (read_file(file) if file else {})
    own = {key: getattr(args, key) for key in KEYS if key not in ("map", *_TABLES)}
    own["map"] = named
    own = {key: value for key, value in own.items() if value is not None}
    if "map" in own:
        settings = {key: value for key, value in settings.items() if key not in _SYSTEM}
    elif "landscape" in own or "tuner" in own:
        settings.pop("map", None)
    tables = {"over": _pairs(args.over, "over"), "values": _pairs(args.set, "set")}
    _given_once(tables, "--over and --set")
    for table, pairs in tables.items():
        for other in _TABLES:
            # A name that is already in this table keeps its place, so that the order of the dims stays.
            kept = {n: v for n, v in settings[other].items() if other == table or n not in pairs}
            settings[other] = kept | (pairs if other == table else {})
    return settings | own


def read_file(file: str) -> dict:
    """The settings in a TOML file."""
    try:
        content = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"there is no file {file}.") from None
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is not a TOML file: {error}.") from None
    for key, value in content.items():
        checks.known_name(key, KEYS, "key", f" in {file}")
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise ValueError(f"{key} in {file} must be {_HELD[KEYS[key]]}, not {value!r}.")
    for measure in content.get("measure", []):
        if not isinstance(measure, str):
            raise ValueError(f"measure in {file} must be {_HELD[list]}, not {measure!r}.")
    for table in _TABLES:
        for name in content.get(table, {}):
            if name in KEYS:
                raise ValueError(f"{name} in {file} stands below [{table}]; move it above the first [table].")
    _given_once({table: content.get(table, {}) for table in _TABLES}, file)
    return content


def _given_once(tables, where):
    """No name may stand in two of the tables."""
    seen = {}
    for table, pairs in tables.items():
        for name in pairs:
            if name in seen:
                raise ValueError(f"{name!r} is given twice in {where}, in {seen[name]} and in {table}; keep one.")
            seen[name] = table


def _pairs(texts, option):
    """NAME=VALUE arguments as a dict."""
    example = "eta=0.1:2:200" if option == "over" else "b=0.3"
    pairs = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise ValueError(f"--{option} {text} is incomplete; write NAME=VALUE, as in --{option} {example}.")
        if name in pairs:
            raise ValueError(f"--{option} {name} is given twice; keep one.")
        if option == "set" and (":" in value or "," in value):
            raise ValueError(f"--set {text} is not one number; to sweep {name}, write --over {text}.")
        pairs[name] = value
    return pairs


def grid(name: str, values) -> np.ndarray | list:
    """The values that a grid string means; a list, as a file may have it, is passed on.

    Examples
    --------
    >>> grid("eta", "0:2:5")
    array([0. , 0.5, 1. , 1.5, 2. ])
    >>> grid("a", "1e-4:1e-2:3:log")
    array([0.0001, 0.001 , 0.01  ])
    >>> grid("b", "0.1,0.3")
    array([0.1, 0.3])
    """
    if isinstance(values, list):
        return values
    if not isinstance(values, str):
        raise ValueError(
            f"{name} must be a grid or a list of numbers, not {values!r}; a single number goes in [values]."
        )
    if ":" not in values:
        return np.array([_number(part, name, values) for part in values.split(",")])
    first, last, count, *kind = (part.strip() for part in values.split(":", 3)) if values.count(":") > 1 else ("",) * 3
    if kind not in ([], ["log"]) or not count:
        raise ValueError(f"{name}={values} is not a grid; write {_GRIDS.format(name)}.")
    first, last = _number(first, name, values), _number(last, name, values)
    count = checks.whole(count, f"the count in {name}={values}", least=2, most=_LONGEST)
    if math.isinf(first) or math.isinf(last):
        raise ValueError(f"{name}={values} must start and stop at finite numbers.")
    if kind and first * last <= 0:
        raise ValueError(
            f"{name}={values} must start and stop on the same side of 0; leave out :log, or change an end."
        )
    return (np.geomspace if kind else np.linspace)(first, last, count)


def _number(text, name, values):
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise ValueError(f"{text!r} in {name}={values} is not a number; write {_GRIDS.format(name)}.")
    return number


# -- checking -------------------------------------------------------------------------------------------------------


def _map(settings):
    """The map by name, or the closed loop."""
    name, landscape, tuner, delay = (settings.get(key) for key in _SYSTEM)
    if name is None and landscape is None and tuner is None:
        raise ValueError("what is to be swept? Write a map, such as dynsim sweep cdat, or --landscape and --tuner.")
    if name is not None:
        if landscape is not None or tuner is not None:
            raise ValueError(f"the map {name!r} has its landscape and tuner; leave out the map, or those two.")
        if delay is not None:
            raise ValueError(f"the map {name!r} has its delay; leave out delay, or write --landscape and --tuner.")
        checks.known_name(name, ds.maps.__all__, "map")
        return getattr(ds.maps, name)
    for missing, given, what in ((landscape, tuner, "landscape"), (tuner, landscape, "tuner")):
        if missing is None:
            raise ValueError(f"{given!r} needs a {what}: write --{what} NAME; 'dynsim list {what}s' shows them.")
    checks.known_name(landscape, ds.landscapes.__all__, "landscape")
    checks.known_name(tuner, ds.tuners.__all__, "tuner")
    delay = checks.whole(delay or 0, "delay")
    return ds.closed_loop(getattr(ds.landscapes, landscape), getattr(ds.tuners, tuner), delay=delay)


def _measures(texts, map_, laid):
    measures = [measure(text) for text in texts]
    names = [m.name for m in measures]
    for text, name in zip(texts, names):
        if names.count(name) > 1:
            raise ValueError(
                f"two measures are called {name!r}; give one of them another name, as in "
                f"{text}{',' if ':' in text else ':'}as={name}_2."
            )
        if name in (*laid.names, *laid.dims):
            raise ValueError(f"--measure {text} is called like the swept {name!r}; give it another name with as=.")
    return check_measures(map_, measures)


def measure(text: str) -> Measure:
    """The measure that KIND, KIND:NAME or KIND:NAME,OPTION=NUMBER,as=OTHER_NAME means.

    Examples
    --------
    >>> measure("mean:y,skip=100")
    mean('y', skip=100)
    >>> measure("regime:tol=0.01,as=coarse").name
    'coarse'
    """
    kind, _, rest = text.partition(":")
    kind = kind.strip()
    checks.known_name(kind, ds.measures.__all__, "measure")
    made = getattr(ds.measures, kind)
    parameters = inspect.signature(made).parameters.values()
    options = [p.name for p in parameters if p.default is not p.empty]
    takes_name = len(options) < len(parameters)
    names, given = [], {}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            names.append(key)
            continue
        checks.known_name(key, [*options, "as"], "option", f" of the measure {kind!r}")
        if key in given:
            raise ValueError(f"{key} is given twice in {text}; keep one.")
        given[key] = value
    label = given.pop("as", "")
    if label and not label.isidentifier():
        raise ValueError(f"as={label} in {text} is not a name; use letters, digits and underscores.")
    if takes_name and len(names) != 1:
        raise ValueError(f"{kind} is of one name: write {kind}:NAME, as in {kind}:lam.")
    if names and not takes_name:
        raise ValueError(
            f"{kind} takes no name, so {names[0]!r} does not fit; write {kind} alone, or {kind}:OPTION=NUMBER."
        )
    result = made(*names, **{key: checks.scalar(value, key) for key, value in given.items()})
    return result.named(label) if label else result
