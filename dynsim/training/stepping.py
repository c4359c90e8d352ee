"""What a step is made of, compiled once for steps in Python and for compiled ones."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .caching import kept

#: Places of the numbers that a run keeps from one call to the next: the loss, η, and what the tuner answered.
F, ETA, ASKED = range(3)


@kept
def dot(a, b):
    """Σ a b."""
    return np.dot(a, b)


@kept
def cosine(a, b):
    """cos of the angle between two vectors."""
    return dot(a, b) / (np.sqrt(dot(a, a)) * np.sqrt(dot(b, b)))


@kept
def move(w, eta, u, before):
    """w := w + η u, and u is kept as the update before."""
    for k in range(w.size):
        w[k] += eta * u[k]
    before[:] = u


def _caller(result, whole):
    """A call of machine code at an address: first so many whole numbers, then the addresses of arrays of numbers."""

    @intrinsic
    def call(typing, address, arguments):
        def code(context, builder, signature, values):
            count = len(signature.args[1])
            numbers = [builder.extract_value(values[1], k) for k in range(count)]
            pointer, word = ir.DoubleType().as_pointer(), ir.IntType(64)
            kinds = [word] * whole + [pointer] * (count - whole)
            given = numbers[:whole] + [builder.inttoptr(number, pointer) for number in numbers[whole:]]
            function = ir.FunctionType(ir.VoidType() if result == types.void else ir.DoubleType(), kinds)
            found = builder.call(builder.inttoptr(values[0], function.as_pointer()), given)
            return context.get_dummy_value() if result == types.void else found

        return result(types.int64, types.UniTuple(types.int64, len(arguments))), code

    return call


#: η of a tuner at an address; an optimizer's update (:mod:`dynsim.training.tuning`, :mod:`dynsim.training.optimizer`).
call_tuner, call_update = _caller(types.float64, 0), _caller(types.void, 1)


@kept
def place(array):
    """The address of an array."""
    return np.int64(array.ctypes.data)
