"""Periods of orbits that are known, and their names and colours."""

import math

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import dynsim as ds
from dynsim.vocabulary import sin, where

M = ds.measures
UNDECIDED, QUASI_PERIODIC, CHAOTIC, ESCAPED = M.period.flag_values


def logistic(x=0.3, /, r=4.0):
    return r * x * (1 - x)


def henon(x=0.1, y=0.1, /, a=1.4, b=0.3):
    return 1 - a * x * x + y, b * x


def delayed_logistic(x=0.4, y=0.4, /, r=2.1):
    return r * x * (1 - y), x


def circle(x=0.1, /, omega=0.3, k=0.5, turn=2 * math.pi):
    after = x + omega - k / turn * sin(turn * x)
    return where(after >= 1, after - 1, where(after < 0, after + 1, after))


LOGISTIC, HENON, DELAYED, CIRCLE = map(ds.Map, (logistic, henon, delayed_logistic, circle))


def periods(map_, steps, over, measure=None, **values):
    return ds.sweep(map_, steps, over, measure or M.period(), **values).period.values.tolist()


def test_the_logistic_map_doubles_its_period_and_has_windows():
    known = {2.8: 1, 3.2: 2, 3.5: 4, 3.55: 8, 3.83: 3, 4.0: CHAOTIC, 4.5: ESCAPED}
    for steps in (256, 1001, 20_000):
        assert periods(LOGISTIC, steps, {"r": list(known)}) == list(known.values())


def test_neither_the_doubling_itself_nor_the_accumulation_of_doublings_has_a_period():
    at_doubling, accumulation = periods(LOGISTIC, 5000, {"r": [3.0, 3.5699456]})
    assert at_doubling == UNDECIDED
    assert accumulation in (UNDECIDED, QUASI_PERIODIC)


def test_henon():
    known = {0.2: 1, 0.5: 2, 1.0: 4, 1.04: 8, 1.4: CHAOTIC, 1.5: ESCAPED}
    assert periods(HENON, 5000, {"a": list(known)}) == list(known.values())


def test_a_circle_that_is_born_is_quasi_periodic():
    known = {1.9: 1, 2.05: QUASI_PERIODIC, 2.1: QUASI_PERIODIC, 2.2: 7, 2.27: CHAOTIC, 2.3: ESCAPED}
    assert periods(DELAYED, 5000, {"r": list(known)}) == list(known.values())


def test_the_circle_map_locks_and_does_not():
    assert periods(CIRCLE, 5000, {"omega": [0.0, 0.5, 0.3]}) == [1, 2, QUASI_PERIODIC]


def test_the_accumulators_do_not_care_how_many_points_there_are():
    rates = np.linspace(2.5, 4, 300)
    together = periods(LOGISTIC, 2000, {"r": rates})
    assert together[::37] == [periods(LOGISTIC, 2000, {"r": [r]})[0] for r in rates[::37]]


CDAT = dict(a=0.05, b=0.1, nu=0.1, lam=18, x=2, u=2)


def test_cdat():
    """On edge x alternates and u dies out; below λ grows for ever, so nothing comes back; above all escapes."""
    assert periods(ds.maps.cdat, 40_000, {"sigma": [2.0, 1.9, 2.3]}, **CDAT) == [2, UNDECIDED, ESCAPED]
    slow = periods(ds.maps.cdat, 10**6, {"sigma": [1.9]}, **CDAT)
    assert slow == [UNDECIDED], "a drift that is slower than tol in one period is seen"


def test_self_stabilization():
    """On the fixed point of λ and x² the state x alternates; off it the spiral grows and escapes."""
    over = {"x": [math.sqrt(0.1), 0.3]}
    assert periods(ds.maps.self_stabilization, 3000, over, lam=2.0) == [2, ESCAPED]
    slow = periods(ds.maps.self_stabilization, 3000, {"x": [0.011]}, lam=2.0, a=1e-4, b=1)
    assert slow == [UNDECIDED], "a spiral that grows is no circle"


def test_a_state_that_has_died_out_does_not_count():
    assert periods(ds.maps.self_stabilization, 5000, {"x": [0.1, 1e-200]}, lam=1.5, a=0) == [1, 1]
    assert periods(LOGISTIC, 2000, {"r": [0.5]}) == [1]


def test_longest_is_any_whole_number():
    def asked(longest):
        return M.period(tol=2e-6, longest=longest)

    assert periods(LOGISTIC, 5000, {"r": [2.8, 3.5, 3.55]}, asked(1)) == [1, 0, 0]
    assert periods(LOGISTIC, 5000, {"r": [2.8, 3.5, 3.55]}, asked(7)) == [1, 4, 0]
    assert periods(LOGISTIC, 50_000, {"r": [3.569, 3.55]}, asked(1000)) == [32, 8]
    assert periods(LOGISTIC, 255, {"r": [2.8]}) == [UNDECIDED], "fewer than four times the longest"
    for wrong in (0, 1.5, -3):
        with pytest.raises(ValueError, match="longest must be a whole number >= 1"):
            periods(LOGISTIC, 100, {"r": [2.8]}, asked(wrong))
    with pytest.raises(ValueError, match="at most 32767"):
        periods(LOGISTIC, 100, {"r": [2.8]}, asked(10**5))
    with pytest.raises(ValueError, match="tol must be positive"):
        M.period(tol=0)


def test_a_coarse_tolerance_sees_fewer_points():
    last, before = ds.orbit(LOGISTIC, 20_001, r=3.01).x.values[-2:]
    size = abs(last - before) / max(last, before)
    assert periods(LOGISTIC, 20_000, {"r": [3.01]}, M.period(tol=0.9 * size, longest=63)) == [2]
    assert periods(LOGISTIC, 20_000, {"r": [3.01]}, M.period(tol=1.1 * size, longest=63)) == [1]


def test_a_step_without_a_jacobian_has_periods_but_no_chaos():
    def branching(x=0.3, /, r=4.0):
        if x > -2:
            return r * x * (1 - x)
        return 2 * x

    known = {2.8: 1, 3.2: 2, 4.0: UNDECIDED, 4.5: ESCAPED}
    assert periods(ds.Map(branching), 2000, {"r": list(known)}) == list(known.values())


def test_a_map_must_not_have_the_options_names():
    def step(x=0.3, /, tol=0.5):
        return tol * x

    with pytest.raises(ValueError, match="'tol', which is an option"):
        periods(ds.Map(step), 300, {"x": [0.3]})


def test_names():
    found = ds.sweep(LOGISTIC, 2000, {"r": [2.8, 3.5, 4.0, 4.5, 3.0]}, M.period()).period
    assert found.dtype == np.int16
    assert ds.named(found).values.tolist() == ["period 1", "period 4", "chaotic", "escaped", "undecided"]


@pytest.fixture
def ax():
    figure = Figure()
    FigureCanvasAgg(figure)
    return figure.subplots()


def picture(values):
    attrs = {"flag_values": np.array(M.period.flag_values), "flag_meanings": " ".join(M.period.flags)}
    values = np.array(values, "int16")
    coords = {"p": np.arange(values.shape[0]), "q": np.arange(values.shape[1])}
    return xr.Dataset({"period": (("p", "q"), values, {**attrs, "long_name": "period"})}, coords)


def test_every_period_has_its_colour_and_the_bar_its_order(ax):
    ds.plot.phase_diagram(picture([[0, -1, -2, -3], [6, 3, 8, 4], [2, 1, 33, 61]]), "period", ax=ax)
    ax.figure.canvas.draw()
    names = [text.get_text() for text in ax.figure.axes[1].get_yticklabels()]
    assert names == [
        *("period 1", "period 2", "period 4", "period 8", "period 3", "period 6", "others, 33–61"),
        *("quasi-periodic", "chaotic", "escaped", "undecided"),
    ]
    mesh = ax.collections[0]
    drawn = {to_hex(color).upper() for color in mesh.to_rgba(mesh.get_array().ravel())}
    assert len(drawn) == len(names)
    assert {ds.plot.REGIMES["escaped"], ds.plot.REGIMES["undecided"]} <= drawn


def test_a_period_keeps_its_colour_in_every_picture(ax):
    colors = []
    for values in ([[1, 2], [4, 3]], [[3, 3], [3, -2]]):
        mesh = ds.plot.phase_diagram(picture(values), "period", ax=ax, colorbar=False).collections[-1]
        shown = mesh.to_rgba(mesh.get_array()).reshape(-1, 4)
        # x is the first dim, so the cells run through the values down the columns.
        colors.append(shown[np.array(values).T.ravel() == 3][0])
    np.testing.assert_array_equal(*colors)
