"""ds.descend: the rules, the records, many runs, and what is refused."""

import functools
import threading
import time

import numpy as np
import pytest
from conftest import interrupted

import dynsim as ds
from dynsim.training.run import RECORDED, _batches

T, BOWL = ds.tuners, ds.objectives.quadratic([1.0, 4.0, 10.0], [0.3, -1.0, 0.7])


def descend(*arguments, **options):
    return ds.descend(*arguments, **{"progress": False} | options)


def tanh_net(samples=48, inputs=6, width=7):
    return ds.objectives.network(*ds.tasks.teacher_student(samples, inputs, width=3, seed=1), hidden=width)


def relu_net(samples=48, width=7):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(samples, 6))
    y = (x @ rng.normal(size=(6, 3))).argmax(1)
    return ds.objectives.network(x, y, hidden=width, activation="relu", loss="cross_entropy")


def dense(objective, w):
    """The Hessian by its columns."""
    return np.array([objective.hvp(w, v) for v in np.eye(objective.size)])


# --- the rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("c", [0, 1e-4, 0.5])
@pytest.mark.parametrize("c_plus, c_minus, delta", [(4, 0.8, 0), (np.inf, 0.9, 0), (4, 0.8, 1e-3)])
def test_linesearch_is_a_plain_loop_of_its_rule(c, c_plus, c_minus, delta):
    net = tanh_net()
    run = descend(
        net, T.linesearch, 25, keep=1, c=c, c_plus=c_plus, c_minus=c_minus, delta=delta, eta_max=3.0, eta_prev=2.0
    )
    before = 2.0
    for w, eta in zip(run.w.values, run.eta.values):
        g, f = net.gradient(w), net.loss(w)
        tried = min(c_plus * before, 3.0)
        while net.loss(w - tried * g) > (1 + delta) * f - c * tried * (g @ g):
            tried *= c_minus
        assert eta == pytest.approx(tried, rel=1e-14)
        before = tried
    assert len(np.unique(run.eta)) > 3 or c == 0, "it never had to search"


def test_linesearch_accepts_by_scipys_condition():
    """SciPy's backtracking interpolates, so its rates differ; its test of a rate is Armijo's, as ours."""
    from scipy.optimize._linesearch import scalar_search_armijo

    net = tanh_net()
    run = descend(net, T.linesearch, 25, keep=1, c=0.3, eta_max=20.0, eta_prev=20.0)
    for w, eta in zip(run.w.values, run.eta.values):
        g = net.gradient(w)

        def along(t, w=w, g=g):
            return net.loss(w - t * g)

        taken, _ = scalar_search_armijo(along, along(0.0), -(g @ g), c1=0.3, alpha0=eta)
        assert taken == pytest.approx(eta, rel=1e-14), "accepted at once"
        refused = eta / 0.8
        taken, _ = scalar_search_armijo(along, along(0.0), -(g @ g), c1=0.3, alpha0=refused)
        assert taken < refused, "the candidate before was rightly refused"


def test_greedy_is_exact_linesearch_on_a_quadratic():
    from scipy.optimize import minimize_scalar

    run = descend(BOWL, T.greedy, 12, keep=1)
    for w, eta in zip(run.w.values, run.eta.values):
        g = BOWL.gradient(w)
        f = BOWL.loss(w)
        best = minimize_scalar(lambda t, w=w, g=g, f=f: BOWL.loss(w - t * g) / f, bracket=(0, 1), tol=1e-12)
        assert eta == pytest.approx(best.x, rel=1e-6)


def test_cdat_on_edge_keeps_the_loss_of_a_quadratic():
    """σ = 2 is where the quadratic model does not rise: on a quadratic the loss stays, to rounding."""
    run = descend(BOWL, T.cdat, 200, sigma=2)
    np.testing.assert_allclose(run.f, run.f[0], rtol=1e-11)
    assert descend(BOWL, T.cdat, 200, sigma=1.99).f[-1] < 0.9 * run.f[0]


def test_polyak_by_hand():
    run = descend(BOWL, T.polyak, 30, keep=1, eta_max=0.12, f_star=0.01)
    wanted = [min((BOWL.loss(w) - 0.01) / (BOWL.gradient(w) @ BOWL.gradient(w)), 0.12) for w in run.w.values]
    np.testing.assert_allclose(run.eta, wanted, rtol=1e-12)
    assert 0.12 in wanted and min(wanted) < 0.12


@pytest.mark.parametrize("optimizer", ["gd", "momentum"])
def test_hypergradient_by_hand(optimizer):
    """η' = η(1 − β ∇f(w')·u/(‖∇f(w')‖‖u‖)), with u the update and w' = w + ηu the next point."""
    net = tanh_net()
    base = getattr(ds.optimizers, optimizer)
    run = descend(net, T.hypergradient, 20, keep=1, rate=0.05, beta=0.3, optimizer=base)
    w, eta = run.w.values, run.eta.values
    assert eta[0] == 0.05
    for t in range(20):
        u, g = (w[t + 1] - w[t]) / eta[t], net.gradient(w[t + 1])
        wanted = eta[t] * (1 - 0.3 * (g @ u) / np.linalg.norm(g) / np.linalg.norm(u))
        assert eta[t + 1] == pytest.approx(wanted, rel=1e-9)


def test_cdat_averages_what_was_recorded():
    run = descend(relu_net(), T.cdat_ema, 40, sigma=1.7, beta=0.8, batch=8, eps=1e-3)
    n_avg = d_avg = 0.0
    for t in range(41):
        n_avg = 0.2 * run.n[t].item() + 0.8 * n_avg
        d_avg = 0.2 * run.d[t].item() + 0.8 * d_avg
        assert run.eta[t].item() == pytest.approx(1.7 * max(n_avg, 0) / (abs(d_avg) + 1e-3), rel=1e-12)


@pytest.mark.parametrize("tuner", ["greedy", "cdat_ema", "linesearch", "schedule"])
def test_delay_takes_the_rate_of_the_step_before(tuner):
    """w moves with η_t = tuner at t − 1, the first with its own."""
    net, tuner = tanh_net(), getattr(T, tuner)
    options = {"peak": 0.3, "warmup": 9} if tuner is T.schedule else {}
    late = descend(net, tuner, 15, keep=1, delay=1, **options)
    assert late.attrs["delay"] == 1
    w, eta = late.w.values, late.eta.values
    np.testing.assert_allclose(w[1:], w[:-1] - eta[:-1, None] * [net.gradient(at) for at in w[:-1]], rtol=1e-12)
    if tuner is T.greedy:
        found = late.n / late.d
        np.testing.assert_allclose(eta[1:], found[:-1], rtol=1e-12)
        assert eta[0] == found[0]
    if tuner is T.schedule:
        np.testing.assert_allclose(eta, 0.3 * np.minimum(np.maximum(np.arange(16), 1) / 10, 1), rtol=1e-14)


# --- the records -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ds.optimizers.__all__)
def test_records_by_hand_from_kept_parameters(optimizer):
    net, base = tanh_net(), getattr(ds.optimizers, optimizer)
    rate = 0.003 if optimizer in ("adam", "rmsprop") else 0.1
    run = descend(net, T.constant, 25, eta=rate, optimizer=base, keep=1, sharpness=1)
    w = run.w.values
    u = np.diff(w, axis=0) / rate
    g = np.array([net.gradient(at) for at in w])
    np.testing.assert_allclose(run.f, [net.loss(at) for at in w], rtol=1e-14)
    np.testing.assert_allclose(run.grad_norm, np.linalg.norm(g, axis=1), rtol=1e-13)
    np.testing.assert_allclose(run.n[:-1], -(g[:-1] * u).sum(1), rtol=1e-9)
    np.testing.assert_allclose(run.d[:-1], [net.second(at, v) for at, v in zip(w, u)], rtol=1e-8)
    size = np.linalg.norm(u, axis=1)
    np.testing.assert_allclose(run.turn[1:-1], (u[1:] * u[:-1]).sum(1) / size[1:] / size[:-1], rtol=1e-8)
    assert np.isnan(run.turn[0])
    np.testing.assert_array_equal(run.eta_lam, run.eta * run.lam)
    # P from the definition, iterated over the gradients.
    nu = np.zeros(net.size)
    for t in range(25):
        nu = 0.999 * nu + 0.001 * g[t] ** 2
        p = {"rmsprop": np.sqrt(nu + 1e-8), "adam": np.sqrt(nu / (1 - 0.999 ** (t + 1))) + 1e-8}
        root = np.sqrt(p.get(optimizer, np.ones(net.size)))
        values, vectors = np.linalg.eigh(dense(net, w[t]) / root[:, None] / root)
        assert run.lam[t] == pytest.approx(values[-1], rel=1e-3)
        along, gap = abs(vectors[:, -1] @ (u[t] * root)) / np.linalg.norm(u[t] * root), values[-1] - values[-2]
        assert run.alignment[t] == pytest.approx(along, abs=0.02 * values[-1] / gap)


RUNS = {
    "constant": (T.constant, {"eta": 0.6}),
    "edge": (T.constant, {"eta": 1.2}),
    "greedy": (T.greedy, {}),
    "cdat": (T.cdat, {"sigma": 2.0}),
}


@pytest.mark.parametrize("case", RUNS)
@pytest.mark.parametrize("make", [tanh_net, relu_net])
def test_sharpness_is_the_top_eigenvalue_at_every_record_of_a_run(make, case):
    net = make()
    tuner, values = RUNS[case]
    run = descend(net, tuner, 160, keep=4, every=4, sharpness=4, **values)
    assert net.size > 32, "small Hessians are made whole"
    for t in range(min(run.lifetime.item(), 160) // 4 + 1):
        values = np.linalg.eigvalsh(dense(net, run.w.values[t]))
        assert run.lam[t] == pytest.approx(values[-1], rel=1e-3), t


def test_sharpness_is_followed_through_a_crossing_of_eigenvalues():
    """Two directions whose curvatures change along z, so that the second overtakes the first in mid-run."""
    size = 40
    base = np.linspace(0.1, 0.5, size - 1)

    def curvatures(z):
        h = base.copy()
        h[0], h[1] = 3.0 - z, 1.0 + z
        return h

    rise = np.zeros(size - 1)
    rise[:2] = -1, 1

    def loss(w):
        return float((curvatures(w[-1]) * w[:-1] ** 2).sum() / 2 - w[-1])

    def gradient(w):
        return np.append(curvatures(w[-1]) * w[:-1], (rise * w[:-1] ** 2).sum() / 2 - 1)

    def hvp(w, v):
        x, along = w[:-1], v[:-1]
        return np.append(curvatures(w[-1]) * along + rise * x * v[-1], (rise * x * along).sum())

    f = ds.Objective(loss, gradient, hvp, start=np.append(np.full(size - 1, 1e-3), 0.0))
    run = descend(f, T.constant, 100, eta=0.02, keep=1, sharpness=1, top=2)
    exact = np.array([np.linalg.eigvalsh(dense(f, w))[::-1][:2] for w in run.w.values])
    assert run.w[0, -1] < 1 < run.w[-1, -1], "they crossed"
    np.testing.assert_allclose(run.lam, exact[:, 0], rtol=1e-3)
    np.testing.assert_allclose(run.eigenvalues, exact, rtol=1e-3)


@pytest.mark.parametrize("top", [2, 5, 80])
def test_more_eigenvalues(top):
    net = relu_net()
    assert net.size == 73
    if top > net.size:
        with pytest.raises(ValueError, match="top is 80, but 'network' has 73 parameters"):
            descend(net, T.constant, 1, top=top)
        top = net.size
    run = descend(net, T.constant, 24, eta=0.5, keep=6, every=6, sharpness=6, top=top)
    for w, found in zip(run.w.values, run.eigenvalues.values):
        exact = np.linalg.eigvalsh(dense(net, w))[::-1][:top]
        np.testing.assert_allclose(found, exact, rtol=1e-3, atol=1e-3 * exact[0])
    assert run.eigenvalues.dims == ("step", "rank") and run["rank"].values.tolist() == list(range(1, top + 1))
    np.testing.assert_array_equal(run.eigenvalues[:, 0], run.lam)


def test_eigenvalues_that_repeat_are_counted_as_often():
    """Least squares with ten outputs has each eigenvalue ten times; a Krylov space holds one copy of each."""
    x, y = ds.tasks.teacher_student(40, inputs=5, outputs=10)
    f = ds.objectives.linear_regression(x, y)
    exact = np.linalg.eigvalsh(dense(f, f.start()))[::-1]
    assert exact[9] == pytest.approx(exact[0]) and exact[10] < 0.9 * exact[0]
    run = descend(f, T.constant, 40, eta=1e-3, every=10, sharpness=10, top=15)
    np.testing.assert_allclose(run.eigenvalues, np.tile(exact[:15], (5, 1)), rtol=1e-3)


@pytest.mark.parametrize("size", [8, 60])
def test_the_sharpness_of_a_loss_without_curvature_is_zero(size):
    flat = ds.Objective(lambda w: float(w.sum()), lambda w: np.ones(size), lambda w, v: 0 * v, start=np.ones(size))
    assert (descend(flat, T.constant, 3, eta=0.1, sharpness=1, top=2).eigenvalues == 0).all()
    assert ds.reduce(flat, flat.start()).lam == 0


def test_records_lie_where_they_belong():
    run = descend(tanh_net(), T.constant, 20, eta=0.1, every=4, sharpness=8, keep=12)
    assert run.step.values.tolist() == [0, 4, 8, 12, 16, 20]
    assert run.kept_step.values.tolist() == [0, 12]
    assert np.isfinite(run.lam).values.tolist() == [True, False] * 3
    full = descend(tanh_net(), T.constant, 20, eta=0.1, keep=1, sharpness=8)
    np.testing.assert_array_equal(run.f, full.f[::4])
    np.testing.assert_array_equal(run.w, full.w[::12])
    assert set(RECORDED) <= set(run.data_vars)
    assert all(run[name].attrs["long_name"] and run[name].attrs["symbol"] for name in RECORDED)
    assert np.isnan(descend(tanh_net(), T.constant, 3, eta=0.1).lam).all()


def test_the_last_record_is_one_more_step_from_the_one_before():
    net = tanh_net()
    run = descend(net, T.cdat, 30, keep=1, sharpness=30)
    last = descend(net, T.cdat, 1, w=run.w.values[29], keep=1, sharpness=1)
    for name in ("f", "eta", "n", "d", "grad_norm", "turn"):
        assert run[name][30] == last[name][1], name
    assert run.lam[30] == pytest.approx(last.lam[1].item(), rel=1e-3)
    longer = descend(net, T.cdat, 31, keep=1)
    np.testing.assert_array_equal(run.f, longer.f[:31])


def test_no_steps_is_one_look():
    run = descend(BOWL, T.greedy, 0, sharpness=1)
    assert run.sizes["step"] == 1 and run.lifetime == 1
    assert run.lam.item() == pytest.approx(10) and run.eta.item() > 0


# --- many runs, batches, cores ---------------------------------------------------------------------------------


def test_many_runs_are_their_single_runs_to_the_bit():
    net = relu_net(samples=150)  # two blocks of samples
    over = {"sigma": [1.0, 2.0], "seed": [0, 1, 5], "batch": [0, 16]}
    options = dict(sharpness=10, keep=20, optimizer=ds.optimizers.momentum, momentum=0.5)
    two, one = (descend(net, T.cdat, 20, over=over, cores=cores, **options) for cores in (2, 1))
    assert two.identical(one)
    assert dict(two.sizes) | {"parameter": 0} == {
        "sigma": 2, "seed": 3, "batch": 2, "step": 21, "kept_step": 2, "parameter": 0
    }  # fmt: skip
    for sigma in (1.0, 2.0):
        for seed in (0, 1, 5):
            for batch in (0, 16):
                for cores in (1, 2):
                    single = descend(net, T.cdat, 20, sigma=sigma, seed=seed, batch=batch, cores=cores, **options)
                    these = two.sel(sigma=sigma, seed=seed, batch=batch)
                    for name in single.data_vars:
                        np.testing.assert_array_equal(these[name], single[name], err_msg=name)
    assert len(np.unique(two.f.values[..., -1])) == 12, "no two runs are alike"


def test_swept_parameters_of_tuner_state_and_optimizer():
    runs = descend(BOWL, T.hypergradient, 3, over={"rate": [0.01, 0.02], "momentum": [0.0, 0.9]},
                   optimizer=ds.optimizers.momentum)  # fmt: skip
    np.testing.assert_array_equal(runs.eta[..., 0], [[0.01, 0.01], [0.02, 0.02]])
    rates = descend(BOWL, T.constant, 3, over={"eta": [0.01, 0.02]})
    assert "eta" in rates.coords and rates.eta.dims == ("eta",)


def test_mini_batches_draw_every_sample_once_an_epoch():
    drawn = _batches(23, 5, np.random.default_rng(0))
    epochs = [np.concatenate([next(drawn) for _ in range(4)]) for _ in range(50)]
    for epoch in epochs:
        assert len(np.unique(epoch)) == 20 and epoch.min() >= 0 and epoch.max() < 23
    assert len(np.unique(np.concatenate(epochs))) == 23, "what is left over changes"
    assert not np.array_equal(epochs[0], epochs[1])


def test_each_step_of_a_mini_batch_run_uses_its_own_samples():
    """On f = mean ½(w − x_i)² the batch's mean can be read off each step: an epoch's means are the data's."""
    x = np.arange(24.0) ** 1.5
    f = ds.Objective(
        lambda w, x: float(((w[0] - x) ** 2).mean() / 2),
        lambda w, x: np.array([(w[0] - x).mean()]),
        lambda w, v, x: v,
        start=[0.0], data=(x,), samples=24,
    )  # fmt: skip
    run = descend(f, T.constant, 24, eta=0.5, batch=4, keep=1, seed=3)
    w = run.w.values[:, 0]
    means = w[:-1] - np.diff(w) / -0.5
    np.testing.assert_allclose(means.reshape(4, 6).mean(1), x.mean(), rtol=1e-12)
    assert len(np.unique(means.round(9))) == 24
    np.testing.assert_allclose(run.f, [f.loss(at) for at in run.w.values], rtol=1e-13, err_msg="f is of all the data")
    np.testing.assert_allclose(run.n[:-1], (w[:-1] - means) ** 2, rtol=1e-9, err_msg="n is the batch's")


def test_sharpness_of_a_mini_batch_run_is_of_the_whole_loss():
    net = relu_net()
    run = descend(net, T.target_sharpness, 12, batch=8, keep=1, sharpness=1)
    exact = [np.linalg.eigvalsh(dense(net, w))[-1] for w in run.w.values]
    np.testing.assert_allclose(run.lam, exact, rtol=1e-3)
    np.testing.assert_array_equal(run.eta, 1.9 / run.lam)


# --- divergence, interruption --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [tanh_net, relu_net, lambda: BOWL])
@pytest.mark.parametrize("optimizer", ["gd", "momentum"])
def test_divergence_is_data(make, optimizer):
    run = descend(
        make(), T.constant, 3000, eta=1e3, every=2, sharpness=2, keep=2, optimizer=getattr(ds.optimizers, optimizer)
    )
    life = run.lifetime.item()
    if make is tanh_net and life > 3000:
        pytest.fail("meant to diverge")
    if life <= 3000:
        seen = -(-life // 2)
        assert np.isfinite(run.f[:seen]).all() and np.isnan(run.f[seen:]).all()
        assert np.isnan(run.w[seen + 1 :]).all()
    else:
        assert np.isfinite(run.f).all()


def test_a_run_that_diverges_leaves_the_others_alone():
    runs = descend(BOWL, T.constant, 2000, over={"eta": [0.05, 0.3, 0.1]}, sharpness=1)
    assert runs.lifetime.values.tolist()[::2] == [2001, 2001] and runs.lifetime[1] < 2000
    single = descend(BOWL, T.constant, 2000, eta=0.1, sharpness=1)
    np.testing.assert_array_equal(runs.f[2], single.f)


@pytest.mark.parametrize("tuner", ["greedy", "polyak", "target_sharpness", "cdat"])
def test_a_rate_of_zero_by_zero_is_data(tuner):
    """At a minimum reached exactly there is no direction: what is measured is recorded, and the run ends."""
    flat = ds.objectives.quadratic([0.0, 0.0])
    run = descend(flat, getattr(T, tuner), 5)
    assert run.lifetime == 0 and run.f[0] == 0 and np.isnan(run.f[1:]).all()


def test_differences_of_a_diverging_run_are_data_too():
    def slope(w):
        return np.array([v**9 if abs(v) < 1e30 else np.inf for v in w.tolist()])

    f = ds.Objective(lambda w: float((w[0] / 1e9) ** 10 * 1e89), slope, start=[1.0])
    run = descend(f, T.constant, 50, eta=5.0, sharpness=1)
    assert run.lifetime < 50


def test_interruption_stops_and_leaves_all_usable():
    before = threading.active_count()
    for over in ({}, {"seed": [0, 1, 2]}):
        started = time.monotonic()
        with interrupted():
            descend(BOWL, T.constant, 10**8, eta=0.01, every=10**5, over=over)
        assert time.monotonic() - started < 60, "it did not run on"
        assert threading.active_count() == before
    assert descend(BOWL, T.constant, 10, eta=0.01).lifetime == 11


def test_an_error_in_one_run_stops_the_others():
    def fragile(k=0, /, *, f, after=5):
        if k >= after:
            raise RuntimeError("enough")
        return 0.01, k + 1

    with pytest.raises(RuntimeError, match="enough"):
        descend(BOWL, fragile, 10**8, every=10**6, over={"after": [np.inf, 5, np.inf]}, cores=2)


# --- what is refused ---------------------------------------------------------------------------------------------


def needs_hessian(hessian):
    return 1.0


def called_beta(n, beta1=0.5):
    return beta1


def too_few(k=0, /, *, n):
    return 0.1


def no_start(k, /, *, n):
    return 0.1, k


def called_seed(n, seed=1.0):
    return 0.1


def called_lam(n, lam=1.0):
    return 0.1


def fails(n):
    raise KeyError("no")


def bounded(n, d, eta=1.0):
    return np.minimum(eta, n / d)


def two_rates(n):
    return np.array([0.1, 0.2])


NET = tanh_net()
REFUSED = {
    "no rate": (lambda: descend(BOWL, lambda n: "fast", 1), TypeError, "returns 'fast', which is not a number"),
    "two rates": (lambda: descend(BOWL, two_rates, 1), TypeError, "which is not a number"),
    "a partial": (lambda: descend(BOWL, functools.partial(T.cdat, sigma=1), 1), TypeError, "made with def or lambda"),
    "a bound called eta": (
        lambda: descend(BOWL, bounded, 1, over={"eta": [1.0, 2.0]}),
        ValueError,
        "the parameter 'eta' of 'bounded' is not the rate itself",
    ),
    "large seeds": (lambda: descend(NET, T.cdat, 1, over={"seed": [0, 2**60 + 1]}), ValueError, r"below 2\*\*53"),
    "many delays": (lambda: descend(BOWL, T.cdat, 1, delay=np.array([0, 1])), ValueError, "delay must be 0 or 1"),
    "records without end": (lambda: descend(BOWL, T.cdat, 10**12), ValueError, r"take 7.45e\+04 GiB.* with every=\."),
    "all parameters kept": (lambda: descend(NET, T.cdat, 10**9, keep=1), ValueError, "every= or keep="),
    "no objective": (lambda: descend(NET.loss, T.cdat, 1), TypeError, "needs an objective such as"),
    "a maker": (lambda: descend(ds.objectives.network, T.cdat, 1), TypeError, "needs an objective such as"),
    "no tuner": (lambda: descend(BOWL, "cdat", 1), TypeError, "needs a tuner function such as ds.tuners.cdat"),
    "tuner input": (lambda: descend(BOWL, needs_hessian, 1), ValueError, "needs hessian, which training does not"),
    "tuner output": (lambda: descend(BOWL, too_few, 1), TypeError, "it must return eta, next k"),
    "tuner fails": (lambda: descend(BOWL, fails, 1), TypeError, "the tuner 'fails' fails on numbers"),
    "no start of a state": (lambda: descend(BOWL, no_start, 1), ValueError, "needs a value for k: write k="),
    "parameter": (lambda: descend(BOWL, T.cdat, 1, sigm=2), ValueError, "'sigm'. Did you mean 'sigma'"),
    "swept parameter": (lambda: descend(BOWL, T.cdat, 1, over={"sgma": [2]}), ValueError, "Did you mean 'sigma'"),
    "optimizer's of another": (lambda: descend(BOWL, T.cdat, 1, momentum=0.9), ValueError, "unknown parameter"),
    "several values": (lambda: descend(BOWL, T.cdat, 1, sigma=[1, 2]), ValueError, "ds.descend as over="),
    "not a number": (lambda: descend(BOWL, T.cdat, 1, sigma="2x"), ValueError, "sigma must be a number"),
    "nan": (lambda: descend(BOWL, T.cdat, 1, sigma=np.nan), ValueError, "sigma is NaN"),
    "twice": (lambda: descend(BOWL, T.cdat, 1, sigma=1, over={"sigma": [1]}), ValueError, "'sigma' is given twice"),
    "clash": (
        lambda: descend(BOWL, called_beta, 1, optimizer=ds.optimizers.adam),
        ValueError,
        "both use the name 'beta1'; rename one",
    ),
    "clash with descend": (lambda: descend(BOWL, called_seed, 1), ValueError, "'seed' is an argument of descend"),
    "clash with results": (
        lambda: descend(BOWL, called_lam, 1, over={"lam": [1, 2]}),
        ValueError,
        "results have a 'lam' of their own",
    ),
    "batch": (lambda: descend(NET, T.cdat, 1, batch=49), ValueError, "a batch of 49 cannot be drawn from the 48"),
    "swept batch": (lambda: descend(NET, T.cdat, 1, over={"batch": [8, 99]}), ValueError, "a batch of 99 cannot be"),
    "batch of no data": (lambda: descend(BOWL, T.cdat, 1, batch=1), ValueError, "0 samples of 'quadratic'"),
    "half a seed": (lambda: descend(NET, T.cdat, 1, over={"seed": [0.5]}), ValueError, "seed must be a whole number"),
    "sharpness": (lambda: descend(BOWL, T.cdat, 9, every=2, sharpness=3), ValueError, r"multiples of every \(2\)"),
    "keep": (lambda: descend(BOWL, T.cdat, 9, every=2, keep=1), ValueError, r"multiples of every \(2\)"),
    "steps": (lambda: descend(BOWL, T.cdat, -1), ValueError, "steps must be a whole number >= 0"),
    "every": (lambda: descend(BOWL, T.cdat, 1, every=0), ValueError, "every must be a whole number >= 1"),
    "top": (lambda: descend(BOWL, T.cdat, 1, top=4), ValueError, "top is 4, but 'quadratic' has 3 parameters"),
    "cores": (lambda: descend(BOWL, T.cdat, 1, cores=0), ValueError, "cores must be a whole number >= 1"),
    "delay": (lambda: descend(BOWL, T.cdat, 1, delay=2), ValueError, "delay must be 0 or 1"),
    "shape of w": (lambda: descend(BOWL, T.cdat, 1, w=[1.0]), ValueError, r"w must have shape \(3,\) for 'quadratic'"),
    "w of nan": (lambda: descend(BOWL, T.cdat, 1, w=[1.0, np.nan, 1.0]), ValueError, "w holds NaN or infinite"),
}  # fmt: skip


@pytest.mark.parametrize("dim", ["f", "eta", "lam", "lifetime", "parameter", "kept_step", "rank"])
def test_a_dim_does_not_hide_what_is_recorded(dim):
    with pytest.raises(ValueError, match=f"results have a '{dim}' of their own"):
        descend(BOWL, T.cdat, 2, over={"sigma": (dim, [1.0, 2.0])}, keep=1, top=2)


def test_results_can_be_written(tmp_path):
    run = descend(BOWL, T.cdat, 2, delay=True)
    assert run.attrs["delay"] == 1 and type(run.attrs["delay"]) is int
    run.to_netcdf(tmp_path / "run.nc")


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused_at_once(what):
    call, error, message = REFUSED[what]
    with pytest.raises(error, match=message):
        call()
