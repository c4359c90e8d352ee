"""Lyapunov exponents against the literature, exact laws, and a QR decomposition of the plain orbit."""

import numpy as np
import pytest
import xarray as xr
from conftest import MAPS, plain_orbit

import dynsim as ds
from dynsim.model import roles
from dynsim.symbolic import XI, NoClosedForm, equations, function

LARGEST, SPECTRUM = ds.measures.lyapunov, ds.measures.lyapunov_spectrum
EDGE = ds.maps.self_stabilization
CUBIC = ds.closed_loop(ds.landscapes.cubic_loss, ds.tuners.cdat_ema)


def logistic(x=0.3, /, r=4.0):
    return r * x * (1 - x)


def henon(x=0.1, y=0.1, /, a=1.4, b=0.3):
    return 1 - a * x * x + y, b * x


def test_the_logistic_map_at_4_has_ln_2():
    result = ds.sweep(
        ds.Map(logistic), 200_000, {"x": np.linspace(0.1, 0.4, 8)}, [LARGEST(), LARGEST(skip=100).named("late")]
    )
    assert float(result.lyapunov.mean()) == pytest.approx(np.log(2), abs=1e-5)
    assert float(result.late.mean()) == pytest.approx(np.log(2), abs=1e-5)


def test_henon_has_its_literature_value_and_its_sum():
    result = ds.sweep(ds.Map(henon), 200_000, {"x": np.linspace(0.1, 0.4, 16)}, [LARGEST(skip=100), SPECTRUM(skip=100)])
    assert float(result.lyapunov.mean()) == pytest.approx(0.4192, abs=5e-4)
    np.testing.assert_allclose(result.lyapunov_spectrum.sum("order"), np.log(0.3), rtol=1e-12)
    np.testing.assert_allclose(result.lyapunov_spectrum.sel(order=1), result.lyapunov, rtol=1e-9)
    assert result.lyapunov_spectrum.dims == ("x", "order") and result.order.values.tolist() == [1, 2]


def test_a_stable_fixed_point_has_the_logarithms_of_its_multipliers():
    """The delayed CDAT line: 1 along it, 1 − 2ν/Λ, and the roots of z² − z + 8a/Λ²."""
    lam, a, nu = 2.0, 0.3, 0.4
    start = {"x": np.sqrt(a), "u": 0, "lam": lam, "eta": 2 / lam}
    values = {"sigma": 2, "a": a, "b": 1, "nu": nu}
    result = ds.sweep(ds.maps.cdat, 4000, {"x": [start.pop("x")]}, SPECTRUM(skip=500), **start, **values)
    pair = np.abs(np.roots([1, -1, 8 * a / lam**2]))
    want = np.sort(np.log([1, 1 - 2 * nu / lam, *pair]))[::-1]
    np.testing.assert_allclose(result.lyapunov_spectrum[0], want, atol=2e-3)


def test_exponents_outlive_an_underflow():
    """η = σ/λ: x falls by |1 − σ| a step for ever, long below the smallest double; λ drifts, exponent 0."""
    result = ds.sweep(ds.maps.target_sharpness, 50_000, {"sigma": [1.5, 1.9]}, SPECTRUM(skip=5000))
    np.testing.assert_allclose(result.lyapunov_spectrum.sel(order=2), np.log(np.abs(1 - result.sigma)), rtol=1e-9)
    np.testing.assert_allclose(result.lyapunov_spectrum.sel(order=1), 0, atol=1e-4)


@pytest.mark.parametrize("map_", [ds.maps.cdat, ds.maps.cdat_undelayed])
def test_below_the_edge_the_ratio_relaxes_by_K(map_):
    """Theory 2.3 (new): ln(p/g) has the multiplier 1 − K without a delay, z² − z + K = 0 with it."""
    sigma, nu, lam = 1.8, 0.05, 20.0
    delayed = "eta" in map_.state
    q = (2 * lam - sigma * (lam + nu)) / (sigma * (lam + nu) - 2 * nu)
    gain = 2 * sigma * q * ((lam + nu) / (lam + nu * q)) ** 2
    # a is tiny, so that λ stays where it is.
    start = {"u": 1e-3, "lam": lam, **({"eta": 2 / (lam + nu)} if delayed else {})}
    result = ds.sweep(map_, 6000, {"x": [1e-5]}, SPECTRUM(skip=2000), sigma=sigma, nu=nu, a=1e-9, b=1e-9, **start)
    # x = u √(p/g), so a deviation of p/g shows in x times u, which shrinks by 1 − ην a step.
    shrinks = np.log(1 - 2 * nu / (lam + nu))
    want = np.log(gain) if delayed else np.log(abs(1 - gain))
    last = result.lyapunov_spectrum[0, 2:]
    assert float(last.sum()) == pytest.approx(want + shrinks, abs=1e-4)
    assert float(result.lyapunov_spectrum[0, 1]) == pytest.approx(shrinks, abs=1e-6)


@pytest.mark.parametrize("name", [n for n in MAPS if "linesearch" not in n])
def test_every_map_has_exponents_and_they_are_those_of_the_plain_orbit(name):
    """The largest against products of the Jacobian along the plain orbit; the sum against its determinants."""
    map_, steps = MAPS[name], 12
    if any(entry.has(XI) for entry in equations(map_, mean=False).jacobian):
        with pytest.raises(NoClosedForm, match="multiplies its states"):
            LARGEST().made_for(map_)
        return
    size = len(map_.state)
    entries = {f"j{i}": e for i, e in enumerate(equations(map_).jacobian)}
    call = function("jacobian", [*map_.state, *map_.parameters], entries)
    run, given = plain_orbit(map_, steps), map_.complete({})
    vector = np.array([1 / (1 + 0.618 * i) for i in range(size)])
    growth, volume, condition = -np.log(vector.max()), 0.0, 1.0
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            at = {n: np.float64(given[n]) for n in map_.parameters} | {n: run[n][t] for n in map_.state}
            matrix = np.array([float(v) for v in call(**at)]).reshape(size, size)
            vector = matrix @ vector
            growth += np.log(np.abs(vector).max())
            vector /= np.abs(vector).max()
            determinant = np.abs(np.linalg.det(matrix))
            volume += np.log(determinant)
            condition = min(condition, determinant / np.abs(matrix).max() ** size)
    found = (in_plain_python(kind().made_for(map_).kind.does, run, given) for kind in (LARGEST, SPECTRUM))
    largest, spectrum = next(found), np.atleast_1d(next(found))
    if np.isfinite(growth):
        assert largest == pytest.approx(growth / (steps + 1), rel=1e-6, abs=1e-9)
        assert spectrum[0] == pytest.approx(largest, rel=1e-12)
    else:
        assert not np.isfinite(largest)
    if condition > 1e-8:  # else the determinant is rounding
        assert sum(spectrum) == pytest.approx(volume / (steps + 1), rel=1e-6, abs=1e-9)


def in_plain_python(does, run, given):
    """What a measure's functions give along an orbit, called as they are: no engine, no numba."""
    accumulators = dict(roles(does.update).state)
    steps = run[next(iter(run))].size - 1
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            known = {n: np.float64(v) for n, v in given.items()} | {n: values[t] for n, values in run.items()}
            inputs = {n: known[n] for n in roles(does.update).inputs}
            accumulators = dict(zip(accumulators, does.update(*map(np.float64, accumulators.values()), **inputs)))
            accumulators = dict(zip(accumulators, does.tidy(*accumulators.values())))
        left = {n: 0.0 for n in roles(does.finish).inputs if n != "steps"}
        return does.finish(*accumulators.values(), steps=steps, **left)


@pytest.mark.parametrize("map_", [EDGE, ds.maps.cdat, CUBIC])
def test_compiled_exponents_are_those_of_plain_python(map_):
    steps = 60
    run = plain_orbit(map_, steps)
    result = ds.sweep(map_, steps, {"lam": [map_.state["lam"]]}, [LARGEST(), SPECTRUM()])
    largest, spectrum = (
        in_plain_python(kind().made_for(map_).kind.does, run, map_.complete({})) for kind in (LARGEST, SPECTRUM)
    )
    assert float(result.lyapunov[0]) == pytest.approx(largest, rel=1e-12)
    np.testing.assert_allclose(result.lyapunov_spectrum[0], spectrum, rtol=1e-9)


def test_exponents_do_not_depend_on_threads_or_chunks(monkeypatch):
    grid = {"sigma": np.linspace(1.6, 2.2, 300)}
    one = ds.sweep(ds.maps.cdat, 500, grid, SPECTRUM(skip=50), threads=1)
    monkeypatch.setattr("dynsim.engines.threads.STEPS_A_CALL", 2**12)
    two = ds.sweep(ds.maps.cdat, 500, grid, SPECTRUM(skip=50), threads=2)
    np.testing.assert_array_equal(one.lyapunov_spectrum, two.lyapunov_spectrum)


def test_a_superstable_orbit_has_minus_infinity():
    result = ds.sweep(ds.Map(logistic), 100, {"r": [2.0]}, [LARGEST(), SPECTRUM()], x=0.5)
    assert result.lyapunov.item() == -np.inf and float(result.lyapunov_spectrum.min()) == -np.inf


def test_what_cannot_be_derived_is_refused():
    def strange(x=0.3, /, r=4.0):
        return np.arctan(r * x)

    with pytest.raises(NoClosedForm, match="cannot be called with symbols"):
        ds.sweep(ds.Map(strange), 10, {"x": [0.1]}, LARGEST())


def test_the_command_line_has_them_too(tmp_path, capsys):
    from dynsim.cli import main

    out = str(tmp_path / "result.nc")
    asked = ["--over", "sigma=1.7:1.9:5", "--measure", "lyapunov:skip=10", "--measure", "lyapunov_spectrum"]
    assert main(["sweep", "target_sharpness", "--steps", "50", *asked, "--out", out]) == 0
    assert "5 points: sigma 5" in capsys.readouterr().out
    saved = xr.load_dataset(out)
    assert saved.lyapunov_spectrum.dims == ("sigma", "order") and saved.lyapunov.attrs["units"] == "1/step"
    searching = ["--landscape", "cubic_loss", "--tuner", "linesearch", "--steps", "5", "--measure", "lyapunov"]
    assert main(["sweep", *searching, "--out", out, "--force"]) == 2
    assert "has no closed form" in capsys.readouterr().err
