"""JAX, jitted, float64: one loop over the steps in many forms, of which the fastest is kept.

JAX is given the parameters as constants, so that it may fold what can be folded, and it may fuse multiplications with
additions, which dynsim may not. The devices that the points are spread over are the cores of one processor.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .problems import CDAT, EDGE, SELF_STABILIZATION, Contender, Problem
from .timing import CORES, best_seconds


@dataclass(frozen=True)
class _Program:
    """What a loop needs: the carried arrays at the start, one step, and the results at the end."""

    start: Callable
    step: Callable
    results: Callable


def _load():
    """JAX in float64 with a device a core. The number of devices can be chosen only before the first import."""
    flags = os.environ.get("XLA_FLAGS", "")
    if "host_platform_device_count" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={CORES}".strip()
    import jax

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    return jax


def _self_stabilization():
    import jax.numpy as jnp

    eta, a, b = (SELF_STABILIZATION[n] for n in ("eta", "a", "b"))

    def step(state):
        x, lam = state
        return (1 - eta * lam) * x, lam + eta * (a - b * x * x)

    return _Program(lambda x: (x, jnp.full_like(x, SELF_STABILIZATION["lam"])), step, lambda state: state[1:])


def _four(steps):
    import jax.numpy as jnp

    one = _self_stabilization()
    eta = SELF_STABILIZATION["eta"]

    def seen(carry):
        state, total, largest, edge = carry
        y = eta * state[1] - 2
        return total + y, jnp.maximum(largest, state[1]), edge + jnp.where(jnp.abs(y) < EDGE, 1.0, 0.0)

    def start(x):
        return one.start(x), jnp.zeros_like(x), jnp.full_like(x, -jnp.inf), jnp.zeros_like(x)

    def results(carry):
        total, largest, edge = seen(carry)
        return carry[0][1], total / (steps + 1), largest, edge / (steps + 1)

    return _Program(start, lambda carry: (one.step(carry[0]), *seen(carry)), results)


def _cdat():
    import jax.numpy as jnp

    sigma, a, b, nu = (CDAT[n] for n in ("sigma", "a", "b", "nu"))

    def start(x):
        return x, *(jnp.full_like(x, CDAT[n]) for n in ("u", "lam", "eta"))

    def step(state):
        x, u, lam, eta = state
        along, across = lam * x, nu * u
        n, d = along * along + across * across, lam * along * along + nu * across * across
        after = sigma * jnp.maximum(n, 0) / jnp.abs(d)
        return (1 - eta * lam) * x, (1 - eta * nu) * u, lam + eta * (a - b * x * x), after

    return _Program(start, step, lambda state: state[2:3])


def _loop(program, steps, unroll, scan, x):
    """The whole orbit of an array of points."""
    from jax import lax

    def several(carry):
        for _ in range(unroll):
            carry = program.step(carry)
        return carry

    carry = program.start(x)
    if scan:
        carry, _ = lax.scan(lambda c, _: (program.step(c), None), carry, None, length=steps, unroll=unroll)
    else:
        carry = lax.fori_loop(0, steps // unroll, lambda _, c: several(c), carry)
    return program.results(carry)


def _blocks(program, steps, unroll, block, x):
    """The same, one block of points after another, so that a block stays in the fastest cache."""
    from jax import lax

    parts = lax.map(partial(_loop, program, steps, unroll, False), x.reshape(-1, block))
    return tuple(part.reshape(-1) for part in parts)


def _forms(program, problem):
    """Two dicts of label -> jitted function and the points as it wants them: single loops, and blocks."""
    import jax
    import jax.numpy as jnp

    steps, quick = problem.steps, problem.size.quick
    x = jnp.asarray(problem.x)
    loops = {"JAX": (jax.jit(partial(_loop, program, steps, 1, False)), x)}
    for unroll in (4,) if quick else (2, 4, 8, 16):
        loops[f"JAX, {unroll} steps a turn"] = (jax.jit(partial(_loop, program, steps, unroll, False)), x)
    for unroll in () if quick else (1, 4):
        loops[f"JAX, scan, unroll={unroll}"] = (jax.jit(partial(_loop, program, steps, unroll, True)), x)
    blocks = {}
    if problem.x.size % CORES:
        return loops, blocks
    spread = x.reshape(CORES, -1)
    for block, unroll in ((1024, 2),) if quick else ((512, 2), (1024, 1), (1024, 2), (1024, 4), (2048, 2), (2048, 4)):
        if spread.shape[1] % block == 0:
            label = f"JAX, blocks of {block:,} spread over the cores, {unroll} step{'s' * (unroll > 1)} a turn"
            blocks[label] = (jax.pmap(partial(_blocks, program, steps, unroll, block)), spread)
    return loops, blocks


def contenders(problem: Problem) -> list[Contender]:
    """The usual form, the fastest single loop, and the fastest form in blocks, where there is a program for this."""
    programs = {"self": _self_stabilization, "four": partial(_four, problem.steps), "cdat": _cdat}
    if problem.name not in programs:
        return []
    jax = _load()
    loops, blocks = _forms(programs[problem.name](), problem)

    def caller(function, x):
        return lambda: tuple(np.asarray(part).reshape(-1) for part in jax.block_until_ready(function(x)))

    calls = {label: caller(*form) for label, form in (loops | blocks).items()}
    best = best_seconds(calls, rounds=1 if problem.size.quick else 3, least=problem.size.least / 4)
    kept = dict.fromkeys(["JAX", *(min(group, key=best.get) for group in (loops, blocks) if group)])
    return [Contender("JAX", label, calls[label], label == "JAX") for label in kept]
