"""Curves of fixed points and cycles against what is known of them in closed form, or in the literature."""

import json
import warnings

import numpy as np
import pytest
import xarray as xr

import dynsim as ds
from dynsim.stability.arclength import KINDS, continuation, special
from dynsim.stability.branch_plot import plot_branch
from dynsim.vocabulary import absolute


def logistic(x=0.6, /, r=2.5):
    return r * x * (1 - x)


def henon(x=0.6, y=0.2, /, a=0.2, b=0.3):
    return 1 - a * x * x + y, b * x


def delayed(x=0.5, y=0.5, /, r=1.5):
    return r * x * (1 - y), x


def cubic(x=0.7, /, r=1.5):
    return r * x - x * x * x


def ess(x=-1.2, /, r=0.0):
    return x + r + x - x * x * x


LOGISTIC, HENON, DELAYED, CUBIC, ESS = map(ds.Map, (logistic, henon, delayed, cubic, ess))


def found(curve, kind):
    """The parameter at the special points of one kind."""
    return [one[curve.attrs["parameter"]] for one in special(curve) if one["kind"] == kind]


def kinds(curve):
    return [one["kind"] for one in special(curve)]


def settled(map_, period, **values):
    """The last points of a long orbit."""
    orbit = ds.orbit(map_, 20_000, progress=False, **values)
    return {name: orbit[name].values[-period:] for name in map_.state}


def sound(curve):
    """What holds on every curve."""
    named = ds.named(curve.kind).values
    inside = np.abs(curve.multipliers.values).max(axis=1) < 1
    critical = np.isin(named, KINDS[1:5])
    assert float(curve.residual.max()) < 1e-12
    assert (curve.stable.values[~critical] == inside[~critical]).all() and not curve.stable.values[critical].any()
    assert np.allclose(np.abs(np.abs(curve.multipliers.values[critical]) - 1).min(axis=1, initial=9), 0, atol=1e-9)
    assert (np.isnan(curve.angle.values) == (named != "neimark_sacker")).all()
    return curve


def test_logistic_fixed_point_flips_at_3_and_crosses_zero_at_1():
    curve = sound(continuation(LOGISTIC, "r", (0.5, 3.9), start={"x": 0.5}))
    assert kinds(curve) == ["branch_point", "flip"]
    assert np.allclose([one["r"] for one in special(curve)], [1, 3], rtol=0, atol=1e-12)
    assert np.allclose(curve.x, 1 - 1 / curve.r, atol=1e-13)
    assert np.allclose(curve.multipliers[:, 0].real, 2 - curve.r, atol=1e-13)
    regular = curve.isel(branch=curve.kind.values == 0)
    assert (regular.stable == ((regular.r > 1) & (regular.r < 3))).all()
    assert float(curve.r.min()) == 0.5 and float(curve.r.max()) == 3.9
    zero = sound(continuation(LOGISTIC, "r", (0, 3), start={"x": 0}))
    assert kinds(zero) == ["branch_point"] and abs(found(zero, "branch_point")[0] - 1) < 1e-12


@pytest.mark.parametrize(
    "map_, name, span, values, thresholds",
    [
        (LOGISTIC, "r", (2.5, 3.6), (2.7, 3.2, 3.5, 3.555), (3, 1 + np.sqrt(6), 3.5440904, 3.5644073)),
        (HENON, "a", (0.05, 1.3), (0.2, 0.6, 0.97, 1.04), (0.3675, 0.9125, 1.0258554, 1.0511257)),
    ],
    ids=["logistic", "henon"],
)
def test_first_four_period_doublings(map_, name, span, values, thresholds):
    """Where one cycle flips, the one of twice its period begins."""
    flips, births = [], []
    for period, at in zip((1, 2, 4, 8), values):
        start = settled(map_, period, **{name: at})
        curve = sound(continuation(map_, name, span, start=start, period=period, **{name: at}))
        flips += found(curve, "flip")
        births += found(curve, "branch_point")
        assert curve[map_.readable[0]].dims == (("branch", "point") if period > 1 else ("branch",))
    assert np.allclose(flips, thresholds, rtol=0, atol=2e-7)
    assert np.allclose(births, flips[:3], rtol=0, atol=1e-10)


def test_two_cycle_of_the_logistic_map_in_closed_form():
    """x = (r + 1 ± √((r + 1)(r − 3)))/2r, multiplier 4 + 2r − r²."""
    curve = sound(continuation(LOGISTIC, "r", (2, 4), start={"x": 0.8}, period=2, r=3.2))
    assert abs(found(curve, "flip")[0] - (1 + np.sqrt(6))) < 1e-12
    assert abs(found(curve, "branch_point")[0] - 3) < 1e-12
    r = curve.r.values
    root = np.sqrt(np.maximum((r + 1) * (r - 3), 0))
    expected = np.sort([(r + 1 + root) / (2 * r), (r + 1 - root) / (2 * r)], axis=0)
    assert np.allclose(np.sort(curve.x.values, axis=1).T, expected, atol=2e-8)
    assert np.allclose(curve.multipliers.values[:, 0], 4 + 2 * r - r * r, atol=1e-11)


def test_three_cycle_of_the_logistic_map_is_born_in_a_fold():
    """At r = 1 + √8 (Myrberg)."""
    curve = sound(continuation(LOGISTIC, "r", (3.5, 4), start=settled(LOGISTIC, 3, r=3.835), period=3, r=3.835))
    assert np.allclose(found(curve, "fold"), 1 + np.sqrt(8), rtol=0, atol=1e-12)
    assert np.allclose(found(curve, "flip"), 3.8414990, rtol=0, atol=1e-7)
    assert float(curve.r[0]) == float(curve.r[-1]) == 4


def test_henon_fold_and_flip():
    curve = sound(continuation(HENON, "a", (-0.5, 1.5), start={}, steps=500))
    b = 0.3
    assert kinds(curve) == ["fold", "flip"]
    assert np.allclose(found(curve, "fold"), -((1 - b) ** 2) / 4, rtol=0, atol=1e-12)
    assert np.allclose(found(curve, "flip"), 3 * (1 - b) ** 2 / 4, rtol=0, atol=1e-12)


def test_neimark_sacker_of_the_delayed_logistic_map():
    curve = sound(continuation(DELAYED, "r", (1.2, 2.5), start={"x": 0.3, "y": 0.3}))
    (one,) = special(curve)
    assert one["kind"] == "neimark_sacker" and abs(one["r"] - 2) < 1e-12
    assert abs(one["angle"] - np.pi / 3) < 1e-10 and abs(one["x"] - 0.5) < 1e-12


def test_neutral_saddles_are_no_neimark_sacker_points():
    """At b = −1 the Hénon map conserves area: the product of the multipliers is 1 at both fixed points."""
    centre = sound(continuation(HENON, "b", (-1.5, -0.5), start={"x": 0.8}, a=0.5, b=-0.9))
    assert kinds(centre) == ["neimark_sacker"] and abs(found(centre, "neimark_sacker")[0] + 1) < 1e-12
    saddle = sound(continuation(HENON, "b", (-1.5, -0.5), start={"x": -3, "y": 0}, a=0.5, b=-0.9))
    assert kinds(saddle) == [] and not saddle.stable.any()


def test_pitchfork_on_the_straight_branch_and_on_the_curved_one():
    straight = sound(continuation(CUBIC, "r", (-2, 3), start={"x": 0}))
    assert kinds(straight) == ["flip", "branch_point"]
    assert np.allclose([one["r"] for one in special(straight)], [-1, 1], rtol=0, atol=1e-12)
    curved = sound(continuation(CUBIC, "r", (0.5, 3), start={"x": 0.7}))
    assert kinds(curved) == ["flip", "branch_point", "flip"]
    assert np.allclose([one["r"] for one in special(curved)], [2, 1, 2], rtol=0, atol=1e-12)
    assert float(curved.x.min()) == pytest.approx(-np.sqrt(2)) and float(curved.x.max()) == pytest.approx(np.sqrt(2))


def test_symmetric_two_cycle_through_flip_and_through_its_period_agree():
    """f(x) = −x: x² = r + 1. The multiplier of −f is 3x² − r, and that of f² its square."""
    half = sound(continuation(CUBIC, "r", (-1.5, 0.5), start={"x": 0.7}, flip="x", r=-0.5))
    assert np.allclose(half.x**2, half.r + 1, atol=1e-12)
    assert np.allclose(half.multipliers[:, 0], 3 * (half.r + 1) - half.r, atol=1e-12)
    assert kinds(half) == ["branch_point"] and abs(found(half, "branch_point")[0] + 1) < 1e-12
    whole = continuation(CUBIC, "r", (-1.5, 0.5), start={"x": 0.7}, period=2, r=-0.5)
    assert np.allclose(whole.multipliers[:, 0], (3 * (whole.r + 1) - whole.r) ** 2, atol=1e-11)
    assert kinds(whole)[0] == "branch_point" and abs(found(whole, "branch_point")[0] + 1) < 1e-12


def test_a_branch_through_two_folds():
    """x³ − x = r: folds at x = ±1/√3, where f' = 2 − 3x² is 1; flips at x = ±1."""
    curve = sound(continuation(ESS, "r", (-1, 1), start={}))
    assert kinds(curve) == ["flip", "fold", "fold", "flip"]
    assert np.allclose([one["x"] for one in special(curve)], [-1, -1 / np.sqrt(3), 1 / np.sqrt(3), 1], atol=1e-10)
    assert np.allclose(found(curve, "fold"), [2 / np.sqrt(27), -2 / np.sqrt(27)], rtol=0, atol=1e-14)
    assert np.all(np.diff(curve.x) > 0) and (float(curve.r[0]), float(curve.r[-1])) == (-1, 1)


def test_a_closed_curve_is_walked_once():
    def ring(x=0.5, /, r=0.2):
        return x + 0.3 * (1 - r * r - x * x)

    curve = sound(continuation(ds.Map(ring), "r", (-2, 2), start={"x": 0.9}))
    assert curve.attrs["ended"] == "the curve is closed" and kinds(curve) == ["fold", "fold"]
    assert np.allclose(found(curve, "fold"), [1, -1], rtol=0, atol=1e-14)
    turned = np.unwrap(np.arctan2(curve.x, curve.r))
    assert abs(turned[-1] - turned[0]) == pytest.approx(2 * np.pi)


def test_edge_of_stability_of_self_stabilization():
    """x² = a/b, λ = 2/η, multipliers 1 ± iη√(2a) of the map followed by x → −x: never stable."""
    curve = sound(continuation(ds.maps.self_stabilization, "eta", (0.1, 3), start={"x": 0.3, "lam": 1.9}, flip=("x",)))
    a, b = 0.03, 0.3
    eta = curve.eta.values
    assert np.allclose(curve.x**2, a / b, rtol=1e-13) and np.allclose(curve.lam, 2 / eta, rtol=1e-13)
    assert np.allclose(curve.multipliers.values, 1 + np.array([1j, -1j]) * eta[:, None] * np.sqrt(2 * a), atol=1e-13)
    assert not curve.stable.any() and kinds(curve) == []
    assert (eta.min(), eta.max()) == (0.1, 3)
    assert curve.x.attrs["symbol"] == "x" and curve.attrs["flip"] == '["x"]'


@pytest.mark.parametrize("how", [{"flip": ("x",)}, {"period": 2}])
@pytest.mark.parametrize("name", ["sigma", "a"])
def test_a_family_is_refused_with_its_free_direction(name, how):
    """At σ = 2 every λ has its own fixed point of CDAT."""
    span = {"sigma": (1.5, 2.5), "a": (0.01, 0.2)}[name]
    with pytest.raises(ValueError, match=r"not isolated: it belongs to a family with a free direction \(lam \+1, eta"):
        continuation(ds.maps.cdat, name, span, start={"x": 0.7, "u": 0, "lam": 10, "eta": 0.2}, **how)


def test_a_fold_at_the_start_is_no_family():
    curve = sound(continuation(ESS, "r", (-1, 1), start={"x": -0.57}, r=2 / np.sqrt(27)))
    assert kinds(curve) == ["flip", "fold", "fold", "flip"]
    curve = sound(continuation(LOGISTIC, "r", (2, 3.5), start={"x": 0.6}, r=3))
    assert kinds(curve) == ["flip"] and abs(found(curve, "flip")[0] - 3) < 1e-12


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_states_and_parameters_of_any_size(size):
    big, per = size, 1 / size

    def scaled(x=0.6 * size, y=0.2 * per, /, a=0.2 * size, b=0.3):
        return big - a * per * per * x * x + y * big * big, b * x * per * per

    curve = sound(continuation(ds.Map(scaled), "a", (-0.5 * size, 1.5 * size), start={}, steps=200))
    assert kinds(curve) == ["fold", "flip"]
    assert np.allclose([one["a"] * per for one in special(curve)], [-0.1225, 0.3675], rtol=0, atol=1e-12)


@pytest.mark.parametrize("step", [0.001, 0.03, 0.3, 1.0])
def test_located_points_do_not_depend_on_the_step(step):
    curve = sound(continuation(HENON, "a", (-0.2, 1.5), start={}, step=step, steps=300 if step < 0.01 else 60))
    assert found(curve, "flip") == pytest.approx([0.3675], abs=1e-12)
    if step > 0.01:
        assert found(curve, "fold") == pytest.approx([-0.1225], abs=1e-12)


def test_a_cycle_whose_points_lie_close_together_is_not_lost():
    """The 32-cycle near its birth: points 1e-3 apart, on a curve that turns sharply."""
    start = settled(LOGISTIC, 32, r=3.5691)
    curve = sound(continuation(LOGISTIC, "r", (3.5, 3.571), start=start, period=32, r=3.5691))
    assert np.allclose(found(curve, "branch_point"), 3.5687594, rtol=0, atol=1e-7)
    assert np.allclose(found(curve, "flip"), 3.5696916, rtol=0, atol=1e-7)


def test_two_multipliers_at_once():
    def twin(x=0.6, y=0.6, /, r=2.5):
        return r * x * (1 - x), r * y * (1 - y)

    curve = continuation(ds.Map(twin), "r", (0.5, 3.9), start={})
    assert kinds(curve) == ["branch_point", "flip"]
    assert np.allclose([one["r"] for one in special(curve)], [1, 3], rtol=0, atol=1e-6)


def test_a_parameter_may_change_its_sign():
    """The symbol of a parameter takes the sign of its default; |a| must not be simplified by that."""

    def both(x=0.1, /, a=0.5):
        return absolute(a) * x * (1 - x)

    curve = continuation(ds.Map(both), "a", (-4, 4), start={"x": 0})
    assert np.allclose(found(curve, "branch_point"), [-1, 1], rtol=0, atol=1e-12)


def test_the_result_describes_itself():
    curve = continuation(HENON, "a", (0, 1), start={"x": 0.6}, b=0.2)
    assert curve.attrs["map"] == "henon" and curve.attrs["parameter"] == "a" and curve.attrs["period"] == 1
    assert json.loads(curve.attrs["values"])["b"] == 0.2 and "continuation(henon, 'a'" in curve.attrs["call"]
    named = ds.named(curve.kind).values
    assert list(named[[0, -1]]) == ["end", "end"] and (named == "start").sum() == 1
    assert curve.kind.dtype == np.int8 and set(curve.coords) == {"a"}
    assert curve.multipliers.dims == ("branch", "order") and curve.multipliers.dtype == complex
    point = ds.values_of(curve.isel(branch=3, order=0))
    assert set(point) == {"x", "y", "a", "b"} and point["a"] == float(curve.a[3])
    assert np.ptp(ds.orbit(HENON, 5, **point).x.values) < 1e-13
    shown = repr(special(curve)).splitlines()
    assert shown[0].split() == ["kind", "a", "x", "y", "multiplier"] and shown[1].split()[0] == "flip"
    assert repr(special(curve.isel(branch=slice(0, 1)))) == "no special points"


def test_the_curve_ends_where_it_must():
    short = continuation(LOGISTIC, "r", (0.5, 3.9), start={}, steps=5)
    assert short.sizes["branch"] == 11 and "after 5 steps" in short.attrs["ended"]
    far = sound(continuation(HENON, "a", (-0.5, 1.5), start={}, step=0.3))  # x = −1/a and beyond as a → 0
    assert "a state grows without bound" in far.attrs["ended"] and kinds(far) == ["fold", "flip"]
    assert special(far)[0]["x"] == pytest.approx(20 / 7)
    edge = continuation(LOGISTIC, "r", (2.5, 3), start={})
    assert float(edge.r[0]) == 2.5 and ds.named(edge.kind).values[0] == "start"


@pytest.mark.parametrize(
    "change, message",
    [
        ({"parameter": "R"}, "unknown parameter 'R' of the map 'logistic'"),
        ({"q": 1}, "unknown parameter 'q'"),
        ({"x": 1}, "unknown parameter 'x'"),
        ({"start": {"z": 1}}, "unknown state 'z'"),
        ({"flip": ("z",)}, "unknown state 'z'"),
        ({"start": {"x": "much"}}, "start needs finite numbers for x, not 'much'"),
        ({"start": {"x": np.nan}}, "start needs finite numbers for x"),
        ({"start": {"x": [0.1, 0.2, 0.3]}, "period": 2}, "one number for every state, or 2"),
        ({"span": (3, 4)}, "outside the span .*widen the span"),
        ({"span": (3, 1)}, "low < high"),
        ({"span": 3}, "two numbers"),
        ({"span": (0, np.inf)}, "finite"),
        ({"period": 0}, "period must be a whole number >= 1"),
        ({"steps": 0}, "steps must be a whole number >= 1"),
        ({"step": 0}, "step must be"),
        ({"period": 2, "r": 2.6}, "a cycle of 1 step, not of 2"),
        ({"flip": ("x",), "start": {"x": 0.01}}, "no such cycle|a cycle of 1 step"),
        ({"r": 1.0, "start": {"x": 0}}, "two curves cross in the start"),
    ],
)
def test_bad_input_is_refused_with_advice(change, message):
    given = {"parameter": "r", "span": (0.5, 3.9), "start": {"x": 0.6}} | change
    with pytest.raises(ValueError, match=message):
        continuation(LOGISTIC, given.pop("parameter"), given.pop("span"), **given)


def test_other_bad_input():
    with pytest.raises(TypeError, match="is not a map"):
        continuation(logistic, "r", (0, 1), start={})
    with pytest.raises(TypeError, match="start must give states by name"):
        continuation(LOGISTIC, "r", (0, 4), start=0.5)

    def none(x=0.5, /, r=1.0):
        return x + r + x * x

    with pytest.raises(ValueError, match=r"no such cycle is found near the start: .* off by .* Start nearer"):
        continuation(ds.Map(none), "r", (0.5, 3), start={})

    with pytest.raises(ValueError, match="no such cycle is found"):  # λ runs off, and its changes vanish
        continuation(ds.maps.target_sharpness, "sigma", (1.5, 1.95), start={"x": 0.3, "lam": 2}, flip="x")

    def needs(x=0.5, /, r=1.0, *, c):
        return r * x + c

    with pytest.raises(ValueError, match="needs a value for c"):
        continuation(ds.Map(needs), "r", (0.5, 3), start={})

    def still(x=0.5, /, r=1.0):
        return x + 0 * r

    with pytest.raises(ValueError, match="family with a free direction"):
        continuation(ds.Map(still), "r", (0.5, 3), start={})

    def taken(kind=0.5, /, r=1.0):
        return kind * r

    with pytest.raises(ValueError, match="also a name in the result"):
        continuation(ds.Map(taken), "r", (0.5, 3), start={})
    for bad in (xr.Dataset(), 3):
        with pytest.raises(ValueError, match="no curve"):
            special(bad)
        with pytest.raises(ValueError, match="no curve"):
            plot_branch(bad, "x")


def test_the_picture():
    import matplotlib.pyplot as plt

    curve = continuation(ESS, "r", (-1, 1), start={})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = plot_branch(curve, "x")
        lines = {line.get_gid(): line for line in ax.lines}
        assert set(lines) == {"stable", "unstable", "fold", "flip"}
        assert len(lines["fold"].get_xdata()) == 2 and ax.get_xlabel() == "$r$"
        assert {t.get_text() for t in ax.get_legend().get_texts()} == {"stable", "unstable", "fold", "flip"}
        solid = np.concatenate([line.get_xydata() for line in ax.lines if line.get_gid() == "stable"])
        # Stable where |2 − 3x²| < 1.
        assert np.all(np.abs(2 - 3 * solid[:, 1] ** 2) < 1 + 1e-9)
        cycle = continuation(CUBIC, "r", (-0.9, 0.5), start={"x": 0.7}, flip="x", r=-0.5)
        mirrored = plot_branch(cycle, "x")
        assert len(mirrored.lines) == 2 and mirrored.get_ylim()[0] < 0 < mirrored.get_ylim()[1]
        with pytest.raises(ValueError, match="unknown state 'y'"):
            plot_branch(curve, "y")
    plt.close("all")
