"""Objectives of one's own: what is given is checked, what is missing is made, what cannot be made is said."""

import sys

import numpy as np
import pytest

import dynsim as ds
from dynsim.training.differences import SETTLED, along

START = np.array([0.4, -0.7, 1.1])


def loss(w):
    return float((w**4).sum() / 4 + w[0] * w[1] * w[2])


def gradient(w):
    return np.array([w[0] ** 3 + w[1] * w[2], w[1] ** 3 + w[0] * w[2], w[2] ** 3 + w[0] * w[1]])


def hessian(w):
    return np.array(
        [[3 * w[0] ** 2, w[2], w[1]], [w[2], 3 * w[1] ** 2, w[0]], [w[1], w[0], 3 * w[2] ** 2]],
    )


def hvp(w, v):
    return hessian(w) @ v


def second(w, u):
    return float(u @ hessian(w) @ u)


def untraceable(w):
    """The gradient, in a way that JAX cannot follow."""
    return np.array([float(g) for g in gradient(np.array(w.tolist()))])


RIGHT = dict(gradient=gradient, hvp=hvp, second=second)
WRONG = {
    "gradient, a sign": ("gradient", lambda w: gradient(w) * [1, -1, 1]),
    "gradient, a factor": ("gradient", lambda w: gradient(w) * (1 + 1e-3)),
    "gradient, an offset": ("gradient", lambda w: gradient(w) + np.array([0, 0, 1e-3])),
    "hvp, a factor": ("hvp", lambda w, v: 1.001 * hvp(w, v)),
    "hvp, Gauss-Newton": ("hvp", lambda w, v: np.diag(hessian(w)) * v),
    "second, a half": ("second", lambda w, u: second(w, u) / 2),
    "second, a factor": ("second", lambda w, u: 1.001 * second(w, u)),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_derivative_is_refused(what):
    name, function = WRONG[what]
    with pytest.raises(ValueError, match=f"the {name} given for 'loss' is not the derivative"):
        ds.Objective(loss, **RIGHT | {name: function}, start=START)
    ds.Objective(loss, **RIGHT, start=START)


@pytest.mark.parametrize("name, shape", [("gradient", (3, 1)), ("gradient", ()), ("hvp", (1,)), ("hvp", (3, 3))])
def test_a_derivative_of_another_shape_is_refused(name, shape):
    with pytest.raises(ValueError, match=rf"the {name} given for 'loss' has shape .*; it must have \(3,\)"):
        ds.Objective(loss, **RIGHT | {name: lambda *_: np.ones(shape)}, start=START)


def test_a_derivative_that_is_wrong_only_at_a_start_of_symmetry_is_refused():
    """At w = 0 the gradient of w³/3 is 0, as a wrong one of w would be."""
    with pytest.raises(ValueError, match="the gradient given"):
        ds.Objective(lambda w: float((w**3).sum() / 3), lambda w: 1.0 * w, start=np.zeros(2))


@pytest.mark.parametrize("given", ["nothing but the gradient", "gradient and hvp", "gradient and second"])
def test_what_is_missing_is_made_by_differences(given):
    parts = {"gradient": untraceable}
    parts |= {"hvp": hvp} if "hvp" in given else {"second": second} if "second" in given else {}
    f = ds.Objective(loss, **parts, start=START)
    assert (f.functions["hvp"] is None) == ("hvp" not in given)
    w, u = np.random.default_rng(0).normal(size=(2, 3))
    np.testing.assert_allclose(f.hvp(w, u), hessian(w) @ u, rtol=1e-9)
    assert f.second(w, u) == pytest.approx(u @ hessian(w) @ u, rel=1e-9)
    third = np.diag(6 * w) @ (u * u) + 2 * np.array([u[1] * u[2], u[0] * u[2], u[0] * u[1]])
    np.testing.assert_allclose(f.third(w, u)[0], third, rtol=1e-5)
    options = dict(sigma=1.5, sharpness=1, progress=False)
    made, whole = (
        ds.descend(one, ds.tuners.cdat, 20, **options) for one in (f, ds.Objective(loss, **RIGHT, start=START))
    )
    for name in ("f", "eta", "d", "lam"):
        np.testing.assert_allclose(made[name], whole[name], rtol=1e-6, atol=1e-12)


def test_a_hessian_that_differences_cannot_tell_is_an_error():
    def rough(w):
        return w + 1e-4 * np.sin(1e16 * w)

    f = ds.Objective(lambda w: float(w @ w / 2), lambda w: 1.0 * w, lambda w, v: v, start=START)
    f.functions["gradient"], f.functions["hvp"] = rough, None
    with pytest.raises(ArithmeticError, match=r"cannot be told from differences .*; give hvp="):
        f.hvp(START, np.full(3, 1e-3))


def test_jax_makes_all_derivatives_of_a_loss_in_double_precision():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def of_jax(w):
        return jnp.sum(w**4) / 4 + jnp.prod(w)

    f = ds.Objective(of_jax, start=START)
    w, u = np.random.default_rng(1).normal(size=(2, 3))
    assert f.loss(w) == pytest.approx(loss(w), rel=1e-15)
    np.testing.assert_allclose(f.gradient(w), gradient(w), rtol=1e-14)
    np.testing.assert_allclose(f.hvp(w, u), hessian(w) @ u, rtol=1e-14)
    run, plain = (
        ds.descend(one, ds.tuners.greedy, 10, progress=False) for one in (f, ds.Objective(loss, **RIGHT, start=START))
    )
    np.testing.assert_allclose(run.f, plain.f, rtol=1e-10)


def test_jax_makes_the_product_of_a_gradient_written_with_its_numpy():
    """And what is given is computed in double precision too, which JAX leaves out by default."""
    jnp = pytest.importorskip("jax").numpy

    def slope(w):
        return w**3 + jnp.stack([w[1] * w[2], w[0] * w[2], w[0] * w[1]])

    f = ds.Objective(lambda w: jnp.sum(w**4) / 4 + jnp.prod(w), slope, start=START)
    assert f.functions["hvp"] is not None, "made by JAX, not by differences"
    w, u = np.random.default_rng(2).normal(size=(2, 3))
    assert f.loss(w) == pytest.approx(loss(w), rel=1e-15)
    np.testing.assert_allclose(f.gradient(w), gradient(w), rtol=1e-14)
    np.testing.assert_allclose(f.hvp(w, u), hessian(w) @ u, rtol=1e-14)


def test_a_numpy_gradient_that_traces_gets_its_product_from_jax():
    pytest.importorskip("jax")
    f = ds.Objective(lambda w: float((w**4).sum() / 4), lambda w: w**3, start=START)
    assert f.functions["hvp"] is not None
    np.testing.assert_allclose(f.hvp(START, np.ones(3)), 3 * START**2, rtol=1e-14)


def test_a_numpy_loss_alone_is_not_enough():
    pytest.importorskip("jax")
    with pytest.raises(TypeError, match=r"'loss' has no gradient, and JAX cannot differentiate its loss .*jax.numpy"):
        ds.Objective(loss, start=START)


def test_without_jax(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(TypeError, match=r"'loss' has no gradient; give gradient=..., or install JAX"):
        ds.Objective(loss, start=START)
    f = ds.Objective(loss, gradient, start=START)
    np.testing.assert_allclose(f.hvp(START, START), hessian(START) @ START, rtol=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_at_the_start_is_refused(value):
    with pytest.raises(ValueError, match=r"the loss of 'mine' is (nan|inf) near its start; start where it is finite"):
        ds.Objective(lambda w: value, lambda w: w, lambda w, v: v, start=START, name="mine")


def test_a_loss_with_a_border_near_the_start_is_taken():
    """−ln w is NaN or infinite beyond 0, where the first wide differences fall."""

    def barrier(w):
        return float(w.sum() - np.log(w).sum())

    start = np.array([1e-3, 1.0])
    f = ds.Objective(barrier, lambda w: 1 - 1 / w, lambda w, v: v / w**2, start=start)
    with pytest.raises(ValueError, match="the hvp given"):
        ds.Objective(barrier, lambda w: 1 - 1 / w, lambda w, v: v / w, start=start)
    run = ds.descend(f, ds.tuners.constant, 10, eta=1e-2, progress=False)
    assert 1 <= run.lifetime <= 11
    assert np.isnan(run.f[run.lifetime.item() :]).all()


def squares():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(24, 4)), rng.normal(size=24)
    return ds.Objective(
        lambda w, x, y: float(((x @ w - y) ** 2).mean() / 2),
        lambda w, x, y: x.T @ (x @ w - y) / len(x),
        lambda w, v, x, y: x.T @ (x @ v) / len(x),
        start=lambda seed: np.random.default_rng(seed).normal(size=4),
        data=(x.tolist(), y),
        samples=24,
        name="squares",
    )


def test_mini_batches_of_ones_own_data():
    """A batch of all samples is the full batch; a smaller one is the mean over rows drawn."""
    f = squares()
    run = ds.descend(f, ds.tuners.constant, 4, eta=0.1, batch=12, keep=1, seed=2, progress=False)
    np.testing.assert_allclose(run.f, [f.loss(at) for at in run.w.values], rtol=1e-12)
    x, y = f.data
    first, rows = run.w.values[0], [[i] for i in range(24)]
    each = np.array([f.functions["gradient"](first, x[row], y[row]) for row in rows])
    moved = 12 * (run.w.values[0] - run.w.values[1]) / 0.1
    # Which 12 of the 24 single gradients add up to the batch's: those that the run's own generator drew.
    drawn = np.random.default_rng((2, 1)).permutation(24)[:12]
    np.testing.assert_allclose(moved, each[drawn].sum(0), rtol=1e-9)
    one = ds.descend(f, ds.tuners.constant, 3, eta=0.1, batch=24, seed=2, progress=False)
    whole = ds.descend(f, ds.tuners.constant, 3, eta=0.1, seed=2, progress=False)
    np.testing.assert_allclose(one.f, whole.f, rtol=1e-13)


BAD = {
    "samples": (dict(data=(np.ones((3, 2)),), samples=4), ValueError, "4 samples were announced"),
    "half a sample": (dict(samples=2.5), ValueError, "samples must be a whole number"),
    "start is a number": (dict(start=1.0), ValueError, r"must have shape \(P,\), not \(\)"),
    "start is empty": (dict(start=[]), ValueError, r"must have shape \(P,\)"),
    "start is a matrix": (dict(start=np.eye(2)), ValueError, r"must have shape \(P,\)"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_fit_is_refused(what):
    given, error, message = BAD[what]
    with pytest.raises(error, match=message):
        ds.Objective(**dict(loss=lambda w, *_: 1.0, gradient=lambda w, *_: 0 * w, start=START) | given)


def test_a_start_must_have_one_size_for_all_seeds():
    f = ds.Objective(lambda w: float(w @ w / 2), lambda w: w, lambda w, v: v, start=lambda seed: np.ones(2 + seed))
    with pytest.raises(ValueError, match="has 2 numbers for seed 0, but 3 for 1"):
        ds.descend(f, ds.tuners.constant, 1, seed=1, progress=False)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_differences_know_their_error(size):
    w, v = np.array([0.3, -1.2, 2.0]) * size, np.array([1.0, 2.0, -0.5])
    functions = {
        "a number": (lambda w: np.sin(w / size).sum(), (np.cos(w / size) * v).sum() / size),
        "an array": (lambda w: np.exp(w / size), np.exp(w / size) * v / size),
        "a line": (lambda w: 3 * w, 3 * v),
        "a polynomial": (lambda w: (w / size) ** 5, 5 * (w / size) ** 4 * v / size),
    }
    for function, wanted in functions.values():
        found, error = along(function, w, v)
        apart, scale = np.linalg.norm(found - wanted), np.linalg.norm(wanted)
        assert apart <= 1e-9 * scale
        assert apart <= 10 * error + 1e-12 * scale and error <= SETTLED * scale
    assert along(lambda w: w, w, np.zeros(3))[1] == 0


def test_differences_of_a_jump_say_that_they_failed():
    found, error = along(lambda w: np.where(w > 0, 1.0, 0.0), np.zeros(1), np.ones(1))
    assert error > 0.1 * np.abs(found)
    _, error = along(lambda w: np.full(1, np.nan), np.zeros(1), np.ones(1))
    assert error == np.inf


X, Y = np.random.default_rng(7).normal(size=(10, 3)), np.arange(10.0)
CURVES = np.array([1.0, 3.0, 7.0])


def bowl(w):
    return float(CURVES @ (w * w)) / 2


def slope(w):
    return CURVES * w


def mean_square(w, x, y):
    return float(((x @ w - y) ** 2).mean() / 2)


def mean_slope(w, x, y):
    return x.T @ (x @ w - y) / len(y)


def slope_that_zeroes(w):
    found = CURVES * w
    w[:] = 0
    return found


def loss_that_moves(w):
    w += 1
    return bowl(w)


def product_in_place(w, v):
    v *= CURVES
    return v


def of_random_rows(function):
    rng = np.random.default_rng(0)

    def drawn(w):
        rows = rng.integers(0, 10, 3)
        return function(w, X[rows], Y[rows])

    return drawn


IMPURE = {
    "gradient zeroes w": ((bowl, slope_that_zeroes), ValueError, "gradient given for 'bowl' changes what it is given"),
    "loss moves w": ((loss_that_moves, slope), ValueError, "the loss given for 'loss_that_moves' changes what"),
    "product in place": ((bowl, slope, product_in_place), ValueError, "the hvp given for 'bowl' changes what"),
    "random rows": ((of_random_rows(mean_square), of_random_rows(mean_slope)), ValueError, "when it is asked again"),
    "random slope": ((bowl, of_random_rows(mean_slope)), ValueError, "gradient given for 'bowl' gives something else"),
    "loss of no number": ((lambda w: None, slope), TypeError, "returns None; it must return a number"),
    "complex loss": ((lambda w: 1j, slope), TypeError, "returns 1j; it must return a number"),
    "loss of numbers": ((lambda w: w, slope), ValueError, r"has shape \(3,\); it must be a number"),
    "loss is no function": ((3.0, slope), TypeError, "loss must be a function of w, not 3.0"),
    "gradient is no function": ((bowl, CURVES), TypeError, "gradient must be a function of w"),
    "vector for a second": ((bowl, slope, None, lambda w, u: u), ValueError, "the second given for 'bowl' has shape"),
}  # fmt: skip


@pytest.mark.parametrize("what", IMPURE)
def test_functions_that_are_not_of_their_arguments_alone_are_refused(what):
    functions, error, message = IMPURE[what]
    with pytest.raises(error, match=message):
        ds.Objective(*functions, start=np.ones(3))


def test_a_function_may_hand_out_its_own_buffer():
    out, product = np.empty(3), np.empty(3)
    f = ds.Objective(
        bowl, lambda w: np.multiply(CURVES, w, out=out), lambda w, v: np.multiply(CURVES, v, out=product),
        start=np.ones(3),
    )  # fmt: skip
    one, two = f.hvp(np.ones(3), np.eye(3)[0]), f.hvp(np.ones(3), np.eye(3)[1])
    assert one.tolist() == [1, 0, 0] and two.tolist() == [0, 3, 0]
    run = ds.descend(f, ds.tuners.constant, 2, eta=0.1, sharpness=1, progress=False)
    assert run.lam[0] == pytest.approx(7)


DATA = {
    "a sum": (dict(loss=lambda w, x, y: 5 * mean_square(w, x, y) * len(y)), ValueError, "is not a mean over its 10"),
    "no data": (dict(loss=bowl, gradient=slope, data=()), ValueError, "no data to draw them from"),
    "no tuple": (dict(loss=bowl, gradient=slope, data=X), TypeError, r"write data=\(x,\) for one array"),
}


@pytest.mark.parametrize("what", DATA)
def test_data_that_batches_cannot_be_drawn_from_is_refused(what):
    given, error, message = DATA[what]
    made = dict(loss=mean_square, gradient=mean_slope, start=np.ones(3), data=(X, Y), samples=10) | given
    with pytest.raises(error, match=message):
        ds.Objective(**made)


def test_data_of_ones_own_is_copied():
    x = X.copy()
    f = ds.Objective(mean_square, mean_slope, start=np.ones(3), data=(x, Y), samples=10)
    before = f.loss(np.ones(3))
    x[:] = 0
    assert f.loss(np.ones(3)) == before
