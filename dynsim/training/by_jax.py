"""Derivatives that are not given, made by JAX where it is installed and can trace the functions."""

import sys
from collections.abc import Callable
from functools import wraps

import numpy as np


def derivatives(name: str, functions: dict, start: np.ndarray, data: tuple) -> dict:
    """The missing ones of gradient and hvp, the loss compiled with them; hvp is left out where JAX cannot make it.

    Raises
    ------
    TypeError : there is no gradient, and JAX is not installed or cannot trace the loss.
    """
    need_gradient = functions["gradient"] is None
    try:
        import jax
    except ImportError:
        if need_gradient:
            raise TypeError(
                f"{name!r} has no gradient; give gradient=..., or install JAX and write the loss with jax.numpy."
            ) from None
        return {}
    gradient = jax.grad(functions["loss"]) if need_gradient else functions["gradient"]

    def hvp(w, v, *data):
        return jax.jvp(lambda at: gradient(at, *data), (w,), (v,))[1]

    made = {}
    try:
        if need_gradient:
            made["gradient"] = in_doubles(jax.jit(gradient))
            made["gradient"](start, *data)
            made["loss"] = in_doubles(jax.jit(functions["loss"]))
        if functions["hvp"] is None:
            made["hvp"] = in_doubles(jax.jit(hvp))
            made["hvp"](start, np.ones_like(start), *data)
    except Exception as error:
        if need_gradient and "hvp" not in made:
            raise TypeError(
                f"{name!r} has no gradient, and JAX cannot differentiate its loss ({type(error).__name__}); give "
                "gradient=..., or write the loss with jax.numpy."
            ) from error
        made.pop("hvp", None)
    return made


def doubled(functions: dict, start: np.ndarray, data: tuple) -> dict:
    """Those of the functions that are written with jax.numpy, in double precision, which JAX leaves out by default."""
    jax, made = sys.modules.get("jax"), {}
    for name, function in functions.items() if jax else ():
        if function is None:
            continue
        direction = (np.ones_like(start),) if name in ("hvp", "second") else ()
        with _enable_x64()(True):
            found = function(start, *direction, *data)
        if isinstance(found, jax.Array):
            made[name] = in_doubles(function)
    return made


def _enable_x64():
    try:
        from jax import enable_x64
    except ImportError:  # before JAX 0.8
        from jax.experimental import enable_x64
    return enable_x64


def in_doubles(function: Callable) -> Callable:
    """The function with JAX in double precision and a numpy result."""
    enable_x64 = _enable_x64()

    @wraps(function)
    def call(*arguments):
        with enable_x64(True):
            return np.asarray(function(*arguments), float)

    return call
