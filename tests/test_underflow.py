"""Underflow is physics: what must survive when x falls far below the smallest double (theory 2.3, 2.4)."""

import math
from fractions import Fraction

import numpy as np
import pytest

import dynsim as ds

M = ds.measures


def exact_scaled(steps, **v):
    """eq. 4 with x as a fraction times an exponent, rounded to 60 bits: no underflow, no engine."""
    x, shift = Fraction(v["x"]), 0
    lam = v["lam"]
    logs = []
    for _ in range(steps):
        size = float(x) * 2.0**shift if shift > -1000 else 0.0
        logs.append(2 * (math.log(abs(x)) + shift * math.log(2)))
        factor = 1 - v["eta"] * lam
        lam = lam + v["eta"] * (v["a"] - v["b"] * size * size)
        x = x * Fraction(factor)
        bits = x.numerator.bit_length() - x.denominator.bit_length()
        x = Fraction(round(x * Fraction(2) ** (60 - bits)), 2**60)
        shift += bits
    return np.array(logs), lam


def test_slow_sharpening_against_exact_arithmetic():
    values = dict(x=0.01, lam=0.0005, eta=1.0, a=2e-3, b=0.3)
    logs, lam = exact_scaled(2200, **values)
    assert logs.min() < -1500, "far below the smallest double, whose square has −1490"
    run = ds.orbit(ds.maps.self_stabilization, 2200, **values)
    np.testing.assert_allclose(run.log_p.values[:-1], logs, rtol=1e-9, atol=1e-6)
    assert run.lam.values[-1] == pytest.approx(lam, rel=1e-9)


@pytest.mark.parametrize("a, within", [(1e-3, 1e-3), (1e-4, 1e-4), (1e-5, 1e-5)])
def test_slow_sharpening_overshoots_to_the_exit_and_is_no_runaway(a, within):
    from dynsim.reproduce.claims_sharpening import exit_sharpness

    x0, lam0 = math.sqrt(a / 0.3) / 10, 0.0005
    predicted = exit_sharpness(1.0, a, 0.3, x0, lam0)
    steps = int(1.02 * (predicted - lam0) / a)
    measures = [M.maximum("lam"), M.regime(), M.minimum("log_p")]
    result = ds.sweep(ds.maps.self_stabilization, steps, {"lam": [lam0]}, measures, x=x0, a=a, b=0.3)
    assert result.lam_maximum.item() == pytest.approx(predicted, rel=within)
    assert M.regime.flags[result.regime.item()] != "runaway"
    assert result.log_p_minimum.item() == pytest.approx(-4 / a, rel=0.01)


@pytest.mark.parametrize("name", ["cdat", "cdat_undelayed"])
def test_cdat_below_two_follows_its_slow_law_for_ten_million_steps(name):
    map_, steps, a, nu = getattr(ds.maps, name), 10**7, 0.05, 0.1
    measures = [M.final(n) for n in ("lam", "y", "eta", "ratio", "p", "log_p")] + [M.regime()]
    result = ds.sweep(map_, steps, {"sigma": [1.9]}, measures, a=a, b=0.1, nu=nu, lam=18, x=2, u=2)
    lam, eta = result.lam_final.item(), result.eta_final.item()
    assert result.p_final.item() == 0 and result.log_p_final.item() < -5000
    assert (lam + nu) ** 2 == pytest.approx((18 + nu) ** 2 + 4 * a * steps, rel=1e-4)
    assert eta == pytest.approx(2 / (lam + nu), rel=1e-6)
    assert result.y_final.item() == pytest.approx(-eta * nu, rel=1e-3)
    want = nu**2 * (1.9 * (lam + nu) - 2 * nu) / (lam**2 * (2 * lam - 1.9 * (lam + nu)))
    assert result.ratio_final.item() == pytest.approx(want, rel=1e-4)
    assert M.regime.flags[result.regime.item()] == "runaway"


@pytest.mark.parametrize("landscape", ["two_eigendirections", "cubic_loss"])
def test_x_returns_from_far_below_a_u_that_stays(landscape):
    """x falls to e^-2000 and returns while u keeps its size: each has a power of two of its own."""
    start = dict(x=1e-3, lam=0.0005, eta=1.0, a=1e-3, b=0.3)
    one = ds.orbit(ds.maps.self_stabilization, 4700, **start)
    loop = ds.closed_loop(getattr(ds.landscapes, landscape), ds.tuners.constant)
    two = ds.orbit(loop, 4700, u=1.0, nu=1e-4, **start)
    assert one.log_p.values.min() < -4000 and np.abs(two.u.values).min() > 0.6
    np.testing.assert_array_equal(two.lam.values, one.lam.values)
    np.testing.assert_allclose(two.log_p.values, one.log_p.values, rtol=1e-12)


def test_p_over_g_goes_on_while_one_falls_below_the_other():
    """Under a constant rate p/g is known; it passes below and above every double."""
    loop = ds.closed_loop(ds.landscapes.two_eigendirections, ds.tuners.constant)
    run = ds.orbit(loop, 3000, x=1e-3, u=1e-3, lam=0.5, a=1e-12, b=1e-12, eta=1.0, nu=0.9)
    t = run.step.values
    np.testing.assert_allclose(run.log_p.values, 2 * (np.log(1e-3) + t * np.log(0.5)), rtol=1e-6)
    want = 2 * t * (np.log(0.5) - np.log(0.1))
    finite = want < 700
    np.testing.assert_allclose(np.log(run.ratio.values[finite]), want[finite], rtol=1e-6, atol=1e-9)
    assert np.isinf(run.ratio.values[want > 720]).all()


def cdat_mpmath(steps, sigma, nu):
    """eq. 10 with 200 bits and no bounds on the exponent."""
    import mpmath

    with mpmath.workprec(200):
        x, u, lam, eta = (mpmath.mpf(v) for v in ("2", "2", "18", "0.05"))
        # The same numbers as the doubles that dynsim is given.
        eta, a, b, nu = (mpmath.mpf(float(v)) for v in (0.05, 0.05, 0.1, nu))
        for _ in range(steps):
            p, g = (lam * x) ** 2, (nu * u) ** 2
            after = sigma * (p + g) / (lam * p + nu * g)
            x, u, lam, eta = (1 - eta * lam) * x, (1 - eta * nu) * u, lam + eta * (a - b * x * x), after
        return float(lam), float(2 * mpmath.log(abs(x)))


@pytest.mark.parametrize("nu", [0.01, 0.1])
def test_greedy_cdat_shrinks_by_thirty_bits_a_step(nu):
    """At σ = 1 both directions shrink together, faster than anything else here."""
    run = ds.orbit(ds.maps.cdat, 3000, sigma=1.0, nu=nu)
    lam, log_p = cdat_mpmath(3000, 1.0, nu)
    assert run.lam.values[-1] == pytest.approx(lam, rel=1e-3)
    assert run.log_p.values[-1] == pytest.approx(log_p, rel=1e-2)
    over = {"sigma": np.linspace(0.9, 1.1, 41), "nu": np.geomspace(1e-3, 1, 25)}
    swept = ds.sweep(ds.maps.cdat, 5003, over, [M.final("eta"), M.lifetime()])
    # Some orbits, which plain Python sends off too, escape at once; none is lost on the way down.
    assert not np.isnan(swept.eta_final).any()
    assert ((swept.lifetime < 100) | (swept.lifetime == 5004)).all()


def test_averaged_cdat_carries_its_averages_too():
    loop = ds.closed_loop(ds.landscapes.two_eigendirections, ds.tuners.cdat_ema)
    run = ds.orbit(loop, 10**6, every=10**4, sigma=1.9, beta=0.9)
    last = run.isel(step=-1)
    assert last.log_p < -1500 and np.isfinite(last.eta)
    assert float(last.eta) == pytest.approx(2 / (float(last.lam) + 0.1), rel=1e-4)


@pytest.mark.parametrize("values", [dict(sigma=1.2, nu=9.0, beta=0.99), dict(sigma=1.6, nu=1.0, beta=0.92, lam=26.5)])
def test_averages_that_outlive_the_states_do_not_overflow(values):
    loop = ds.closed_loop(ds.landscapes.two_eigendirections, ds.tuners.cdat_ema)
    run = ds.orbit(loop, 2000, **values)
    plain = ds.orbit(ds.Map(loop.step, "plain", loop.observables), 2000, **values)
    assert np.isfinite(run.lam.values).all()
    np.testing.assert_allclose(run.lam.values, plain.lam.values, rtol=1e-6)


def test_without_a_scale_plain_doubles_underflow():
    plain = ds.Map(ds.maps.self_stabilization.step, "plain", ds.maps.self_stabilization.observables)
    run = ds.orbit(plain, 6000, every=6000, x=1e-4, lam=0.0005, eta=1.0, a=1e-3, b=0.3)
    assert run.x.values[-1] == 0 and run.lam.values[-1] == pytest.approx(6.0005, rel=1e-4)


def test_x_that_is_exactly_zero_stays_zero():
    run = ds.orbit(ds.maps.self_stabilization, 100, x=0.3, lam=2.0, eta=0.5)
    assert run.x.values[1] == 0
    assert (run.x.values[1:] == 0).all() and (np.diff(run.lam.values) > 0)[1:].all()


def test_the_carry_changes_no_bit_while_nothing_underflows():
    plain = ds.Map(ds.maps.cdat.step, "plain", ds.maps.cdat.observables)
    one, other = (ds.orbit(m, 4000, sigma=1.9, eta=0.05) for m in (plain, ds.maps.cdat))
    assert one.log_p.values[-1] < -60
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


def test_the_carry_changes_no_bit_where_the_true_value_is_a_double():
    """x between 2^-250, where the lift begins, and 2^-1000."""
    plain = ds.Map(ds.maps.self_stabilization.step, "plain")
    one, other = (ds.orbit(m, 1000, x=1e-200, lam=1.5, a=1e-9) for m in (plain, ds.maps.self_stabilization))
    use = one.x.values**2 >= 0
    use &= np.abs(one.x.values) > 2.0**-1000
    assert np.abs(one.x.values[use]).min() < 2.0**-900
    np.testing.assert_array_equal(one.x.values[use], other.x.values[use])


def test_a_scale_that_does_not_hold_is_refused():
    def step(x, z, /):
        return x * x, z

    with pytest.raises(TypeError, match="not homogeneous"):
        ds.Map(step, scale={"x": 1})
