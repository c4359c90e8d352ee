"""What a measure is: accumulators folded into the compiled loop, and a finish.

``update`` takes its accumulators before the slash (defaults: where they start) and returns their next values; it runs
on every state 0, 1, …, steps. ``finish`` takes the accumulators and the last state, and returns the result. Both may
read, by name: any state, observable or parameter of the map; ``value``, the one that the measure is of; ``t``, the
step; ``steps``, how many there are; ``norm``, the largest |state|. What has a default is an option of the measure.

A measure whose accumulators depend on the map, such as a tangent vector, has ``made_for(map, skip=0)`` instead, which
returns an :class:`Update`; what it takes besides the map are the measure's options.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache

from . import checks
from .model import Map, recipe, roles

#: What the engine supplies besides the map's own names.
SUPPLIED = ("value", "t", "steps", "norm")


def _option(name, value):
    """An option's value, once it makes sense: skip counts states, tolerances and bounds are positive."""
    value = checks.scalar(value, name)
    if name == "skip":
        return checks.whole(value, name)
    if name in ("tol", "bound") and value <= 0:
        raise ValueError(f"{name} must be positive, not {value:g}.")
    return value


def _text(value):
    """The number, short where that loses nothing."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


@dataclass(frozen=True, eq=False)
class Measure:
    """One measure as asked for: a kind, the name it is of (or ""), and its options."""

    kind: "MeasureKind"
    of: str = ""
    options: Mapping[str, float] = field(default_factory=dict)
    label: str = ""

    @property
    def name(self) -> str:
        """The name of its variable in the result."""
        return self.label or (f"{self.of}_{self.kind.name}" if self.of else self.kind.name)

    def made_for(self, map: Map) -> "Measure":
        """The measure with its accumulators, where these depend on the map."""
        if not self.kind.maker:
            return self
        return replace(self, kind=_made(self.kind, map, tuple(self.options.items())))

    def named(self, label: str) -> "Measure":
        """The same measure under another name, to have two of a kind in one result."""
        return replace(self, label=label)

    def __repr__(self):
        inside = [repr(self.of)] * bool(self.of) + [f"{k}={_text(v)}" for k, v in self.options.items()]
        return f"{self.kind.name}({', '.join(inside)})" + (f".named({self.label!r})" if self.label else "")


@dataclass(frozen=True, eq=False)
class Update:
    """What a measure does along the orbits of one map.

    update, finish : as above. Where `lifted`, they get the carried states as the step gets them (mantissas), and may
        read ``left_<state>``, the exponent of what is left out of each, in units of :data:`dynsim.model.SHIFT` bits.
    tidy : takes the accumulators and returns them; runs every 8 steps.
    follows : accumulator -> states; it is multiplied whenever one of these is lifted or lowered.
    dim : where finish returns several numbers, the name of their dim.
    width : how many.
    """

    update: Callable | None
    finish: Callable
    tidy: Callable | None = None
    follows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lifted: bool = False
    dim: str = ""
    width: int = 1


@dataclass(frozen=True, eq=False)
class MeasureKind:
    """A file of :mod:`dynsim.measures`: call it to get a measure."""

    name: str
    does: Update | None = None
    maker: Callable | None = None
    doc: str = ""
    dtype: str = "float64"
    flags: tuple[str, ...] = ()
    flag_values: tuple[int, ...] = ()
    units: str = ""
    long_name: str = ""

    def __reduce__(self):
        return recipe(self, (MeasureKind, tuple(getattr(self, f.name) for f in fields(self))))

    @property
    def update(self) -> Callable | None:
        return self.does.update if self.does else None

    @property
    def finish(self) -> Callable | None:
        return self.does.finish if self.does else None

    @property
    def state(self) -> dict:
        """Accumulators and their starts."""
        return roles(self.update).state if self.update else {}

    @property
    def options(self) -> dict:
        if not self.does:
            return roles(self.maker).parameters
        return (roles(self.update).parameters if self.update else {}) | roles(self.finish).parameters

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names that it reads."""
        if self.maker:  # it knows the map that it is made for
            return ()
        every = (*(roles(self.update).inputs if self.update else ()), *roles(self.finish).inputs)
        return tuple(dict.fromkeys(n for n in every if n not in self.state))

    @property
    def __doc__(self):
        return self.doc

    @property
    def __signature__(self):
        p = inspect.Parameter
        named = [p("name", p.POSITIONAL_OR_KEYWORD)] if "value" in self.inputs else []
        options = [p(k, p.POSITIONAL_OR_KEYWORD, default=v) for k, v in self.options.items()]
        return inspect.Signature(named + options)

    def __call__(self, *args, **kwargs) -> Measure:
        try:
            bound = self.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"ds.measures.{self.name}{self.__signature__}: {error}.") from None
        given = dict(bound.arguments)
        of = given.pop("name", "")
        if not isinstance(of, str):
            raise TypeError(f"ds.measures.{self.name} takes the name of what to measure, such as 'lam', not {of!r}.")
        return Measure(self, of, self.options | {k: _option(k, v) for k, v in given.items()})

    def __repr__(self):
        return f"<dynsim measure {self.name}{self.__signature__}>"


@lru_cache(maxsize=256)
def _made(kind, map, options):
    return replace(kind, does=kind.maker(map, **dict(options)))
