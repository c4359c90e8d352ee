"""Every tuner's formula, at numbers worked out by hand."""

import math

import numpy as np
import pytest

import dynsim as ds

T = ds.tuners


def test_rules_without_memory():
    assert T.constant(eta=0.3) == 0.3
    assert T.target_sharpness(sharpness=4.0, sigma=1.9) == 1.9 / 4
    assert T.greedy(n=3.0, d=2.0) == 1.5
    assert T.cdat(n=3.0, d=-2.0, sigma=2, eps=1) == 2.0
    assert T.cdat(n=-3.0, d=2.0) == 0
    assert T.polyak(f=3.0, grad_sq=8.0, f_star=1.0) == 0.25
    assert T.polyak(f=3.0, grad_sq=1.0, f_star=1.0) == 1


def test_averages():
    eta, n_avg, d_avg = T.cdat_ema(1.0, 2.0, n=3.0, d=4.0, sigma=2, beta=0.75)
    assert (n_avg, d_avg) == (1.5, 2.5) and eta == pytest.approx(2 * 1.5 / 2.5)


def test_limited_growth():
    assert T.cdat_limited(0.1, n=3.0, d=1.0, c_plus=1.5) == (pytest.approx(0.15),) * 2
    assert T.cdat_limited(9.0, n=3.0, d=1.0)[0] == 6


def test_schedules():
    options = dict(peak=2, warmup=3, total=11, end=0.5)
    got = [float(T.schedule(t, **options)[0]) for t in (0, 3, 7, 11, 50)]
    assert got == [0.5, 2, 1.5, 1, 1]
    got = [float(T.cosine_schedule(t, **options)[0]) for t in (0, 3, 5, 7, 11)]
    assert got == pytest.approx([0.5, 2, 2 - (1 - math.cos(math.pi / 4)) / 2, 1.5, 1])
    assert T.schedule(4)[1] == 5
    assert all(np.isfinite(T.schedule(t, warmup=1000)[0]) for t in (0, 999, 1000, 1001, 3000))


def test_linesearch_takes_the_largest_accepted_rate():
    """f = x² from x = 1: after a step η, (1 − 2η)²; n = 4. With c = ½ accepted iff η ≤ ½."""

    def along(eta, w):
        return (1 - 2 * eta) ** 2

    eta, kept = T.linesearch(1.0, f=1.0, n=4.0, f_along=along, w=(), c=0.5, c_minus=0.8, eta_max=1)
    assert eta == kept == pytest.approx(0.8**4)
    assert T.linesearch(0.01, f=1.0, n=4.0, f_along=along, w=(), c=0.5)[0] == 0.04


def test_hypergradient_grows_while_the_next_gradient_still_points_down():
    assert T.hypergradient(0.1, cos_along=lambda eta, w: -1.0, w=(), beta=0.5) == (0.1, pytest.approx(0.15))
    assert T.hypergradient(0.1, cos_along=lambda eta, w: 1.0, w=(), beta=0.5)[1] == pytest.approx(0.05)
    loop = ds.closed_loop(ds.landscapes.top_eigendirection, T.hypergradient)
    rate = ds.orbit(loop, 1, x=1.0, lam=2.0, rate=0.1, beta=0.5).rate.values
    assert rate[1] == pytest.approx(0.15), "ηλ < 1: the update has not overshot"
