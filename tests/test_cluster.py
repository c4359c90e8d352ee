"""Sweeps on a Dask cluster of processes."""

import logging
import os
import signal
import time

import numpy as np
import pytest

import dynsim as ds
from dynsim.engines import cluster as engine

distributed = pytest.importorskip("distributed")
M = ds.measures
# Dask's own housekeeping warns when worker processes are killed or end slowly.
pytestmark = pytest.mark.filterwarnings("default")

OVER = {"a": np.geomspace(1e-4, 1e-1, 60), "x": np.geomspace(1e-3, 1, 50)}
MEASURES = [M.final("lam"), M.regime(), M.lyapunov_spectrum()]


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=logging.CRITICAL
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def identical(one, other):
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name].values, other[name].values)


def test_the_cluster_gives_the_same_bits(client):
    there = ds.sweep(ds.maps.cdat, 500, OVER, MEASURES, client=client, sigma=1.9)
    here = ds.sweep(ds.maps.cdat, 500, OVER, MEASURES, sigma=1.9)
    identical(there, here)
    assert there.equals(here)


def test_noise_does_not_depend_on_who_draws_it(client, monkeypatch):
    monkeypatch.setattr(engine, "POINTS_A_TASK", 128)
    over = {"s": np.linspace(0.01, 0.1, 500)}
    there = ds.sweep(ds.maps.stochastic, 300, over, M.final("x"), client=client, seed=3)
    identical(there, ds.sweep(ds.maps.stochastic, 300, over, M.final("x"), seed=3))


def test_a_map_of_ones_own_travels(client):
    r = 2.0

    def step(x=0.3, /, k=1.0):
        return r * k * x * (1 - x)

    there = ds.sweep(ds.Map(step), 100, {"k": np.linspace(1, 1.9, 400)}, M.final("x"), client=client)
    identical(there, ds.sweep(ds.Map(step), 100, {"k": np.linspace(1, 1.9, 400)}, M.final("x")))


@pytest.mark.filterwarnings("error:Sending large graph")
def test_a_long_axis_and_a_client_that_is_not_the_newest(client):
    over = {"x": np.geomspace(1e-3, 1, 2_000_000)}
    here = ds.sweep(ds.maps.self_stabilization, 8, over, M.final("lam"))
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as newest,
        distributed.Client(newest) as other,
    ):
        assert distributed.default_client() is other and other.loop is not client.loop
        assert ds.sweep(ds.maps.self_stabilization, 8, over, M.final("lam"), client=client).equals(here)


def test_what_a_killed_worker_had_is_done_again(client, monkeypatch):
    monkeypatch.setattr(engine, "POINTS_A_TASK", 128)
    over = {"x": np.geomspace(1e-3, 1, 128 * 60)}
    measures, steps = [M.final("lam"), M.regime()], 20_000
    killed, done = [], []
    real = engine.Cluster.run

    def run(self, job, spans, deliver, advance):
        def delivered(start, stop, rows):
            done.append(start)
            deliver(start, stop, rows)
            if len(done) == 3:
                pids = client.run(os.getpid)
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)

        real(self, job, spans, delivered, advance)

    monkeypatch.setattr(engine.Cluster, "run", run)
    there = ds.sweep(ds.maps.self_stabilization, steps, over, measures, client=client, progress=False)
    assert killed and sorted(done) == list(range(0, 128 * 60, 128))  # each piece once
    identical(there, ds.sweep(ds.maps.self_stabilization, steps, over, measures))
    client.wait_for_workers(2, timeout=60)  # the nanny's new one, for the next test


def test_progress_comes_back(client, monkeypatch):
    counts = []

    class Bar:
        def __init__(self, total, **options):
            self.total = total

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def get_lock(self):
            return self

        def update(self, n):
            counts.append(n)

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    ds.sweep(ds.maps.self_stabilization, 30, {"x": np.linspace(0.1, 0.2, 1000)}, M.final("x"), client=client)
    assert sum(counts) == 30_000 and len(counts) > 1


def test_an_error_on_a_worker_comes_through_and_leaves_nothing_running(client):
    class Box:
        def __init__(self, value):
            self.value = value

    def step(x=0.3, /, k=1.0):
        return k * Box(x).value

    with pytest.raises(TypeError, match="only arithmetic"):
        ds.sweep(ds.Map(step), 10, {"k": np.linspace(1, 2, 1000)}, M.final("x"), client=client)
    deadline = time.monotonic() + 20
    while any(client.processing().values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(client.processing().values())


def set_version(version):
    import dynsim

    before, dynsim.__version__ = dynsim.__version__, version
    return before


def test_workers_of_another_version_are_refused(client):
    before = next(iter(client.run(set_version, "0.0.0").values()))
    try:
        with pytest.raises(RuntimeError, match=r"has dynsim 0.0.0, not dynsim .*; install the same"):
            ds.sweep(ds.maps.self_stabilization, 10, OVER, M.final("lam"), client=client)
    finally:
        client.run(set_version, before)


def test_workers_without_dynsim_are_refused(client, monkeypatch):
    monkeypatch.setattr(engine, "_ASK", engine._ASK.replace("import dynsim", "import dynsim_that_is_not_there"))
    with pytest.raises(RuntimeError, match=r"has no dynsim .*ModuleNotFoundError"):
        ds.sweep(ds.maps.self_stabilization, 10, OVER, M.final("lam"), client=client)


def test_what_is_no_client_is_refused():
    with pytest.raises(TypeError, match=r"must be a dask.distributed.Client"):
        ds.sweep(ds.maps.self_stabilization, 10, OVER, M.final("lam"), client="tcp://here:8786")


def test_a_cluster_without_workers_is_refused():
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        distributed.Client(empty) as client,
        pytest.raises(RuntimeError, match="no workers yet"),
    ):
        ds.sweep(ds.maps.self_stabilization, 10, OVER, M.final("lam"), client=client)


def test_a_store_takes_what_a_cluster_gives_and_a_sweep_without_one_goes_on(client, tmp_path, monkeypatch):
    layout = pytest.importorskip("dynsim.store.layout")
    pytest.importorskip("zarr")
    monkeypatch.setattr(layout, "POINTS", 200)
    monkeypatch.setattr(layout, "LEAST", 1)
    monkeypatch.setattr(engine, "POINTS_A_TASK", 128)
    here = ds.sweep(ds.maps.cdat, 500, OVER, MEASURES, sigma=1.9)
    there = ds.sweep(ds.maps.cdat, 500, OVER, MEASURES, sigma=1.9, client=client, store=tmp_path / "s.zarr")
    assert there.identical(here)
    (tmp_path / "s.zarr/regime/c/7/0").unlink()
    assert ds.sweep(ds.maps.cdat, 500, OVER, MEASURES, sigma=1.9, store=tmp_path / "s.zarr").identical(here)
