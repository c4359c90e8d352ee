"""Stored sweeps under the mouse: what is stored is shown as it is, and what is computed anew is what ds.sweep gives."""

import json
import shutil

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import dynsim as ds
from dynsim.colours import BAD, classes
from dynsim.explorer import exporting
from dynsim.explorer.colouring import image_of
from dynsim.explorer.library import Library
from dynsim.explorer.reading import measure_from
from dynsim.explorer.stored import Stored, open_sweep
from dynsim.explorer.view import Axis, Limits, TooCostly, View
from dynsim.store import layout

pytest.importorskip("zarr")
M = ds.measures
MAP = ds.maps.self_stabilization
ETA, A, B = np.linspace(0.1, 2, 80), np.geomspace(1e-4, 1e-1, 90), [0.1, 0.3, 0.5]
KINDS = [M.final("lam"), M.regime(), M.lifetime(), M.period(longest=8)]


@pytest.fixture(scope="module")
def swept():
    return ds.sweep(MAP, 80, {"eta": ETA, "a": A, "b": B}, KINDS, progress=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The same in a store with a chunk for each eta."""
    path = tmp_path_factory.mktemp("stored") / "sweep.zarr"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "POINTS", len(A) * len(B))
        ds.sweep(MAP, 80, {"eta": ETA, "a": A, "b": B}, KINDS, store=path, progress=False)
    return path


@pytest.fixture
def path(kept, tmp_path):
    """A store that may be spoilt."""
    return shutil.copytree(kept, tmp_path / "sweep.zarr")


def quiet(count):
    pass


def picture(stored, view, side=125):
    stored.check(view)
    return stored.compute(view, side, quiet)


def small(over, measure=None, map=MAP, steps=60, **values):
    return ds.sweep(map, steps, over, measure or M.final("lam"), progress=False, **values)


# -- from the store -------------------------------------------------------------------------------------------------


def test_the_first_view_is_the_whole_sweep_of_its_regimes(swept, kept):
    for dataset in (swept, open_sweep(kept)):
        stored = Stored("mine", dataset)
        view = stored.first()
        assert (view.map, view.measure, view.steps, dict(view.values)) == ("mine", "regime", 80, {"b": 0.3})
        half = (ETA[1] - ETA[0]) / 2
        assert (view.x.name, view.x.log, view.y.name, view.y.log) == ("eta", False, "a", True)
        np.testing.assert_allclose([view.x.low, view.x.high], [ETA[0] - half, ETA[-1] + half], rtol=1e-12)
        ratio = np.sqrt(A[1] / A[0])
        np.testing.assert_allclose([view.y.low, view.y.high], [A[0] / ratio, A[-1] * ratio], rtol=1e-9)
        assert stored.names == ("eta", "a", "b") and set(stored.measures) == {m.name for m in KINDS}
        assert View.from_link(view.link()) == view
        view.check(Limits())
        assert stored.described("a") == "progressive sharpening a"


@pytest.mark.parametrize("name", [m.name for m in KINDS])
@pytest.mark.parametrize("side", [40, 250])
def test_a_pixel_has_the_value_of_the_nearest_stored_point(swept, kept, name, side):
    told = []
    stored = Stored("mine", open_sweep(kept))
    view = stored.first().but(measure=name)
    # No centre of a pixel lies just between two stored points.
    view = view.but(x=Axis("eta", 0.1037, 1.9511), y=Axis("a", 1.13e-4, 0.0917, True))
    got = stored.compute(view, side, told.append)
    x, y = view.x.centres(side), view.y.centres(side)
    i = np.abs(x[:, None] - ETA).argmin(1)
    j = np.abs(np.log(y[:, None] / A)).argmin(1)
    want = swept[name].isel(b=1).values[np.ix_(i, j)]
    np.testing.assert_array_equal(got[name].values, want)
    assert got[name].dims == ("eta", "a") and got[name].dtype == swept[name].dtype
    np.testing.assert_array_equal(got.eta.values, x)
    assert got.attrs["drawn"] == "from the store" and json.loads(got.attrs["at"]) == {"b": 0.3}
    assert {k: got[name].attrs[k] for k in swept[name].attrs if k != "flag_values"} == {
        k: v for k, v in swept[name].attrs.items() if k != "flag_values"
    }
    assert sum(told) == pytest.approx(side * side * view.steps, rel=0.01)
    assert float(got.b) == 0.3 and ds.values_of(got.isel(eta=0, a=0))["b"] == 0.3


def test_the_axes_may_change_places_and_the_other_dims_be_chosen(swept):
    stored = Stored("mine", swept)
    first = stored.first()
    other = first.but(x=first.y, y=first.x, values={"b": 0.45})
    got = picture(stored, other)
    assert got.regime.dims == ("a", "eta") and json.loads(got.attrs["at"]) == {"b": 0.5}
    want = picture(stored, first.but(values={"b": 0.5}))
    np.testing.assert_array_equal(got.regime.values, want.regime.values.T)
    whole = picture(stored, View("mine", first.y, Axis("b", 0, 0.6), "regime", 80, {"eta": 1.0}))
    assert whole.regime.dims == ("a", "b") and whole.attrs["drawn"] == "from the store"


def test_beyond_the_grid_nothing_is_stored(swept):
    stored = Stored("mine", swept)
    wide = stored.first().but(x=Axis("eta", -2, 4), measure="period")
    got = picture(stored, wide).period
    x = wide.x.centres(125)
    outside = (x < 0.1 - 0.0121) | (x > 2.0121)
    assert np.isnan(got.values[outside]).all() and np.isfinite(got.values[~outside]).all()
    assert got.attrs["not_stored"] == pytest.approx(outside.mean())
    image = image_of(got, "eta", "a")
    assert image.shares["not stored"][1] == pytest.approx(outside.mean())
    assert "no such value" not in image.shares
    far = stored.first().but(x=Axis("eta", -9, -5), y=Axis("b", 5, 6), values={})
    stored.map = None
    assert np.isnan(picture(stored, far).regime.values).all()


def test_unsorted_and_descending_grids_are_drawn_in_order():
    over = {"eta": [1.5, 0.5, 1.0, 2.0], "a": np.geomspace(1e-1, 1e-3, 5)}
    result = small(over)
    view = Stored("mine", result).first()
    assert view.y.log and not view.x.log and view.y.low < view.y.high
    got = picture(Stored("mine", result), view).lam_final
    for x in (0.5, 1.0, 1.5, 2.0):
        for y in over["a"]:
            want = float(result.lam_final.sel(eta=x, a=y))
            assert float(got.sel(eta=x + 0.05, a=y, method="nearest")) == want


def test_a_netcdf_file_is_drawn_like_what_it_holds(swept, tmp_path):
    swept.to_netcdf(tmp_path / "sweep.nc", engine="h5netcdf")
    here, there = Stored("mine", swept), Stored("mine", open_sweep(tmp_path / "sweep.nc"))
    for name in here.measures:
        view = here.first().but(measure=name)
        xr.testing.assert_equal(picture(here, view), picture(there, view))
    there.dataset.close()


# -- stores that are not whole --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lam_final", "regime", "lifetime", "period"])
def test_what_is_not_computed_yet_is_no_value(path, swept, name):
    for i in (10, 11, 12):
        (path / name / "c" / str(i) / "0" / "0").unlink()
    stored = Stored("mine", open_sweep(path))
    view = stored.first().but(measure=name)
    got = picture(stored, view, 250)
    cells = np.abs(view.x.centres(250)[:, None] - ETA).argmin(1)
    missing = np.isin(cells, (10, 11, 12))
    assert np.isnan(got[name].values[missing]).all()
    np.testing.assert_array_equal(got[name].values[~missing], picture(Stored("m", swept), view, 250)[name][~missing])
    share = missing.mean()
    assert got.attrs["drawn"] == f"from the store, which lacks {share:.1%} of this picture"
    assert image_of(got[name], "eta", "a").shares["not stored"][1] == pytest.approx(share)


def test_a_store_is_seen_to_grow(path):
    file = path / "regime" / "c" / "10" / "0" / "0"
    content = file.read_bytes()
    file.unlink()
    stored = Stored("mine", open_sweep(path))
    assert "lacks" in picture(stored, stored.first()).attrs["drawn"]
    file.write_bytes(content)
    assert picture(stored, stored.first()).attrs["drawn"] == "from the store"


def test_a_store_that_was_only_begun_is_all_grey(path):
    for folder in path.glob("*/c"):
        if folder.parent.name not in ("eta", "a", "b"):
            shutil.rmtree(folder)
    stored = Stored("mine", open_sweep(path))
    got = picture(stored, stored.first())
    assert np.isnan(got.regime.values).all() and "lacks 100.0%" in got.attrs["drawn"]
    assert list(image_of(got.regime, "eta", "a").shares) == ["not stored"]
    zoomed = stored.first().but(x=Axis("eta", 0.5, 0.6))  # there is nothing to try the map on
    assert picture(stored, zoomed).attrs["drawn"].startswith("computed anew")


def test_a_damaged_chunk_is_grey_and_said(path):
    file = path / "regime" / "c" / "10" / "0" / "0"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    stored = Stored("mine", open_sweep(path))
    got = picture(stored, stored.first())
    assert 0 < np.isnan(got.regime.values).mean() < 0.05
    assert got.attrs["drawn"].startswith("from the store, 1 of whose chunks are damaged")


def test_ds_plot_shows_no_regime_and_no_period_where_a_store_has_none_yet(path):
    for name in ("regime", "period"):
        (path / name / "c" / "10" / "0" / "0").unlink()
        values = xr.open_dataset(path, engine="zarr").isel(b=0)[name]
        masked = np.ma.getmaskarray(classes(values)[0])
        assert masked[10].all() and not np.delete(masked, 10, axis=0).any()
        mesh = ds.plot.phase_diagram(values.to_dataset(), name, ax=Figure().subplots()).collections[0]
        assert to_hex(mesh.to_rgba(np.ma.masked_all(1))[0]) == BAD.lower()


# -- computed anew --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lam_final", "regime"])
def test_a_zoomed_picture_is_what_the_sweep_gives_there(swept, kept, name):
    stored = Stored("mine", open_sweep(kept))
    view = stored.first().but(x=Axis("eta", 0.5, 0.62), y=Axis("a", 1e-3, 2e-3, True), measure=name, values={"b": 0.2})
    got = picture(stored, view, 40)
    own = next(m for m in KINDS if m.name == name)
    b = json.loads(got.attrs["at"])["b"]
    assert b in B
    want = small(view.over(40), own, steps=80, b=b)
    xr.testing.assert_identical(got.drop_attrs(), want.drop_attrs())
    assert got[name].attrs.keys() == want[name].attrs.keys()
    assert got.attrs["drawn"] == "computed anew, the store has too few points here (5 × 9)"
    assert {k: v for k, v in got.attrs.items() if k not in ("drawn", "at")} == want.attrs


def test_the_values_steps_options_and_names_of_the_sweep_are_kept():
    grid = {"eta": np.linspace(0.5, 1.5, 9), "x": np.geomspace(1e-3, 1e-1, 9)}
    late = M.mean("y", skip=40).named("late")
    stored = Stored("mine", small(grid, late, steps=120, a=1e-3, lam=1.5))
    view = stored.first()
    assert picture(stored, view).attrs["drawn"] == "from the store"  # it has no more than these
    view = view.but(x=Axis("eta", 0.8, 1.2), steps=7)
    want = small(view.over(30), late, steps=120, a=1e-3, lam=1.5)
    xr.testing.assert_identical(picture(stored, view, 30).drop_attrs(), want.drop_attrs())


def test_of_several_numbers_the_first_one_is_shown():
    spectrum = small({"eta": np.linspace(0.5, 1.5, 9), "x": np.geomspace(1e-3, 1e-1, 9)}, M.lyapunov_spectrum())
    stored = Stored("mine", spectrum)
    view = stored.first()
    assert stored.names == ("eta", "x")
    got = picture(stored, view, 9).lyapunov_spectrum
    np.testing.assert_array_equal(got.values, spectrum.lyapunov_spectrum.isel(order=0).values)
    near = view.but(x=Axis("eta", 0.8, 1.2))
    want = small(near.over(20), M.lyapunov_spectrum()).isel(order=0)
    xr.testing.assert_identical(picture(stored, near, 20).drop_attrs(), want.drop_attrs())


def test_a_long_skip_is_kept_to_the_last_digit():
    measure = M.mean("y", skip=1_234_567)
    assert measure_from(repr(measure)).options == measure.options
    assert repr(M.mean("y", skip=100)) == "mean('y', skip=100)"


def test_zooming_into_a_short_axis_only_is_zooming_in():
    stored = Stored("mine", small({"eta": np.linspace(0.1, 2, 200), "x": [0.1, 0.2, 0.3]}))
    view = stored.first()
    assert picture(stored, view.but(x=Axis("eta", 0.5, 1.5))).attrs["drawn"] == "from the store"
    assert picture(stored, view.but(y=Axis("x", 0.15, 0.35))).attrs["drawn"].endswith("(200 × 2)")


def test_noise_is_drawn_anew_and_said():
    over = {"s": np.linspace(0.01, 0.1, 12), "lam": np.linspace(1, 3, 12)}
    result = ds.sweep(ds.maps.stochastic, 50, over, M.final("lam"), seed=3, progress=False)
    stored = Stored("mine", result)
    assert not stored.noisy
    view = stored.first().but(x=Axis("s", 0.02, 0.05))
    got = picture(stored, view, 20)
    want = ds.sweep(ds.maps.stochastic, 50, view.over(20), M.final("lam"), seed=3, progress=False)
    np.testing.assert_array_equal(got.lam_final.values, want.lam_final.values)
    assert got.attrs["drawn"].endswith("; other noise was drawn than for the store")


def test_what_no_map_can_give_is_shown_as_it_is_stored():
    x = np.linspace(0.1, 1, 8)

    def zoomed(result, **more):
        stored = Stored("mine", result, **more)
        view = stored.first()
        near = Axis(view.x.name, view.x.low + (view.x.high - view.x.low) / 2, view.x.high)
        got = picture(stored, view.but(x=near), 40)
        assert np.isfinite(next(iter(got.data_vars.values())).values).all()
        assert stored.sweep_of(view.but(x=near)) is None
        return got.attrs["drawn"]

    begin = "from the store: lam_final cannot be recomputed since "
    result = small({"eta": np.linspace(0.5, 1, 8), "x": x})
    assert zoomed(result.assign_attrs(map="mine")) == begin + "the map 'mine' is not known here"
    points = small({"eta": ("run", np.linspace(0.5, 1, 8)), "a": ("run", x / 100), "x": x})
    points = points.assign_coords(run=np.arange(8))
    assert zoomed(points) == begin + "run is no parameter or initial state that was swept"
    along = points.drop_vars("run").swap_dims(run="eta")
    assert zoomed(along) == begin + "a was swept too, and varies with an axis"
    lost = small({"eta": np.linspace(0.5, 1, 8), "x": x, "a": [1e-3, 1e-2]}).mean("a", keep_attrs=True)
    assert zoomed(lost) == begin + "a was swept too, and is gone"
    code = result.copy()
    code.lam_final.attrs["measure"] = "__import__('os').system('true')"
    assert "is no measure of dynsim's with plain arguments" in zoomed(code)
    dear = zoomed(result, limits=Limits(work=1e4))
    assert dear == begin + "it would take 1.5e+07 steps of the map"
    changed = zoomed(result.assign(lam_final=result.lam_final + 1))
    assert changed.startswith(begin + "self_stabilization gives other values than the stored ones at 16 of 16 points")


def test_points_on_one_dim_are_chosen_by_their_number_and_computed_anew():
    points = {"eta": ("run", [0.5, 0.7, 0.9]), "a": ("run", [1e-3, 2e-3, 3e-3])}
    grid = {"x": np.linspace(0.1, 1, 9), "lam": np.linspace(0.5, 2, 9)}
    stored = Stored("mine", small(points | grid))
    assert stored.names == ("x", "lam")
    view = stored.first().but(values={"run": 2})
    got = picture(stored, view)
    assert json.loads(got.attrs["at"]) == {"run": 2} and float(got.eta) == 0.9
    near = view.but(x=Axis("x", 0.3, 0.6))
    want = small(near.over(30), eta=0.9, a=3e-3)
    np.testing.assert_array_equal(picture(stored, near, 30).lam_final.values, want.lam_final.values)


def test_a_map_of_ones_own_can_be_given():
    def step(x, /, r=3.0):
        return r * x * (1 - x)

    mine = ds.Map(step, name="logistic")
    over = {"r": np.linspace(2.5, 3.2, 9), "x": np.linspace(0.1, 0.9, 9)}
    result = small(over, M.final("x"), mine)
    view = Stored("mine", result).first().but(x=Axis("r", 2.8, 3.0))
    assert "'logistic' is not known here" in picture(Stored("mine", result), view).attrs["drawn"]
    got = picture(Stored("mine", result, mine), view, 30)
    np.testing.assert_array_equal(got.x_final.values, small(view.over(30), M.final("x"), mine).x_final.values)

    def other(x, /, r=3.0):
        return r * x * (1 - x) / 2

    got = picture(Stored("mine", result, ds.Map(other, name="logistic")), view)
    assert "it is not the map that was swept" in got.attrs["drawn"]


def test_a_newer_request_stops_it_and_the_end_of_time_falls_back_to_the_store(swept):
    stored = Stored("mine", swept)
    zoomed = stored.first().but(x=Axis("eta", 0.5, 0.6))

    class Newer(Exception):
        pass

    def stop(count):
        raise Newer

    for view in (stored.first(), zoomed):
        with pytest.raises(Newer):
            stored.compute(view, 40, stop)

    def late(count):
        raise TooCostly("this view was given up after 60 s")

    got = stored.compute(zoomed, 40, late)
    assert got.attrs["drawn"] == "from the store: this view was given up after 60 s"
    assert np.isfinite(got.regime.values).all()
    assert picture(stored, zoomed).attrs["drawn"].startswith("computed anew")  # nothing was remembered of it


# -- texts and doors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", [*KINDS, M.mean("y", skip=5).named("late"), M.lifetime(bound=float("inf"))])
def test_the_text_of_a_measure_is_read_back(measure):
    assert repr(measure_from(repr(measure))) == repr(measure)


@pytest.mark.parametrize(
    "text",
    [
        "", "regime", "regime()()", "__import__('os')", "regime(tol=__import__('os').getpid())", "final(lam)",
        "final('lam', 'y')", "final(*['lam'])", "regime(**{'tol': 1})", "ds.measures.regime()", "nothing('lam')",
        "regime().named(open('x'))", "regime().named(3)", "regime().named()", "final('lam') if 1 else 2", "(" * 999,
        "final('lam').__class__('x')", None, 3,
    ],
)  # fmt: skip
def test_text_that_is_no_measure_is_refused(text):
    with pytest.raises(ValueError, match="is no measure of dynsim's with plain arguments"):
        measure_from(text)


def test_what_is_no_sweep_is_refused_in_one_sentence(tmp_path, swept, path):
    def refused(match, target):
        with pytest.raises(ValueError, match=match) as caught:
            open_sweep(target)
        assert "\n" not in str(caught.value)

    refused("there is no sweep", tmp_path / "none.zarr")
    (tmp_path / "text.nc").write_text("not at all")
    refused("is no NetCDF file with a sweep", tmp_path / "text.nc")
    (tmp_path / "folder.zarr").mkdir()
    refused("is no zarr store with a sweep; it cannot be read", tmp_path / "folder.zarr")
    xr.Dataset({"v": ("d", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    refused("is no sweep of dynsim", tmp_path / "other.nc")
    swept.isel(a=0, b=0).to_netcdf(tmp_path / "line.nc", engine="h5netcdf")
    refused("only 'eta' has two different ones", tmp_path / "line.nc")
    (path / "zarr.json").write_text("{")
    refused("is no zarr store with a sweep; it cannot be read", path)
    (path / "zarr.json").unlink()
    refused("nothing is in it yet", path)
    (path / ".dynsim" / "zarr.json").write_text("{")
    refused("is damaged", path)
    with pytest.raises(ValueError, match="is no sweep of dynsim"):
        Stored("mine", swept.assign_attrs(values="["))
    with pytest.raises(ValueError, match="is no sweep of dynsim"):
        Stored("mine", swept.assign_attrs(steps="many"))


def test_views_that_do_not_fit_are_refused(swept):
    stored = Stored("mine", swept)
    view = stored.first()
    for wrong, match in (
        (view.but(measure="lam"), "unknown variable 'lam'"),
        (view.but(x=Axis("nu", 0, 1)), "unknown axis 'nu'"),
        (view.but(y=view.x), "both axes are eta"),
        (view.but(values={"nu": 1.0}), "unknown dim 'nu'"),
    ):
        with pytest.raises(ValueError, match=match):
            stored.check(wrong)


def test_the_library_offers_stored_sweeps_first_and_beside_their_like(swept):
    short = small({"eta": ETA[:9], "a": A[:9], "b": B}, M.regime())
    flat = small({"eta": ETA[:9], "a": A[:9]}, M.regime())
    library = Library(stored={n: Stored(n, d) for n, d in (("long", swept), ("short", short), ("flat", flat))})
    assert library.names[:4] == ["long", "short", "flat", ds.maps.__all__[0]]
    view = library.first("long")
    assert library.companions(view) == ["short"]
    assert library.companions(view.but(measure="period")) == []
    assert not {"long", "short"} & set(library.companions(library.first("cdat")))
    both = view.but(beside="short")
    library.check(both)
    assert library.compute(both, 1, 40, quiet).regime.shape == (40, 40)


def test_an_expensive_sweep_may_be_looked_at(swept):
    view = Stored("mine", swept.assign_attrs(steps=10**9)).first()
    with pytest.raises(TooCostly):
        view.check(Limits())
    view.check(Limits(), computed=False)


def test_the_lines_of_python_make_the_picture(swept, kept):
    stored = Stored("mine", open_sweep(kept))
    first = stored.first().but(side=125)
    zoomed = first.but(x=Axis("eta", 0.5, 0.6), y=Axis("a", 1e-3, 2e-3, True))
    found = {}
    exec(exporting.python(first, stored), found)
    xr.testing.assert_equal(found["result"].regime, swept.regime.isel(b=1))
    exec(exporting.python(zoomed, stored), found)
    want = stored.compute(zoomed, 125, quiet)
    xr.testing.assert_equal(found["result"].regime, want.regime)


def test_a_geometric_grid_of_tiny_numbers_is_told():
    stored = Stored("mine", small({"eta": [0.5, 1.0, 1.5], "a": np.geomspace(1e-13, 1e-9, 20)}))
    assert stored.usual_range("a")[2] and not stored.usual_range("eta")[2]
    narrow = Stored("mine", small({"eta": np.linspace(1, 1 + 1e-9, 90), "a": [0.1, 0.2, 0.3]}))
    assert not narrow.usual_range("eta")[2]
