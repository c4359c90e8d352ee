"""Maps with choices, borders, roots and degenerate parameters: what the analysis must not get wrong."""

import numpy as np
import pytest
import sympy as sp

import dynsim as ds
from dynsim.vocabulary import absolute, cos, log, maximum, minimum, sign, sin, sqrt, where


def points(step, *args, **values):
    found = ds.fixed_points(ds.Map(step), *args, **values)
    return sorted(tuple(map(str, p.state.values())) for p in found), found


BORDERS = {
    "twice the size": (lambda x=1.0, /: 2 * absolute(x), [("0",)]),
    "half of what is positive": (lambda x=1.0, /: maximum(x, 0) / 2, [("0",)]),
    "a jump at zero": (lambda x=1.0, /: where(x > 0, x + 1, x / 2), [("0",)]),
    "a kink beside others": (lambda x=1.0, /: 2 * absolute(x) - 3 * x * x, [("-1",), ("0",), ("1/3",)]),
    "a sign": (lambda x=1.0, /: x - sign(x), [("0",)]),
    "two states": (lambda x=1.0, y=1.0, /: (absolute(y) / 2, x / 2), [("0", "0")]),
    "two conditions": (lambda x=1.0, /: where((x > 0) & (x < 1), x + 1, x / 2 + 2), [("4",)]),
    "an imaginary root": (lambda x=1.0, y=1.0, /: (x / 2 + sqrt(y), y / 2 - 1), []),
    "an imaginary logarithm": (lambda x=1.0, y=1.0, /: (x / 2 + log(y), y / 2 - 1), []),
    "0/0": (lambda x=1.0, /, a=2.0: a * x * x / x, []),
}


@pytest.mark.parametrize("name", BORDERS)
def test_fixed_points_on_borders_are_found_and_false_ones_are_not(name):
    step, want = BORDERS[name]
    got, found = points(step)
    assert got == want and found.complete


def test_a_map_that_is_odd_only_near_zero_has_no_mirrored_cycles():
    for step in (lambda x=1.0, /, mu=3.0: where(x < 3, mu * x, mu * (6 - x)), lambda x=1.0, /: -2 * minimum(x, 2.6)):
        _, found = points(step, 2)
        map_ = ds.Map(step)
        for cycle in found:
            assert not cycle.flip
            values = dict.fromkeys(map_.parameters, 3.0)
            start = np.float64(cycle.at(**values)["x"])
            assert step(step(start, **values), **values) == pytest.approx(start)


def test_a_value_of_another_sign_than_the_default():
    assert points(lambda x=1.0, /, a=1.0: x / 2 + absolute(a), a=-1)[0] == [("2",)]
    assert points(lambda x=1.0, /, a=0.0: x / 2 + maximum(a, 0), a=-1)[0] == [("0",)]
    turned = ds.Map(lambda x=1.0, /, a=0.3: -a * x + 2 * x * absolute(a))
    assert ds.multipliers(turned, x=0, a=-0.3).values == [sp.Rational(9, 10)]
    assert ds.jacobian(ds.Map(lambda x=1.0, /, a=1.0: x * absolute(a)), a=-3)[0] == 3
    family = points(lambda x=1.0, /, a=2.0, b=1.0: x + x * (a - b), a=sp.Symbol("b"))[1]
    assert family[0].free == ("x",)


def test_where_a_leading_coefficient_vanishes_there_may_be_more():
    assert [str(e) for e in points(lambda x=1.0, /, a=0.0, b=1.0, c=1.0: x + a * x * x + b * x - c)[1].special] == ["a"]
    assert [str(e) for e in points(lambda x=1.0, /, a=1.0, b=0.0: a * x + b)[1].special] == ["a - 1"]


def test_conditions_that_make_a_point_real_are_stated():
    (point,) = points(lambda x=1.0, y=1.0, /, a=1.0: (sqrt(a - y) + x / 2, y / 2 + 1))[1]
    assert [str(c) for c in point.conditions] == ["2 < a"]


def test_piecewise_maps_have_multipliers():
    tent = ds.Map(lambda x=1.0, /, mu=1.5: where(x < 0.5, mu * x, mu * (1 - x)))
    slopes = {str(p.multipliers().values[0]) for p in ds.fixed_points(tent)}
    assert slopes == {"mu", "-mu"}
    lozi = ds.Map(lambda x=0.1, y=0.1, /, a=1.7, b=0.5: (1 - a * absolute(x) + y, b * x))
    (cycle,) = ds.fixed_points(lozi, period=2)
    values = {"a": 1.2, "b": 0.1}
    state = cycle.at(**values)
    h, columns = 1e-6, []
    for n in state:
        high, low = (twice(lozi, state | {n: state[n] + d}, values) for d in (h, -h))
        columns.append((high - low) / (2 * h))
    found = np.sort_complex(cycle.multipliers().numbers(**values))
    np.testing.assert_allclose(found, np.sort_complex(np.linalg.eigvals(np.array(columns).T)), atol=1e-7)


def twice(map_, state, values):
    return np.array(map_.step(*map_.step(*map(np.float64, state.values()), **values), **values))


def test_a_kink_has_no_jacobian():
    with pytest.raises(ValueError, match="has a kink at this point"):
        ds.multipliers(ds.Map(lambda x=1.0, /: 2 * absolute(x)), x=0)


def test_degenerate_normal_forms_are_called_so():
    form = ds.stability.normal_form(ds.Map(lambda x=1.0, /, a=1.0: -a * x), x=0, a=1)
    assert form.attracts is None and "degenerate" in repr(form)
    turn = ds.Map(lambda x=1.0, y=0.0, /, c=1.0: (cos(c) * x - sin(c) * y, sin(c) * x + cos(c) * y))
    assert ds.stability.normal_form(turn, x=0, y=0, c=1.0).attracts is None
    logistic = ds.Map(lambda x=0.3, /, r=3.0: r * x * (1 - x))
    r = 1 + 6**0.5
    x = ((r + 1) + ((r - 3) * (r + 1)) ** 0.5) / (2 * r)
    assert ds.stability.normal_form(logistic, x=x, r=r).kind == "flip", "the period is found"


def test_scalings_leave_signs_alone():
    cubic = ds.stability.nondimensional(ds.Map(lambda x=1.0, /, b=-1.0: x + b * x * x * x))
    assert cubic.ones == () and cubic.values(x=0.1)["x"] == 0.1


def test_drifts_of_higher_order_and_of_choices():
    spiral = ds.Map(lambda x=1.0, y=1.0, /, eta=0.1: (x + eta * y - eta * eta * x / 2, y - eta * x - eta * eta * y / 2))
    assert str(ds.stability.flow(spiral).drift()) == "eta**4*(x**2 + y**2)/8"
    folded = ds.Map(lambda x=1.0, y=1.0, /, eta=0.1: (x + eta * y, y - eta * absolute(x)))
    with pytest.raises(ds.stability.NoClosedForm, match="makes choices"):
        ds.stability.flow(folded).drift()


def test_bad_input_is_refused_in_words():
    def step(x=0.3, /, r=3.0):
        return r * x * (1 - x)

    for call in (ds.fixed_points, ds.jacobian, ds.stability.nondimensional, ds.stability.flow):
        with pytest.raises(TypeError, match=r"is not a map; wrap your step: ds\.Map\(step\)"):
            call(step)
    for value, told in ((np.nan, "r is NaN"), (np.inf, "must be finite"), ("foo", "must be a number")):
        with pytest.raises(ValueError, match=told):
            ds.fixed_points(ds.Map(step), r=value)
    with pytest.raises(ValueError, match=r"must be a pair \(low, high\)"):
        ds.fixed_points(ds.Map(step), box={"x": 3})
    with pytest.raises(ValueError, match="unknown state 'z'"):
        ds.multipliers(ds.Map(step), x=0, r=2, flip=("z",))


def test_statements_on_the_border_and_without_a_value():
    result = ds.sweep(ds.maps.cdat, 100, {"a": [0.01, 0.02, 0.03]}, ds.measures.regime())
    result["regime"][:] = [0, 0, 4]

    def compared(statement):
        return ds.stability.compare(result, "regime", {"settled": statement})[0]

    assert compared("a <= 0.02").share == 1 and compared("a < 0.02").share == pytest.approx(2 / 3)
    assert compared("sqrt(a - 0.015) < 0.1").points == 2
    assert compared("a > 0").farthest is None
    for statement in ("a <", "0.01 < a < 0.03", "a == 0.02"):
        with pytest.raises(ValueError, match=r"no statement|says nothing"):
            compared(statement)
