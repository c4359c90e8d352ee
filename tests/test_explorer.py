"""The explorer without a browser: views, what can be explored, pictures that overtake each other, colours."""

import threading
import time

import numpy as np
import pytest
import xarray as xr

import dynsim as ds
from dynsim.explorer import colouring, exporting
from dynsim.explorer.figures import places
from dynsim.explorer.library import Library
from dynsim.explorer.painting import COARSE, COARSEST, Painter, Request
from dynsim.explorer.subjects import map_of, tuners_for
from dynsim.explorer.view import Axis, Limits, TooCostly, View

LIBRARY = Library()
VIEW = View("cdat", Axis("sigma", 1.5, 2.5), Axis("nu", 0.1, 10.0, True), "regime", 100, {"lam": 17.5}, side=125)


@pytest.mark.parametrize("name", ds.maps.__all__)
def test_every_map_has_a_first_view_that_its_link_brings_back(name):
    view = LIBRARY.first(name)
    view.check(Limits())
    LIBRARY.check(view)
    assert View.from_link(view.link()) == view


def test_closed_loops_go_by_their_names():
    assert map_of("two_eigendirections.cdat.delayed").name == "two_eigendirections.cdat.delayed"
    assert "constant" in tuners_for("heavy_ball") and "linesearch" not in tuners_for("heavy_ball")
    for name in ("no.cdat", "two_eigendirections.no", "two_eigendirections.cdat.no", "__class__", "a.b.c.d"):
        with pytest.raises(ValueError, match="unknown"):
            map_of(name)


def test_every_float_survives_a_link():
    for number in (0.1 + 0.2, 5e-324, -1.7976931348623157e308, 1 / 3):
        view = VIEW.but(values={"lam": number}, point=(number, -number), x=Axis("sigma", number, 2e308 / 2))
        again = View.from_link(view.link())
        assert again.values["lam"] == number and again.point == (number, -number) and again.x.low == number


def test_what_a_picture_may_cost():
    with pytest.raises(TooCostly, match="at most 50,000 steps"):
        VIEW.but(side=1000, steps=50_001).check(Limits())
    with pytest.raises(TooCostly, match="2 pictures"):
        VIEW.but(side=1000, steps=50_000, beside="cdat_undelayed").check(Limits())
    VIEW.but(side=1000, steps=50_000).check(Limits())
    with pytest.raises(ValueError, match="periods up to"):
        LIBRARY.check(VIEW.but(measure="period:longest=129"))


def test_a_grid_is_the_middles_of_its_cells_and_the_lines_of_python_make_the_same_picture():
    np.testing.assert_allclose(VIEW.x.centres(125), 1.5 + (np.arange(125) + 0.5) / 125, rtol=1e-15)
    edges = np.geomspace(0.1, 10, 126)
    np.testing.assert_allclose(VIEW.y.centres(125), np.sqrt(edges[1:] * edges[:-1]), rtol=1e-13)
    scope = {}
    exec(exporting.python(VIEW, LIBRARY.subject("cdat")), scope)
    drawn = LIBRARY.compute(VIEW, 0, 125, lambda count: None)
    assert scope["result"].regime.equals(drawn.regime)
    loop = VIEW.but(
        map="two_eigendirections.cdat.delayed", values={"eps": 0.0, "eta": 0.05, "lam": 17.5, "x": 2, "u": 2}
    )
    text = exporting.python(loop, LIBRARY.subject(loop.map))
    assert "ds.closed_loop(ds.landscapes.two_eigendirections, ds.tuners.cdat, delay=1)" in text


def test_a_line_of_one_point_and_a_range_beyond_doubles_are_refused():
    with pytest.raises(ValueError, match="one point"):
        VIEW.but(line=(1.0, 2.0, 1.0, 2.0)).check(Limits())
    with pytest.raises(ValueError, match="more than a double can hold"):
        VIEW.but(y=Axis("nu", 1e-300, 1e300, True)).check(Limits())
    with pytest.raises(ValueError, match="at most 1e\\+300"):
        VIEW.but(values={"lam": 1e305}).check(Limits())
    assert Axis("nu", 1e-150, 1e149, True).centres(3)[1] == pytest.approx(10**-0.5)


def test_digits_tell_the_cells_of_a_deep_zoom_apart():
    for width in (1.0, 1e-3, 1e-9, 1e-12):
        axis = Axis("sigma", 1.5, 1.5 + width)
        one, other = axis.centres(500)[:2]
        assert f"{one:.{axis.digits}g}" != f"{other:.{axis.digits}g}"


def test_the_name_of_a_line_stands_off_the_frame_and_on_the_line():
    x = np.linspace(1.5, 2.5, 200)
    lines = [("1: all the way", x, np.geomspace(0.1, 10, 200)), ("1: all the way", x[:3], [1, 2, 3]),
             ("2: in a corner", x[:5], np.full(5, 9.9))]  # fmt: skip
    found = places(lines, VIEW)
    assert list(found) == ["1: all the way", "2: in a corner"]
    x0, y0 = found["1: all the way"]
    assert 1.9 < x0 < 2.1 and y0 == pytest.approx(0.1 * 100 ** (x0 - 1.5))
    assert found["2: in a corner"][1] == 9.9


class Told:
    """What a painter tells."""

    def __init__(self):
        self.rounds, self.last = [], threading.Event()

    def __call__(self, round):
        self.rounds.append(round)
        if round.last or round.error:
            self.last.set()


def test_a_newer_request_overtakes_and_the_first_coarse_round_is_let_through():
    told = Told()
    painter, begun = Painter(told, Limits()), threading.Event()

    def slow(which, side, advance):
        begun.set()
        for _ in range(20 if side < 500 else 10_000):
            time.sleep(0.002)
            advance(0)
        return side

    def fast(which, side, advance):
        return -side

    old, new = VIEW.but(side=500), VIEW.but(side=500, steps=101)
    painter.ask(Request(old, slow))
    assert begun.wait(60)
    painter.ask(Request(new, fast))
    assert told.last.wait(60)
    painter.close()
    done = [(r.view.steps, r.results) for r in told.rounds if r.side]
    assert (100, (COARSEST,)) in done, "the first coarse round of the old request was shown"
    assert done[-1] == (101, (-500,)) and (100, (500,)) not in done
    assert COARSE < 500


def test_a_computation_that_takes_too_long_is_given_up_and_errors_are_told():
    for seconds, compute, why in (
        (0.05, lambda which, side, advance: [time.sleep(0.01) or advance(1) for _ in range(1000)], "given up"),
        (9.0, lambda which, side, advance: 1 / 0, "division"),
    ):
        told = Told()
        painter = Painter(told, Limits(seconds=seconds))
        painter.ask(Request(VIEW, compute))
        assert told.last.wait(60)
        painter.close()
        assert why in str(told.rounds[-1].error)


def test_colours_are_those_of_the_package_and_strays_do_not_stretch_them():
    drawn = LIBRARY.compute(VIEW, 0, 125, lambda count: None)
    image = colouring.image_of(drawn.regime, "sigma", "nu")
    shares = {n: float((ds.named(drawn.regime) == n).mean()) for n in image.shares}
    assert {n: share for n, (_, share) in image.shares.items()} == pytest.approx(shares)
    assert all(color == ds.plot.REGIMES[n] for n, (color, _) in image.shares.items())
    values = np.linspace(-1, 1, 10_000).reshape(100, 100)
    plain = colouring.image_of(xr.DataArray(values, dims=("y", "x")), "x", "y").scale
    assert (plain.low, plain.high, plain.log) == (-1, 1, False)
    values[0, :10] = 1e6
    stray = colouring.image_of(xr.DataArray(values, dims=("y", "x")), "x", "y")
    assert 0.8 < stray.scale.high < 1 and stray.scale.low == -stray.scale.high
    assert stray.values[0, 0] == 1e6, "what the reader is told is the value"
    nothing = colouring.image_of(xr.DataArray(values * np.nan, dims=("y", "x")), "x", "y")
    assert nothing.scale is None and list(nothing.shares) == ["not finite, or over 10¹²"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"what": "cdta"}, "Did you mean 'cdat'"),
        ({"over": {"sigma": (1.0,)}}, "low, high"),
        ({"over": {"sigma": 1.0}}, "low, high"),
        ({"over": {"sigma": (1, 2, "cube")}}, "low, high"),
        ({"over": {"sigma": (2, 1)}}, "start below"),
        ({"over": {"sgma": (1, 2)}}, "sgma"),
        ({"sgma": 1.0}, "Did you mean 'sigma'"),
        ({"measure": "regme"}, "Did you mean 'regime'"),
        ({"link": "#v=7"}, "version"),
        ({"port": 70_000}, "65535"),
        ({"what": "no.zarr"}, "no sweep"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_served(arguments, why):
    with pytest.raises(ValueError, match=why):
        ds.explore(**arguments)


def test_a_step_is_to_be_wrapped():
    with pytest.raises(TypeError, match=r"ds\.Map\(step\)"):
        ds.explore(lambda x, /, r=1.0: r * x)
