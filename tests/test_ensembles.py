"""Seeds as a swept dim, means with standard errors, and noise in a landscape."""

import numpy as np
import pytest

import dynsim as ds

NOISY = ds.maps.stochastic
FINAL = [ds.measures.final("x")]


def test_a_swept_seed_gives_what_a_sweep_with_that_seed_does(monkeypatch):
    s = [0.01, 0.02, 0.03]
    whole = ds.sweep(NOISY, 40, {"s": s, "seed": [3, 5, 8], "eta": [0.9, 1.0]}, FINAL, threads=1)
    assert whole.x_final.dims == ("s", "seed", "eta")
    for seed in (3, 5, 8):
        alone = ds.sweep(NOISY, 40, {"s": s, "eta": [0.9, 1.0]}, FINAL, seed=seed)
        np.testing.assert_array_equal(whole.x_final.sel(seed=seed), alone.x_final)
    assert "seed" not in whole.attrs
    first = ds.sweep(NOISY, 40, {"seed": [8, 3], "s": s, "eta": [0.9, 1.0]}, FINAL)
    np.testing.assert_array_equal(first.x_final.sel(seed=8), whole.x_final.sel(seed=8))
    monkeypatch.setattr("dynsim.engines.threads.STEPS_A_CALL", 2**9)
    many = ds.sweep(NOISY, 40, {"x": np.linspace(0.1, 0.2, 50), "seed": range(9)}, FINAL, threads=2)
    monkeypatch.undo()
    again = ds.sweep(NOISY, 40, {"x": np.linspace(0.1, 0.2, 50), "seed": range(9)}, FINAL, threads=1)
    np.testing.assert_array_equal(many.x_final, again.x_final)
    assert np.unique(many.x_final).size == many.x_final.size


def test_seeds_alone_and_seeds_that_go_with_points():
    alone = ds.sweep(NOISY, 30, {"seed": range(4)}, FINAL)
    for seed in range(4):
        assert alone.x_final.values[seed] == ds.orbit(NOISY, 30, seed=seed).x.values[-1]
    together = ds.sweep(NOISY, 30, {"seed": ("point", [2, 2]), "x": ("point", [0.1, 0.1])}, FINAL)
    assert together.x_final.values[0] != together.x_final.values[1], "two points of one seed draw apart"
    assert together.x_final.values[1] == ds.orbit(NOISY, 30, seed=2, point=1, x=0.1).x.values[-1]
    point = ds.values_of(alone.isel(seed=3))
    assert ds.orbit(NOISY, 30, **point).x.values[-1] == alone.x_final.values[3]


def test_seeds_are_checked():
    with pytest.raises(ValueError, match="given twice"):
        ds.sweep(NOISY, 5, {"seed": [1, 2]}, FINAL, seed=3)
    with pytest.raises(ValueError, match="whole number"):
        ds.sweep(NOISY, 5, {"seed": [0.5]}, FINAL)
    with pytest.raises(ValueError, match="unknown state or parameter 'seed'"):
        ds.sweep(ds.maps.self_stabilization, 5, {"seed": [1, 2]}, FINAL)

    def own(x=1.0, /, *, xi, seed=1.0):
        return x + seed * xi

    with pytest.raises(TypeError, match="call yours something else"):
        ds.Map(own)


def test_means_and_standard_errors():
    result = ds.sweep(NOISY, 200, {"s": [0.01, 0.05], "seed": range(12)}, [ds.measures.mean("p"), ds.measures.regime()])
    found = ds.ensemble(result)
    values = result.p_mean.values
    np.testing.assert_allclose(found.p_mean, values.mean(axis=1))
    np.testing.assert_allclose(found.p_mean_error, values.std(axis=1, ddof=1) / np.sqrt(12))
    assert set(found.data_vars) == {"p_mean", "p_mean_error"} and found.p_mean_error.dims == ("s",)
    with pytest.raises(ValueError, match="Did you mean 'seed'"):
        ds.ensemble(result, over="seeds")
    with pytest.raises(ValueError, match="at least two"):
        ds.ensemble(result.isel(seed=[0]))


def test_the_standard_error_says_how_far_ensembles_scatter():
    """Over 60 ensembles the mean squared deviation from the truth is that which the errors announce."""
    result = ds.sweep(NOISY, 3000, {"seed": range(600)}, ds.measures.mean("x"), lam=1.9)
    values = result.x_mean.values.reshape(60, 10)
    errors = values.std(axis=1, ddof=1) / np.sqrt(10)
    score = (values.mean(axis=1) - values.mean()) / errors
    assert 0.7 < np.mean(np.abs(score) < 1.05) / 0.68 < 1.25


def test_a_landscape_takes_noise_with_any_tuner():
    loop = ds.closed_loop(ds.landscapes.damped_noisy, ds.tuners.cdat, delay=1)
    assert loop.noisy and loop.parameters["s"] == 0.01
    assert list(loop.state) == ["x", "lam", "eta"]
    quiet = ds.closed_loop(ds.landscapes.damped, ds.tuners.cdat, delay=1)
    one, two = (ds.orbit(m, 30, eta=0.9, **kw) for m, kw in ((loop, {"s": 0}), (quiet, {})))
    np.testing.assert_array_equal(one.x, two.x)

    def move(x=1.0, /, *, eta, zeta, lam=1.0):
        return x - eta * lam * x + zeta

    with pytest.raises(TypeError, match="at most the noise xi"):
        ds.Landscape(move, {}, "wrong")


def test_start_gives_parameters_defaults_too():
    loop = ds.closed_loop(ds.landscapes.uv, ds.tuners.constant, start={"eta": 0.4, "lam": 2.5})
    assert loop.parameters["eta"] == 0.4 and loop.state["lam"] == 2.5
    with pytest.raises(ValueError, match="Did you mean 'eta'"):
        ds.closed_loop(ds.landscapes.uv, ds.tuners.constant, start={"etta": 0.4})


def test_a_rate_may_be_fixed():
    """It once broke: the observable eta called itself."""
    loop = ds.closed_loop(ds.landscapes.top_eigendirection, ds.tuners.constant, eta=0.7)
    one = ds.orbit(loop, 5)
    assert "eta" not in loop.parameters and (one.eta == 0.7).all()
    np.testing.assert_array_equal(one.lam, ds.orbit(ds.maps.self_stabilization, 5, eta=0.7).lam)


def test_the_largest_rise():
    def step(x=0.0, /, r=0.5):
        return r * (1 - x)

    run = ds.orbit(ds.Map(step), 10).x.values
    found = ds.sweep(
        ds.Map(step), 10, {"r": [0.5]}, [ds.measures.rise("x"), ds.measures.rise("x", skip=3).named("late")]
    )
    assert found.x_rise.item() == np.diff(run).max() and found.late.item() == np.diff(run[3:]).max()
    falling = ds.sweep(ds.Map(lambda x=1.0, /, r=0.5: r * x, "falling"), 9, {"r": [0.5]}, ds.measures.rise("x"))
    assert falling.x_rise.item() < 0
