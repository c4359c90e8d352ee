"""closed_loop(landscape, tuner): the discrete map that is swept and analysed.

A **landscape** says where the parameters are, what can be measured there and how a step of size η moves them. A
**tuner** turns measurements, and its own state, into η. Their product is a map. The step of that map is generated
source that calls the landscape's and the tuner's own functions, so it can be read, compiled and fed with symbols.

What a tuner may ask for, by the names of its inputs:

========== ==================================================================================================
n          −∇fᵀu along the update direction u = −∇f (so ‖∇f‖² here)
d          uᵀ∇²f u
grad_sq    ‖∇f‖²
f          the loss
sharpness  λmax(∇²f)
f_along    function: ``f_along(eta, w)`` is the loss after a step of size eta; `w` comes with it
cos_along  function: ``cos_along(eta, w)`` is the cosine between u and the gradient after that step; with `w`
========== ==================================================================================================
"""

import inspect
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from . import checks
from .model import Map, made_by, reads, recipe, roles, scales_cleanly
from .vocabulary import sqrt

#: The helper functions, and the function of the landscape that each is made from.
HELPERS = {"f_along": "f", "cos_along": "gradient"}


@dataclass(frozen=True, eq=False)
class Landscape:
    """Where the parameters are, what is measured there, and how a step of size η moves them.

    Parameters
    ----------
    move : function, e.g. ``def move(x, lam, /, *, eta, a=0.03, b=0.3): return x1, lam1``. State before the slash,
        the input ``eta``, the landscape's parameters with defaults.
    functions : measurements and observables by name; each names the states and parameters that it reads.
        ``gradient`` returns one component for each direction; ``n`` and ``grad_sq`` follow from it unless given.
    name, doc : for listings and results.
    scale : states that shrink together; see :class:`dynsim.Map`.

    Examples
    --------
    >>> def move(x=1, /, *, eta, lam=2.0):
    ...     return (1 - eta * lam) * x
    >>> def gradient(x, lam): return (lam * x,)
    >>> def d(x, lam): return lam * lam * lam * x * x
    >>> import dynsim as ds
    >>> bowl = Landscape(move, {"gradient": gradient, "d": d}, name="bowl")
    >>> ds.closed_loop(bowl, ds.tuners.greedy).parameters
    mappingproxy({'lam': 2.0})
    """

    move: Callable
    functions: Mapping[str, Callable] = field(default_factory=dict)
    name: str = ""
    scale: Mapping[str, int] = field(default_factory=dict)
    doc: str = ""

    def __post_init__(self):
        put = object.__setattr__
        put(self, "name", self.name or self.move.__name__)
        put(self, "doc", self.doc or inspect.getdoc(self.move) or "")
        functions = dict(self.functions)
        made_by(self, Landscape, self.move, dict(functions), self.name, dict(self.scale), self.doc)
        if "gradient" in functions:
            for name in ("n", "grad_sq"):
                functions.setdefault(name, _sum_of_squares(functions["gradient"], name))
        put(self, "functions", MappingProxyType(functions))
        signature = roles(self.move)
        if signature.inputs != ("eta",):
            raise TypeError(f"move of the landscape {self.name!r} must take eta without a default after the slash.")
        put(self, "state", MappingProxyType(signature.state))
        put(self, "parameters", MappingProxyType(signature.parameters))

    def __reduce__(self):
        return recipe(self, ())

    @property
    def measurements(self) -> tuple[str, ...]:
        """What a tuner can ask of this landscape."""
        return (*self.functions, *(helper for helper, needs in HELPERS.items() if needs in self.functions))

    @property
    def observables(self) -> dict:
        """The functions that return one number."""
        return {name: f for name, f in self.functions.items() if name != "gradient"}

    def __repr__(self):
        return f"<dynsim.Landscape {self.name}: state ({', '.join(self.state)}); measures {', '.join(self.functions)}>"


def generate(source, names, defaults=()):
    """The function that generated source defines. Tracebacks and inspect can show its lines."""
    name = source[4 : source.index("(")]
    filename = f"<dynsim generated {name} {hash(source):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = dict(names)
    exec(compile(source, filename, "exec"), namespace)
    function = namespace[name]
    if defaults:
        function.__defaults__ = tuple(defaults)
    return function


def _call(alias, function, **renamed):
    """Source of a call by the function's own argument names, some of them bound to other expressions."""
    arguments = []
    for name, p in inspect.signature(function).parameters.items():
        expression = renamed.get(name, name)
        arguments.append(expression if p.kind is p.POSITIONAL_ONLY else f"{name}={expression}")
    return f"{alias}({', '.join(arguments)})"


def _components(gradient):
    """How many components a gradient has."""
    return range(len(gradient(*[1.5] * len(reads(gradient)))))


def _sum_of_squares(gradient, name):
    parts = " + ".join(f"g[{i}] * g[{i}]" for i in _components(gradient))
    source = f"def {name}({', '.join(reads(gradient))}):\n    g = {_call('gradient', gradient)}\n    return {parts}\n"
    return generate(source, {"gradient": gradient})


def _edge(eta, lam):
    """y = ηλ − 2, zero at the edge of stability."""
    return eta * lam - 2


def closed_loop(
    landscape: Landscape, tuner: Callable, delay: int = 0, start=None, name: str = "", doc: str = "", **fixed
) -> Map:
    """The map made of a landscape and a tuner.

    delay=0:  η_t = tuner(measured at state t),      state_{t+1} = move(state_t, η_t)

    delay=1:  η_{t+1} = tuner(measured at state t),  state_{t+1} = move(state_t, η_t); η is then a state

    Parameters
    ----------
    landscape : a :class:`Landscape`, e.g. ``ds.landscapes.two_eigendirections``.
    tuner : a function of measurements, e.g. ``ds.tuners.cdat`` or your own. State before the slash; it returns η, or
        η followed by its next state.
    delay : 0, or 1 as the base paper prints its CDAT model (arXiv 2407.06183, eq. 10).
    start : default initial values of some states, e.g. ``{"eta": 0.05}``.
    name, doc : of the map.
    **fixed : tuner or landscape parameters bound to a number once and for all.

    Returns
    -------
    Map : its parameters are the tuner's, then the landscape's. Observables: ``eta``, ``y`` = ηλ − 2 where there is a
        ``lam``, and everything that the landscape can measure.

    Raises
    ------
    ValueError : the tuner asks for what the landscape cannot measure, or names clash.

    Examples
    --------
    >>> import dynsim as ds
    >>> m = ds.closed_loop(ds.landscapes.two_eigendirections, ds.tuners.cdat, delay=1, eps=0)
    >>> tuple(m.state), tuple(m.parameters)
    (('x', 'u', 'lam', 'eta'), ('sigma', 'a', 'b', 'nu'))
    """
    _check_pair(landscape, tuner, delay)
    own = roles(tuner)
    parameters = {**own.parameters, **landscape.parameters}
    for key, value in fixed.items():
        checks.known_name(key, parameters, "parameter", f" of {tuner.__name__} on {landscape.name}")
        checks.scalar(value, key)
    free = {key: value for key, value in parameters.items() if key not in fixed}
    state = {**landscape.state, **own.state, **({"eta": 1} if delay else {})}
    for key, value in (start or {}).items():
        checks.known_name(key, state, "state", f" of {tuner.__name__} on {landscape.name}")
        state[key] = checks.scalar(value, key)
    names = {"_move": landscape.move, "_tuner": tuner, **fixed}
    names |= {f"_{key}": function for key, function in landscape.functions.items()}
    names |= _helpers(landscape, names)
    tuned = _tuned(landscape, tuner, own)

    observables = {}
    if not delay and "eta" not in free:
        # log_scale: seen through the carried mantissas, as the step sees it, so that it outlives an underflow.
        source = f"def eta({', '.join((*state, *free, 'log_scale'))}):\n{tuned}    return _eta\n"
        observables["eta"] = generate(source, names)
    if "lam" in state:
        observables["y"] = _edge
    observables |= landscape.observables

    after = [f"_next_{key}" for key in state if key != "eta"] + (["_eta"] if delay else [])
    head = ", ".join((*state, "/", *free))
    moved = _moved(landscape, "eta" if delay else "_eta", "_next_{}")
    source = f"def step({head}):\n{tuned}{moved}    return {', '.join(after)}\n"
    defaults = [*state.values(), *free.values()]
    while None in defaults:
        defaults = defaults[defaults.index(None) + 1 :]
    parts = dict(
        step=generate(source, names, defaults),
        name=name or f"{landscape.name}.{tuner.__name__}" + (".delayed" if delay else ""),
        observables=observables,
        fixed=fixed,
        doc=doc or f"{inspect.getdoc(tuner)}\n\nOn the landscape {landscape.name}:\n\n{landscape.doc}",
    )
    scale = {**landscape.scale, **getattr(tuner, "scale", {})} if landscape.scale else {}
    # CDAT on the cubic loss, say: n does not vanish with x, so there is nothing to carry.
    made = Map(scale=scale if scales_cleanly(parts["step"], scale) else {}, **parts)
    return made_by(made, _again, (landscape, tuner, delay, start, name, doc), fixed)


def _again(arguments, fixed):
    return closed_loop(*arguments, **fixed)


def _check_pair(landscape, tuner, delay):
    if not isinstance(landscape, Landscape):
        raise TypeError(f"closed_loop needs a landscape such as ds.landscapes.top_eigendirection, not {landscape!r}.")
    if not callable(tuner) or not hasattr(tuner, "__name__"):
        raise TypeError(
            f"closed_loop needs a tuner function such as ds.tuners.cdat, made with def or lambda, not {tuner!r}."
        )
    if delay not in (0, 1):
        raise ValueError(f"delay must be 0 or 1, not {delay!r}.")
    signature = roles(tuner)
    for need in signature.inputs:
        if need not in (*landscape.measurements, "w"):
            raise ValueError(
                f"the tuner {tuner.__name__!r} needs {need}, which the landscape {landscape.name!r} cannot measure "
                f"(it measures {', '.join(landscape.measurements)})."
            )
    check_returns(tuner, signature)
    own = {*signature.state, *signature.parameters}
    for clash in sorted(own & {*landscape.state, *landscape.parameters}):
        raise ValueError(f"{tuner.__name__!r} and {landscape.name!r} both use the name {clash!r}; rename one.")
    if delay and "eta" in own:
        raise ValueError(f"{tuner.__name__!r} sets eta without measuring; a delay makes no difference: use delay=0.")


def check_returns(tuner, signature):
    """Raise unless the tuner returns η, and after it the next value of each of its own states."""
    given = {need: (lambda eta, w: 0.5 * eta) if need in HELPERS else 0.5 for need in signature.inputs}
    try:
        results = tuner(*[0.5] * len(signature.state), **given, **signature.parameters)
    except Exception as error:
        raise TypeError(f"the tuner {tuner.__name__!r} fails on numbers ({type(error).__name__}: {error}).") from error
    count = len(results) if isinstance(results, tuple) else 1
    wanted = ", ".join(("eta", *(f"next {name}" for name in signature.state)))
    if results is None or count != 1 + len(signature.state):
        raise TypeError(f"the tuner {tuner.__name__!r} returns {results!r}; it must return {wanted}.")
    for value in results if isinstance(results, tuple) else (results,):
        try:
            float(value)
        except (TypeError, ValueError):
            raise TypeError(f"the tuner {tuner.__name__!r} returns {value!r}, which is not a number.") from None


def _moved(landscape, eta, target="{}"):
    """A line that moves the landscape's state by a step of size `eta`."""
    after = "".join(f"{target.format(name)}, " for name in landscape.state)
    after = after.rstrip(", ")
    return f"    {after} = {_call('_move', landscape.move, eta=eta)}\n"


def _tuned(landscape, tuner, own):
    """Lines that measure, ask the tuner, and leave η in _eta and the tuner's next state in _next_<name>."""
    renamed = {"w": f"({', '.join((*landscape.state, *landscape.parameters))},)"}
    lines = ""
    for need in own.inputs:
        if need in HELPERS:
            renamed[need] = f"_{need}"
        elif need != "w":
            renamed[need] = f"_at_{need}"
            lines += f"    _at_{need} = {_call(f'_{need}', landscape.functions[need])}\n"
    results = ", ".join(("_eta", *(f"_next_{name}" for name in own.state)))
    return lines + f"    {results} = {_call('_tuner', tuner, **renamed)}\n"


def _helpers(landscape, names):
    """f_along and cos_along, as functions of (eta, w) with w = (state, landscape parameters)."""
    functions, made = landscape.functions, {}
    unpack = "".join(f"    {n} = w[{i}]\n" for i, n in enumerate((*landscape.state, *landscape.parameters)))
    moved = unpack + _moved(landscape, "eta")
    if "f" in functions:
        made["_f_along"] = generate(f"def f_along(eta, w):\n{moved}    return {_call('_f', functions['f'])}\n", names)
    if "gradient" in functions:
        each = _components(functions["gradient"])
        old, new, dot = (" + ".join(f"{p}[{i}] * {q}[{i}]" for i in each) for p, q in ("gg", "hh", "gh"))
        call = _call("_gradient", functions["gradient"])
        source = f"def cos_along(eta, w):\n{unpack}    g = {call}\n{_moved(landscape, 'eta')}    h = {call}\n"
        source += f"    return -({dot}) / (sqrt({old}) * sqrt({new}))\n"
        made["_cos_along"] = generate(source, {**names, "sqrt": sqrt})
    return made
