"""The GPU engine in numba's simulator, where kernels run as plain Python. Started by test_cuda_simulator.py."""

import inspect
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from conftest import MAPS, plain_orbit

import dynsim as ds
from dynsim.compilation_cuda import simulated
from dynsim.engines import cuda as engine
from dynsim.grids import Grid
from dynsim.jobs import Job
from dynsim.model import reads

M = ds.measures
#: Their CPU kernels take long to compile with every measure, so these stand for the rest.
SOME = {name: getattr(ds.maps, name) for name in ("self_stabilization", "cdat", "stochastic")}
EDGE = ds.maps.self_stabilization
OVER = {"lam": [0.5, 1.9, 2.2], "a": [1e-3, 0.05]}


def test_this_is_the_simulator():
    assert simulated() and not engine.missing()


def identical(one, other):
    """The same variables, bit for bit; the two say where they were made."""
    assert (one.attrs["device"], other.attrs["device"]) == ("cuda", "cpu")
    xr.testing.assert_equal(one, other)
    assert {n: v.dtype for n, v in one.data_vars.items()} == {n: v.dtype for n, v in other.data_vars.items()}


@pytest.mark.parametrize("name", MAPS)
def test_every_map_ends_where_plain_python_does(name):
    map_, steps = MAPS[name], 19
    finals = [M.final(n) for n in (*map_.state, *map_.observables)]
    start = next(iter(map_.state))
    got = ds.sweep(map_, steps, {start: [map_.state[start]]}, finals, device="cuda", progress=False)
    want = plain_orbit(map_, steps)
    for n in (*map_.state, *map_.observables):
        lifted = n in map_.observables and "log_scale" in reads(map_.observables[n])
        compare = partial(np.testing.assert_allclose, rtol=1e-15) if lifted else np.testing.assert_array_equal
        compare(got[f"{n}_final"].values[0], want[n][-1], err_msg=n)


def every_measure(map_):
    """Every measure found that the map has the names for."""
    for name in M.__all__:
        kind = getattr(M, name)
        takes = inspect.signature(kind).parameters
        asked = kind(*(["lam"] if "name" in takes else []), **({"skip": 3} if "skip" in takes else {}))
        try:
            asked.made_for(map_)
        except ValueError:
            continue
        yield asked


@pytest.mark.parametrize("name", SOME)
def test_every_measure_is_that_of_the_cpu(name):
    measures = list(every_measure(SOME[name]))
    assert len(measures) >= len(M.__all__) - 2
    swept = partial(ds.sweep, SOME[name], 45, {"lam": [1.5, 60.0]}, measures, progress=False)
    identical(swept(device="cuda"), swept(device="cpu"))


@pytest.mark.parametrize("map_", [EDGE, ds.maps.cdat, ds.maps.cdat_undelayed], ids=lambda m: m.name)
def test_carried_states_are_those_of_the_cpu(map_):
    values = dict(x=1e-70, lam=1.0) if map_ is EDGE else dict(sigma=1.0, x=1e-60, u=1e-72, lam=19.0)
    measures = [M.final("lam"), M.minimum("log_p"), M.lyapunov(), M.final("x")]
    swept = partial(ds.sweep, map_, 203, {"a": [1e-3, 2e-3]}, measures, progress=False, **values)
    one, other = swept(device="cuda"), swept(device="cpu")
    identical(one, other)
    assert other.log_p_minimum.max() < -500


def test_noise_is_that_of_the_cpu():
    swept = partial(ds.sweep, ds.maps.stochastic, 50, OVER, [M.mean("lam"), M.maximum("p")], progress=False)
    identical(swept(device="cuda", seed=7), swept(device="cpu", seed=7))
    assert not swept(device="cuda", seed=8).equals(swept(device="cuda", seed=7))


def test_chunks_and_launches_change_no_bit(monkeypatch):
    measures = [M.final("x"), M.mean("y", skip=3), M.lyapunov(skip=2), M.regime()]
    over = {"lam": np.linspace(0.5, 2.2, 5), "a": ("point", [1e-3, 0.05, 0.02]), "b": ("point", [0.1, 0.2, 0.3])}
    swept = partial(ds.sweep, EDGE, 61, over, measures, progress=False)
    whole = swept(device="cpu")
    for chunk, first, axis in ((4, 1, 2**20), (7, 2**28, 2), (15, 300, 0)):
        monkeypatch.setattr(engine, "POINTS_A_CHUNK", chunk)
        monkeypatch.setattr(engine, "FIRST_LAUNCH", first)
        monkeypatch.setattr(engine, "WHOLE_AXIS", axis)
        identical(swept(device="cuda"), whole)


def test_spans_are_delivered_and_progress_counts_every_step(monkeypatch):
    monkeypatch.setattr(engine, "POINTS_A_CHUNK", 4)
    job = Job(EDGE, 21, Grid(OVER | {"x": [0.1, 0.2, 0.3]}), (M.final("lam"),), EDGE.complete({}, (*OVER, "x")))
    got, made = np.full(job.grid.size, np.nan), []

    def deliver(start, stop, rows):
        assert stop - start <= 4 and np.isnan(got[start:stop]).all()
        got[start:stop] = rows[0][0]

    engine.Cuda().run(job, [(2, 3), (5, 14), (7, 7)], deliver, made.append)
    want = ds.sweep(EDGE, 21, OVER | {"x": [0.1, 0.2, 0.3]}, M.final("lam"), progress=False).lam_final.values.ravel()
    inside = np.r_[2:3, 5:14]
    np.testing.assert_array_equal(got[inside], want[inside])
    assert np.isnan(np.delete(got, inside)).all()
    assert sum(made) == 21 * inside.size


def test_no_steps_at_all():
    swept = partial(ds.sweep, EDGE, 0, OVER, [M.final("lam"), M.lifetime()], progress=False)
    identical(swept(device="cuda"), swept(device="cpu"))


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupt_comes_through_and_stops_the_rest(monkeypatch, error):
    monkeypatch.setattr(engine, "POINTS_A_CHUNK", 1)
    job, delivered = Job(EDGE, 8, Grid({"x": np.linspace(0.1, 0.2, 50)}), (M.final("lam"),), EDGE.complete({}, "x")), []

    def deliver(start, stop, rows):
        delivered.append(start)
        if start == 2:
            raise error("the disk is full")

    with pytest.raises(error):
        engine.Cuda().run(job, [(0, 50)], deliver, lambda count: None)
    assert delivered == [0, 1, 2]


def test_a_card_without_memory_is_refused(monkeypatch):
    from numba import cuda

    context = SimpleNamespace(get_memory_info=lambda: SimpleNamespace(free=1000))
    monkeypatch.setattr(cuda, "current_context", lambda: context)
    with pytest.raises(MemoryError, match="only 0 MiB of free memory"):
        ds.sweep(EDGE, 8, OVER, M.final("lam"), device="cuda", progress=False)


def test_chunks_fit_into_the_free_memory(monkeypatch):
    from numba import cuda

    made, free = [], 200_000
    real, context = cuda.device_array, SimpleNamespace(get_memory_info=lambda: SimpleNamespace(free=free))
    monkeypatch.setattr(cuda, "current_context", lambda: context)
    monkeypatch.setattr(cuda, "device_array", lambda shape, dtype: made.append(shape) or real(shape, dtype))
    ds.sweep(EDGE, 0, {"x": np.linspace(0.1, 0.2, 3000)}, M.final("lam"), device="cuda", progress=False)
    used = 8 * (sum(rows * points for rows, points in made) + 2 * 3000)  # the axis, for both slots
    assert 0.8 * engine.SHARE * free < used <= engine.SHARE * free


def test_float32_is_close_and_says_so():
    measures = [M.final("lam"), M.mean("y"), M.lifetime(), M.regime(), M.crossings("y"), M.edge_share()]
    swept = partial(ds.sweep, EDGE, 30, OVER, measures, progress=False)
    one, other = swept(device="cuda", dtype="float32"), swept()
    assert one.attrs["dtype"] == "float32" and one.lam_final.dtype == one.y_mean.dtype == np.float32
    assert one.lifetime.dtype == np.int64 and one.regime.dtype == np.int8
    np.testing.assert_allclose(one.lam_final, other.lam_final, rtol=1e-5)
    np.testing.assert_array_equal(one.lifetime, other.lifetime)


def test_auto_takes_the_gpu():
    assert ds.sweep(EDGE, 3, OVER, M.final("lam"), device="auto", progress=False).attrs["device"] == "cuda"


def test_the_benchmark_runs_from_end_to_end(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent))
    from benchmarks.gpu import main

    main(["--quick"])
    page = capsys.readouterr().out
    assert "## Measured" in page and "| self_stabilization, final λ | GPU, float64 |" in page
    assert "| cdat | 0.0e+00 |" in page, "the simulator computes what the CPU does"
    assert "| cdat | 100.000% | 0.0e+00 |" in page and "Its numbers mean nothing" in page
