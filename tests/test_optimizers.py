"""Every base optimizer: its updates against optax, its edge of stability on quadratics."""

import inspect
import re
import sys

import numpy as np
import pytest

import dynsim as ds
from dynsim.training.optimizer import Direction, Optimizer

#: optax's transformation of gradients, and the parameters given to ours.
IN_OPTAX = {
    "gd": (lambda optax: optax.identity(), {}),
    "momentum": (lambda optax: optax.trace(0.8), {"momentum": 0.8}),
    "rmsprop": (lambda optax: optax.scale_by_rms(0.999, 1e-6, eps_in_sqrt=True), {"eps_nu": 1e-6}),
    "adam": (lambda optax: optax.scale_by_adam(0.85, 0.99, 1e-6), {"beta1": 0.85, "beta2": 0.99, "eps_nu": 1e-6}),
}


def test_every_optimizer_has_a_case():
    assert set(IN_OPTAX) == set(ds.optimizers.__all__), "give the new file a case here"


@pytest.mark.parametrize("name", ds.optimizers.__all__)
def test_every_file_says_what_it_computes_and_where_it_is_from(name):
    made = getattr(ds.optimizers, name)
    assert made.doc == inspect.getdoc(sys.modules[made.update.__module__])
    assert len(made.doc.splitlines()[0]) > 15
    assert re.search(r"Source: .{5,}", made.doc)
    assert re.search(r"u = ", made.doc), "no equation"
    assert made.edge is not None


@pytest.mark.parametrize("name", ds.optimizers.__all__)
@pytest.mark.parametrize("defaults", [True, False])
def test_updates_are_those_of_optax(name, defaults):
    optax = pytest.importorskip("optax")
    jax = pytest.importorskip("jax")
    ours = getattr(ds.optimizers, name)
    make, values = IN_OPTAX[name]
    if defaults:
        known = {"gd": {}, "momentum": {"momentum": 0.9}, "rmsprop": {"beta2": 0.999, "eps_nu": 1e-8}}
        assert ours.parameters == known.get(name, {"beta1": 0.9, "beta2": 0.999, "eps_nu": 1e-8})
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.integers(-5, 3, 20)
    direction = Direction(ours, 20, ours.parameters | values)
    with jax.enable_x64(True):
        transformation = make(optax)
        state = transformation.init(jax.numpy.zeros(20))
        for t in range(50):
            gradient = rng.normal(size=20) * scales
            wanted, state = transformation.update(jax.numpy.array(gradient), state)
            np.testing.assert_allclose(direction.update(gradient), -np.asarray(wanted), rtol=1e-12, err_msg=f"{t}")


@pytest.mark.parametrize("name", ["rmsprop", "adam"])
def test_preconditioner_is_what_the_average_is_divided_by(name):
    """u = −P⁻¹ m̂, with m̂ the bias-corrected average for Adam and the gradient for RMSProp."""
    ours = getattr(ds.optimizers, name)
    direction = Direction(ours, 8, ours.parameters)
    rng = np.random.default_rng(1)
    m = np.zeros(8)
    for t in range(1, 20):
        gradient = rng.normal(size=8)
        u = direction.update(gradient)
        m = 0.9 * m + 0.1 * gradient
        wanted = gradient if name == "rmsprop" else m / (1 - 0.9**t)
        np.testing.assert_allclose(-u * direction.preconditioner(), wanted, rtol=1e-12)
    assert Direction(ds.optimizers.momentum, 8, {"momentum": 0.9}).preconditioner() is None


RMSPROP, ADAM = ds.optimizers.rmsprop, ds.optimizers.adam
rmsprop_update, adam_update = RMSPROP.update, ADAM.update


def frozen_rmsprop(nu=4.0, /, *, gradient, beta2=1.0, eps_nu=0.0):
    """The file's own update, from ν = 4 and with β₂ = 1: P = 2 for ever, exactly."""
    return rmsprop_update(nu, gradient=gradient, beta2=beta2, eps_nu=eps_nu)


def frozen_adam(m=0, nu=4.0, power1=0, power2=0, /, *, gradient, beta1=0.9, beta2=1.0, eps_nu=0.0):
    """The same, after all start-up corrections are over."""
    return adam_update(m, nu, power1, power2, gradient=gradient, beta1=beta1, beta2=beta2, eps_nu=eps_nu)


FROZEN = {
    "gd": (ds.optimizers.gd, {}),
    "momentum": (ds.optimizers.momentum, {"momentum": 0.7}),
    "rmsprop": (Optimizer(frozen_rmsprop, RMSPROP.preconditioner, RMSPROP.edge), {}),
    "adam": (Optimizer(frozen_adam, ADAM.preconditioner, ADAM.edge), {"beta1": 0.8}),
}


@pytest.mark.parametrize("name", ds.optimizers.__all__)
def test_edge_is_where_a_constant_rate_stops_converging(name):
    """On a quadratic, the preconditioner frozen: 0.1% below the edge all is forgotten, 0.1% above it grows."""
    optimizer, values = FROZEN[name]
    bowl = ds.objectives.quadratic([10.0, 3.0, 0.7])
    probe = ds.descend(bowl, ds.tuners.constant, 0, eta=1, optimizer=optimizer, sharpness=1, progress=False, **values)
    sharpness, edge = probe.lam.item(), probe.attrs["edge"]
    assert sharpness == pytest.approx(10 / (2 if "frozen" in optimizer.name else 1), rel=1e-14)
    rates = edge / sharpness * np.array([0.999, 1.001])
    runs = ds.descend(
        bowl, ds.tuners.constant, 20000, every=20000, optimizer=optimizer, over={"eta": rates}, progress=False, **values
    )
    below, above = runs.f.values[:, -1] / runs.f.values[:, 0]
    assert below < 1e-6
    assert above > 1e3 or runs.lifetime[1] < 20000
    np.testing.assert_array_equal(runs.attrs["edge"], edge)


def test_edges_by_formula():
    edges = {n: getattr(ds.optimizers, n) for n in ds.optimizers.__all__}
    edges = {n: o.edge_at(o.parameters) for n, o in edges.items()}
    assert edges == {"gd": 2, "momentum": pytest.approx(3.8), "rmsprop": 2, "adam": pytest.approx(38)}


def test_edge_is_not_told_where_the_runs_differ_in_it():
    bowl = ds.objectives.quadratic([1.0])
    options = dict(optimizer=ds.optimizers.momentum, eta=0.1, progress=False)
    runs = ds.descend(bowl, ds.tuners.constant, 1, over={"momentum": [0.0, 0.9]}, **options)
    assert np.isnan(runs.attrs["edge"])
    runs = ds.descend(bowl, ds.tuners.constant, 1, over={"seed": [0, 1]}, **options)
    assert runs.attrs["edge"] == pytest.approx(3.8)


def test_a_function_of_ones_own_is_an_optimizer():
    def nesterov(velocity=0, /, *, gradient, mu=0.5):
        velocity = mu * velocity + gradient
        return -gradient - mu * velocity, velocity

    bowl = ds.objectives.quadratic([2.0])
    options = dict(optimizer=nesterov, eta=0.3, keep=1, progress=False)
    w, v, kept = 1.0, 0.0, []
    for _ in range(11):
        kept.append(w)
        g = 2.0 * w
        v = 0.5 * v + g
        w = w + 0.3 * (-g - 0.5 * v)
    run = ds.descend(bowl, ds.tuners.constant, 10, **options)
    np.testing.assert_allclose(run.w.values[:, 0], kept, rtol=1e-14)
    assert np.isnan(run.attrs["edge"])


def no_gradient(x):
    return -x


def too_few(v=0, /, *, gradient):
    return -gradient


def too_many(gradient):
    return -gradient, gradient


def no_start(v, /, *, gradient):
    return -gradient, v


def taken(u=0, /, *, gradient):
    return -gradient, u


@pytest.mark.parametrize(
    "function, message",
    [
        (no_gradient, "must take gradient="),
        (too_few, "it must return u, next v"),
        (too_many, "it must return u"),
        (no_start, "needs its start: write v=0, /"),
        (taken, "'u' is a reserved name"),
    ],
)
def test_what_is_no_optimizer_is_refused(function, message):
    with pytest.raises(TypeError, match=message):
        ds.descend(ds.objectives.quadratic([1.0]), ds.tuners.constant, 1, optimizer=function)
    with pytest.raises(TypeError, match=r"must be one of ds\.optimizers or a function"):
        ds.descend(ds.objectives.quadratic([1.0]), ds.tuners.constant, 1, optimizer="adam")


def test_an_optimizer_that_cannot_be_compiled_is_refused_in_one_sentence():
    def whole(gradient):
        return -gradient / np.linalg.norm(gradient)

    with pytest.raises(TypeError, match="'whole' cannot be compiled; in its functions use only arithmetic") as caught:
        ds.descend(ds.objectives.quadratic([1.0]), ds.tuners.constant, 1, optimizer=whole, progress=False)
    assert "\n" not in str(caught.value)
