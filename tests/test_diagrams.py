"""Orbit diagrams and basins: known attractors, hysteresis, and what is said where the input does not fit."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import dynsim as ds
from dynsim.stability.diagrams import basins, orbit_diagram
from dynsim.stability.pictures import plot_basins, plot_orbit_diagram


def logistic(x=0.3, /, r=4.0):
    return r * x * (1 - x)


def fold(x=-1.0, /, r=0.0):
    return x + (r + x - x * x * x) / 4


def pitchfork(x=0.5, /, r=2.0):
    return r * x / (1 + x * x)


def cubic(x=0.5, z=1.0, /, r=2.0):
    return r * x - x * x * x, z / 2


def line(x=1.0, y=0.0, /):
    return x / 2, y + x


LOGISTIC, FOLD, PITCHFORK, CUBIC, LINE = map(ds.Map, (logistic, fold, pitchfork, cubic, line))


@pytest.fixture
def ax():
    figure = Figure()
    FigureCanvasAgg(figure)
    return figure.subplots()


def drawn(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba())


def test_an_orbit_diagram_is_the_orbits_bit_for_bit():
    over = {"sigma": np.linspace(1.8, 2.2, 41)}
    for skip, keep in ((1000, 40), (1003, 57), (0, 3), (5, 1)):
        found = orbit_diagram(ds.maps.cdat, over, keep=keep, skip=skip, nu=0.2)
        assert dict(found.sizes) == {"sigma": 41, "kept": keep}
        assert found.kept.values.tolist() == list(range(skip, skip + keep))
        for i in (0, 7, 20, 40):
            one = ds.orbit(ds.maps.cdat, skip + keep - 1, nu=0.2, sigma=found.sigma.values[i])
            assert set(one.data_vars) == set(found.data_vars)
            for name in one.data_vars:
                np.testing.assert_array_equal(found[name].values[i], one[name].values[skip:], err_msg=name)


def test_a_state_far_below_the_smallest_double_comes_back():
    values = dict(x=1e-3, lam=0.0005, a=1e-3, b=0.3)
    found = orbit_diagram(ds.maps.self_stabilization, {"eta": [1.0]}, keep=100, skip=2001, **values)
    one = ds.orbit(ds.maps.self_stabilization, 2100, eta=1.0, **values)
    assert found.log_p.values.max() < -3000
    np.testing.assert_array_equal(found.log_p.values[0], one.log_p.values[2001:])
    later = orbit_diagram(ds.maps.self_stabilization, {"eta": [1.0] * 2}, keep=9, skip=4692, **values)
    one = ds.orbit(ds.maps.self_stabilization, 4700, eta=1.0, **values)
    np.testing.assert_array_equal(later.x.values[1], one.x.values[4692:])
    np.testing.assert_array_equal(later.lam.values[1], one.lam.values[4692:])


def test_along_a_line_several_names_vary_together():
    sigma, nu, lam = np.linspace(1.8, 2.2, 9), np.geomspace(0.1, 1.0, 9), np.linspace(17, 19, 9)
    over = {"sigma": ("line", sigma), "nu": ("line", nu), "lam": ("line", lam)}
    found = orbit_diagram(ds.maps.cdat, over, keep=20, skip=503)
    assert dict(found.sizes) == {"line": 9, "kept": 20}
    for i in range(9):
        one = ds.orbit(ds.maps.cdat, 522, sigma=sigma[i], nu=nu[i], lam=lam[i])
        assert (found.sigma[i], found.nu[i], found.lam_start[i]) == (sigma[i], nu[i], lam[i])
        for name in one.data_vars:
            np.testing.assert_array_equal(found[name].values[i], one[name].values[503:], err_msg=name)
    values = {"r": ("line", [2.8, 3.2]), "s": ("line", [0.1, 0.2])}
    map = ds.Map(lambda x=0.3, /, r=4.0, s=0.0: r * x * (1 - x) + s * 0, name="two")
    followed = orbit_diagram(map, values, keep=3, skip=200, follow=True)
    again = ds.orbit(map, 202, x=float(map.step(followed.x.values[0, -1], r=2.8)), r=3.2)
    np.testing.assert_array_equal(followed.x.values[1], again.x.values[200:])


def test_following_is_one_long_orbit_and_keeps_the_carried_exponent():
    values = dict(x=1e-3, lam=0.0005, a=1e-3, b=0.3)
    found = orbit_diagram(ds.maps.self_stabilization, {"eta": [1.0] * 5}, keep=301, skip=700, follow=True, **values)
    one = ds.orbit(ds.maps.self_stabilization, 5004, eta=1.0, **values)
    assert one.log_p.values.min() < -3000 and not found.restarted.any()
    for i in range(5):
        part = slice(1001 * i + 700, 1001 * (i + 1))
        np.testing.assert_array_equal(found.lam.values[i], one.lam.values[part])
        np.testing.assert_allclose(found.log_p.values[i], one.log_p.values[part], rtol=1e-14)


def test_following_shows_hysteresis():
    """x' = x + (r + x − x³)/4 has two stable fixed points for |r| < 2/√27 = 0.385."""
    rates = np.linspace(-0.6, 0.6, 49)
    up = orbit_diagram(FOLD, {"r": rates}, keep=1, follow=True).x.values.ravel()
    down = orbit_diagram(FOLD, {"r": rates[::-1]}, keep=1, follow=True).x.values.ravel()[::-1]
    inside = np.abs(rates) < 2 / np.sqrt(27)
    assert (up[inside] < 0).all() and (down[inside] > 0).all()
    np.testing.assert_allclose(up[~inside], down[~inside], atol=1e-9)


def test_an_orbit_that_escaped_is_followed_by_a_fresh_start():
    found = orbit_diagram(LOGISTIC, {"r": [3.2, 4.5, 3.2, 3.2]}, keep=10, follow=True)
    assert found.restarted.values.tolist() == [False, False, True, False]
    fresh = orbit_diagram(LOGISTIC, {"r": [3.2]}, keep=10)
    np.testing.assert_array_equal(found.x.values[2], fresh.x.values[0])
    assert not np.isfinite(found.x.values[1]).any()


def test_what_does_not_fit_an_orbit_diagram():
    with pytest.raises(ValueError, match="keep must be a whole number >= 1"):
        orbit_diagram(LOGISTIC, {"r": [3.0]}, keep=0)
    with pytest.raises(ValueError, match="skip must be a whole number >= 0"):
        orbit_diagram(LOGISTIC, {"r": [3.0]}, skip=-1)
    for over in ({}, {"r": [3.0], "x": [0.1]}, {"r": (("a", "b"), [[3.0]])}):
        with pytest.raises(ValueError, match="over one dim"):
            orbit_diagram(LOGISTIC, over)
    with pytest.raises(ValueError, match="unknown state or parameter 'rr'"):
        orbit_diagram(LOGISTIC, {"rr": [3.0]})
    with pytest.raises(ValueError, match="unknown state or parameter 'y'"):
        orbit_diagram(LOGISTIC, {"r": [3.0]}, y=1)
    with pytest.raises(ValueError, match="'x' is a state"):
        orbit_diagram(LOGISTIC, {"x": [0.3]}, follow=True)
    with pytest.raises(ValueError, match="'x' is a state"):
        orbit_diagram(LOGISTIC, {"r": ("line", [3.0]), "x": ("line", [0.3])}, follow=True)
    with pytest.raises(ValueError, match="1 values along 'line'"):
        orbit_diagram(LOGISTIC, {"r": ("line", [3.0, 3.1]), "x": ("line", [0.3])})
    with pytest.raises(TypeError, match="is not a map"):
        orbit_diagram(logistic, {"r": [3.0]})


def test_basins_of_two_fixed_points_split_at_zero():
    found = basins(PITCHFORK, 1000, {"x": np.linspace(-2, 3, 101)})
    assert found.period.values.tolist() == [1, 1, 1] and not found.family.any()
    np.testing.assert_allclose(found.x_mean, [1, -1, 0], atol=1e-9)
    np.testing.assert_allclose(found.share, [60 / 101, 40 / 101, 1 / 101])
    want = np.where(found.x > 1e-9, 1, np.where(found.x < -1e-9, 2, 3))
    np.testing.assert_array_equal(found.basin, want)


def test_mirrored_cycles_are_two_attractors_unless_they_share_their_points():
    known = {1.5: ([1, 1], [-0.707, 0.707]), 2.2: ([2, 2], [-1.025, 1.025]), 2.5: ([-2, -2], [-1, 1]), 2.7: ([6], [0])}
    for r, (periods, means) in known.items():
        found = basins(CUBIC, 2000, {"x": np.linspace(-1.5, 1.49, 200)}, r=r)
        assert found.period.values.tolist() == periods
        np.testing.assert_allclose(np.sort(found.x_mean), means, atol=1e-3 if periods[0] > 0 else 0.05)
        assert set(np.unique(found.basin)) == set(range(1, len(periods) + 1))
        if periods == [2, 2]:
            np.testing.assert_allclose(found.x_minimum, -found.x_maximum[::-1])


def test_escaped_and_not_settled_points_have_no_attractor():
    found = basins(CUBIC, 256, {"x": [0.5, -0.7, 3.0]}, r=3.5)
    assert found.basin.values.tolist() == [-1, -1, -1] and found.sizes["attractor"] == 0
    found = basins(CUBIC, 256, {"x": [0.5, 3.0]}, r=2.0)
    assert ds.named(found.basin).values.tolist() == ["undecided", "escaped"], "r = 2 is where the period doubles"


def test_a_line_of_fixed_points_is_one_family():
    starts = np.linspace(0, 4, 41)
    found = basins(LINE, 1000, {"y": starts, "x": [1.0, 2.0]})
    assert found.family.item() and found.period.item() == 1 and found.share.item() == 1
    assert (found.basin == 1).all()
    np.testing.assert_allclose([found.y_minimum.item(), found.y_mean.item(), found.y_maximum.item()], [2, 5, 8])
    few = basins(LINE, 1000, {"y": starts[:6]})
    assert few.sizes["attractor"] == 6 and not few.family.any(), "few points of a line look like so many attractors"


def test_what_does_not_fit_basins():
    with pytest.raises(ValueError, match="steps must be a whole number >= 256"):
        basins(PITCHFORK, 100, {"x": [1.0]})
    with pytest.raises(ValueError, match="unknown initial state 'r'"):
        basins(PITCHFORK, 1000, {"r": [1.0]})
    with pytest.raises(ValueError, match="unknown state or parameter 'z'"):
        basins(PITCHFORK, 1000, {"z": [1.0]})
    with pytest.raises(ValueError, match="at least one initial state"):
        basins(PITCHFORK, 1000, {})
    with pytest.raises(ValueError, match="tol must be positive"):
        basins(PITCHFORK, 1000, {"x": [1.0]}, tol=0)


def test_the_picture_of_an_orbit_diagram(ax):
    found = orbit_diagram(LOGISTIC, {"r": [2.8, 3.2, 3.5, 4.5]}, keep=50)
    assert plot_orbit_diagram(found, "x", ax=ax, markersize=3, color="black") is ax
    points = ax.lines[0]
    assert points.get_xdata().size == 150 and points.get_rasterized() and points.get_color() == "black"
    assert ax.lines[1].get_xdata().tolist() == [4.5], "marked as escaped"
    assert ax.get_ylim()[1] < 1 and ax.get_ylabel() == "$x$"
    assert drawn(ax).std() > 5
    with pytest.raises(ValueError, match="unknown name 'y'"):
        plot_orbit_diagram(found, "y", ax=ax)
    with pytest.raises(ValueError, match="no orbit diagram"):
        plot_orbit_diagram(ds.orbit(LOGISTIC, 3), "x", ax=ax)


def test_an_initial_state_can_be_swept():
    starts = np.array([-0.5, 0.2, 0.5])
    found = orbit_diagram(PITCHFORK, {"x": starts}, keep=3, skip=200)
    assert dict(found.sizes) == {"x_start": 3, "kept": 3} and found.x_start.values.tolist() == starts.tolist()
    np.testing.assert_allclose(found.x, np.sign(starts)[:, None] * np.ones(3), atol=1e-6)
    assert found.x_start.attrs["long_name"] == "initial x"


def test_the_picture_along_a_line_is_over_a_name_that_varies(ax):
    over = {"r": ("line", [3.2, 3.2, 3.2]), "x": ("line", [0.2, 0.3, 0.4])}
    plot_orbit_diagram(orbit_diagram(LOGISTIC, over, keep=50), ax=ax)
    assert "x" in ax.get_xlabel() and set(ax.lines[0].get_xdata()) == {0.2, 0.3, 0.4}


def test_the_picture_of_basins_names_the_attractors(ax):
    found = basins(CUBIC, 2000, {"x": np.linspace(-2.5, 2.5, 30), "z": [0.5, 1.0, 2.0]}, r=2.2)
    assert plot_basins(found, ax=ax) is ax
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(names) == 3 and names[0].startswith("period 2, ") and names[2].startswith("escaped, ")
    assert drawn(ax).std() > 10
    with pytest.raises(ValueError, match="needs two"):
        plot_basins(found.isel(z=0), ax=ax)
    with pytest.raises(ValueError, match="no basins"):
        plot_basins(ds.orbit(LOGISTIC, 3), ax=ax)
