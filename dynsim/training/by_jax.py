"""Derivatives that are not given, made by JAX where it is installed and can trace the functions."""

from functools import wraps

import numpy as np


def derivatives(name: str, functions: dict, start: np.ndarray, data: tuple) -> dict:
    """The missing ones of gradient and hvp; hvp stays None where only differences can make it.

    Raises
    ------
    TypeError : there is no gradient, and JAX is not installed or cannot trace the loss.
    """
    need_gradient = functions["gradient"] is None
    try:
        import jax
        from jax.experimental import enable_x64
    except ImportError:
        if need_gradient:
            raise TypeError(
                f"{name!r} has no gradient; give gradient=..., or install JAX and write the loss with jax.numpy."
            ) from None
        return {}

    def doubled(function):
        jitted = jax.jit(function)

        @wraps(function)
        def call(*arguments):
            with enable_x64():
                return np.asarray(jitted(*arguments), float)

        return call

    gradient = jax.grad(functions["loss"]) if need_gradient else functions["gradient"]

    def hvp(w, v, *data):
        return jax.jvp(lambda at: gradient(at, *data), (w,), (v,))[1]

    made = {}
    try:
        if need_gradient:
            made["gradient"] = doubled(gradient)
            made["gradient"](start, *data)
        if functions["hvp"] is None:
            made["hvp"] = doubled(hvp)
            made["hvp"](start, np.ones_like(start), *data)
    except Exception as error:
        if need_gradient:
            raise TypeError(
                f"{name!r} has no gradient, and JAX cannot differentiate its loss ({type(error).__name__}); give "
                "gradient=..., or write the loss with jax.numpy."
            ) from error
        made.pop("hvp", None)
    return made
