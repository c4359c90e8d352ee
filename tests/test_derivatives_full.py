"""Every derivative of every objective agrees with an independent one."""

import itertools

import numpy as np
import pytest

import dynsim as ds
from dynsim.training import dense_math

jax = pytest.importorskip("jax")
jnp = jax.numpy

ACTIVATIONS = {
    "linear": lambda z: z,
    "tanh": lambda z: jnp.tanh(z),
    "relu": lambda z: jax.nn.relu(z),
    "gelu": lambda z: jax.nn.gelu(z, approximate=True),
}
LOSSES = {
    "squared": lambda o, y: ((o - y) ** 2).sum() / 2,
    "cross_entropy": lambda o, y: -(y * jax.nn.log_softmax(o)).sum(),
    "logistic": lambda o, y: jnp.logaddexp(0.0, -y * o).sum(),
}


@pytest.fixture(autouse=True)
def doubles():
    with jax.enable_x64(True):
        yield


def network_loss(net):
    """The same loss, written for JAX from the definition."""

    def loss(w):
        a, start = jnp.array(net.x), 0
        widths = net.widths.tolist()
        for layer, (n, m) in enumerate(itertools.pairwise(widths)):
            z = a @ w[start : start + n * m].reshape(n, m)
            start += n * m
            z = z / np.sqrt(n) if net.scaling == "ntk" else z
            if net.biases:
                z, start = z + w[start : start + m], start + m
            a = ACTIVATIONS[net.activation](z) if layer < len(widths) - 2 else z
        return jax.vmap(LOSSES[net.loss_name])(a, jnp.array(net.y)).mean() + net.weight_decay * (w @ w) / 2

    return loss


def data(loss, samples=300, inputs=7, outputs=3):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, inputs))
    y = {
        "squared": rng.normal(size=(samples, outputs)),
        "cross_entropy": rng.dirichlet(np.ones(outputs), samples),
        "logistic": rng.choice([-1.0, 1.0], (samples, outputs)),
    }[loss]
    return x, y


def agree(objective, loss, w, rtol=1e-11):
    rng = np.random.default_rng(1)
    u = rng.normal(size=w.size)
    gradient = jax.grad(loss)
    product = jax.jvp(gradient, (w,), (u,))[1]
    np.testing.assert_allclose(objective.loss(w), loss(w), rtol=rtol)
    np.testing.assert_allclose(objective.gradient(w), gradient(w), rtol=0, atol=rtol * np.abs(gradient(w)).max())
    np.testing.assert_allclose(objective.hvp(w, u), product, rtol=0, atol=rtol * np.abs(product).max())
    np.testing.assert_allclose(objective.second(w, u), u @ product, rtol=rtol * 10)


CASES = [
    *itertools.product(ACTIVATIONS, LOSSES, [(9,)], [True], [0.0], ["standard"]),
    *itertools.product(["tanh", "gelu"], ["squared", "cross_entropy"], [(), (9, 8, 5)], [True, False], [0.1], ["ntk"]),
]


@pytest.mark.parametrize("activation, loss, hidden, biases, decay, scaling", CASES)
def test_networks(activation, loss, hidden, biases, decay, scaling):
    net = ds.objectives.network(
        *data(loss), hidden, activation=activation, loss=loss, biases=biases, weight_decay=decay, scaling=scaling
    )
    w = net.start(3) + 0.1 * np.random.default_rng(2).normal(size=net.size)
    agree(net, network_loss(net), w)


def test_third_derivative_of_a_network():
    net = ds.objectives.network(*data("cross_entropy"), 9, loss="cross_entropy")
    w = net.start(0)
    v = np.random.default_rng(0).normal(size=w.size)
    v /= np.linalg.norm(v)
    loss = network_loss(net)
    expected = jax.grad(lambda at: v @ jax.jvp(jax.grad(loss), (at,), (v,))[1])(w)
    found, error = net.third(w, v)
    apart = np.linalg.norm(found - expected)
    assert apart <= 1e-7 * np.linalg.norm(expected)
    assert apart <= 10 * error


def test_exponential_and_tanh_are_those_of_libm():
    x = np.concatenate([np.linspace(-700, 700, 20001), np.linspace(-1, 1, 20001), 10.0 ** np.arange(-300, 0)])
    for own, libm, units in ((dense_math.exp, np.exp, 2), (dense_math.tanh, np.tanh, 4)):
        found, expected = np.array([own(v) for v in x]), libm(x)
        assert (np.abs(found - expected) <= units * np.spacing(np.abs(expected))).all()
        assert np.isnan(own(np.nan))


def test_blocks_and_cores_change_nothing():
    net = ds.objectives.network(*data("squared", samples=700), 9)
    w, out = net.start(0), [np.empty(net.size) for _ in range(2)]
    alone, shared = net.worker(1), net.worker(2)
    assert alone.gradient(w, out[0]) == shared.gradient(w, out[1])
    np.testing.assert_array_equal(*out)
    assert alone.second(out[0]) == shared.second(out[0])
    np.testing.assert_array_equal(alone.hvp(w), shared.hvp(w))


@pytest.mark.parametrize("samples, batch, alone", [(128, 0, True), (129, 0, False), (300, 64, True)])
def test_a_single_block_asks_for_no_other_core(samples, batch, alone):
    """There is nothing to share out, and waiting for each other costs more than the pass."""
    worker = ds.objectives.network(*data("squared", samples=samples), 9).worker(2)
    if batch:
        worker.select(np.arange(batch))
    with worker._alone() as found:
        assert found is alone
