"""``dynsim sweep``: what it prints, what it saves, what it refuses, and what it leaves behind."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from test_cli import refused, saved

import dynsim as ds
from dynsim import cli_request, cli_sweep
from dynsim.cli import main
from dynsim.engines.cluster import NoWorkers
from dynsim.engines.cuda import NoGpu

SWEEP = (
    "sweep self_stabilization --steps 50 --over eta=0.5:1.5:3 --over a=1e-3:1e-1:2:log --set b=0.2 "
    "--measure final:lam --measure mean:y,skip=10 --measure regime"
).split()
TOML = """
map = "self_stabilization"
steps = 50
measure = ["final:lam", "mean:y,skip=10", "regime"]
out = "result.nc"
threads = 1

[over]
eta = "0.5:1.5:3"
a = [0.001, 0.1]

[values]
b = 0.2
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in an empty folder, in a terminal of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def no_sweep(monkeypatch):
    """Nothing may be computed."""
    monkeypatch.setattr(ds, "sweep", lambda *args, **kwargs: pytest.fail("the sweep was started"))


def wanted(**changed):
    """What SWEEP and TOML stand for."""
    arguments = {"over": {"eta": [0.5, 1.0, 1.5], "a": np.geomspace(1e-3, 1e-1, 2)}, "b": 0.2} | changed
    measures = [ds.measures.final("lam"), ds.measures.mean("y", skip=10), ds.measures.regime()]
    return ds.sweep(ds.maps.self_stabilization, 50, measure=measures, progress=False, **arguments)


# -- what is computed and saved -------------------------------------------------------------------------------------


def test_sweep_from_the_command_line_is_ds_sweep(folder, capsys):
    assert main([*SWEEP, "--out", "result.nc"]) == 0
    assert os.listdir(folder) == ["result.nc"]
    got, want = saved(), wanted()
    xr.testing.assert_identical(got, want)
    np.testing.assert_array_equal(got.regime.attrs["flag_values"], want.regime.attrs["flag_values"])
    assert {n: v.dtype for n, v in got.variables.items()} == {n: v.dtype for n, v in want.variables.items()}
    told = capsys.readouterr().out
    assert "self_stabilization, 50 steps, 6 points: eta 3 × a 2" in told
    assert re.search(r"lam_final +[-\d.e+]+ … [-\d.e+]+", told)
    counted = {meaning: int(n) for meaning, n in re.findall(r"([a-z]+) (\d+)", re.search("regime.*", told)[0])}
    assert sum(counted.values()) == 6 and set(counted) <= set(ds.measures.regime.flags)
    assert told.endswith("saved in result.nc\n")


def test_sweep_from_a_file_is_ds_sweep():
    Path("sweep.toml").write_text(TOML)
    assert main(["sweep", "sweep.toml"]) == 0
    xr.testing.assert_identical(saved(), wanted())


def test_the_file_in_the_help_is_one_that_runs(capsys):
    main(["sweep", "--help"])
    text = re.search(r"^file .*?\n(.*?)\n\n  --measure replaces", capsys.readouterr().out, re.DOTALL | re.MULTILINE)[1]
    Path("sweep.toml").write_text(text)
    assert set(cli_request.KEYS) - {"landscape", "tuner", "delay", "scheduler"} == set(
        cli_request.read_file("sweep.toml")
    )
    assert main(["sweep", "sweep.toml", "--steps", "50", "--measure", "regime"]) == 0
    assert dict(saved().sizes) == {"eta": 200, "a": 3, "point": 2}


def test_options_override_the_file():
    Path("sweep.toml").write_text(TOML + "lam = 1.7\n\n[points]\nx = [0.1, 0.2]\n")
    argv = ["--over", "eta=0.7,0.8", "--set", "x=0.3", "--set", "a=0.02", "--over", "lam=1:2:2", "--out", "other.nc"]
    assert main(["sweep", "sweep.toml", *argv]) == 0
    want = wanted(over={"eta": [0.7, 0.8], "lam": [1.0, 2.0]}, x=0.3, a=0.02)
    xr.testing.assert_identical(saved("other.nc"), want.assign_attrs(values=saved("other.nc").attrs["values"]))
    assert cli_values(saved("other.nc")) == cli_values(want)


def cli_values(dataset):
    import json

    return json.loads(dataset.attrs["values"])


def test_measures_steps_and_system_of_the_command_line_replace_those_of_the_file():
    Path("sweep.toml").write_text(
        'landscape = "top_eigendirection"\ntuner = "greedy"\ndelay = 1\nsteps = 9\nmeasure = ["regime"]\nout = "o.nc"\n'
    )
    assert main(["sweep", "sweep.toml"]) == 0
    assert saved("o.nc").attrs["map"] == "top_eigendirection.greedy.delayed"
    argv = "--map self_stabilization --steps 1e2 --measure final:lam --force --over x=0.1,0.2".split()
    assert main(["sweep", "sweep.toml", *argv]) == 0
    got = saved("o.nc")
    assert (got.attrs["map"], got.attrs["steps"], list(got.data_vars)) == ("self_stabilization", 100, ["lam_final"])


def test_closed_loop_from_the_command_line():
    argv = "--landscape two_eigendirections --tuner cdat --delay 1 --steps 20 --over sigma=1.9,2 --measure final:lam"
    assert main(["sweep", *argv.split(), "--set", "eta=0.05", "--out", "result.nc"]) == 0
    loop = ds.closed_loop(ds.landscapes.two_eigendirections, ds.tuners.cdat, delay=1)
    want = ds.sweep(loop, 20, over={"sigma": [1.9, 2.0]}, measure=ds.measures.final("lam"), progress=False, eta=0.05)
    xr.testing.assert_identical(saved(), want)


def test_points_vary_together():
    points = '\n[points]\nx = [0.1, 0.2, 0.3]\nlam = "1.5:1.7:3"\n'
    Path("sweep.toml").write_text(TOML.replace("a = [0.001, 0.1]\n", "") + points)
    assert main(["sweep", "sweep.toml"]) == 0
    over = {"eta": [0.5, 1.0, 1.5], "x": ("point", [0.1, 0.2, 0.3]), "lam": ("point", np.linspace(1.5, 1.7, 3))}
    xr.testing.assert_identical(saved(), wanted(over=over))
    assert dict(saved().sizes) == {"eta": 3, "point": 3}


def test_a_single_point_is_a_sweep_too(capsys):
    assert main("sweep self_stabilization --steps 3 --measure final:lam --out one.nc".split()) == 0
    assert float(saved("one.nc").lam_final) == float(ds.orbit(ds.maps.self_stabilization, 3).lam[-1])
    assert "self_stabilization, 3 steps, 1 point\n" in capsys.readouterr().out


def test_two_measures_of_a_kind():
    argv = "sweep self_stabilization --steps 30 --measure mean:y --measure mean:y,skip=20,as=late --out two.nc"
    assert main(argv.split()) == 0
    assert set(saved("two.nc").data_vars) == {"y_mean", "late"}


def test_diverged_points_are_told():
    infinite = xr.Dataset(
        {"a_final": ("k", [1.0, np.inf, 2.5]), "b": ("k", [np.nan] * 3)}, attrs={"map": "m", "steps": 1}
    )
    assert cli_sweep.summary(infinite).splitlines() == [
        "m, 1 steps, 3 points: k 3",
        "  a_final  1 … 2.5 (1 not finite)",
        "  b        no finite value (3 not finite)",
    ]


@pytest.mark.parametrize(
    "text, values",
    [
        ("0.1:2:5", np.linspace(0.1, 2, 5)),
        (" -1 : 1 : 3 ", np.linspace(-1, 1, 3)),
        ("2:1:2", [2, 1]),
        ("1e-5:1e-1:5:log", np.geomspace(1e-5, 1e-1, 5)),
        ("-1:-100:3:log", [-1, -10, -100]),
        ("0.1,0.2, 0.5", [0.1, 0.2, 0.5]),
        ("4,inf", [4, np.inf]),
        ("7", [7]),
    ],
)
def test_grids(text, values):
    np.testing.assert_array_equal(cli_request.grid("eta", text), values)


# -- what is refused, before anything is computed -------------------------------------------------------------------

GOOD = "sweep self_stabilization --steps 5 --over eta=1:2:2 --measure regime --out r.nc"


@pytest.mark.parametrize(
    "argv, told",
    [
        (GOOD.replace("self_stabilization", "self_stabilisation"), "unknown map .* Did you mean 'self_stabilization'?"),
        (GOOD.replace("self_stabilization", ""), "what is to be swept? Write a map"),
        (GOOD.replace("self_stabilization", "no.toml"), "there is no file no.toml"),
        (GOOD.replace("--steps 5", ""), "steps is missing: write --steps 10000"),
        (GOOD.replace("--steps 5", "--steps many"), "steps must be a whole number >= 0, not 'many'"),
        (GOOD.replace("--steps 5", "--steps -5"), "steps must be a whole number >= 0"),
        (GOOD.replace("--measure regime", ""), "measure is missing: write --measure regime"),
        (GOOD.replace("--out r.nc", ""), "out is missing: write --out result.nc"),
        (GOOD.replace("--out r.nc", "--out no/r.nc"), "there is no folder no to write r.nc in"),
        (GOOD.replace("--out r.nc", "--out ."), "is not a file"),
        (GOOD + " --threads 0", "threads must be a whole number >= 1"),
        (GOOD + " --map cdat", "two maps are named, 'self_stabilization' and 'cdat'"),
        (GOOD + " --tuner cdat", "has its landscape and tuner"),
        (GOOD + " --delay 1", "has its delay"),
        (GOOD.replace("self_stabilization", "--tuner cdat"), "'cdat' needs a landscape: write --landscape NAME"),
        (GOOD.replace("self_stabilization", "--landscape cubic_loss"), "'cubic_loss' needs a tuner"),
        (GOOD.replace("self_stabilization", "--landscape cubic --tuner cdat"), "unknown landscape 'cubic'"),
        (GOOD.replace("self_stabilization", "--landscape cubic_loss --tuner cdta"), "Did you mean 'cdat'?"),
        (
            GOOD.replace("self_stabilization", "--landscape cubic_loss --tuner cdat --delay 2"),
            "delay must be 0 or 1, not 2",
        ),
        (GOOD.replace("self_stabilization", "--landscape top_eigendirection --tuner polyak"), "'polyak' needs f"),
        (GOOD + " --over etta=1:2:3", "unknown state or parameter 'etta' .* Did you mean 'eta'?"),
        (GOOD + " --over eta=1:2:3", "--over eta is given twice"),
        (GOOD + " --over a", "--over a is incomplete; write NAME=VALUE, as in --over eta=0.1:2:200"),
        (GOOD + " --over a=", "--over a= is incomplete"),
        (GOOD + " --over a=1:2", "a=1:2 is not a grid; write a=0.1:2:200, a=1e-5:1e-1:300:log or a=0.1,0.2,0.5"),
        (GOOD + " --over a=1:2:", "is not a grid"),
        (GOOD + " --over a=1:2:3:lin", "is not a grid"),
        (GOOD + " --over a=1:2:3:log:4", "is not a grid"),
        (GOOD + " --over a=1:two:3", "'two' in a=1:two:3 is not a number"),
        (GOOD + " --over a=1:nan:3", "'nan' in a=1:nan:3 is not a number"),
        (GOOD + " --over a=1,,3", "'' in a=1,,3 is not a number"),
        (GOOD + " --over a=1:2:1", "the count in a=1:2:1 must be a whole number >= 2"),
        (GOOD + " --over a=1:2:2.5", "the count in a=1:2:2.5 must be a whole number >= 2"),
        (GOOD + " --over a=1:2:1e30", "must be at most 1,000,000,000"),
        (GOOD + " --over a=0:2:5:log", "must start and stop on the same side of 0"),
        (GOOD + " --over a=1:inf:5", "must start and stop at finite numbers"),
        (GOOD + " --set a=1:2:3", "write --over a=1:2:3"),
        (GOOD + " --set a=b", "a must be a number, not 'b'"),
        (GOOD + " --set a=nan", "a is NaN; give a number"),
        (GOOD + " --set c=1", "unknown state or parameter 'c'"),
        (GOOD + " --set a=1 --set a=2", "--set a is given twice"),
        (GOOD + " --set eta=1", "'eta' is given twice in --over and --set"),
        (GOOD + " --measure regimes", "unknown measure 'regimes'. Did you mean 'regime'?"),
        (GOOD + " --measure final", "final is of one name: write final:NAME, as in final:lam"),
        (GOOD + " --measure final:lam,x", "final is of one name"),
        (GOOD + " --measure final:lamm", "unknown name 'lamm' to measure in .* Did you mean 'lam'?"),
        (GOOD + " --measure lifetime:lam", "lifetime takes no name, so 'lam' does not fit"),
        (GOOD + " --measure mean:y,skp=3", "unknown option 'skp' of the measure 'mean'. Did you mean 'skip'?"),
        (GOOD + " --measure mean:y,skip=all", "skip must be a number, not 'all'"),
        (GOOD + " --measure mean:y,skip=1,skip=2", "skip is given twice"),
        (GOOD + " --measure mean:y,as=a/b", "as=a/b in mean:y,as=a/b is not a name"),
        (GOOD + " --measure mean:y,as=eta", "called like the swept 'eta'"),
        (GOOD + " --measure regime", "two measures are called 'regime'; .* as in regime:as=regime_2"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(argv, told, capsys, folder, no_sweep):
    message = refused(capsys, argv.split())
    assert message.startswith("dynsim sweep: ")
    assert re.search(re.escape(told).replace(r"\ \.\*\ ", " .*"), message), message
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("steps = 50", "step = 50", "unknown key 'step' in sweep.toml. Did you mean 'steps'?"),
        ("steps = 50", "steps = '50'", "steps in sweep.toml must be a whole number, not '50'"),
        ("steps = 50", "steps = true", "steps in sweep.toml must be a whole number, not True"),
        ("steps = 50", "steps = 0.5", "steps must be a whole number >= 0, not 0.5"),
        ("steps = 50", "steps = ", "sweep.toml is not a TOML file: Invalid value (at line 3"),
        ('["final:lam", "mean:y,skip=10", "regime"]', '"regime"', "measure in sweep.toml must be a list of strings"),
        ('["final:lam", "mean:y,skip=10", "regime"]', "[1]", "measure in sweep.toml must be a list of strings"),
        ('["final:lam", "mean:y,skip=10", "regime"]', "[]", "measure is missing"),
        ("[values]", "tuner = 'cdat'\n[values]", "tuner in sweep.toml stands below [over]; move it above"),
        ("[values]\n", "[points]\nx = [1, 2]\nlam = [1, 2, 3]\n[values]\n", "has 3 values along 'point'"),
        (
            "[values]\n",
            "[points]\neta = [1, 2]\n[values]\n",
            "'eta' is given twice in sweep.toml, in over and in points",
        ),
        ("b = 0.2", "a = 0.2", "'a' is given twice in sweep.toml, in over and in values"),
        ("b = 0.2", "b = [0.2, 0.3]", "b must be one number"),
        ("a = [0.001, 0.1]", "a = 0.001", "a must be a grid or a list of numbers, not 0.001"),
        ("a = [0.001, 0.1]", "a = []", "the values of 'a' are empty"),
        ("a = [0.001, 0.1]", "a = ['x']", "the values of 'a' must be numbers"),
        ("a = [0.001, 0.1]", "a = [[1, 2], [3]]", "the values of 'a' do not form an array"),
        ("[values]\nb = 0.2", "values = 3", "stands below [over]"),
        ("[over]", "[ower]", "unknown key 'ower' in sweep.toml. Did you mean 'over'?"),
        ("self_stabilization", "cdta", "unknown map 'cdta'. Did you mean 'cdat'?"),
        ("threads = 1", "tuner = 'cdat'", "has its landscape and tuner"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(old, new, told, capsys, folder, no_sweep):
    assert old in TOML
    Path("sweep.toml").write_text(TOML.replace(old, new))
    assert told in refused(capsys, ["sweep", "sweep.toml"])
    assert os.listdir(folder) == ["sweep.toml"]


def test_a_file_that_is_no_text_is_refused(capsys, no_sweep):
    Path("sweep.toml").write_bytes(b"\xff\xfe")
    assert "is not a TOML file" in refused(capsys, ["sweep", "sweep.toml"])


def test_a_folder_without_leave_to_write_is_refused(capsys, monkeypatch, no_sweep):
    def no_leave(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cli_sweep, "_write", no_leave)
    assert ". cannot be written to (Permission denied)" in refused(capsys, GOOD.split())


@pytest.mark.parametrize("out", ["r.nc", "r.zarr"])
def test_an_unknown_device_of_a_cluster_is_refused(out, capsys, folder, no_sweep):
    asked = [*GOOD.replace("r.nc", out).split(), "--scheduler", "tcp://127.0.0.1:9", "--device", "nonsense"]
    assert "unknown device 'nonsense'; write device='cpu'" in refused(capsys, asked)
    assert os.listdir(folder) == []


@pytest.mark.parametrize("out", ["r.nc", "r.zarr"])
def test_a_cluster_without_dask_is_told(out, capsys, folder, monkeypatch, no_sweep):
    monkeypatch.setitem(sys.modules, "distributed", None)  # as where it is not installed
    asked = [*GOOD.replace("r.nc", out).split(), "--scheduler", "tcp://127.0.0.1:9"]
    assert "a sweep on a cluster needs Dask: pip install 'dynsim[cluster]'" in refused(capsys, asked)
    assert os.listdir(folder) == []


@pytest.mark.parametrize("out", ["r.nc", "r.zarr"])
@pytest.mark.parametrize(
    "error, code",
    [
        (ValueError("this does not fit."), 2),
        (ModuleNotFoundError("a worker cannot import 'here'."), 2),
        (NoGpu("there is no GPU."), 2),
        (NoWorkers("the cluster has no workers yet."), 1),
    ],
)
def test_what_only_the_sweep_finds_is_told_in_one_sentence(out, error, code, capsys, folder, monkeypatch):
    def sweep(*args, **kwargs):
        raise error

    monkeypatch.setattr(ds, "sweep", sweep)
    assert main(GOOD.replace("r.nc", out).split()) == code
    assert capsys.readouterr().err == f"dynsim sweep: {error}\n"
    assert os.listdir(folder) == []


def test_a_missing_library_is_told_before_the_sweep(capsys, monkeypatch, no_sweep):
    def missing(*args):
        raise ImportError("No module named 'h5py'")

    monkeypatch.setattr(cli_sweep, "_write", missing)
    assert "NetCDF files cannot be written here: No module named 'h5py'" in refused(capsys, GOOD.split())


# -- what is left behind --------------------------------------------------------------------------------------------


def test_a_file_is_overwritten_only_with_force(folder, capsys, monkeypatch):
    Path("result.nc").write_text("precious")
    with monkeypatch.context() as patch:
        patch.setattr(ds, "sweep", lambda *args, **kwargs: pytest.fail("the sweep was started"))
        assert "result.nc exists already; add --force" in refused(capsys, [*SWEEP, "--out", "result.nc"])
    assert Path("result.nc").read_text() == "precious"
    assert main([*SWEEP, "--out", "result.nc", "--force"]) == 0
    xr.testing.assert_identical(saved(), wanted())
    assert os.listdir(folder) == ["result.nc"]


def test_a_file_that_appears_meanwhile_is_kept(folder, capsys, monkeypatch):
    def sweep(*args, **kwargs):
        Path("result.nc").write_text("precious")
        return result

    result = wanted()
    monkeypatch.setattr(ds, "sweep", sweep)
    assert main([*SWEEP, "--out", "result.nc"]) == 0
    assert Path("result.nc").read_text() == "precious"
    assert capsys.readouterr().out.endswith("saved in result-2.nc\n")
    xr.testing.assert_identical(saved("result-2.nc"), result)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("where", ["sweep", "write"])
def test_interrupted_it_leaves_nothing_behind(where, force, folder, capsys, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    def half(dataset, path):
        Path(path).write_text("half")
        if dataset.data_vars:  # not the trial before the sweep
            raise KeyboardInterrupt

    if force:
        Path("result.nc").write_text("precious")
    monkeypatch.setattr(*((ds, "sweep", interrupt) if where == "sweep" else (cli_sweep, "_write", half)))
    assert main([*SWEEP, "--out", "result.nc", *["--force"] * force]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert os.listdir(folder) == ["result.nc"] * force
    if force:
        assert Path("result.nc").read_text() == "precious"


def test_a_full_disk_leaves_nothing_behind(folder, capsys, monkeypatch):
    def full(dataset, path):
        Path(path).write_text("half")
        if dataset.data_vars:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli_sweep, "_write", full)
    assert main([*SWEEP, "--out", "result.nc"]) == 1
    assert "the result could not be saved: [Errno 28] No space left on device" in capsys.readouterr().err
    assert os.listdir(folder) == []


def test_too_little_memory_is_told(capsys, monkeypatch):
    def sweep(*args, **kwargs):
        raise MemoryError("Unable to allocate 7 TiB")

    monkeypatch.setattr(ds, "sweep", sweep)
    assert main([*SWEEP, "--out", "result.nc"]) == 1
    assert capsys.readouterr().err == "dynsim sweep: not enough memory: Unable to allocate 7 TiB\n"
