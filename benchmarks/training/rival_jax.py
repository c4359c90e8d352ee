"""The CDAT step in JAX, jitted, float64: the gradient in reverse mode, d as a derivative of a derivative along u."""

from functools import partial

import numpy as np

from .problems import Problem, Trainer, flat


def _load():
    import jax

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    return jax


def _step(problem):
    """(parameters, σ) -> the next parameters."""
    jax = _load()
    jnp = jax.numpy
    x, y = jnp.array(problem.network.x), jnp.array(problem.network.y)
    activation = {"tanh": jnp.tanh, "relu": jax.nn.relu, "gelu": partial(jax.nn.gelu, approximate=True)}
    phi = activation[problem.activation]

    def loss(w):
        w1, b1, w2, b2 = w
        outputs = phi(x @ w1 + b1) @ w2 + b2
        return -(y * jax.nn.log_softmax(outputs)).sum(1).mean()

    def step(w, sigma):
        _, g = jax.value_and_grad(loss)(w)
        u = jax.tree.map(jnp.negative, g)
        n = sum((part * part).sum() for part in g)
        d = jax.jvp(lambda at: jax.jvp(loss, (at,), (u,))[1], (w,), (u,))[1]
        eta = sigma * jnp.maximum(n, 0.0) / jnp.abs(d)
        return [part + eta * along for part, along in zip(w, u)]

    return jax, step


def trainers(problem: Problem) -> list[Trainer]:
    """A call a step; all steps in one call."""
    jax, step = _step(problem)
    one = jax.jit(step)
    w0, sigma = [jax.numpy.array(part) for part in problem.parts(problem.starts[0])], problem.runs[0][0]

    def stepped(steps):
        w = w0
        for _ in range(steps):
            w = one(w, sigma)
        return flat(w)[None]

    scan = _scan(jax, step)
    return [
        Trainer("JAX", "JAX, a jitted step", stepped, usual=True),
        Trainer("JAX", "JAX, scan over the steps", lambda steps: flat(scan(w0, sigma, steps))[None]),
    ]


def _scan(jax, step):
    @partial(jax.jit, static_argnums=2)
    def scan(w, sigma, steps):
        return jax.lax.scan(lambda at, _: (step(at, sigma), None), w, None, length=steps)[0]

    return scan


def loops(problem: Problem) -> list[Trainer]:
    """Many runs: one after another by steps or by scans, and all at once by vmap."""
    jax, step = _step(problem)
    one, scan = jax.jit(step), _scan(jax, step)
    starts = [[jax.numpy.array(part) for part in problem.parts(w)] for w in problem.starts]
    sigmas = [sigma for sigma, _ in problem.runs]
    stacked = [jax.numpy.stack(parts) for parts in zip(*starts)]
    abreast = _scan(jax, jax.vmap(step))
    abreast_one = jax.jit(jax.vmap(step))

    def by_steps(steps):
        done = []
        for w, sigma in zip(starts, sigmas):
            for _ in range(steps):
                w = one(w, sigma)
            done.append(w)
        return np.stack([flat(w) for w in done])

    def by_scans(steps):
        return np.stack([flat(scan(w, sigma, steps)) for w, sigma in zip(starts, sigmas)])

    def unstacked(w):
        return np.concatenate([np.asarray(part).reshape(len(starts), -1) for part in w], axis=1)

    def by_vmap(steps):
        w, every = stacked, np.array(sigmas)
        for _ in range(steps):
            w = abreast_one(w, every)
        return unstacked(w)

    return [
        Trainer("JAX", "JAX, a loop over the runs, jitted steps", by_steps, usual=True),
        Trainer("JAX", "JAX, a loop over the runs, scan over the steps", by_scans),
        Trainer("JAX", "JAX, vmap over the runs, jitted steps", by_vmap),
        Trainer(
            "JAX", "JAX, vmap over the runs, scan over the steps",
            lambda steps: unstacked(abreast(stacked, np.array(sigmas), steps)),
        ),
    ]  # fmt: skip
