"""Source that is written at run time: functions that call a landscape's and a tuner's own."""

import inspect
import linecache

from . import noise
from .model import reads


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


def call(alias, function, **renamed):
    """Source of a call by the function's own argument names, some of them bound to other expressions."""
    arguments = []
    for name, p in inspect.signature(function).parameters.items():
        expression = renamed.get(name, name)
        arguments.append(expression if p.kind is p.POSITIONAL_ONLY else f"{name}={expression}")
    return f"{alias}({', '.join(arguments)})"


def components(gradient):
    """How many components a gradient has."""
    return range(len(gradient(*[1.5] * len(reads(gradient)))))


def sum_of_squares(gradient, name):
    parts = " + ".join(f"g[{i}] * g[{i}]" for i in components(gradient))
    source = f"def {name}({', '.join(reads(gradient))}):\n    g = {call('gradient', gradient)}\n    return {parts}\n"
    return generate(source, {"gradient": gradient})


def with_defaults(step, state, free, noisy):
    """The step with the defaults of its state and parameters; after noise, which has none, they are keywords."""
    defaults = [*state.values(), *(() if noisy else free.values())]
    while None in defaults:
        defaults = defaults[defaults.index(None) + 1 :]
    step.__defaults__ = tuple(defaults)
    if noisy:
        step.__kwdefaults__ = {name: value for name, value in free.items() if value is not None}
    return step


def moved(landscape, eta, target="{}", xi="0.0"):
    """A line that moves the landscape's state by a step of size `eta`, with noise `xi` where it takes any."""
    after = "".join(f"{target.format(name)}, " for name in landscape.state)
    after = after.rstrip(", ")
    noisy = {noise.NAME: xi} if landscape.noisy else {}
    return f"    {after} = {call('_move', landscape.move, eta=eta, **noisy)}\n"
