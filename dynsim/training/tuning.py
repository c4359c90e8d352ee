"""A tuner as a pointer to machine code, made from the very function that the reduced maps use."""

import inspect
from collections.abc import Callable

from numba import types
from numba.core.errors import NumbaError

from ..compilation import NotCompilable, is_arithmetic, load
from ..model import roles
from .optimizer import NUMBERS

#: What such a tuner can ask for, in this order.
MEASURED = ("n", "d", "f", "grad_sq")
#: measured, the states, the parameters -> η.
TUNER = types.float64(NUMBERS, NUMBERS, NUMBERS)

_SOURCE = """from numba import carray


def pointed_tuner(measured_, state_, values_):
    measured, state, values = carray(measured_, {measured}), carray(state_, {state}), carray(values_, {values})
    {results} = _tuner({called})
    return eta
"""


def pointed(tuner: Callable):
    """The tuner, compiled; None where it asks for more, or is more than arithmetic and the vocabulary."""
    own = roles(tuner)
    if not set(own.inputs) <= {*MEASURED} or not is_arithmetic(tuner):
        return None
    places = {name: f"measured[{k}]" for k, name in enumerate(MEASURED)}
    places |= {name: f"state[{k}]" for k, name in enumerate(own.state)}
    places |= {name: f"values[{k}]" for k, name in enumerate(own.parameters)}
    source = _SOURCE.format(
        results=", ".join(("eta", *(places[name] for name in own.state))),
        called=", ".join(places[name] for name in inspect.signature(tuner).parameters),
        measured=len(MEASURED), state=len(own.state), values=len(own.parameters),
    )  # fmt: skip
    try:
        return load(source, {"_tuner": tuner}, {"pointed_tuner": TUNER}).pointed_tuner
    except (NumbaError, NotCompilable):
        return None
