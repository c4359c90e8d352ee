"""Many steps in one compiled call: the same runs as step by step in Python, to the bit."""

import importlib.util
import threading

import numpy as np
import pytest
from conftest import interrupted

import dynsim as ds
from dynsim.training import caching, dense_kernels, dense_steps
from dynsim.training.descent import _stride
from dynsim.training.lanczos import Top
from dynsim.training.products import product
from dynsim.training.run import Plan
from dynsim.training.tuning import pointed
from dynsim.vocabulary import sqrt

T = ds.tuners
COMPILED = [name for name in T.__all__ if pointed(getattr(T, name))]


def descend(*arguments, **options):
    return ds.descend(*arguments, **{"progress": False} | options)


def digits_like(samples=150, activation="relu", loss="cross_entropy", **options):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(samples, 6))
    y = (x @ rng.normal(size=(6, 3))).argmax(1)
    y = y if loss == "cross_entropy" else np.eye(3)[y]
    return ds.objectives.network(x, y, hidden=7, activation=activation, loss=loss, **options)


@pytest.fixture
def in_python(monkeypatch):
    """The same call, its steps made in Python."""

    def call(*arguments, **options):
        with monkeypatch.context() as patch:
            patch.setattr("dynsim.training.run.pointed", lambda tuner: None)
            return descend(*arguments, **options)

    return call


def test_every_tuner_of_what_is_measured_at_a_step_is_compiled():
    assert {*T.__all__} - {*COMPILED} == {"hypergradient", "linesearch", "target_sharpness"}


@pytest.mark.parametrize("optimizer", ds.optimizers.__all__)
@pytest.mark.parametrize("tuner", COMPILED)
def test_compiled_steps_are_the_python_ones_to_the_bit(tuner, optimizer, in_python):
    net = digits_like(activation="tanh", weight_decay=1e-3)  # two blocks of samples
    small = {"adam": 0.01, "rmsprop": 0.01}.get(optimizer, 0.3)
    values = {"constant": {"eta": small}, "schedule": {"peak": small}, "cosine_schedule": {"peak": small, "total": 9}}
    call = (net, getattr(T, tuner), 18)
    base, over = getattr(ds.optimizers, optimizer), {"seed": [0, 1], "batch": [0, 16]}
    options = dict(optimizer=base, every=3, keep=6, sharpness=9, over=over)
    for delay in (0, 1):
        fast = descend(*call, delay=delay, **options, **values.get(tuner, {}))
        assert fast.identical(in_python(*call, delay=delay, **options, **values.get(tuner, {})))
        assert (fast.lifetime == 19).all() and len(np.unique(fast.f[..., -1])) == 4
        assert np.isfinite(fast.lam[..., ::3]).all()


@pytest.mark.parametrize("make", [
    lambda: digits_like(activation="gelu", loss="squared", biases=False),
    lambda: digits_like(activation="relu", loss="squared", scaling="ntk"),
    lambda: ds.objectives.linear_regression(np.linspace(-1, 1, 40)[:, None] ** [1, 2], np.linspace(0, 1, 40)),
])  # fmt: skip
def test_other_networks_too(make, in_python):
    call = (make(), T.cdat, 25)
    assert descend(*call, every=2).identical(in_python(*call, every=2))


@pytest.mark.parametrize("optimizer", ["gd", "momentum"])
@pytest.mark.parametrize("batch", [0, 16])
def test_a_run_ends_at_the_same_step(optimizer, batch, in_python):
    net = ds.objectives.linear_regression(np.random.default_rng(0).normal(size=(40, 3)), np.ones(40))
    options = {"optimizer": getattr(ds.optimizers, optimizer), "over": {"eta": [0.1, 30.0, 1e5]}, "batch": batch}
    fast = descend(net, T.constant, 700, **options, keep=1, sharpness=1)
    assert fast.identical(in_python(net, T.constant, 700, **options, keep=1, sharpness=1))
    life = fast.lifetime.values
    assert life[0] == 701 and 5 < life[2] < life[1] < 701
    np.testing.assert_array_equal(descend(net, T.constant, 700, **options, every=7).lifetime, life)
    assert np.isfinite(fast.f[1, : life[1]]).all() and np.isnan(fast.f[1, life[1] :]).all()


def test_a_rate_that_is_no_number_ends_a_run_where_it_was_measured(in_python):
    net = ds.objectives.linear_regression(np.ones((4, 2)), np.zeros(4))
    call = (net, T.greedy, 5)
    run = descend(*call, w=np.zeros(3), keep=1, sharpness=1)
    assert run.lifetime == 0 and run.f[0] == 0 and run.lam[0] == pytest.approx(3) and np.isnan(run.f[1:]).all()
    assert run.identical(in_python(*call, w=np.zeros(3), keep=1, sharpness=1))


@pytest.mark.parametrize("batch", [0, 16])
def test_what_is_recorded_changes_nothing(batch):
    full = descend(digits_like(), T.cdat, 30, keep=1, sharpness=1, batch=batch)
    bare = descend(digits_like(), T.cdat, 30, every=10, keep=30, batch=batch)
    for name in ("f", "eta", "n", "d", "grad_norm", "turn"):
        np.testing.assert_array_equal(bare[name], full[name][::10], err_msg=name)
    np.testing.assert_array_equal(bare.w[-1], full.w[-1])


# --- whose functions are compiled --------------------------------------------------------------------------------

GAIN = 0.1


def of_the_vocabulary(count=0, /, *, grad_sq, f, gain=0.5):
    return GAIN * gain * f / sqrt(grad_sq + abs(f)), count + 1


def by_numpy(n):
    return np.sqrt(n)


def squares(n):
    return n**2


def refuses(n):
    if n > 1e9:
        raise ValueError("too steep")
    return 0.1


def test_own_tuners_are_compiled_where_that_means_the_same(monkeypatch, in_python):
    seen = []

    def remembers(n):
        seen.append(n)
        return 0.1

    assert pointed(of_the_vocabulary)
    assert [pointed(tuner) for tuner in (by_numpy, squares, refuses, remembers, T.linesearch)] == [None] * 5
    net = digits_like()
    first = descend(net, of_the_vocabulary, 8)
    assert first.identical(in_python(net, of_the_vocabulary, 8))
    monkeypatch.setitem(globals(), "GAIN", 0.2)
    np.testing.assert_array_equal(descend(net, of_the_vocabulary, 8).eta[0], 2 * first.eta[0])
    descend(net, remembers, 8)
    assert len(seen) >= 9


def test_objectives_of_plain_functions_keep_to_python():
    bowl = ds.objectives.quadratic([1.0, 2.0])
    arguments = dict(steps=1, every=1, sharpness=0, top=1, w=None, keep=0)
    assert Plan(bowl, T.cdat, ds.optimizers.gd, **arguments).pointers is None
    assert Plan(digits_like(), T.cdat, ds.optimizers.gd, **arguments).pointers


# --- interruption and progress -----------------------------------------------------------------------------------


def test_interruption_is_heard_between_compiled_calls():
    before = threading.active_count()
    for over in ({}, {"seed": [0, 1, 2]}):
        # Compiled first: an interrupt that comes while numba compiles can be lost.
        descend(digits_like(), T.constant, 10, eta=0.01, over=over)
        with interrupted():
            descend(digits_like(), T.constant, 10**9, eta=0.01, every=10**6, over=over)
        assert threading.active_count() == before


def test_progress_counts_every_step(monkeypatch):
    counted = []

    class Bar:
        def __init__(self, total, **options):
            self.total = total

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def update(self, count):
            counted.append(count)

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    descend(digits_like(), T.constant, 5000, eta=0.01, every=1000, over={"seed": [0, 1]}, progress=True)
    assert sum(counted) == 10000 and len(counted) > 4 and min(counted) >= 0


def test_a_call_makes_as_many_steps_as_fit_into_a_look():
    assert _stride(100, 0.1) == 100 and _stride(100, 0.2) == 50 and _stride(1, 60.0) == 1
    assert _stride(100, 1e-9) == 800, "it grows with care"


# --- passes ------------------------------------------------------------------------------------------------------


def test_arrays_that_must_not_be_written_compile_nothing_again():
    net, seen = digits_like(), len(dense_kernels.serial.signatures)
    w = net.start(0)
    wanted = net.gradient(w)
    w.flags.writeable = False
    np.testing.assert_array_equal(net.gradient(w), wanted)
    np.testing.assert_array_equal(net.hvp(w, w), net.hvp(w.copy(), w.copy()))
    fixed = net.x.copy()
    fixed.flags.writeable = False
    y = net.y.copy()
    y.flags.writeable = False
    again = ds.objectives.network(fixed, y, hidden=7, activation="relu", loss="cross_entropy")
    np.testing.assert_array_equal(again.gradient(w), wanted)
    assert len(dense_kernels.serial.signatures) == max(seen, 1)


@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
def test_products_scale_and_add(turned):
    rng = np.random.default_rng(0)
    a, b, out = rng.normal(size=(5, 7)), rng.normal(size=(7, 3)), rng.normal(size=(5, 3))
    given = [np.ascontiguousarray(part.T) if turn else part for part, turn in zip((a, b), turned)]
    for kept in (0.0, 1.0):
        found = out.copy()
        product(0.3, given[0], turned[0], given[1], turned[1], found, kept)
        np.testing.assert_allclose(found, 0.3 * a @ b + kept * out, rtol=1e-13)


def test_blocks_in_groups_make_the_mean_over_all_samples():
    """19 blocks in 16 groups, the last block with a few samples; on several cores to the bit the same."""
    net = digits_like(samples=18 * 128 + 5, activation="gelu")
    parts = [
        ds.objectives.network(net.x[k::3], net.y[k::3], 7, activation="gelu", loss="cross_entropy") for k in range(3)
    ]
    share = np.array([part.samples for part in parts]) / net.samples
    w, v = net.start(0), net.start(1)
    np.testing.assert_allclose(net.gradient(w), sum(s * p.gradient(w) for s, p in zip(share, parts)), rtol=1e-10)
    np.testing.assert_allclose(net.hvp(w, v), sum(s * p.hvp(w, v) for s, p in zip(share, parts)), rtol=1e-9, atol=1e-14)
    workers, g = [net.worker(cores) for cores in (1, 2)], np.empty((2, net.size))
    assert workers[0].gradient(w, g[0]) == workers[1].gradient(w, g[1]) and np.array_equal(*g)
    np.testing.assert_array_equal(workers[0].hvp(v), workers[1].hvp(v))
    assert workers[0].second(v) == workers[1].second(v)


# --- the largest eigenvalues ----------------------------------------------------------------------------------------

SPECTRA = {
    "slowly falling": np.linspace(1, 0, 300) ** 0.5,
    "all the same": np.full(60, 2.0),
    "three at the top": np.r_[5.0, 5.0, 5.0, np.linspace(0, 1, 97)],
    "one and nothing": np.r_[3.0, np.zeros(59)],
    "below zero": -np.linspace(1, 4, 80),
    "close": np.r_[1.0, 0.999, 0.998, np.linspace(0, 0.9, 147)],
}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", SPECTRA)
def test_eigenvalues_of_known_spectra(name, count):
    values = SPECTRA[name]
    turned = np.linalg.qr(np.random.default_rng(5).normal(size=(len(values), len(values))))[0]
    matrix, top = (turned * values) @ turned.T, Top(len(values), count, seed=3)
    for _ in range(3):  # anew, then warm
        found, vector = top.find(lambda v: matrix @ v)
        np.testing.assert_allclose(found, np.sort(values)[::-1][:count], rtol=1e-3, atol=1e-9)
        assert np.linalg.norm(matrix @ vector - found[0] * vector) <= 1.1e-3 * abs(found[0])
        assert np.linalg.norm(vector) == pytest.approx(1)


def test_no_eigenvalues_of_what_is_not_finite_or_nothing():
    top = Top(50, 2)
    found, vector = top.find(lambda v: v * np.nan)
    assert np.isnan(found).all() and np.isnan(vector).all()
    np.testing.assert_array_equal(top.find(lambda v: 0 * v)[0], [0, 0])
    np.testing.assert_allclose(top.find(lambda v: np.arange(50.0) * v)[0], [49, 48], rtol=1e-3)


def test_machine_code_is_kept_until_any_source_beside_it_changes(tmp_path):
    kept = (dense_kernels.serial, dense_kernels.parallel, dense_steps.steps)
    stamps = {function._cache._cache_file._source_stamp for function in kept}
    assert stamps == {caching._stamp()}
    here = caching.Path(caching.__file__).parent
    (tmp_path / "caching.py").write_bytes(caching.Path(caching.__file__).read_bytes())
    (tmp_path / "dense_kernels.py").write_bytes((here / "dense_kernels.py").read_bytes() + b"# changed")
    spec = importlib.util.spec_from_file_location("other_caching", tmp_path / "caching.py")
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    assert other._stamp() != caching._stamp()
