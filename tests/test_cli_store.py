"""``dynsim sweep`` into a store: going on, how far it is, what it would take."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from test_cli import refused
from test_cli_sweep import SWEEP, TOML, wanted

import dynsim as ds
from dynsim import cli_store
from dynsim.cli import main
from dynsim.engines import cluster
from dynsim.store import layout, sink

pytest.importorskip("zarr")
HERE = [*SWEEP, "--out", "result.zarr"]
STATUS = "sweep --out result.zarr --status".split()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in an empty folder; a chunk is a row of two points, of three."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(layout, "POINTS", 2)
    monkeypatch.setattr(layout, "LEAST", 1)
    monkeypatch.setattr(cli_store, "SECONDS", 0)
    return tmp_path


def saved(path="result.zarr"):
    with xr.open_zarr(path) as dataset:
        return dataset.load()


def told(capsys, argv, code=0):
    assert main(argv) == code
    return capsys.readouterr()


def test_a_store_is_written_and_gone_on_with(folder, capsys, computed):
    first = told(capsys, HERE).out
    assert os.listdir(folder) == ["result.zarr"]
    xr.testing.assert_identical(saved(), wanted())
    assert first.endswith("saved in result.zarr\n")
    assert main([*SWEEP, "--out", "result.nc"]) == 0
    assert capsys.readouterr().out.replace("result.nc", "result.zarr") == first  # the same summary, chunk by chunk
    (folder / "result.zarr/regime/c/1/0").unlink()
    for more in ([], ["--resume"]):
        computed.clear()
        assert told(capsys, [*HERE, *more]).out == first
        assert computed == ([(2, 4)] if not more else [])
    xr.testing.assert_identical(saved(), wanted())


def test_a_file_may_name_a_store(capsys):
    Path("sweep.toml").write_text(TOML.replace("result.nc", "result.zarr"))
    told(capsys, ["sweep", "sweep.toml"])
    xr.testing.assert_identical(saved(), wanted())
    assert "3 of 3 done" in told(capsys, ["sweep", "sweep.toml", "--status"]).out


def test_status_shows_what_is_there_and_computes_nothing(folder, capsys, monkeypatch):
    told(capsys, HERE)
    monkeypatch.setattr(ds, "sweep", lambda *args, **kwargs: pytest.fail("the sweep was started"))
    lines = told(capsys, STATUS).out.splitlines()
    assert lines[:3] == [
        "self_stabilization, 50 steps, 6 points: eta 3 × a 2",
        "  chunks  3 of 3 done",
        "  points  6 of 6 (100 %)",
    ]
    size = sum(p.stat().st_size for p in folder.glob("result.zarr/*_*/c/*/*")) + sum(
        p.stat().st_size for p in folder.glob("result.zarr/regime/c/*/*")
    )
    assert lines[3:] == [f"  size    {size} B on disk", "  damage  none", "  writer  none"]
    (folder / "result.zarr/regime/c/1/0").unlink()
    (folder / "result.zarr/y_mean/c/2/0").write_bytes(b"x")
    text = told(capsys, STATUS).out
    assert "chunks  1 of 3 done" in text and "points  2 of 6 (33.3 %)" in text
    assert "damage  1 file (y_mean/c/2/0); the sweep computes them again" in text


def test_status_names_the_writer(capsys, monkeypatch):
    told(capsys, HERE)
    seen = []

    def deliver(self, start, stop, rows):
        main(STATUS)
        seen.append(capsys.readouterr().out)
        raise KeyboardInterrupt

    Path("result.zarr/regime/c/1/0").unlink()
    monkeypatch.setattr(sink.Store, "deliver", deliver)
    stopped = told(capsys, HERE, 130).err
    assert stopped == "interrupted; what was computed is in result.zarr, and the same command goes on from there\n"
    assert re.search(rf"writer  process {os.getpid()} on \S+, since 20\d\d-", seen[0])
    assert "writer  none" in told(capsys, STATUS).out


def test_an_interrupted_sweep_goes_on(capsys, monkeypatch, computed):
    real = sink.Store.deliver

    def stop(self, *piece):
        if computed:
            raise KeyboardInterrupt
        real(self, *piece)

    with monkeypatch.context() as patch:
        patch.setattr(sink.Store, "deliver", stop)
        told(capsys, [*HERE, "--threads", "1"], 130)
    assert "chunks  1 of 3 done" in told(capsys, STATUS).out
    told(capsys, HERE)
    assert sorted(computed) == [(0, 2), (2, 4), (4, 6)]
    xr.testing.assert_identical(saved(), wanted())


def test_a_dry_run_estimates_and_writes_nothing(folder, capsys):
    out = told(capsys, [*HERE, "--dry-run"]).out
    assert "self_stabilization, 50 steps, 6 points: eta 3 × a 2\n" in out
    assert "chunks  3 of at most 2 points, in 9 files\n" in out
    assert "size    102 B at most, before compression; " in out  # 6 × (8 + 8 + 1)
    assert re.search(r"time    about \S+ s \(\S+ [kMG]? ?steps/s, timed just now on \d+ threads?\)\n$", out)
    assert os.listdir(folder) == []
    out = told(capsys, [*SWEEP, "--out", "result.nc", "--dry-run"]).out
    assert "size    102 B in memory and on disk" in out and "chunks" not in out
    told(capsys, HERE)
    (folder / "result.zarr/regime/c/1/0").unlink()
    assert "chunks  3, of which 2 are done" in told(capsys, [*HERE, "--dry-run"]).out


def test_the_estimate_is_of_the_points_that_are_missing(capsys, monkeypatch):
    monkeypatch.setattr(cli_store, "_rate", lambda job, device, threads: 50.0)
    assert "time    about 6 s" in told(capsys, [*HERE, "--dry-run"]).out
    told(capsys, HERE)
    Path("result.zarr/regime/c/1/0").unlink()
    assert "time    about 2 s" in told(capsys, [*HERE, "--dry-run"]).out


@pytest.mark.parametrize("size", [1, 7, 10**4, 3 * 10**4, 10**5])
def test_the_timing_takes_points_from_all_over_the_grid(size):
    from dynsim.sweeps import job_of

    spans = []

    class Engine:
        def run(self, job, given, deliver, advance):
            spans.extend(given)

    job = job_of(ds.maps.self_stabilization, 5, {"x": np.linspace(0, 1, size)}, ds.measures.final("x"), {})
    done = cli_store._run(Engine(), job, 2**15)
    assert done == min(size, 2**15) and spans[0][0] == 0 and spans[-1][1] == size
    assert all(0 <= low < high <= size for low, high in spans)


@pytest.mark.parametrize(
    "seconds, told",
    [(0.123, "0.12 s"), (59.6, "60 s"), (99.6, "1 min 40 s"), (3600, "1 h 0 min"), (9e5, "10 d 10 h")],
)
def test_durations(seconds, told):
    assert cli_store._time(seconds) == told


# -- what is refused ------------------------------------------------------------------------------------------------

PLAIN = "sweep self_stabilization --steps 5 --over eta=1:2:2 --measure regime --out "


@pytest.mark.parametrize(
    "argv, told",
    [
        (PLAIN + "no/r.zarr", "there is no folder no to make r.zarr in; make it first"),
        (PLAIN + "r.zarr --resume", "there is no store r.zarr to go on with; leave out --resume to begin it"),
        (PLAIN + "r.nc --resume", "--resume is about a store: write --out NAME.zarr with it"),
        (PLAIN + "r.nc --status", "--status is about a store: write --out NAME.zarr with it"),
        ("sweep --status", "--status is about a store: write --out NAME.zarr with it"),
        ("sweep --status --out r.zarr", "there is no store r.zarr"),
        (PLAIN + "r.zarr --status --dry-run", "--status and --dry-run do not go together; keep one"),
        (PLAIN + "r.zarr --resume --force", "--resume and --force do not go together; keep one"),
        (PLAIN.replace("--steps 5", "") + "r.zarr --dry-run", "steps is missing"),
        (PLAIN + "r.zarr --dry-run --set b=x", "b must be a number"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(argv, told, capsys, folder, monkeypatch):
    if "no/" not in argv:
        monkeypatch.setattr(ds, "sweep", lambda *args, **kwargs: pytest.fail("the sweep was started"))
    message = refused(capsys, argv.split())
    assert message.startswith("dynsim sweep: ") and told in message
    assert os.listdir(folder) == []


@pytest.mark.parametrize("more", [[], ["--force"], ["--status"], ["--dry-run"], ["--resume"]])
def test_a_foreign_folder_is_left_alone(more, capsys, folder):
    (folder / "result.zarr").mkdir()
    (folder / "result.zarr/thesis.tex").write_text("precious")
    assert "result.zarr is a folder that dynsim did not make" in refused(capsys, [*HERE, *more])
    assert os.listdir(folder / "result.zarr") == ["thesis.tex"]


def test_another_sweep_is_refused_unless_forced(folder, capsys):
    other = [part.replace("b=0.2", "b=0.4") for part in HERE]
    told(capsys, HERE)
    assert "result.zarr belongs to a different sweep: b was 0.2 and is 0.4" in refused(capsys, other)
    assert "b was 0.2 and is 0.4" in refused(capsys, [*other, "--dry-run"])
    assert "b was 0.2 and is 0.4" in refused(capsys, [*other, "--resume"])
    xr.testing.assert_identical(saved(), wanted())
    told(capsys, [*other, "--force"])
    xr.testing.assert_identical(saved(), wanted(b=0.4))
    assert os.listdir(folder) == ["result.zarr"]


def test_a_store_that_is_being_written_to_is_neither_joined_nor_removed(folder, capsys, monkeypatch):
    told(capsys, HERE)
    (folder / "result.zarr/regime/c/1/0").unlink()
    seen, real = [], sink.Store.deliver

    def deliver(self, *piece):
        for more in ([], ["--force"]):
            seen.append((main([*HERE, *more]), capsys.readouterr().err))
        real(self, *piece)

    with monkeypatch.context() as patch:
        patch.setattr(sink.Store, "deliver", deliver)
        main(HERE)
    for code, error in seen:
        assert code == 1 and error.startswith("dynsim sweep: result.zarr is being written to by process")
    assert len(seen) == 2 and error.count("\n") == 1
    xr.testing.assert_identical(saved(), wanted())


def test_a_full_disk_is_told_and_the_same_command_goes_on(capsys, monkeypatch):
    import zarr.storage._local as local

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(local, "_put", full)
        error = told(capsys, HERE, 1).err
    assert error.startswith("dynsim sweep: result.zarr could not be written to any more (No space left on device).")
    assert error.count("\n") == 1
    told(capsys, HERE)
    xr.testing.assert_identical(saved(), wanted())


def test_without_zarr_it_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "filelock", None)
    for more in ([], ["--status"], ["--dry-run"]):
        assert "pip install 'dynsim[store]'" in refused(capsys, [*HERE, *more])


def test_a_device_is_chosen_or_refused(folder, capsys, monkeypatch):
    from dynsim.engines import cuda

    monkeypatch.setattr(cuda, "missing", lambda: "no card is here; write device='cpu'.")
    told(capsys, [*HERE, "--device", "auto"])
    assert saved().attrs["device"] == "cpu"
    assert "no card is here" in refused(capsys, [*SWEEP, "--out", "other.zarr", "--device", "cuda"])
    assert "unknown device 'gpu'" in refused(capsys, [*SWEEP, "--out", "other.zarr", "--device", "gpu"])
    assert os.listdir(folder) == ["result.zarr"]


def test_a_cluster_that_does_not_answer_costs_no_store(capsys, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    assert main(HERE) == 0
    before = saved()
    capsys.readouterr()
    assert main([*HERE, "--force", "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "no Dask scheduler answers" in capsys.readouterr().err
    xr.testing.assert_identical(saved(), before)
