"""Noise by counting: the same draws whatever the chunks and threads, and the mean map for the analysis."""

import numpy as np
import pytest
from conftest import plain_orbit
from scipy import stats

import dynsim as ds
from dynsim.noise import normal
from dynsim.symbolic import NoClosedForm

NOISY = ds.maps.stochastic


def test_draws_are_standard_normal_and_independent():
    draws = np.array([[normal(7, point, step) for step in range(200)] for point in range(200)])
    assert stats.kstest(draws.ravel(), "norm").pvalue > 1e-3
    for shifted in (draws[1:] * draws[:-1], draws[:, 1:] * draws[:, :-1]):
        assert abs(shifted.mean()) < 4 / np.sqrt(shifted.size)
    other = np.array([normal(8, 0, step) for step in range(2000)])
    same = np.array([normal(7, 0, step) for step in range(2000)])
    assert abs(np.corrcoef(other, same)[0, 1]) < 4 / np.sqrt(2000)


def test_a_noisy_orbit_is_that_of_plain_python_bit_for_bit():
    run, plain = ds.orbit(NOISY, 200), plain_orbit(NOISY, 200)
    for name in ("x", "lam", "y", "p"):
        np.testing.assert_array_equal(run[name], plain[name])


def test_each_point_of_a_sweep_has_draws_of_its_own(monkeypatch):
    final = [ds.measures.final("x")]
    grid = {"x": ("point", np.full(300, 0.1))}
    one = ds.sweep(NOISY, 50, grid, final, threads=1, seed=3)
    monkeypatch.setattr("dynsim.engines.threads.STEPS_A_CALL", 2**10)
    two = ds.sweep(NOISY, 50, grid, final, threads=2, seed=3)
    np.testing.assert_array_equal(one.x_final, two.x_final)
    assert np.unique(one.x_final).size == 300 and one.attrs["seed"] == 3
    assert not np.array_equal(one.x_final, ds.sweep(NOISY, 50, grid, final, seed=4).x_final)
    assert ds.orbit(NOISY, 50, seed=3, point=17).x.values[-1] == one.x_final.values[17]


def test_the_noise_keeps_the_second_moment_where_theory_puts_it():
    """E x² = a/b when stationary, and the gap below the edge is at least ηbs²/(2a)."""
    values = {"eta": 1.0, "a": 1e-3, "b": 0.3, "s": 0.02}
    late = [ds.measures.mean(name, skip=20_000) for name in ("p", "lam")]
    result = ds.sweep(NOISY, 200_000, {"x": ("point", np.full(32, 0.05))}, late, lam=1.9, **values)
    assert float(result.p_mean.mean()) == pytest.approx(values["a"] / values["b"], rel=1e-3)
    least = values["b"] * values["s"] ** 2 / (2 * values["a"])
    assert least < 2 - float(result.lam_mean.mean()) < 2 * least


def test_the_analysis_is_of_the_mean_map_and_says_so():
    found = ds.fixed_points(NOISY, period=2)
    assert "takes noise, over which its step is averaged" in repr(found)
    assert found[0].state["lam"] == 2 / found[0].equations.parameters["eta"]
    assert "mean map" in repr(found[0].multipliers())
    boxed = ds.fixed_points(NOISY, box={"x": (0.01, 1), "lam": (-1, 1)})
    assert "mean map" in repr(boxed) and len(boxed) == 1

    def squared(x=1.0, /, *, xi, c=0.5):
        return c * x + xi * xi * x * x

    mean = ds.fixed_points(ds.Map(squared))
    assert sorted(str(p.state["x"]) for p in mean) == ["0", "1 - c"]
    with pytest.raises(NoClosedForm, match="multiplies its states"):
        ds.sweep(ds.Map(squared), 5, {"x": [0.1]}, ds.measures.lyapunov())

    def wild(x=1.0, /, *, xi, c=0.5):
        return c * x + ds.vocabulary.exp(xi)

    with pytest.raises(NoClosedForm, match="no polynomial in its noise"):
        ds.fixed_points(ds.Map(wild))


def test_additive_noise_leaves_the_tangent_dynamics():
    steps = 300
    run = ds.orbit(NOISY, steps)
    vector, growth = np.array([1, 1 / 1.618]), 0.0
    for x, lam in zip(run.x.values, run.lam.values):
        vector = np.array([[1 - lam, -x], [-2 * 0.3 * x, 1]]) @ vector
        growth += np.log(np.abs(vector).max())
        vector /= np.abs(vector).max()
    result = ds.sweep(NOISY, steps, {"x": [0.1]}, ds.measures.lyapunov())
    assert float(result.lyapunov[0]) == pytest.approx(growth / (steps + 1), rel=1e-9)


def test_an_orbit_diagram_has_the_noise_too():
    found = ds.stability.orbit_diagram(NOISY, over={"eta": [0.8, 1.0]}, keep=5, skip=20)
    one = ds.orbit(NOISY, 24, point=1, eta=1.0)
    np.testing.assert_array_equal(found.x[1], one.x[20:])


def test_noise_and_a_carried_scale_exclude_each_other():
    with pytest.raises(TypeError, match="takes noise"):
        ds.Map(NOISY.step, scale={"x": 1})
    with pytest.raises(ValueError, match="seed must be a whole number"):
        ds.orbit(NOISY, 3, seed=0.5)
