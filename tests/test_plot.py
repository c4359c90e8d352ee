"""Pictures: they take an ax, return it, and change nothing global."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm, to_rgba
from matplotlib.figure import Figure

import dynsim as ds

M = ds.measures


@pytest.fixture
def ax():
    figure = Figure()
    FigureCanvasAgg(figure)
    return figure.subplots()


@pytest.fixture(scope="module")
def swept():
    over = {"sigma": np.linspace(1.8, 2.2, 5), "nu": np.geomspace(0.01, 1, 4)}
    return ds.sweep(ds.maps.cdat, 3000, over, [M.regime(), M.lifetime(), M.final("lam"), M.final("y")])


def drawn(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba())


def test_a_phase_diagram_of_regimes_names_them_and_keeps_their_colours(swept, ax):
    before = dict(mpl.rcParams)
    assert ds.plot.phase_diagram(swept, "regime", ax=ax) is ax
    assert dict(mpl.rcParams) == before
    bar = ax.figure.axes[1]
    assert [t.get_text() for t in bar.get_yticklabels()] == list(M.regime.flags)
    mesh = ax.collections[0]
    colors = mesh.to_rgba(swept.regime.values)
    flags = np.array(M.regime.flags)[swept.regime.values]
    for flag in set(flags.flat):
        assert (colors[flags == flag] == to_rgba(ds.plot.REGIMES[flag])).all()
    assert drawn(ax).std() > 10


def test_axes_follow_the_grid(swept, ax):
    ds.plot.phase_diagram(swept, "lam_final", ax=ax)
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert r"$\sigma$" in ax.get_xlabel() and r"$\nu$" in ax.get_ylabel()
    other = Figure().subplots()
    ds.plot.phase_diagram(swept, "lam_final", ax=other, x="nu")
    assert other.get_xscale() == "log" and r"$\sigma$" in other.get_ylabel()


def test_every_cell_lies_around_its_point(swept, ax):
    mesh = ds.plot.phase_diagram(swept, "lifetime", ax=ax).collections[0]
    corners = mesh.get_coordinates()
    for axis, dim in ((0, "sigma"), (1, "nu")):
        edges = corners[..., axis].ravel()
        edges = np.unique(edges)
        assert (edges[:-1] < swept[dim].values).all() and (swept[dim].values < edges[1:]).all()
    np.testing.assert_array_equal(mesh.get_array().reshape(4, 5), swept.lifetime.values.T)


def test_wide_positive_values_get_a_log_colour_axis_and_diverged_ones_are_grey(ax):
    result = ds.sweep(ds.maps.self_stabilization, 300, {"lam": [0.5, 1.9, 5.0], "x": [1e-3, 0.1]}, M.final("lam"))
    result["lam_final"] = abs(result.lam_final) + 1e-5
    mesh = ds.plot.phase_diagram(result, "lam_final", ax=ax).collections[0]
    assert mesh.get_array().mask.any()
    wide = result.copy()
    wide["lam_final"] = (("lam", "x"), [[1.0, 2.0], [3.0, 4.0], [5.0, 1e5]])
    other = Figure().subplots()
    assert isinstance(ds.plot.phase_diagram(wide, "lam_final", ax=other).collections[0].norm, LogNorm)


def test_orbit_panels(ax):
    run = ds.orbit(ds.maps.cdat, 50)
    figure = Figure()
    axes = figure.subplots(1, 4)
    assert (ds.plot.orbit(run, ax=axes) == axes).all()
    for panel, name in zip(axes, ("eta", "lam", "y", "p")):
        np.testing.assert_array_equal(panel.lines[0].get_ydata(), run[name].values)
    assert ds.plot.orbit(run, "lam", ax=ax) is ax
    ds.plot.orbit(run, "lam", ax=ax, label="again")
    assert len(ax.lines) == 2 and ax.lines[0].get_color() != ax.lines[1].get_color()


def test_a_constant_rate_is_drawn_from_the_fixed_values(ax):
    run = ds.orbit(ds.maps.self_stabilization, 20, eta=0.7)
    ds.plot.orbit(run, "eta", ax=ax)
    assert (ax.lines[0].get_ydata() == 0.7).all()


def test_an_escape_does_not_swamp_the_picture(ax):
    run = ds.orbit(ds.maps.self_stabilization, 400, x=0.3, lam=2.0)
    assert not np.isfinite(run.lam.values[-1])
    ds.plot.orbit(run, "lam", ax=ax)
    low, high = ax.get_ylim()
    assert -5 < low < 1.5 and 2.5 < high < 5
    assert 150 < ax.get_xlim()[1] < 220
    assert drawn(ax).std() > 5


def test_pictures_and_measures_agree_on_what_escaped():
    import inspect

    from dynsim.labels import BOUND
    from dynsim.measures import lifetime, regime

    for kind in (lifetime, regime):
        assert inspect.signature(kind.update).parameters["bound"].default == BOUND


def test_an_orbit_and_its_animation_have_the_same_margins(ax):
    run = ds.orbit(ds.maps.self_stabilization, 400, x=0.3, lam=2.0)  # it escapes
    moving = ds.plot.animate(run, "eta", "lam", frames=3)
    ds.plot.orbit(run, "lam", ax=ax)
    assert moving.frame(0).axes[0].get_ylim() == ax.get_ylim()
    assert moving.frame(0).axes[0].get_xlim() == (0.95, 1.05)


@pytest.mark.parametrize("first", ["escapes", "stays"])
def test_of_two_orbits_one_escapes_and_both_are_in_view(ax, first):
    escapes = ds.orbit(ds.maps.self_stabilization, 400, x=0.3, lam=2.0)
    stays = ds.orbit(ds.maps.self_stabilization, 600, x=0.3, lam=7.0, a=0, b=0, eta=0.1)
    for run in (escapes, stays) if first == "escapes" else (stays, escapes):
        ds.plot.orbit(run, "lam", ax=ax)
    low, high = ax.get_ylim()
    assert -5 < low < 1.5 and 7 < high < 9
    assert 600 <= ax.get_xlim()[1] < 700


def test_symbols_of_names():
    from dynsim.labels import symbol

    assert symbol("lam") == r"\lambda"
    assert symbol("kappa") == r"\kappa"
    assert symbol("lam_star") == r"\lambda_{\mathrm{star}}" and symbol("lamp") == r"\mathrm{lamp}"
    assert symbol("f_star") == r"f_{\mathrm{star}}"
    assert symbol("warmup") == r"\mathrm{warmup}"


def test_a_map_of_ones_own_has_its_greek_letters_too(ax):
    def step(lam=1.5, /, eta=1.0, eps=0.1):
        return lam - eta * eps * lam

    map_ = ds.Map(step)  # no y, so that λ need not be a sharpness
    ds.plot.orbit(ds.orbit(map_, 5), "lam", ax=ax)
    assert ax.get_ylabel() == r"$\lambda$"
    result = ds.sweep(map_, 5, {"lam": [1.0, 2.0], "eps": [0.1, 0.2]}, M.final("lam"))
    ds.plot.phase_diagram(result, "lam_final", ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"initial lam  $\lambda_0$", r"$\varepsilon$")


def test_an_overlay_keeps_its_colour_in_every_panel():
    panels = Figure().subplots(1, 4)
    escaping = ds.orbit(ds.maps.self_stabilization, 400, x=0.3, lam=2.0)
    for run in (escaping, ds.orbit(ds.maps.self_stabilization, 600, x=0.316, lam=2.0, a=1e-3, b=1e-2)):
        ds.plot.orbit(run, ax=panels)
    curves = [[line for line in panel.lines if line.get_gid() == "orbit"] for panel in panels]
    assert all(len(two) == 2 for two in curves)
    assert len({two[1].get_color() for two in curves}) == 1


def test_another_maps_names_are_its_own():
    def step(x=0.5, /, a=2.0):
        return a * x * (1 - x)

    result = ds.sweep(ds.Map(step), 10, {"a": [1.0, 2.0], "x": [0.1, 0.2]}, M.final("x"))
    assert result.x.attrs["long_name"] == "initial x" and result.a.attrs["long_name"] == "a"
    panels = ds.plot.orbit(ds.orbit(ds.Map(step), 10))
    assert [p.get_ylabel() for p in panels] == ["$x$"]


def test_an_unsorted_grid_is_sorted_and_escaped_points_are_grey(ax):
    over = {"lam": [5.0, 0.5, 1.9], "x": [1e-3, 0.1]}
    result = ds.sweep(ds.maps.self_stabilization, 14, over, M.final("lam"), a=1e-3)
    mesh = ds.plot.phase_diagram(result, "lam_final", ax=ax, cmap="magma").collections[0]
    assert (np.diff(mesh.get_coordinates()[0, :, 0]) > 0).all()
    shown = mesh.get_array()
    assert shown.mask.any() and np.abs(shown.compressed()).max() <= 1e12
    assert ds.plot.phase_diagram(result, "lam_final", ax=Figure().subplots(), norm=LogNorm(1, 100)) is not None


def test_names_of_codes_and_values_of_points():
    result = ds.sweep(ds.maps.cdat, 2000, {"sigma": [1.9, 2.2]}, M.regime(), nu=0.2)
    assert ds.named(result.regime).values.tolist() == ["runaway", "escaped"]
    assert ds.values_of(result.isel(sigma=1)) == dict(x=2, u=2, lam=18, eta=0.05, sigma=2.2, a=0.05, b=0.1, nu=0.2)
    with pytest.raises(ValueError, match="has no named values"):
        ds.named(result.sigma)
    with pytest.raises(ValueError, match="choose one"):
        ds.values_of(result)


def test_training_runs_are_drawn_with_their_edge(ax):
    bowl = ds.objectives.quadratic([1.0, 10.0])
    runs = ds.descend(
        bowl, ds.tuners.constant, 50, over={"eta": [0.01, 0.1]}, sharpness=1, optimizer=ds.optimizers.momentum
    )
    panels = ds.plot.training(runs)
    assert [p.get_ylabel() for p in panels] == ["loss  $f$", "sharpness  $\\lambda$", "$\\eta\\lambda$"]
    assert [t.get_text() for t in panels[0].get_legend().get_texts()] == ["$\\eta$ = 0.01", "$\\eta$ = 0.1"]
    edge = [line for line in panels[2].lines if line.get_gid() != "run"]
    assert [line.get_ydata()[0] for line in edge] == [3.8]
    np.testing.assert_array_equal(panels[0].lines[1].get_ydata(), runs.f.sel(eta=0.1))
    (alone,) = ds.plot.training(runs, "turn", ax=ax, label="mine", color="k")
    assert len(alone.lines) == 2 and alone.lines[0].get_color() == "k"


def test_a_diverging_run_does_not_press_the_others_flat():
    runs = ds.descend(ds.objectives.quadratic([1.0, 10.0]), ds.tuners.constant, 3000, over={"eta": [0.1, 1.0]})
    panel = ds.plot.training(runs, "f")[0]
    assert panel.get_ylim()[1] < 1e4 < 1e50 < np.nanmax(runs.f)


def test_training_pictures_refuse_what_they_cannot_draw(ax):
    runs = ds.descend(ds.objectives.quadratic([1.0, 10.0]), ds.tuners.greedy, 5)
    with pytest.raises(ValueError, match="no training runs"):
        ds.plot.training(ds.orbit(ds.maps.cdat, 5))
    with pytest.raises(ValueError, match="Did you mean 'grad_norm'"):
        ds.plot.training(runs, "grad_nrm")
    with pytest.raises(ValueError, match="2 names need 2 axes"):
        ds.plot.training(runs, ["f", "eta"], ax=ax)


@pytest.mark.parametrize("thing", [3, np.ones(3), ds.orbit(ds.maps.self_stabilization, 3)])
def test_what_is_no_training_run_is_not_drawn(thing):
    with pytest.raises(ValueError, match=r"draw what ds\.descend returns"):
        ds.plot.training(thing)
