"""The bridge: what the reduced model needs is measured right, and its predictions are those of its equations."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import dynsim as ds
from dynsim.bridge import pictures, study, table
from dynsim.training.comparison import horizons
from dynsim.training.local import local_cubic

LAM, K, C, NU = 2.0, 0.5, 0.02, 0.3


def cubic(rotation=None, sign=1.0):
    """f = ½(λ + kz)x² − cz + ½νu², theory 2.5, in rotated or reflected coordinates if asked."""
    q = np.eye(3) if rotation is None else rotation

    def loss(w):
        x, z, u = sign * (q @ w)
        return (LAM + K * z) * x**2 / 2 - C * z + NU * u**2 / 2

    def gradient(w):
        x, z, u = sign * (q @ w)
        return sign * (q.T @ np.array([(LAM + K * z) * x, K * x**2 / 2 - C, NU * u]))

    def hvp(w, v):
        x, z, _ = sign * (q @ w)
        s, t, r = q @ v
        return q.T @ np.array([(LAM + K * z) * s + K * x * t, K * x * s, NU * r])

    return ds.Objective(loss, gradient, hvp, start=sign * (q.T @ np.array([0.1, 0.0, 0.3])))


@pytest.fixture(scope="module")
def net():
    """A small network on Chebyshev data, and a point beside its training, so that x and κ are not small."""
    f = ds.objectives.network(*ds.tasks.chebyshev(20), hidden=12)
    run = ds.descend(f, ds.tuners.constant, 200, eta=0.1, keep=200, progress=False)
    return f, run.w[-1].values + 0.03 * np.random.default_rng(0).normal(size=f.size)


def numbers(reduced, *names):
    return [float(reduced[name]) for name in names]


@pytest.mark.parametrize("x", [0.0, 0.1, -0.3])
@pytest.mark.parametrize("z", [0.0, 0.7])
def test_cubic_loss_is_measured_exactly(x, z):
    found = ds.reduce(cubic(), [x, z, 0.3])
    expected = [LAM + K * z, x, K * C, K**2 / 2, NU, 0.3, 0.0]
    assert_allclose(numbers(found, "lam", "x", "a", "b", "nu", "u", "kappa"), expected, rtol=1e-10, atol=1e-12)
    assert float(found.floor) == 1
    assert_allclose(abs(found.v), [1, 0, 0], atol=1e-12)


def test_off_the_floor_a_is_corrected_for_x():
    x, a, b = 0.2, K * C, K**2 / 2
    found = ds.reduce(cubic(), [x, 0.0, 0.3], floor=False)
    assert float(found.floor) == 0
    # −∇λ·∇f⊥ as it is there is a + bx², not a − bx²: the eigenvector is tilted.
    plain = float(found.a) + float(found.b) * float(found.x) ** 2
    assert_allclose(plain, a + b * x**2, rtol=0.02)
    assert abs(float(found.a) - a) < 0.02 * abs(plain - a)


def test_the_part_of_the_gradient_of_lambda_along_v_is_not_in_b():
    kappa = 3.0

    def loss(w):
        return (LAM + K * w[1]) * w[0] ** 2 / 2 + kappa * w[0] ** 3 / 6 - C * w[1]

    def gradient(w):
        return np.array([(LAM + K * w[1]) * w[0] + kappa * w[0] ** 2 / 2, K * w[0] ** 2 / 2 - C])

    def hvp(w, v):
        return np.array([(LAM + K * w[1] + kappa * w[0]) * v[0] + K * w[0] * v[1], K * w[0] * v[0]])

    found = ds.reduce(ds.Objective(loss, gradient, hvp, start=[0.0, 0.0]), [0.02, 0.0])
    assert_allclose(numbers(found, "lam", "x", "a", "b", "kappa"), [LAM, 0.02, K * C, K**2 / 2, kappa], rtol=1e-9)


def test_the_gradient_of_lambda_is_that_of_the_largest_eigenvalue(net):
    f, w = net
    found = ds.reduce(f, w, floor=False)

    def top(at):
        hessian = np.stack([f.hvp(at, row) for row in np.eye(f.size)])
        return np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1]

    assert_allclose(float(found.lam), top(w), rtol=1e-12)
    rng, h = np.random.default_rng(0), 1e-4
    for direction in (*rng.normal(size=(4, f.size)), found.v.values):
        slope = (top(w + h * direction) - top(w - h * direction)) / (2 * h)
        assert_allclose(found.grad_lam.values @ direction, slope, rtol=1e-5, atol=1e-6)


def test_b_is_half_the_square_of_the_gradient_of_lambda():
    """One step from the floor ± xv moves the floor's λ by η(a − bx²): the even part in x is measured.

    What is left out is of the order of ‖∇f‖ over the gap to the next eigenvalue: late in training it is small.
    """
    f = ds.objectives.network(*ds.tasks.chebyshev(20), hidden=12)
    w = ds.descend(f, ds.tuners.constant, 1000, eta=0.2, keep=1000, progress=False).w[-1].values
    floor = ds.reduce(f, w)
    at, v = w - float(floor.x) * floor.v.values, floor.v.values
    x, eta = 0.01, 1e-4

    def change(x):
        start = at + x * v
        return float(ds.reduce(f, start - eta * f.gradient(start)).lam) - float(floor.lam)

    still = change(0.0)
    assert_allclose(still / eta, float(floor.a), rtol=1e-4)
    assert_allclose(-((change(x) + change(-x)) / 2 - still) / (eta * x**2), float(floor.b), rtol=1e-4)


def test_n_and_d_of_the_truncated_landscape_are_the_true_ones(net):
    f, w = net
    found = ds.reduce(f, w, floor=False)
    lam, x, nu, u = numbers(found, "lam", "x", "nu_whole", "u_whole")
    gradient, landscape = f.gradient(w), ds.landscapes.two_eigendirections
    assert_allclose(landscape.functions["n"](x=x, u=u, lam=lam, nu=nu), gradient @ gradient, rtol=1e-9)
    assert_allclose(landscape.functions["d"](x=x, u=u, lam=lam, nu=nu), f.second(w, gradient), rtol=1e-9)


@pytest.mark.parametrize("floor", [True, False])
@pytest.mark.parametrize("turned", [False, True])
def test_where_no_gradient_is_left_there_is_no_second_direction(turned, floor):
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0] if turned else np.eye(3)
    f = cubic(rotation)
    # All of ∇f⊥ is along ∇λ⊥, and flat on the valley floor.
    none = ds.reduce(f, rotation.T @ [0.1, 0.2, 0.0], floor=floor)
    assert numbers(none, "nu", "u") == [0, 0]
    assert_allclose(abs(float(none.x)), 0.1, rtol=0.01)
    if floor:
        assert_allclose(numbers(none, "a", "b", "nu_whole", "u_whole"), [K * C, K**2 / 2, 0, np.nan], rtol=1e-9)
    # A part that is small, and more than rounding, is still measured.
    little = ds.reduce(f, rotation.T @ [0.1, 0.2, 1e-9], floor=floor)
    assert_allclose(numbers(little, "nu", "u"), [NU, 1e-9], rtol=0.01)


def test_at_a_minimum_nothing_of_the_gradient_is_left():
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    matrix = rotation.T @ np.diag([2.0, 1.0, 0.5]) @ rotation
    least = rotation.T @ [1.0, -2.0, 0.3]
    f = ds.Objective(
        lambda w: (w - least) @ matrix @ (w - least) / 2, lambda w: matrix @ w - matrix @ least, start=least
    )
    for w in (least, least + 1e-16, least + rotation[0]):  # the last along the top eigenvector
        assert numbers(ds.reduce(f, w), "nu", "u", "nu_whole", "u_whole") == [0, 0, 0, 0]


def test_coordinates_do_not_matter():
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    names = ("lam", "a", "b", "nu", "u", "nu_whole", "u_whole", "lam2")
    plain = ds.reduce(cubic(), [0.1, 0.2, 0.3])
    turns = {"turned": cubic(rotation), "reflected": cubic(sign=-1.0), "both": cubic(rotation, sign=-1.0)}
    for name, other in turns.items():
        w = np.array([0.1, 0.2, 0.3]) * (1 if name == "turned" else -1)
        turned = ds.reduce(other, w if name == "reflected" else rotation.T @ w)
        assert_allclose(numbers(turned, *names), numbers(plain, *names), rtol=1e-9)
        assert_allclose(abs(float(turned.x)), 0.1, rtol=1e-9)
        v = turned.v.values
        assert v[np.abs(v).argmax()] > 0


@pytest.mark.parametrize(
    ("tuner", "values"), [("constant", {"eta": 1.0}), ("greedy", {}), ("cdat", {"sigma": 2.0}), ("linesearch", {})]
)
def test_on_the_cubic_loss_the_prediction_holds_for_ever(tuner, values):
    both = ds.compare(cubic(), getattr(ds.tuners, tuner), 200, progress=False, **values)
    assert both.horizon.sel(who="cubic_loss").values.tolist() == [200] * 4
    for name in ("lam", "eta", "y"):
        assert_allclose(both[name].sel(who="cubic_loss"), both[name].sel(who="training"), rtol=1e-6, atol=1e-6)
    assert int(both.horizon.sel(who="unchanged", criterion="lam_change")) < 20


def test_what_a_prediction_is_measured_by():
    true = 2.0 + 0.01 * np.arange(50)
    off = true + np.where(np.arange(50) >= 10, 0.3, 0)
    assert horizons(off, off - 2, true, true - 2, 0.1) == {"lam": 9, "eta_lam": 9, "lam_change": 8, "y": 9}
    assert horizons(true, true - 2, true, true - 2, 0.1) == dict.fromkeys(("lam", "eta_lam", "lam_change", "y"), 49)
    assert horizons(true + 1, true - 1, true, true - 2, 0.1) == {"lam": -1, "eta_lam": -1, "lam_change": 49, "y": -1}
    # What changes its sign from step to step is no change of λ.
    shaken = true + 0.05 * (-1.0) ** np.arange(50)
    assert horizons(shaken, true - 2, true, true - 2, 0.1)["lam_change"] == 49
    # After the run or the prediction has left the numbers, nothing holds.
    lost = np.where(np.arange(50) < 20, true, np.nan)
    assert max(horizons(lost, lost - 2, true, true - 2, 0.1).values()) <= 19


def test_compare_starts_where_it_is_told(net):
    f, w = net
    both = ds.compare(f, ds.tuners.greedy, 10, w=w, directions=[1, 3], progress=False)
    gradient = f.gradient(w)
    true = both.isel(step=0)
    assert_allclose(float(true.eta.sel(who="training")), gradient @ gradient / f.second(w, gradient), rtol=1e-9)
    # The local models have f's own n, d and λ at the start.
    for who in ("local_cubic_1", "local_cubic_3"):
        for name in ("eta", "lam", "p"):
            assert_allclose(true[name].sel(who=who), true[name].sel(who="training"), rtol=1e-4)
    assert both.who.values.tolist() == [
        "training", "two_eigendirections", "cubic_loss", "local_cubic_1", "local_cubic_3", "unchanged", "linear"
    ]  # fmt: skip


def test_compare_refuses_what_it_cannot_do():
    with pytest.raises(TypeError, match="objective"):
        ds.compare(lambda w: w, ds.tuners.greedy, 5)
    with pytest.raises(ValueError, match="top eigenvalue is -1"):
        ds.compare(ds.objectives.quadratic([-1.0, -2.0]), ds.tuners.constant, 5, eta=0.1)
    with pytest.raises(ValueError, match="shape"):
        ds.reduce(cubic(), [1.0, 2.0])
    with pytest.raises(ValueError, match="not finite"):
        ds.reduce(cubic(), [1e200, 0.0, 0.0])
    with pytest.raises(TypeError, match="reduce needs an objective"):
        ds.reduce(lambda w: w, [1.0])
    for bad in (0, -0.1, np.nan, np.inf, "a"):
        with pytest.raises(ValueError, match="within"):
            ds.compare(cubic(), ds.tuners.constant, 5, eta=0.1, within=bad)
    with pytest.raises(ValueError, match="directions must be a whole number >= 1"):
        ds.compare(cubic(), ds.tuners.constant, 5, eta=0.1, directions=[0])
    for option in ("optimizer", "batch", "delay", "over"):
        with pytest.raises(ValueError, match=f"unknown parameter '{option}' of 'constant'"):
            ds.compare(cubic(), ds.tuners.constant, 10**9, eta=0.1, **{option: 1})


def test_one_number_of_directions_is_a_row_of_one():
    both = ds.compare(cubic(), ds.tuners.constant, 2, eta=0.1, directions=1, progress=False)
    assert "local_cubic_1" in both.who


def test_local_cubic_is_the_taylor_polynomial_in_the_top_eigenvectors(net):
    f, w = net
    near = local_cubic(f, w, directions=3)
    assert_allclose(near.basis.T @ near.basis, np.eye(near.size), atol=1e-12)
    x = np.zeros(near.size)
    x[:3] = [0.3, -0.5, 0.4]
    errors = [abs(f.loss(w + near.basis @ (h * x)) - near.loss(h * x)) for h in (0.1, 0.05)]
    assert 14 < errors[0] / errors[1] < 18  # of fourth order
    # So is its gradient along the other directions to second order in x: what moves λ.
    miss = [
        np.linalg.norm(near.basis.T @ f.gradient(w + near.basis @ (h * x)) - near.gradient(h * x)) for h in (0.1, 0.05)
    ]
    assert 6.5 < miss[0] / miss[1] < 9.5


def test_local_cubic_of_the_cubic_loss_is_that_loss():
    f = cubic()
    near = local_cubic(f, f.start() * [0, 1, 1], directions=1)
    rng = np.random.default_rng(0)
    for q in rng.normal(size=(5, near.size)):
        w = f.start() * [0, 1, 1] + near.basis @ q
        assert_allclose(near.loss(q), f.loss(w), rtol=1e-9, atol=1e-12)


def test_the_study_at_a_small_size(monkeypatch, tmp_path):
    pytest.importorskip("sklearn")
    small = {"SAMPLES": 60, "WIDTH": 6, "STEPS": 6, "LONG": 8, "TUNING": 40, "AGAIN": (1, 4), "DIRECTIONS": (1, 10)}
    for name, value in small.items():
        monkeypatch.setattr(study, name, value)
    cases = study.compared("squared", "tanh", 0)
    stages = [case.attrs["stage"] for case in cases]
    assert len(stages) == len(set(stages)) and {s.split()[0] for s in stages} == {"constant,", "greedy,", "CDAT"}
    for case in cases:
        assert case.horizon.sel(who="training").min() == case.sizes["step"] - 1
        assert 0 <= study.unstable(case) <= study.RANK
    for target in (1.9, 2.1):
        (case,) = (c for c in cases if c.attrs["stage"] == f"constant, set at ηλ = {target:g}, step 800")
        assert_allclose(float(case.y.sel(who="training")[0]), target - 2, atol=1e-6)
    won = table.beats(cases, "cubic_loss", "y")
    assert sum(won) == len(cases)
    assert table._every(cases).count("\n") == len(cases) + 1
    assert len(pictures.tracks(cases, tmp_path).read_bytes()) > 10_000


@pytest.mark.parametrize("loss", ["squared", "cross_entropy"])
def test_between_its_kinks_a_relu_network_has_a_third_derivative_that_is_found(loss):
    """Its own forward pass in JAX, differentiated three times; not zero, as o is a polynomial in w between kinks."""
    jax = pytest.importorskip("jax")
    x, y = ds.tasks.teacher_student(30, inputs=4, outputs=3, seed=2)
    y = np.eye(3)[y.argmax(1)] if loss == "cross_entropy" else y
    net = ds.objectives.network(x, y, hidden=6, activation="relu", loss=loss)

    def value(w):
        o = jax.nn.relu(x @ w[:24].reshape(4, 6) + w[24:30]) @ w[30:48].reshape(6, 3) + w[48:]
        each = (o - y) ** 2 / 2 if loss == "squared" else -y * jax.nn.log_softmax(o)
        return each.sum(1).mean()

    w = net.start(0)
    here = ds.reduce(net, w, floor=False)
    with jax.enable_x64(True):
        v = jax.numpy.array(here.v.values)
        exact = jax.grad(lambda at: v @ jax.hessian(value)(at) @ v)(jax.numpy.array(w))
    assert np.linalg.norm(exact) > 0.1
    np.testing.assert_allclose(here.grad_lam, exact, atol=1e-5 * np.linalg.norm(exact))
