"""Regimes on orbits whose fate is known, and the named measures."""

import numpy as np
import pytest

import dynsim as ds

M = ds.measures


def regime(map_, steps, **values):
    first = next(iter(map_.state))
    start = values.pop(first, map_.state[first])
    result = ds.sweep(map_, steps, {first: [start]}, M.regime(), **values)
    return M.regime.flags[result.regime.item()]


CDAT = dict(a=0.05, b=0.1, nu=0.1, lam=18, x=2, u=2)
CASES = {
    "on the fixed point": (ds.maps.self_stabilization, 1000, dict(x=np.sqrt(0.1), lam=2.0), "settled"),
    "oscillation": (ds.maps.self_stabilization, 3000, dict(x=0.011, lam=2.0, a=1e-4, b=1), "edge"),
    "escape of the spiral": (ds.maps.self_stabilization, 3000, dict(x=0.3, lam=2.0), "escaped"),
    "still sharpening": (ds.maps.self_stabilization, 100, dict(x=1e-3, lam=0.5, a=1e-3), "undecided"),
    "sharpening through the edge": (ds.maps.self_stabilization, 220, dict(x=1e-3, lam=1.9, a=1e-3), "undecided"),
    "tuner": (ds.maps.target_sharpness, 2000, dict(sigma=1.9), "runaway"),
    "cdat on edge, delayed": (ds.maps.cdat, 40_000, dict(sigma=2, eta=0.05, **CDAT), "settled"),
    "cdat on edge, not yet": (ds.maps.cdat, 300, dict(sigma=2, eta=0.05, **CDAT), "undecided"),
    "cdat on edge, p0 < a/b": (ds.maps.cdat_undelayed, 5000, dict(sigma=2, **CDAT | {"x": 0.5, "u": 1e-3}), "runaway"),
    "cdat on edge, p0 > a/b": (ds.maps.cdat_undelayed, 5000, dict(sigma=2, **CDAT), "escaped"),
    "cdat below": (ds.maps.cdat, 5000, dict(sigma=1.9, eta=0.05, **CDAT), "runaway"),
    "cdat far below, swinging": (ds.maps.cdat, 5000, dict(sigma=1.25, eta=0.05, **CDAT), "runaway"),
    "cdat above": (ds.maps.cdat, 5000, dict(sigma=2.2, eta=0.05, **CDAT), "escaped"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_regimes(case):
    map_, steps, values, want = CASES[case]
    assert regime(map_, steps, **values) == want


def test_a_slow_rise_past_the_edge_at_a_constant_rate_is_no_runaway():
    """y goes once from below to above 0 while λ rises and η does not fall."""
    start = dict(x=1e-3, lam=1.9, eta=0.1, a=0.018, b=0.3)
    assert regime(ds.maps.self_stabilization, 10_000, **start) == "undecided"


def test_a_few_steps_decide_nothing():
    for steps in (0, 1, 10):
        assert regime(ds.maps.cdat, steps) == "undecided"


def test_two_measures_of_a_kind_need_two_names():
    both = [M.mean("y"), M.mean("y", skip=50).named("y_late")]
    result = ds.sweep(ds.maps.cdat, 100, {"sigma": [1.9, 2.0]}, both)
    assert set(result.data_vars) == {"y_mean", "y_late"}
    assert repr(both[1]) == "mean('y', skip=50).named('y_late')"


def test_signatures_are_shown():
    assert str(M.mean.__signature__) == "(name, skip=0)"
    assert "bound" in M.lifetime.options and M.lifetime.inputs == ("norm",)
