"""What is swept travels to other processes: maps, landscapes, measures, grids, jobs."""

import os
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import dynsim as ds
from dynsim.grids import Grid
from dynsim.jobs import Job, Memory


def step(x=0.3, /, r=3.7):
    return r * x * (1 - x)


def again(thing):
    return pickle.loads(pickle.dumps(thing))


@pytest.mark.parametrize("room", ["maps", "landscapes", "measures"])
def test_what_dynsim_has_is_found_by_name(room):
    there = getattr(ds, room)
    for name in there.__all__:
        assert again(getattr(there, name)) is getattr(there, name)


def test_a_closed_loop_is_made_again_with_all_that_it_was_made_with():
    loop = ds.closed_loop(
        ds.landscapes.cubic_loss, ds.tuners.linesearch, start={"x": 0.1}, name="mine", doc="text", eta_max=2.0
    )
    other = again(loop)
    assert other.name == "mine" and other.doc == "text" and dict(other.fixed) == {"eta_max": 2.0}
    assert dict(other.state) == dict(loop.state) and dict(other.parameters) == dict(loop.parameters)
    assert tuple(other.observables) == tuple(loop.observables) and dict(other.scale) == dict(loop.scale)
    assert ds.orbit(other, 50).equals(ds.orbit(loop, 50))


def test_a_map_and_a_landscape_of_ones_own_travel_by_their_parts():
    mine = again(ds.Map(step, "logistic", {"double": double}, fixed={"k": 2.0}, doc="text"))
    assert (mine.name, mine.doc, dict(mine.fixed)) == ("logistic", "text", {"k": 2.0})
    assert mine.step is step and mine.observables["double"] is double
    bowl = again(ds.Landscape(move, {"gradient": gradient}, "bowl", doc="text"))
    assert bowl.measurements == ds.Landscape(move, {"gradient": gradient}).measurements
    assert (bowl.name, bowl.doc) == ("bowl", "text")


def double(x, k):
    return k * x


def move(x=1, /, *, eta, lam=2.0):
    return (1 - eta * lam) * x


def gradient(x, lam):
    return (lam * x,)


def test_a_measure_keeps_its_options_and_its_name():
    measure = again(ds.measures.mean("lam", skip=7).named("late"))
    assert repr(measure) == "mean('lam', skip=7).named('late')" and measure.kind is ds.measures.mean


def test_a_grid_travels_without_being_laid_out():
    over = {"x": np.linspace(0, 1, 3000), "a": np.linspace(1, 2, 3000), "eta": ("a", np.linspace(2, 3, 3000))}
    grid = Grid(over)
    assert len(pickle.dumps(grid)) < 100_000
    ours, theirs = np.empty(7), np.empty(7)
    for name in over:
        grid.take(name, 8_999_990, 8_999_997, ours)
        again(grid).take(name, 8_999_990, 8_999_997, theirs)
        np.testing.assert_array_equal(theirs, ours)


def test_a_job_gives_the_same_bits_in_another_process(tmp_path):
    over = {"a": np.geomspace(1e-4, 1e-1, 20), "x": np.geomspace(1e-3, 1, 10)}
    measures = [ds.measures.final("lam"), ds.measures.regime(), ds.measures.lyapunov_spectrum()]
    map_ = ds.closed_loop(ds.landscapes.two_eigendirections, ds.tuners.cdat, delay=1)
    fixed = map_.complete({}, swept=over)
    job = Job(map_, 300, Grid(over), tuple(measures), fixed)
    code = """
        import pickle, sys
        from dynsim.engines import Threads, compute
        job = pickle.load(open(sys.argv[1], "rb"))
        pickle.dump(compute(Threads(1), job, 40, 170), open(sys.argv[2], "wb"))
    """
    (tmp_path / "job").write_bytes(pickle.dumps(job))
    arguments = [sys.executable, "-c", textwrap.dedent(code), tmp_path / "job", tmp_path / "rows"]
    subprocess.run(arguments, check=True, env=os.environ | {"PYTHONHASHSEED": "7"})
    theirs = pickle.loads((tmp_path / "rows").read_bytes())
    here = ds.sweep(map_, 300, over, measures)
    ours = [here[m.name].values.reshape(200, -1).T[:, 40:170] for m in job.made]
    for one, other in zip(ours, theirs):
        np.testing.assert_array_equal(one, other)
    kept = Memory(job)
    kept.deliver(40, 170, theirs)
    np.testing.assert_array_equal(kept.arrays()["regime"].ravel()[40:170], theirs[1][0])
