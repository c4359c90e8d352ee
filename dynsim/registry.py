"""Finds the science: every file in a room is one model, under the file's name."""

import importlib
import inspect
import pkgutil
from types import FunctionType, ModuleType

from . import checks
from .loop import Landscape
from .measure import MeasureKind, Update
from .model import Map, made_by


def functions(module: ModuleType) -> dict:
    """The public functions of a science file, imported ones (but the vocabulary) included."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType)
        and not name.startswith("_")
        and value.__module__.split(".")[-1] not in ("vocabulary", "loop", "writing")
    }


def landscape(module: ModuleType) -> Landscape:
    """`landscape`, made by a family, if the file has one; else its `move`, with its other functions."""
    if hasattr(module, "landscape"):
        made = module.landscape
        return Landscape(made.move, made.functions, _name(module), made.scale, inspect.getdoc(module))
    found = functions(module)
    move = found.pop("move")
    return Landscape(move, found, _name(module), getattr(module, "scale", {}), inspect.getdoc(module))


def own_function(module: ModuleType):
    """The function that is called like its file: a tuner, or what makes an objective."""
    function = getattr(module, _name(module))
    function.__doc__ = function.__doc__ or module.__doc__
    return function


def map_(module: ModuleType) -> Map:
    """`map`, a closed loop, if the file has one; else its `step`, with its other functions as observables."""
    if hasattr(module, "map"):
        return module.map
    found = functions(module)
    step = found.pop("step")
    return Map(step, _name(module), found, getattr(module, "scale", {}), doc=inspect.getdoc(module))


def measure(module: ModuleType) -> MeasureKind:
    found = functions(module)
    known = ("dtype", "flags", "flag_values", "units", "long_name")
    about = {key: getattr(module, key) for key in known if hasattr(module, key)}
    does = Update(found.get("update"), found["finish"]) if "finish" in found else None
    return MeasureKind(_name(module), does, found.get("made_for"), doc=inspect.getdoc(module), **about)


def _name(module):
    return module.__name__.rpartition(".")[2]


def furnish(package: str, make) -> dict:
    """Everything in the package `package`, by file name; names with an underscore in front are not science."""
    room = importlib.import_module(package)
    names = [info.name for info in pkgutil.iter_modules(room.__path__) if not info.name.startswith("_")]
    found = {name: make(importlib.import_module(f"{package}.{name}")) for name in sorted(names)}
    for name, thing in found.items():
        if not isinstance(thing, FunctionType):
            made_by(thing, named, package, name)
    return found


def named(package: str, name: str):
    """What the package's room has under this name; how its things are unpickled."""
    return getattr(importlib.import_module(package), name)


def missing(package: str, found: dict):
    """A module's ``__getattr__`` that names the nearest right one."""

    def __getattr__(name):
        raise AttributeError(f"{package} has no {name!r}.{checks.nearest(name, found)}")

    return __getattr__
