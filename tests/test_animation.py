"""Animations: what a frame shows is the orbit."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.animation import FuncAnimation
from matplotlib.colors import to_rgb
from PIL import Image

import dynsim as ds
from dynsim.animation import HEAD
from dynsim.reproduce import moving as reproduced

GD = ds.maps.self_stabilization


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fate():
    over = {"x": np.geomspace(1e-2, 10, 30), "lam": np.linspace(1.2, 2.8, 40)}
    return ds.sweep(GD, 500, over, ds.measures.lifetime())


@pytest.fixture(scope="module")
def escaping():
    return ds.orbit(GD, 400, x=0.3, lam=2.0)


def artists(animation, k):
    """What frame k shows: head, path and trail, by their names; the head's fill; the text."""
    ax = animation.frame(k).axes[0]
    shown = {line.get_gid(): np.column_stack(line.get_data()) for line in ax.lines if line.get_gid()}
    return shown, ax.texts[-1].get_text()


def test_frames_show_the_orbit():
    one = ds.orbit(ds.maps.cdat, 200, sigma=1.9)
    moving = ds.plot.animate(one, "ratio", "y", frames=50, trail=7)
    assert isinstance(moving, FuncAnimation) and len(moving.steps) <= 51
    np.testing.assert_array_equal(moving.steps, [*range(0, 200, 5), 200])
    for k in (0, 3, 17, len(moving.steps) - 1):
        shown, said = artists(moving, k)
        t = moving.steps[k]
        plane = np.column_stack([one.ratio, one.y])
        assert said == f"step {t}"
        np.testing.assert_array_equal(shown["head"], plane[t : t + 1])
        np.testing.assert_array_equal(shown["path"], plane[: t + 1])
        np.testing.assert_array_equal(shown["trail"], plane[max(0, t - 7) : t + 1])


def test_every_point_of_an_orbit_that_stays_is_inside():
    one = ds.orbit(ds.maps.cdat, 300)
    moving = ds.plot.animate(one, "p", "lam")
    assert not any("outside" in artists(moving, k)[1] for k in range(len(moving.steps)))


def test_steps_are_those_recorded_and_a_parameter_is_an_axis_too():
    moving = ds.plot.animate(ds.orbit(GD, 100, every=10, eta=0.7, lam=2.5), "eta", "lam")
    shown, said = artists(moving, 4)
    assert said == "step 40" and (shown["path"][:, 0] == 0.7).all()


def test_a_point_outside_is_marked_at_the_border(fate):
    one = ds.orbit(GD, 60, every=2, x=0.1, lam=2.9)  # above the diagram until x has grown
    moving = ds.plot.animate(one, over=(fate, "lifetime"))
    ax = moving.frame(0).axes[0]
    high = ax.get_ylim()[1]
    shown, said = artists(moving, 0)
    assert one.lam[0] > high and said == "step 0, outside"
    np.testing.assert_allclose(shown["head"], [[0.1, high]])
    assert next(line for line in ax.lines if line.get_gid() == "head").get_markerfacecolor() == "none"
    inside = int(np.argmax(one.lam.values < high))
    shown, said = artists(moving, inside)
    assert said == f"step {2 * inside}" and shown["head"][0, 1] == one.lam[inside]
    assert next(line for line in ax.lines if line.get_gid() == "head").get_markerfacecolor() == HEAD


def test_limits_and_scales_of_the_diagram_stay(fate, escaping):
    ax = ds.plot.phase_diagram(fate, "lifetime")
    moving = ds.plot.animate(escaping, over=(fate, "lifetime"))
    found = moving.frame(-1).axes[0]
    assert (found.get_xlim(), found.get_ylim()) == (ax.get_xlim(), ax.get_ylim())
    assert (found.get_xscale(), found.get_yscale()) == ("log", "linear")


def test_on_a_log_axis_x_is_drawn_by_its_size(fate, escaping):
    moving = ds.plot.animate(escaping, over=(fate, "lifetime"))
    shown, _ = artists(moving, 8)
    t = moving.steps[8]
    assert (escaping.x.values[: t + 1] < 0).any()
    np.testing.assert_array_equal(shown["path"][:, 0], np.abs(escaping.x.values[: t + 1]))
    np.testing.assert_array_equal(shown["path"][:, 1], escaping.lam.values[: t + 1])
    assert moving.frame(8).axes[0].get_xlabel().startswith("size of the initial projection")


def test_an_escape_ends_the_animation(escaping):
    moving = ds.plot.animate(escaping)
    size = np.maximum(abs(escaping.x), abs(escaping.lam)).values
    gone = int(np.argmax(~(size <= 1e12)))
    assert moving.steps[-1] == gone < escaping.step[-1]
    shown, said = artists(moving, -1)
    assert said == f"step {gone}, escaped" and np.isnan(shown["head"]).all()
    assert artists(moving, -2)[1].endswith("outside")
    low, high = moving.frame(0).axes[0].get_ylim()
    assert -5 < low < 1.5 and 2.5 < high < 5, "the picture is scaled to what comes before"


def test_what_is_drawn_already_stays(escaping):
    _, ax = plt.subplots()
    ax.contour([-2, 2], [1, 3], [[0, 1], [1, 2]])
    limits = ax.get_xlim(), ax.get_ylim()
    moving = ds.plot.animate(escaping, ax=ax)
    assert (moving.frame(5).axes[0].get_xlim(), ax.get_ylim()) == limits


def test_a_gif_holds_every_frame_and_keeps_the_heads_colour(tmp_path, fate, escaping):
    moving = ds.plot.animate(escaping, over=(fate, "lifetime"), frames=12)
    file = ds.plot.save_gif(moving, tmp_path / "x.gif", colors=32)
    with Image.open(file) as image:
        assert image.n_frames == len(moving.steps)
        assert image.size == (416, 320)
        for k in (0, 5):
            image.seek(k)
            pixels = np.asarray(image.convert("RGB")).astype(float) / 255
            assert (np.abs(pixels - to_rgb(HEAD)).max(axis=2) < 0.1).sum() > 10
    assert [p.name for p in tmp_path.iterdir()] == ["x.gif"]


def test_pictures_are_what_the_figure_shows(fate, escaping):
    moving = ds.plot.animate(escaping, over=(fate, "lifetime"), frames=12)
    before = moving.frame(0).dpi
    picture = moving.pictures(dpi=60)[6]
    figure = moving.frame(6)
    assert figure.dpi == before
    figure.set_dpi(60)
    figure.canvas.draw()
    whole = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(float)
    assert picture.shape == whole.shape and np.abs(picture - whole).mean() < 1


def test_a_notebook_shows_it_moving_and_only_once(escaping):
    moving = ds.plot.animate(escaping, frames=4)
    assert moving._repr_html_().startswith('<img src="data:image/gif;base64,R0lGOD')
    assert plt.get_fignums() == []


def test_the_reproduced_cycle_is_small_and_escapes(tmp_path):
    (file,) = reproduced.cycle(tmp_path, side=40)
    assert file.name == "edge_cycle.gif" and file.stat().st_size < 300_000
    with Image.open(file) as image:
        assert 60 <= image.n_frames <= 81


def test_what_does_not_fit_is_refused(fate, escaping):
    with pytest.raises(ValueError, match="Did you mean 'log_p'"):
        ds.plot.animate(escaping, "logp")
    with pytest.raises(ValueError, match="no orbit"):
        ds.plot.animate(fate)
    with pytest.raises(ValueError, match=r"has dims.*the plane of 'p' and 'lam'"):
        ds.plot.animate(escaping, "p", "lam", over=(fate, "lifetime"))
    with pytest.raises(TypeError, match="over=\\(result, 'lifetime'\\)"):
        ds.plot.animate(escaping, over=fate["lifetime"].values[0, 0])
    with pytest.raises(ValueError, match="Known: lifetime"):
        ds.plot.animate(escaping, over=(fate, "lifetim"))
    with pytest.raises(ValueError, match=r"the orbit has a = 0\.1, the phase diagram 0\.03"):
        ds.plot.animate(ds.orbit(GD, 5, a=0.1), over=(fate, "lifetime"))
    with pytest.raises(TypeError, match="takes cmap only with over="):
        ds.plot.animate(escaping, cmap="magma")
    with pytest.raises(ValueError, match="frames must be a whole number >= 2"):
        ds.plot.animate(escaping, frames=1)
    with pytest.raises(TypeError, match="have a method save"):
        ds.plot.save_gif(plt.figure(), "x.gif")
    with pytest.raises(ValueError, match="at most 256"):
        ds.plot.save_gif(None, "x.gif", colors=300)
