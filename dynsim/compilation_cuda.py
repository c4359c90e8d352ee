"""From plain Python functions to device functions of a GPU: what :mod:`dynsim.compilation` does for the CPU.

In float32 a Python number must not widen what it meets: numba makes float64 of int64 · float32. So the constants of a
function are narrowed in its clone: floats to float32, small whole numbers to int16, which give way to float32, and to
the int64 of a step count too.
"""

import math
import opcode
import types
from functools import cache

import numba
import numpy as np
from numba import cuda

from . import noise, vocabulary
from .compilation import mixer

#: Whole numbers that fit int16 are narrowed; larger ones are left, as step counts need them.
_SMALL = 2**15


@cache
def simulated() -> bool:
    """Whether kernels run in numba's simulator, as plain Python."""
    return bool(numba.config.ENABLE_CUDASIM)


@cache
def _teach_numba_cuda():
    """Say what the vocabulary means on a GPU."""
    from numba.cuda import libdevice
    from numba.cuda.extending import overload

    def of_one(word, implementation):
        overload(word)(lambda x: implementation)

    def of_two(word, implementation):
        overload(word)(lambda a, b: implementation)

    of_two(vocabulary.maximum, lambda a, b: b if (a < b or b != b) else a)
    of_two(vocabulary.minimum, lambda a, b: b if (a > b or b != b) else a)
    overload(vocabulary.where)(lambda condition, a, b: lambda condition, a, b: a if condition else b)
    of_one(vocabulary.absolute, lambda x: abs(x))
    for name in ("sqrt", "exp", "log", "tanh", "sin", "cos"):
        # One closure a word: numba reads the math function as a global of the implementation.
        implementation = eval("lambda x: call(x)", {"call": getattr(math, name)})
        of_one(getattr(vocabulary, name), implementation)

    @overload(vocabulary.sign)
    def sign(x):
        one = np.float32(1.0) if x == numba.float32 else 1.0
        return lambda x: one if x > 0 else (-one if x < 0 else x)

    @overload(vocabulary.cospi)
    def cospi(x):
        # Without the reduction of large arguments, which takes local memory.
        if x == numba.float32:
            return lambda x: libdevice.cospif(x)
        return lambda x: libdevice.cospi(x)

    _teach_noise(overload, libdevice)


def _teach_noise(overload, libdevice):
    mixed, d, e = mixer(cuda.jit(device=True, forceinline=True)), np.uint64(11), np.uint64(40)
    fine, coarse = np.float64(2.0**-53), np.float32(2.0**-24)
    one, two = np.float32(1.0), np.float32(2.0)

    def normal(seed, point, step):
        bits = mixed(mixed(mixed(np.uint64(seed)) ^ np.uint64(point)) ^ np.uint64(step))
        u1 = (np.float64(bits >> d) + 1.0) * fine
        u2 = np.float64(mixed(bits) >> d) * fine
        return math.sqrt(-2.0 * math.log(u1)) * libdevice.cospi(2.0 * u2)

    def normal32(seed, point, step):
        bits = mixed(mixed(mixed(np.uint64(seed)) ^ np.uint64(point)) ^ np.uint64(step))
        u1 = (np.float32(bits >> e) + one) * coarse
        u2 = np.float32(mixed(bits) >> e) * coarse
        return math.sqrt(-two * math.log(u1)) * libdevice.cospif(two * u2)

    overload(noise.normal)(lambda seed, point, step: normal)
    overload(noise.normal32)(lambda seed, point, step: normal32)


class Gpu:
    """Compiles for the GPU, or leaves plain Python to the simulator."""

    def __init__(self, single: bool):
        self.single = single
        if not simulated():
            _teach_numba_cuda()
        self.about = f"cuda {single} {simulated()} {getattr(cuda, '__version__', '')}\n{_source()}"

    def called(self, clone):
        """A function that kernels call."""
        return clone if simulated() else cuda.jit(device=True, forceinline=True, lto=False)(clone)

    def kernel(self, function, keep: bool):
        """An entry point, still plain Python: :mod:`dynsim.kernels_cuda` knows its signature."""
        return function

    def code(self, code: types.CodeType) -> types.CodeType:
        """A function's code with narrowed constants."""
        return narrowed(code) if self.single else code

    def value(self, value):
        """A constant that a function reads from its globals or closure."""
        return _narrow(value) if self.single else value


@cache
def _source():
    from pathlib import Path

    return Path(__file__).read_text(encoding="utf-8")


def _narrow(value):
    """A number as narrow as it may be; anything else as it is."""
    if isinstance(value, (float, np.float64)):
        with np.errstate(over="ignore"):
            return np.float32(value)
    if type(value) is int and abs(value) < _SMALL:
        return np.int16(value)
    return value


def narrowed(code: types.CodeType) -> types.CodeType:
    """The code with narrowed constants, but for those that are an index."""
    constants, body = list(code.co_consts), bytearray(code.co_code)
    load, small = opcode.opmap["LOAD_CONST"], opcode.opmap.get("LOAD_SMALL_INT")
    for i in range(0, len(body), 2):
        if body[i] not in (load, small) or (i and body[i - 2] == opcode.EXTENDED_ARG):
            continue
        value = body[i + 1] if body[i] == small else constants[body[i + 1]]
        narrow = _narrow(value)
        if narrow is value or _indexes(body, i + 2) or len(constants) > 255:
            continue
        body[i : i + 2] = load, len(constants)
        constants.append(narrow)
    return code.replace(co_code=bytes(body), co_consts=tuple(constants))


def _indexes(body, i):
    """Whether the instruction at `i` takes what was just loaded as an index."""
    if "BINARY_SUBSCR" in opcode.opmap:
        return body[i] == opcode.opmap["BINARY_SUBSCR"]
    return body[i] == opcode.opmap["BINARY_OP"] and opcode._nb_ops[body[i + 1]][0] == "NB_SUBSCR"
