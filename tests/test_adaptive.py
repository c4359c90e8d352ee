"""ds.refine: boundaries that are known exactly, the full grid beside it, and what the cells promise."""

import json
import warnings

import matplotlib
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import dynsim as ds
from dynsim.adaptive.growth import Growth
from dynsim.adaptive.lattice import Axis, at_corners, code

matplotlib.use("agg")
CDAT = {"sigma": 2, "lam": 2, "nu": 0.2, "b": 1, "u": 1e-3, "eta": 1, "progress": False}
DELAY = {"a": (5e-4, 5, "log"), "x": (1e-3, 1e2, "log")}


def still(x=0.0, z=0.0, q=0.0, /, k=1.0):
    return x, z, q


def picture(value):
    """A map that stays where it is, with one observable."""
    return ds.Map(still, observables={"v": value})


def refined(value, over=None, threshold=0.5, **how):
    over = over or {"x": (0, 1), "z": (0, 1)}
    return ds.refine(picture(value), 0, over, ds.measures.final("v"), threshold=threshold, **how)


# ---- boundaries that are known ----------------------------------------------------------------------------------


def edge(over, **how):
    """With a = b = 0 the sharpness stays, and p grows iff ηλ > 2."""
    how = {"a": 0, "b": 0, "x": 1, "threshold": 1, "progress": False} | how
    return ds.refine(ds.maps.self_stabilization, 2, over, ds.measures.final("p"), **how)


def test_constant_rate_loses_stability_at_eta_lam_2():
    found = edge({"eta": (0.5, 2), "lam": (0.5, 4.5)}, resolution=1 / 1024)
    across = ds.adaptive.critical(found, "lam")
    assert across.sizes["eta"] > 900 and (np.abs(across.lam - 2 / across.eta) <= across.error * (1 + 1e-9)).all()
    assert (across.error <= 4 / 1024 / 2).all()
    line = ds.adaptive.boundary(found)
    assert int(line.line.max()) == 0 and np.abs(line.eta * line.lam - 2).max() <= 4 / 1024 * (1 + 1e-9)


def test_to_one_part_in_100000_in_each_parameter():
    for eta in (0.7, 1.0, 1.9):
        found = edge({"lam": (0.5, 4.5)}, eta=eta)
        assert found.sizes["point"] <= 65 + 11 * 3  # the guard halves a neighbour on each side too
        last = ds.adaptive.critical(found, "lam")
        assert last.sizes == {"crossing": 1} and abs(last.lam.item() - 2 / eta) <= last.error.item() < 0.5e-5 * 4


def test_a_window_of_the_edge_to_one_part_in_100000():
    found = edge({"eta": (0.99, 1.01), "lam": (1.98, 2.02)}, resolution=1 / 1024, coarse=16)
    across = ds.adaptive.critical(found, "eta")
    assert across.error.max() < 1e-5 and (np.abs(across.eta - 2 / across.lam) <= across.error * (1 + 1e-9)).all()


@pytest.mark.parametrize("steps", [2_000, 200_000])
def test_line_of_cdat_attracts_iff_8a_below_lam_squared(steps):
    # On the line δp grows by (8a/Λ²)^(1/2) a step. Its exponent is told from the neutral direction's 0 at 1e-3, so
    # the boundary is at 8a/Λ² = exp(2e-3), up to 2 ln κ over the number of steps, where κ < e⁵ is the condition number
    # of the tangent map's eigenvectors.
    step = ds.maps.cdat.step

    def line(x=1.0, u=0.0, lam=2.0, eta=1.0, /, a=0.5):
        return step(x, u, lam, eta, sigma=2.0, a=a, b=a, nu=0.2)

    for lam in (1.0, 2.0, 5.0):
        over, values = {"a": (0.05 * lam**2, 0.2 * lam**2)}, {"lam": lam, "eta": 2 / lam, "progress": False}
        found = ds.refine(ds.Map(line), steps, over, ds.measures.lyapunov(), threshold=1e-3, **values)
        edge = ds.adaptive.critical(found, "a")
        assert edge.sizes == {"crossing": 1}
        assert abs(8 * edge.a.item() / lam**2 / np.exp(2e-3) - 1) < 10 / steps + 1e-5


def test_logistic_map_leaves_the_unit_interval_over_a_log_axis():
    def logistic(x=0.3, /, r=3.0):
        return r * x * (1 - x)

    over = {"x": (1e-3, 0.5, "log"), "r": (1.5, 1e3, "log")}
    found = ds.refine(ds.Map(logistic), 1, over, ds.measures.final("x"), threshold=1, resolution=1 / 512)
    across = ds.adaptive.critical(found, "r")
    exact = 1 / (across.x * (1 - across.x))
    inside = exact < 990
    assert inside.sum() > 450 and (np.abs(across.r - exact) <= across.error * (1 + 1e-9))[inside].all()
    assert np.allclose(across.error / across.r, np.log(1e3 / 1.5) / found.cells / 2, rtol=0.01)


# ---- the full grid ----------------------------------------------------------------------------------------------


def full(map_, steps, picture_, measure, **values):
    over = {n: picture_[n].values for n in picture_.dims}
    return ds.sweep(map_, steps, over, measure, progress=False, **values)


@pytest.mark.parametrize("guard", [0, 1])
def test_the_full_grid_differs_only_on_islands_without_a_computed_point(guard):
    found = ds.refine(ds.maps.cdat, 300, DELAY, resolution=1 / 256, coarse=32, guard=guard, **CDAT)
    drawn = ds.adaptive.raster(found, 257)
    assert np.array_equal(drawn.a, np.geomspace(5e-4, 5, 257))
    whole = full(ds.maps.cdat, 300, drawn, ds.measures.regime(), **{k: v for k, v in CDAT.items() if k != "progress"})
    wrong = (drawn.regime != whole.regime).values
    # That many specks of the fractal part lie between the points of the coarse grid: 82 and 30 when this was written.
    assert 0 < wrong.sum() < 100 / (1 + guard) and found.sizes["point"] < 0.1 * 257**2
    computed = np.zeros(wrong.shape, bool)
    computed[tuple(found.lattice.values)] = True
    for value in np.unique(whole.regime):
        islands, _ = ndimage.label(whole.regime.values == value)
        lost = np.unique(islands[wrong & (islands > 0)])
        assert not computed[np.isin(islands, lost)].any()


def test_the_full_grid_agrees_where_nothing_is_smaller_than_the_coarse_grid():
    found = edge({"eta": (0.5, 2), "lam": (0.5, 4)}, resolution=1 / 1024, coarse=16)
    drawn = ds.adaptive.raster(found, 1025)
    whole = full(ds.maps.self_stabilization, 2, drawn, ds.measures.final("p"), a=0, b=0, x=1)
    assert np.array_equal(drawn.p_final > 1, whole.p_final > 1)
    assert found.sizes["point"] <= 0.02 * 1025**2


def test_share_of_the_full_grid():
    found = edge({"eta": (0.5, 2), "lam": (0.5, 4)}, resolution=1 / 2048)
    assert found.cells == 2048 and found.sizes["point"] <= 0.01 * 2049**2


def test_points_are_those_of_an_ordinary_sweep():
    found = ds.refine(ds.maps.cdat, 300, DELAY, resolution=1 / 64, coarse=16, **CDAT)
    over = {n: ("point", found[n].values) for n in ("a", "x")}
    alone = ds.sweep(ds.maps.cdat, 300, over, ds.measures.regime(), **CDAT)
    assert np.array_equal(alone.regime, found.regime)
    for k in (0, 500):
        values = ds.values_of(found[["regime"]].isel(point=k))
        assert values["a"] == found.a[k] and values["sigma"] == 2


def test_lattice_is_that_of_linspace_and_geomspace():
    index = np.arange(1001)
    assert np.array_equal(Axis("x", -0.3, 1.7, "linear", 1000).values(index), np.linspace(-0.3, 1.7, 1001))
    assert np.array_equal(Axis("x", 1e-3, 7.0, "log", 1000).values(index), np.geomspace(1e-3, 7, 1001))


# ---- what the cells promise -------------------------------------------------------------------------------------


class Given:
    """Rounds that look values up, and count what is asked."""

    tol = 0.0

    def __init__(self, values):
        self.values, self.asked = values, []

    def compute(self, at):
        self.asked += [tuple(p) for p in at.T.tolist()]
        return self.values[tuple(at)]

    def comparable(self, values):
        return values.astype(float)


@settings(deadline=None, max_examples=60)
@given(
    dims=st.integers(1, 3), levels=st.integers(0, 4), coarse=st.integers(1, 3), guard=st.integers(0, 2),
    seed=st.integers(0, 2**32 - 1), blobs=st.integers(0, 4),
)  # fmt: skip
def test_cells_tile_and_no_border_is_left(dims, levels, coarse, guard, seed, blobs):
    width, rng = coarse * 2**levels, np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(width + 1)] * dims, indexing="ij"))
    values = np.zeros(grid.shape[1:], int)
    for k in range(blobs):
        centre = rng.uniform(0, width, dims).reshape(-1, *[1] * dims)
        values[((grid - centre) ** 2).sum(axis=0) < rng.uniform(0, width) ** 2 / 4] = k + 1
    rounds = Given(values)
    grown = Growth(rounds, dims, coarse, levels, guard, 10**9)
    assert grown.run() == 0 and not grown.open.any()
    assert len(rounds.asked) == len(set(rounds.asked)) == grown.codes.size  # each point once
    cells = grown.cells
    assert (cells.size.astype(float) ** dims).sum() == width**dims
    assert np.array_equal(values[tuple(grown.at)], grown.values)
    assert (cells.level[grown.mixed] == levels).all()
    for low, size, mixed in zip(cells.low.T, cells.size, grown.mixed):
        inside = ((grown.at >= low[:, None]) & (grown.at <= low[:, None] + size)).all(axis=0)
        assert mixed == (len(np.unique(grown.values[inside])) > 1)
        if mixed and guard:
            near = ((cells.low < low[:, None] + 2 * size) & (cells.low + cells.size > low[:, None] - size)).all(axis=0)
            assert (cells.level[near] == levels).all()


@given(st.integers(1, 3), st.lists(st.integers(0, 2**20), min_size=3, max_size=3), st.integers(0, 20))
def test_a_cell_is_one_stretch_of_codes(dims, at, k):
    low = np.array(at[:dims]).reshape(-1, 1) >> k << k
    corner = low + (1 << k) - 1
    assert code(corner)[0] - code(low)[0] == (1 << (dims * k)) - 1
    assert code(at_corners(low, np.array([1]))[:, 0, -1:])[0] > code(low)[0]


def test_a_thin_tongue_is_found_where_it_meets_a_boundary_and_missed_where_it_does_not():
    def tongue(x, z):
        return 1.0 * ((x < 0.1) | ((abs(z - 0.53) < 0.002) & (x < 0.9)))

    def island(x, z):
        return 1.0 * ((abs(z - 0.53) < 0.002) & (x < 0.9) & (x > 0.3))

    how = {"resolution": 1 / 1024, "coarse": 16}
    assert ds.adaptive.critical(refined(tongue, **how), "x").x.max() > 0.89  # followed to its tip
    assert refined(island, **how).sizes["point"] == 17**2
    assert ds.adaptive.critical(refined(island, **how | {"coarse": 256}), "x").x.max() > 0.89


# ---- what is compared -------------------------------------------------------------------------------------------


def test_numbers_differ_by_more_than_tol():
    def ramp(x, z):
        return x + 10.0 * (z > 0.3)

    found = refined(ramp, threshold=None, tol=1, resolution=1 / 256, coarse=8, guard=0)
    assert np.allclose(ds.adaptive.critical(found, "z").z, 0.3, atol=1 / 256)
    assert ds.adaptive.critical(found, "x").sizes["z"] == 0
    tight = refined(ramp, threshold=None, tol=0.05, resolution=1 / 256, coarse=8, guard=0)
    assert np.bincount(tight.level)[1:3].sum() > 200  # the ramp is halved to steps of 1/32


def test_points_that_escaped_are_alike():
    with np.errstate(all="ignore"):
        value = lambda x, z: ds.vocabulary.where(z < 0.5, x, (x - 0.5) * 1e300 * 1e300 / (x - 0.5) * (x - 0.5))  # noqa: E731
        found = refined(value, threshold=None, tol=2, resolution=1 / 64, coarse=8, guard=0)
    assert np.isnan(found.v_final).any() and np.isinf(found.v_final).any()
    assert np.allclose(found.z[found.level > 1], 0.5, atol=1 / 16)  # only the line z = 1/2 is refined
    assert np.isnan(ds.adaptive.raster(found, 65).v_final).any()


def test_three_axes():
    ball = refined(
        lambda x, z, q: x * x + z * z + q * q, {"x": (0, 1), "z": (0, 1), "q": (0.1, 2, "log")}, 0.81,
        resolution=1 / 64, coarse=8,
    )  # fmt: skip
    assert ball.sizes["corner"] == 8
    across = ds.adaptive.critical(ball, "x")
    assert (np.abs(across.x - np.sqrt(0.81 - across.z**2 - across.q**2)) <= across.error * (1 + 1e-9)).all()
    flat = ds.adaptive.raster(ball, 65, {"q": 0.1})
    assert dict(flat.sizes) == {"x": 65, "z": 65}
    assert np.array_equal(flat.v_final > 0.81, (flat.x**2 + flat.z**2 + 0.1**2 > 0.81))
    assert ds.plot.phase_diagram(ball, "v_final", part={"q": 0.1}).get_xlim() == (0, 1)
    for call in (lambda: ds.adaptive.boundary(ball), lambda: ds.plot.phase_diagram(ball, "v_final")):
        with pytest.raises(ValueError, match="critical"):
            call()


def test_noise_is_refused():
    with pytest.raises(ValueError, match="draws noise"):
        ds.refine(ds.maps.stochastic, 10, {"a": (1e-3, 1)}, ds.measures.final("lam"), threshold=1)


# ---- a budget ---------------------------------------------------------------------------------------------------


def escape(x=0.0, z=0.0, /, k=0.3):
    return x * x - z * z - 0.8, 2 * x * z + k / 2


def test_a_fractal_boundary_stops_at_the_budget_and_says_how_far_it_came():
    with pytest.warns(UserWarning, match="resolved to .* of the axes, not") as said:
        found = ds.refine(ds.Map(escape), 60, {"x": (-2, 2), "z": (-2, 2)}, ds.measures.lifetime(), threshold=60,
                          points=20_000)  # fmt: skip
    assert len(said) == 1 and said[0].filename == __file__
    assert found.sizes["point"] <= 20_000 and not found.complete
    assert 1e-5 < found.reached <= 1 / 64
    finest = 2.0 ** -(6 + found.cell_level[found.mixed].values.max())
    assert found.reached <= 2 * finest  # the coarsest cells come first
    assert found.reached == 2.0 ** -(6 + found.cell_level[found.mixed].values.min())
    assert ds.adaptive.critical(found, "x").error.max() <= 4 * found.reached / 2
    drawn = ds.adaptive.raster(found, int(1 / found.reached) + 1)
    whole = full(ds.Map(escape), 60, drawn, ds.measures.lifetime())
    assert ((drawn.lifetime > 60) != (whole.lifetime > 60)).mean() < 0.01


def test_complete_says_so_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = refined(lambda x, z: x + z, resolution=1 / 256)
    assert found.complete and found.reached == 1 / found.cells == 1 / 256


# ---- what comes out ---------------------------------------------------------------------------------------------


def test_result_is_labelled_saved_and_drawn(tmp_path):
    found = ds.refine(ds.maps.cdat, 300, {"sigma": (1.5, 2.5), "nu": (0.1, 10, "log")}, resolution=1 / 128, coarse=16,
                      device="cpu", threads=1, progress=False)  # fmt: skip
    found.to_netcdf(tmp_path / "found.nc", engine="h5netcdf")
    again = xr.open_dataset(tmp_path / "found.nc", engine="h5netcdf").load()
    assert found.attrs["call"].startswith("ds.refine(cdat, 300") and json.loads(found.swept) == ["sigma", "nu"]
    for read in (ds.adaptive.raster, ds.adaptive.boundary):
        assert read(again).identical(read(found))
    line = ds.adaptive.boundary(found, ("runaway", "escaped"))
    assert set(ds.named(line.one).values) == {"runaway"} and set(ds.named(line.other).values) == {"escaped"}
    assert np.abs(line.sigma - 2).max() < 0.1
    across = ds.adaptive.critical(found, "sigma", ("escaped", "runaway"))
    assert set(ds.named(across.before).values) == {"runaway"} and across.nu.attrs["symbol"] == r"\nu"
    ax = ds.plot.phase_diagram(found, "regime", part={"nu": (1, 10)}, x="nu", boxes=True)
    assert ax.get_xlim() == (1, 10) and ax.get_xscale() == "log" and len(ax.collections) == 3
    drawn = ds.adaptive.raster(found, 64)
    assert ds.stability.compare(drawn, "regime", {"escaped": "sigma > 2"})[0].share > 0.9


def test_each_round_has_a_store_and_what_is_lost_from_one_is_computed_again(tmp_path):
    pytest.importorskip("zarr")

    def found(**how):
        return edge({"eta": (0.5, 1.5), "lam": (1, 3)}, coarse=4, resolution=1 / 32, **how)

    plain, kept = found(), found(store=tmp_path / "edge.zarr")
    assert kept.identical(plain)
    stores = sorted(path for path in tmp_path.iterdir())
    assert [path.name for path in stores] == [f"edge-{k:02d}.zarr" for k in range(plain.rounds)] and plain.rounds > 2
    written = xr.concat([xr.open_zarr(path).load() for path in stores], "point")

    def rows(data):
        return sorted(zip(data.eta.values, data.lam.values, data.p_final.values))

    assert rows(written) == rows(plain)
    (stores[1] / "p_final/c/0").unlink()
    untouched = stores[2] / "p_final/c/0"
    before = untouched.stat().st_mtime_ns
    assert found(store=tmp_path / "edge.zarr").identical(plain)
    assert (stores[1] / "p_final/c/0").exists() and untouched.stat().st_mtime_ns == before
    with pytest.raises(ValueError, match=r"edge-00\.zarr"):
        found(store=tmp_path / "edge.zarr", a=0.1)  # another diagram


def test_lines_are_closed_where_the_boundary_is_and_meet_where_three_values_do():
    found = refined(lambda x, z: (x - 0.5) * (x - 0.5) + (z - 0.5) * (z - 0.5), threshold=0.1, resolution=1 / 256)
    line = ds.adaptive.boundary(found)
    assert line.line.max() == 0 and line.x[0] == line.x[-1] and line.z[0] == line.z[-1]
    steps = np.hypot(np.diff(line.x), np.diff(line.z))
    assert steps.max() <= 1 / 256 and abs(steps.sum() / (2 * np.pi * np.sqrt(0.1)) - 1) < 0.12


# ---- what does not fit ------------------------------------------------------------------------------------------

OVER = {"sigma": (1.9, 2.1)}


@pytest.mark.parametrize(
    ("over", "how", "match"),
    [
        ({"sgima": (1, 2)}, {}, "Did you mean 'sigma'"),
        ({"sigma": [1.9, 2.0, 2.1]}, {}, "write a range for 'sigma'"),
        ({"sigma": ("point", [1, 2])}, {}, "write a range"),
        ({"sigma": 2}, {}, "write a range"),
        ({"sigma": (2.1, 1.9)}, {}, "the low first"),
        ({"sigma": (1, np.inf)}, {}, "finite"),
        ({"sigma": (1, np.nan)}, {}, "NaN"),
        ({"sigma": (0, 2, "log")}, {}, "start it above 0"),
        ({"sigma": (1, 2, "lgo")}, {}, "Did you mean 'log'"),
        ({"sigma": (1, 1 + 1e-12)}, {}, "larger resolution"),
        (dict.fromkeys(("sigma", "a", "b", "nu"), (1, 2)), {}, "at most 3"),
        (dict.fromkeys(("sigma", "a", "b"), (1, 2)), {"resolution": 1e-7, "coarse": 8}, "too many for 3 axes"),
        (OVER, {"resolution": 0}, "share of the axis"),
        (OVER, {"resolution": 2}, "share of the axis"),
        (OVER, {"coarse": 0}, "coarse must be a whole number"),
        (OVER, {"guard": -1}, "guard must be"),
        (OVER, {"points": 10}, "coarse grid alone"),
        (OVER, {"tol": 0.1}, "codes, which are equal or not"),
        (OVER, {"measure": ds.measures.final("lam")}, "tol= .* or threshold="),
        (OVER, {"measure": ds.measures.final("lam"), "tol": 1, "threshold": 1}, "tol= .* or threshold="),
        (OVER, {"measure": ds.measures.final("lam"), "tol": -1}, "tol must be >= 0"),
        (OVER, {"measure": ds.measures.lyapunov_spectrum(), "tol": 1}, "several numbers"),
        (OVER, {"measure": ds.measures.final("lam").named("level"), "tol": 1}, "'level'"),
        (OVER, {"device": "gpz"}, "device"),
        (OVER, {"sigma": 2}, "given twice"),
        (OVER, {"nuu": 2}, "Did you mean 'nu'"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(over, how, match):
    with pytest.raises(ValueError, match=match):
        ds.refine(ds.maps.cdat, 100, over, how.pop("measure", None), **how)


def test_what_is_of_the_wrong_kind():
    with pytest.raises(TypeError, match="mapping from names to ranges"):
        ds.refine(ds.maps.cdat, 100, [("sigma", (1, 2))])
    with pytest.raises(TypeError, match="one measure"):
        ds.refine(ds.maps.cdat, 100, OVER, [ds.measures.regime(), ds.measures.lifetime()])
    with pytest.raises(TypeError, match=r"wrap your step"):
        ds.refine(still, 100, OVER)
    level = ds.Map(lambda x=0.0, /, level=1.0: x)
    with pytest.raises(ValueError, match="name in the result"):
        ds.refine(level, 1, {"level": (0, 1)}, ds.measures.final("x"), tol=1)
    found = ds.refine(ds.maps.cdat, 100, OVER, resolution=1 / 64, progress=False)
    for read in (ds.adaptive.raster, ds.adaptive.boundary):
        with pytest.raises(TypeError, match=r"ds\.refine"):
            read(found[["regime"]])
    for bad, match in (({"nu": 1}, "axis"), ({"sigma": (2, 3)}, "not in the diagram"), ({"sigma": (1, 2, 3)}, "two")):
        with pytest.raises(ValueError, match=match):
            ds.adaptive.raster(found, part=bad)
    for between in ("runaway", ("runaway",), ("runaway", "escapde")):
        with pytest.raises(ValueError, match=r"such as|Did you mean"):
            ds.adaptive.critical(found, "sigma", between)
