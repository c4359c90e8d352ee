"""CuPy and JAX on the GPU, where they are installed: the final λ of self_stabilization, in float64."""

import os

import numpy as np

from .timing import best_seconds

VALUES = dict(eta=1.0, a=2e-5, b=1e-3)


def rivals(size) -> dict[str, float | None]:
    """Steps per second; None where a rival is not installed or sees no GPU."""
    return {"CuPy, one kernel a step": _cupy(size), "JAX, jitted fori_loop": _jax(size)}


def _cupy(size):
    try:
        import cupy
    except ImportError:
        return None
    step = cupy.ElementwiseKernel(
        "float64 eta, float64 a, float64 b", "float64 x, float64 lam",
        "double y = (1 - eta * lam) * x; lam = lam + eta * (a - b * x * x); x = y;", "step",
    )  # fmt: skip
    points, steps = size.points, max(size.timed // 20, 1)

    def call():
        x, lam = cupy.linspace(0.1, 0.2, points), cupy.full(points, 2.0)
        for _ in range(steps):
            step(*VALUES.values(), x, lam)
        cupy.cuda.Device().synchronize()

    call()
    return points * steps / best_seconds({"": call}, size.rounds)[""]


def _jax(size):
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the card is not JAX's alone
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    try:
        device = jax.devices("gpu")[0]
    except RuntimeError:
        return None
    from jax import lax

    eta, a, b = VALUES.values()

    def step(_, state):
        x, lam = state
        return (1 - eta * lam) * x, lam + eta * (a - b * x * x)

    points, steps = size.points, max(size.timed // 20, 1)
    run = jax.jit(lambda x, lam: lax.fori_loop(0, steps, step, (x, lam)))
    start = tuple(jax.device_put(v, device) for v in (np.linspace(0.1, 0.2, points), np.full(points, 2.0)))

    def call():
        jax.block_until_ready(run(*start))

    call()
    return points * steps / best_seconds({"": call}, size.rounds)[""]
