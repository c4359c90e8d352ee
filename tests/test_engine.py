"""The engine: whatever the grid, the order of names, the chunks and the threads, the same bits."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from conftest import plain_orbit
from hypothesis import given, settings
from hypothesis import strategies as st

import dynsim as ds
from dynsim.engines import threads as pool

M = ds.measures
EDGE = ds.maps.self_stabilization


def every_kind(skip):
    return [
        M.final("x"),
        M.mean("y", skip=skip),
        M.maximum("lam"),
        M.minimum("p"),
        M.lifetime(),
        M.edge_share(),
        M.regime(),
    ]


FIVE = {"x": 0.05, "lam": 1.9, "eta": 1.0, "a": 0.03, "b": 0.3}
RANGES = {"x": (1e-3, 0.5), "lam": (1.0, 2.5), "eta": (0.5, 1.2), "a": (1e-3, 0.1), "b": (0.1, 1.0)}


@st.composite
def grids(draw):
    names = draw(st.lists(st.sampled_from(sorted(RANGES)), min_size=1, max_size=3, unique=True))
    return {name: np.array(draw(st.lists(st.floats(*RANGES[name]), min_size=1, max_size=4))) for name in names}


@settings(deadline=None, max_examples=40)
@given(
    over=grids(),
    steps=st.integers(0, 70),
    chunk=st.integers(1, 9),
    calls=st.integers(1, 400),
    threads=st.integers(1, 4),
)
def test_any_grid_chunking_and_thread_count_gives_the_same_bits(over, steps, chunk, calls, threads):
    fixed = {n: v for n, v in FIVE.items() if n not in over}
    measures = every_kind(min(3, steps))
    whole = ds.sweep(EDGE, steps, over, measures, threads=1, **fixed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "POINTS_A_PIECE", chunk)
        patch.setattr(pool, "STEPS_A_CALL", calls)
        cut = ds.sweep(EDGE, steps, over, measures, threads=threads, **fixed)
    xr.testing.assert_identical(whole, cut)
    turned = ds.sweep(EDGE, steps, dict(reversed(over.items())), measures, **fixed)
    for name in whole.data_vars:
        xr.testing.assert_equal(whole[name], turned[name].transpose(*over))
    corner = dict.fromkeys(over, -1)
    last = {n: float(over[n][-1]) if n in over else FIVE[n] for n in FIVE}
    alone = ds.sweep(EDGE, steps, {"x": [last.pop("x")]}, measures, **last)
    for name in whole.data_vars:
        np.testing.assert_array_equal(whole[name].isel(corner).values, alone[name].values[0])


@settings(deadline=None, max_examples=25)
@given(
    steps=st.integers(0, 300),
    x=st.floats(1e-3, 0.5),
    lam=st.floats(0.5, 2.5),
    a=st.floats(1e-3, 0.1),
    skip=st.integers(0, 9),
)
def test_measures_are_what_numpy_says_of_the_plain_orbit(steps, x, lam, a, skip):
    skip = min(skip, steps)
    run = plain_orbit(EDGE, steps, x=x, lam=lam, a=a)
    measures = [
        M.final("lam"),
        M.mean("y", skip=skip),
        M.maximum("p", skip=skip),
        M.minimum("lam", skip=skip),
        M.lifetime(bound=100),
        M.edge_share(tol=0.05, skip=skip),
    ]
    got = {k: v.item() for k, v in ds.sweep(EDGE, steps, {"a": [a]}, measures, x=x, lam=lam).data_vars.items()}
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(got["lam_final"], run["lam"][-1])
        np.testing.assert_allclose(got["y_mean"], np.mean(run["y"][skip:]), rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(got["p_maximum"], np.nanmax(run["p"][skip:]))
        np.testing.assert_array_equal(got["lam_minimum"], np.nanmin(run["lam"][skip:]))
        out = ~((np.abs(run["x"]) <= 100) & (np.abs(run["lam"]) <= 100))
        assert got["lifetime"] == (np.argmax(out) if out.any() else steps + 1)
        assert got["edge_share"] == pytest.approx(np.mean(np.abs(run["y"][skip:]) < 0.05), abs=1e-12)


def test_points_as_a_list_are_the_diagonal_of_the_product():
    eta, a = np.linspace(0.5, 1, 5), np.geomspace(1e-3, 1e-1, 5)
    product = ds.sweep(EDGE, 50, {"eta": eta, "a": a}, M.final("lam"))
    points = ds.sweep(EDGE, 50, {"eta": ("point", eta), "a": xr.DataArray(a, dims="point")}, M.final("lam"))
    assert points.lam_final.dims == ("point",)
    np.testing.assert_array_equal(points.lam_final.values, np.diag(product.lam_final.values))
    np.testing.assert_array_equal(points.a.values, a)


def test_a_grid_of_two_dims_broadcasts_with_another():
    start = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    result = ds.sweep(EDGE, 20, {"x": (("row", "column"), start), "lam": ("column", [1.5, 1.6, 1.7])}, M.final("x"))
    assert dict(result.sizes) == {"row": 2, "column": 3}
    one = ds.orbit(EDGE, 20, x=0.6, lam=1.7)
    assert result.x_final.values[1, 2] == one.x.values[-1]


def test_every_keeps_every_nth_state():
    full, thin = ds.orbit(ds.maps.cdat, 100), ds.orbit(ds.maps.cdat, 100, every=7)
    xr.testing.assert_equal(full.isel(step=slice(None, None, 7)), thin)


def test_long_orbits_are_the_same_in_pieces(monkeypatch):
    whole = ds.orbit(ds.maps.cdat, 5000, every=10, sigma=1.9)
    monkeypatch.setattr("dynsim.orbits.STEPS_A_CALL", 32 * 80)
    xr.testing.assert_identical(whole, ds.orbit(ds.maps.cdat, 5000, every=10, sigma=1.9))


def test_results_say_what_they_are(tmp_path):
    result = ds.sweep(EDGE, 10, {"eta": [0.5, 1.0]}, [M.final("lam"), M.regime()], a=0.01)
    assert result.attrs["map"] == "self_stabilization" and result.attrs["steps"] == 10
    assert '"a": 0.01' in result.attrs["values"] and "numba" in result.attrs["versions"]
    assert result.lam_final.attrs["long_name"] == "final sharpness"
    assert result.regime.attrs["flag_meanings"] == "settled edge runaway escaped undecided"
    assert result.regime.dtype == np.int8
    result.to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "r.nc", engine="h5netcdf") as again:
        xr.testing.assert_identical(result, again.load())


def test_diverging_points_are_data():
    result = ds.sweep(
        EDGE, 500, {"lam": [0.5, 50.0]}, [M.final("lam"), M.lifetime(), M.regime(), M.maximum("lam")], x=1
    )
    assert not np.isfinite(result.lam_final.values[1])
    assert result.lifetime.values[1] < 30
    assert result.regime.values[1] == 3


def test_a_users_own_map_with_helpers_and_closures():
    factor = 3.7

    def helper(x, scale=1.0):
        return scale * x * (1 - x)

    def logistic(x=0.3, /, r=factor):
        return r * helper(x)

    map_ = ds.Map(logistic)
    want = plain_orbit(map_, 50)["x"]
    np.testing.assert_array_equal(ds.orbit(map_, 50).x.values, want)


def test_observables_may_read_each_other():
    def step(x=0.5, /, r=3.2):
        return r * x * (1 - x)

    map_ = ds.Map(step, observables={"twice": lambda x: 2 * x, "more": lambda twice, r: twice + r})
    result = ds.sweep(map_, 10, {"r": [3.0, 3.5]}, [M.final("more"), M.mean("twice")])
    run = plain_orbit(map_, 10, r=3.5)
    assert result.more_final.values[1] == run["more"][-1]


def test_progress_counts_every_step(monkeypatch):
    seen = []

    class Bar:
        def __init__(self, total, **_):
            self.total, self.done = total, 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            seen.append((self.total, self.done))

        def update(self, n):
            self.done += n

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    ds.sweep(EDGE, 30, {"x": np.linspace(0.1, 0.2, 7)}, M.final("x"), threads=1)
    assert seen == [(210, 210)]


def test_an_interrupt_stops_the_threads_and_comes_through(monkeypatch):
    calls = []
    real = pool._Pieces.do

    def do(self, start, stop):
        calls.append(start)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, start, stop)

    monkeypatch.setattr(pool._Pieces, "do", do)
    monkeypatch.setattr(pool, "POINTS_A_PIECE", 1)
    with pytest.raises(KeyboardInterrupt):
        ds.sweep(EDGE, 10, {"x": np.linspace(0.1, 0.2, 500)}, M.final("x"), threads=2)
    assert len(calls) < 20


def test_memory_stays_proportional_to_the_result():
    """10⁶ points × 8 steps: the grid and the orbits are never laid out whole."""
    code = """
import resource, numpy as np, dynsim as ds
m = [ds.measures.final("lam")]
ds.sweep(ds.maps.self_stabilization, 8, {"x": np.linspace(.1, .2, 10), "a": np.linspace(.01, .02, 10)}, m)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ds.sweep(ds.maps.self_stabilization, 8, {"x": np.linspace(.1, .2, 3000), "a": np.linspace(.01, .02, 3000)}, m)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    grown = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    result = 9_000_000 * 8 / 1024
    assert grown < result + 60_000, "KiB beyond the result"


def test_maps_are_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        EDGE.name = "other"
    with pytest.raises(TypeError):
        EDGE.parameters["eta"] = 2
