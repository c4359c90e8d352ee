"""From plain Python functions to compiled ones, and a compile cache that cannot serve an edited function.

numba's on-disk cache looks at the source file of the function it compiles, not at the functions which that one
calls. So the generated kernel is kept as a module file whose name is a hash of *everything* that goes into it: its
own source, the bytecode, constants, globals and closures of every function that it calls, and the versions of
Python and numba. Edit a step and the kernel has another name.
"""

import dis
import hashlib
import inspect
import math
import os
import platform
import sys
import tempfile
import threading
import types
from functools import cache
from pathlib import Path

import numba
import numpy as np
import platformdirs
from numba.extending import overload

from . import noise, vocabulary
from .files import whole

# IEEE semantics (1/0 = inf, as in numpy) and no fastmath: the compiled orbit is the plain Python orbit, bit for bit.
OPTIONS = {"error_model": "numpy", "nogil": True}


class Cpu:
    """What the functions are compiled for; :mod:`dynsim.compilation_cuda` has another such target."""

    #: What decides the machine code besides the source and the functions; part of the key.
    about = ""

    def called(self, clone):
        """A function that kernels call."""
        # Inlined by decree: LLVM would leave large updates as calls, and a call ends the vectorization.
        return numba.njit(**OPTIONS, forceinline=True)(clone)

    def kernel(self, function, keep: bool):
        """An entry point; its machine code is kept on disk if asked to."""
        return numba.njit(cache=keep, **OPTIONS)(function)

    def code(self, code: types.CodeType) -> types.CodeType:
        """A function's code, before it is compiled."""
        return code

    def value(self, value):
        """A constant that a function reads from its globals or closure."""
        return value


CPU = Cpu()


class NotCompilable(TypeError):
    """A function uses what cannot be compiled."""


def _teach_numba():
    def take_two(word, implementation):
        overload(word)(lambda a, b: implementation)

    def take_one(word, implementation):
        overload(word)(lambda x: implementation)

    # NaN if either is NaN, as in numpy; two compares and a select, which vectorize.
    take_two(vocabulary.maximum, lambda a, b: b if (a < b or b != b) else a)
    take_two(vocabulary.minimum, lambda a, b: b if (a > b or b != b) else a)
    overload(vocabulary.where)(lambda condition, a, b: lambda condition, a, b: a if condition else b)
    take_one(vocabulary.sign, lambda x: 1.0 if x > 0 else (-1.0 if x < 0 else x))
    take_one(vocabulary.absolute, lambda x: abs(x))
    take_one(vocabulary.cospi, lambda x: math.cos(math.pi * x))
    for name in ("sqrt", "exp", "log", "tanh", "sin", "cos"):
        # One closure a word: numba reads the math function as a global of the implementation.
        scope = {"call": getattr(math, name)}
        take_one(getattr(vocabulary, name), eval("lambda x: call(x)", scope))


def mixer(jit):
    """The hash of :mod:`dynsim.noise`, compiled by `jit`."""
    golden, first, second = (np.uint64(n) for n in (noise.GOLDEN, noise.FIRST, noise.SECOND))
    a, b, c = (np.uint64(n) for n in (30, 27, 31))

    @jit
    def mixed(z):
        z = z + golden
        z = (z ^ (z >> a)) * first
        z = (z ^ (z >> b)) * second
        return z ^ (z >> c)

    return mixed


def _teach_numba_noise():
    mixed, d = mixer(numba.njit), np.uint64(11)

    def normal(seed, point, step):
        bits = mixed(mixed(mixed(np.uint64(seed)) ^ np.uint64(point)) ^ np.uint64(step))
        u1 = (np.float64(bits >> d) + 1.0) * 2.0**-53
        u2 = np.float64(mixed(bits) >> d) * 2.0**-53
        return math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)

    overload(noise.normal)(lambda seed, point, step: normal)


_teach_numba()
_teach_numba_noise()
_WORDS = {id(getattr(vocabulary, name)) for name in vocabulary.__all__}


def _callees(function):
    """Global and closure names that the function's code reads, with their values."""
    found = {}
    for code in _codes(function.__code__):
        for name in code.co_names:
            if name in function.__globals__:
                found[name] = function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        found[name] = cell.cell_contents
    return found


def _codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _is_plain(value):
    return isinstance(value, types.FunctionType) and id(value) not in _WORDS


def is_arithmetic(function, seen=()) -> bool:
    """Whether the function is made of arithmetic and the vocabulary alone, and so means the same when compiled."""
    if not isinstance(function, types.FunctionType) or function in seen:
        return False
    callees = _callees(function)
    for code in _codes(function.__code__):
        if any(name not in callees and name != "abs" for name in code.co_names):
            return False
        for instruction in dis.get_instructions(code):  # compiled, x**2 is a product, which differs in the last bit
            if instruction.opname == "RAISE_VARARGS" or instruction.argrepr in ("**", "**="):
                return False
    return all(
        id(value) in _WORDS or isinstance(value, (int, float)) or is_arithmetic(value, (*seen, function))
        for value in callees.values()
    )


def _attributes(function, module):
    """What the function may read of a module, which numba freezes as it is now."""
    found = []
    for name in {n for code in _codes(function.__code__) for n in code.co_names if hasattr(module, n)}:
        value = getattr(module, name)
        if isinstance(value, numba.core.dispatcher.Dispatcher):
            found.append((name, fingerprint(value)))
        elif isinstance(value, np.ndarray):
            found.append((name, hashlib.sha256(value.tobytes()).hexdigest()))
        elif not callable(value):
            found.append((name, repr(value)))
    return sorted(found)


def fingerprint(function, seen=()) -> str:
    """A hash of all that decides what a function computes: code, constants, globals, closures, callees."""
    if isinstance(function, numba.core.dispatcher.Dispatcher):
        function = function.py_func
    if function in seen:
        return "recursive"
    text = [repr((function.__defaults__, function.__kwdefaults__))]
    for code in _codes(function.__code__):
        constants = [c for c in code.co_consts if not isinstance(c, types.CodeType)]
        text.append(repr((code.co_code, code.co_names, code.co_varnames, code.co_argcount, constants)))
    for name, value in sorted(_callees(function).items()):
        if _is_plain(value) or isinstance(value, numba.core.dispatcher.Dispatcher):
            text.append(f"{name}: {fingerprint(value, (*seen, function))}")
        elif isinstance(value, np.ndarray):
            text.append(f"{name}: {value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}")
        elif isinstance(value, types.ModuleType):
            text.append(f"{name}: {value.__name__} {_attributes(function, value)}")
        elif callable(value):
            text.append(f"{name}: {getattr(value, '__module__', '')}.{value.__name__}")
        else:
            text.append(f"{name}: {type(value).__name__} {value!r}")
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


def _defaults(function):
    """Defaults of the last arguments, keyword-only ones included."""
    values = [p.default for p in inspect.signature(function).parameters.values()]
    first = max((i + 1 for i, v in enumerate(values) if v is inspect.Parameter.empty), default=0)
    return tuple(values[first:]) or None


def compiled(function, module: types.ModuleType, done=None, target=CPU):
    """The function as `target` compiles it, and with it every plain function that it calls.

    A clone in `module`, an importable one, so that numba's cache can find it again; keyword-only arguments become
    ordinary ones, which numba can pass.
    """
    done = {} if done is None else done
    if function in done:
        if done[function] is None:
            raise NotCompilable(f"{function.__name__!r} calls itself; write a loop instead.")
        return done[function]
    asked, done[function] = function, None
    if isinstance(function, numba.core.dispatcher.Dispatcher):
        function = function.py_func
    code = function.__code__
    arguments = code.co_argcount + code.co_kwonlyargcount
    code = code.replace(co_argcount=arguments, co_posonlyargcount=0, co_kwonlyargcount=0)
    scope = dict(function.__globals__)
    cells = []
    callees = _callees(function)
    for name, value in callees.items():
        if _is_plain(value) or isinstance(value, numba.core.dispatcher.Dispatcher):
            callees[name] = scope[name] = compiled(value, module, done, target)
        else:
            callees[name] = target.value(value)
            scope |= {name: callees[name]} if name in function.__globals__ else {}
    for name in function.__code__.co_freevars:
        cells.append(types.CellType(callees[name]))
    defaults = tuple(map(target.value, _defaults(function) or ())) or None
    clone = types.FunctionType(target.code(code), scope, function.__name__, defaults, tuple(cells) or None)
    clone.__module__ = module.__name__
    clone.__qualname__ = f"{function.__name__}_{len(done)}"
    done[function] = done[asked] = target.called(clone)
    return done[function]


def cache_dir() -> Path:
    """Where compiled kernels are kept: $DYNSIM_CACHE_DIR, or the user's cache folder."""
    given = os.environ.get("DYNSIM_CACHE_DIR")
    return (Path(given) if given else Path(platformdirs.user_cache_dir("dynsim"))) / "kernels"


#: Two threads must not make one module at once.
_LOCK = threading.Lock()


@cache
def _own_source() -> str:
    """What the vocabulary means in compiled code is part of the key too."""
    return "\n".join(Path(file).read_text(encoding="utf-8") for file in (__file__, noise.__file__, vocabulary.__file__))


@cache
def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def load(source: str, functions: dict, pointers: dict | None = None, target=CPU) -> types.ModuleType:
    """The module of generated `source`, whose global names `functions` are compiled for it.

    Functions named ``kernel_…`` in the source are the entry points; they come back as cached dispatchers. Those
    named in `pointers`, with their signatures, come back as machine code whose address another kernel can be given.
    """
    prints = [f"{name}: {fingerprint(function)}" for name, function in sorted(functions.items())]
    key = "\n".join([source, *prints, platform.python_version(), numba.__version__, target.about, _own_source()])
    name = "dynsim_kernel_" + hashlib.sha256(key.encode()).hexdigest()[:32]
    with _LOCK:
        return sys.modules.get(name) or _made(name, source, functions, pointers or {}, target)


def _made(name, source, functions, pointers, target):
    folder = cache_dir()
    keep = _writable(folder)
    path = folder / f"{name}.py"
    if keep and not path.exists():
        with whole(path) as file:
            file.write_text(source, encoding="utf-8")
    module = types.ModuleType(name)
    module.__file__ = str(path)
    done = {}
    module.__dict__.update({alias: compiled(function, module, done, target) for alias, function in functions.items()})
    exec(compile(source, str(path) if keep else f"<{name}>", "exec"), module.__dict__)
    for entry in [n for n in vars(module) if n.startswith("kernel_")]:
        setattr(module, entry, target.kernel(getattr(module, entry), keep))
    sys.modules[name] = module
    try:
        for entry, signature in pointers.items():  # compiled now; numba looks for the module
            setattr(module, entry, numba.cfunc(signature, cache=keep, **OPTIONS)(getattr(module, entry)))
    except BaseException:
        del sys.modules[name]
        raise
    return module
