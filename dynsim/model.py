"""A map: a step function of scalars, and the names that its signature carries.

The one convention of the package. In a step, a landscape's ``move``, a tuner or a measure's ``update``,

* what stands before the slash is **state**; a default there is where it starts;
* what stands after it with a default is a **parameter**;
* what stands after it without a default is an **input**, supplied by the rest of the system (in a step it is a
  parameter that must be given; but ``xi`` is noise, :mod:`dynsim.noise`).

Other functions (observables, measurements) name what they read: states, parameters or other observables.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from . import checks, noise

#: The carried exponent moves by this many bits; see :mod:`dynsim.carry`.
SHIFT = 150


@dataclass(frozen=True)
class Roles:
    """The names in a signature, by what they are: state and parameters with their defaults, and inputs."""

    state: dict
    inputs: tuple
    parameters: dict


@lru_cache(maxsize=4096)
def roles(function: Callable) -> Roles:
    """Read a function's signature by the convention above.

    Examples
    --------
    >>> def cdat(n, d, sigma=2): ...
    >>> roles(cdat).inputs, roles(cdat).parameters
    (('n', 'd'), {'sigma': 2})
    """
    state, inputs, parameters = {}, [], {}
    for name, p in inspect.signature(function).parameters.items():
        default = None if p.default is p.empty else p.default
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise TypeError(f"{function.__name__} takes *{name}; name every argument instead.")
        if p.kind is p.POSITIONAL_ONLY:
            state[name] = default
        elif default is None:
            inputs.append(name)
        else:
            parameters[name] = default
    return Roles(state, tuple(inputs), parameters)


@lru_cache(maxsize=4096)
def reads(function: Callable) -> tuple[str, ...]:
    """The names that an observable reads."""
    return tuple(inspect.signature(function).parameters)


def probe(step: Callable, state) -> tuple:
    """One plain Python step from `state`, with default parameters; TypeError says why where it fails."""
    signature = roles(step)
    values = {**dict.fromkeys(signature.inputs, 0.5), **signature.parameters}
    with np.errstate(all="ignore"):
        try:
            outputs = step(*(np.float64(s) for s in state), **values)
        except Exception as error:
            raise TypeError(
                f"step {step.__name__!r} fails on plain numbers ({type(error).__name__}: {error}); "
                "it may use only arithmetic and the functions of dynsim.vocabulary."
            ) from error
    if isinstance(outputs, tuple) and len(outputs) == 1:
        raise TypeError(f"step {step.__name__!r} returns a tuple of one; return the number itself.")
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    for output in outputs:
        if not isinstance(output, (int, float, np.number)):
            raise TypeError(f"step {step.__name__!r} returns {output!r}; return a number, or several: return x1, lam1.")
    return outputs


def scales_cleanly(step: Callable, scale: Mapping[str, int]) -> bool:
    """Whether the step commutes with rescaling the states in `scale`: all where all are tiny, one where it alone is.

    One state is tiny beside the others, and only its own next value may then depend on it.
    """
    names = list(roles(step).state)
    degree = np.array([scale.get(n, 0) for n in names])
    alone = [degree * (np.array(names) == n) for n in scale if scale[n] == 1]
    for unit in np.random.default_rng(2).uniform(0.5, 1.5, (8 if scale else 0, len(names))):
        for which, size in ((degree, 0), *((one, 450) for one in alone if len(scale) > 1)):
            start = -100 * degree - size * which
            near, far = (np.array(probe(step, np.ldexp(unit, start - k * which)), float) for k in (0, SHIFT))
            if not np.allclose(near, np.ldexp(far, SHIFT * which), rtol=1e-12, atol=0, equal_nan=True):
                return False
    return True


def made_by(thing, function: Callable, *arguments):
    """Remember how `thing` was made, so that it is pickled as that call and not by its generated functions."""
    object.__setattr__(thing, "_recipe", (function, arguments))
    return thing


def recipe(thing, parts: tuple) -> tuple:
    """What ``__reduce__`` returns: the call that it was made by, else its parts."""
    return getattr(thing, "_recipe", parts)


@dataclass(frozen=True, eq=False)
class Map:
    """A discrete map: state' = step(state, parameters).

    Parameters
    ----------
    step : function of scalars, e.g. ``def step(x, lam, /, eta=1.0, a=0.03, b=0.3): return x1, lam1``.
        State before the slash, parameters after it; it returns the next state, in the order of the signature (a
        number where there is one state). Only arithmetic and :mod:`dynsim.vocabulary` inside.
    name : what the map is called in results; the function's name by default.
    observables : functions of the state, by name; each names what it reads. One that reads ``log_scale`` is given
        the carried mantissas and the logarithm of their common scale (see `scale`).
    scale : states that shrink together, with their degree, e.g. ``{"x": 1, "u": 1, "n_avg": 2}``. Below 2^-250 the
        engine carries a common power of two beside them, so that they never underflow. Valid where the step,
        for small values of these states, is homogeneous in them; this is checked.
    fixed : values bound once and for all, which observables may read.

    Raises
    ------
    TypeError : the signature does not fit, or the step does not return one value for each state.

    Examples
    --------
    >>> def logistic(x=0.3, /, r=4.0):
    ...     return r * x * (1 - x)
    >>> m = Map(logistic)
    >>> m.name, dict(m.state), dict(m.parameters)
    ('logistic', {'x': 0.3}, {'r': 4.0})
    """

    step: Callable
    name: str = ""
    observables: Mapping[str, Callable] = field(default_factory=dict)
    scale: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    doc: str = ""

    def __post_init__(self):
        if not hasattr(getattr(self.step, "py_func", self.step), "__code__"):
            raise TypeError(f"a map needs a step function, written with def or lambda, not {self.step!r}.")
        put = object.__setattr__
        put(self, "name", self.name or self.step.__name__)
        put(self, "doc", self.doc or inspect.getdoc(self.step) or "")
        for part in ("observables", "scale", "fixed"):
            put(self, part, MappingProxyType(dict(getattr(self, part))))
        signature = roles(self.step)
        if not signature.state:
            raise TypeError(
                f"step {self.name!r} has no state: put a slash after the state variables, as in "
                "def step(x, lam, /, eta=1.0)."
            )
        for name in (*signature.state, *signature.inputs, *signature.parameters):
            if name in checks.RESERVED:
                raise TypeError(f"{name!r} in step {self.name!r} is a reserved name; call it something else.")
        put(self, "state", MappingProxyType(signature.state))
        given = dict.fromkeys(n for n in signature.inputs if n != noise.NAME) | signature.parameters
        order = [n for n in inspect.signature(self.step).parameters if n in given]
        put(self, "parameters", MappingProxyType({n: given[n] for n in order}))
        for name in self.scale:
            checks.known_name(name, self.state, "state", f" in the scale of {self.name!r}")
        self._check_observables()
        self._check_outputs()

    def _check_observables(self):
        known = {*self.state, *self.parameters, *self.fixed, *self.observables, "log_scale"}
        for name, function in self.observables.items():
            if name in self.state:
                raise TypeError(f"{name!r} is a state of {self.name!r} already; call the observable something else.")
            for read in reads(function):
                checks.known_name(read, known, "name", f", read by the observable {name!r} of {self.name!r}")

    def _check_outputs(self):
        outputs = probe(self.step, np.linspace(0.5, 1.5, len(self.state)))
        if len(outputs) != len(self.state):
            raise TypeError(
                f"step {self.name!r} returns {len(outputs)} values for {len(self.state)} states "
                f"({', '.join(self.state)}); return the next value of each, in that order."
            )
        if self.noisy and "seed" in (*self.state, *self.parameters):
            raise TypeError(f"step {self.name!r} takes noise, whose seed is called 'seed'; call yours something else.")
        if self.noisy and self.scale:
            raise TypeError(f"step {self.name!r} takes noise, which is added to small states; leave out scale.")
        if not scales_cleanly(self.step, self.scale):
            raise TypeError(
                f"step {self.name!r} is not homogeneous in ({', '.join(self.scale)}) for small values, "
                "so no exponent can be carried; leave these states out of scale."
            )

    def __reduce__(self):
        return recipe(
            self, (Map, (self.step, self.name, *map(dict, (self.observables, self.scale, self.fixed)), self.doc))
        )

    @property
    def noisy(self) -> bool:
        """Whether the step takes noise."""
        return noise.NAME in roles(self.step).inputs

    @property
    def readable(self) -> tuple[str, ...]:
        """Every name that can be measured: states, observables, parameters."""
        return (*self.state, *self.observables, *(n for n in self.parameters if n not in self.observables))

    def complete(self, given: Mapping, swept=()) -> dict:
        """All states and parameters with their values: given, or else their defaults. Swept names are left out."""
        known = (*self.state, *self.parameters)
        for name in (*given, *swept):
            checks.known_name(name, known, "state or parameter", f" of the map {self.name!r}")
        for name in given:
            if name in swept:
                raise ValueError(f"{name!r} is given twice: once in over=, once as a value; keep one.")
        values = {**self.state, **self.parameters, **{n: checks.scalar(v, n) for n, v in given.items()}}
        missing = [n for n in known if values[n] is None and n not in swept]
        if missing:
            raise ValueError(f"{self.name!r} needs a value for {', '.join(missing)}: write {missing[0]}=... .")
        return {n: float(v) for n, v in values.items() if n not in swept}

    def __repr__(self):
        def show(names):
            return ", ".join(n if v is None else f"{n}={v:g}" for n, v in names.items())

        return (
            f"<dynsim.Map {self.name}: state ({show(self.state)}); parameters ({show(self.parameters)}); "
            f"observables ({', '.join(self.observables)})>"
        )
