"""The command line: its commands, and ``dynsim list``; ``dynsim sweep`` is in test_cli_sweep.py."""

import importlib
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest
import xarray as xr

import dynsim as ds
from dynsim.cli import main

ROOMS = ("maps", "landscapes", "tuners", "measures", "objectives", "optimizers")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in an empty folder, in a terminal of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def saved(path="result.nc"):
    with xr.open_dataset(path) as dataset:
        return dataset.load()


def refused(capsys, argv):
    """The one sentence that says why."""
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("\n") and captured.err.count("\n") == 1
    return captured.err


# -- the command itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", "reproduce", "list", "sweep"])
def test_help_has_examples_and_fits_80_columns(command, capsys):
    assert main([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: dynsim {command}".rstrip())
    assert text.count("\n  dynsim ") >= 3
    assert max(map(len, text.splitlines())) <= 80


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"dynsim {ds.__version__}\n"


def test_without_a_command_it_shows_the_help(capsys):
    assert main([]) == 2
    assert "commands:" in capsys.readouterr().err


def test_unknown_commands_and_options(capsys):
    assert "Did you mean 'sweep'?" in refused(capsys, ["swep"])
    assert "--ovr" in refused(capsys, ["sweep", "cdat", "--ovr", "eta=1:2:3"])
    assert "--step" in refused(capsys, ["sweep", "cdat", "--step", "10"])


def test_help_imports_nothing_heavy():
    code = "import sys; from dynsim.cli import main; main(['sweep', '--help']); sys.stderr.write(' '.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numba", "numpy", "xarray", "matplotlib", "sympy", "scipy"} & set(ran.stderr.split())


def test_a_terminal_without_greek_letters_loses_nothing_else(folder):
    argv = "sweep self_stabilization --steps 3 --over a=0.01,0.02 --measure final:lam --out result.nc".split()
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "dynsim"]
    ran = subprocess.run([*command, *argv], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.endswith("saved in result.nc\n")
    assert saved().sizes == {"a": 2}
    listed = subprocess.run([*command, "list", "maps", "cdat"], capture_output=True, check=True, env=environment)
    assert b"CDAT on two eigendirections" in listed.stdout


def test_it_is_a_module_too():
    ran = subprocess.run([sys.executable, "-m", "dynsim", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"dynsim {ds.__version__}\n"


@pytest.mark.parametrize(
    "argv, out, only",
    [
        ([], "reproduced", None),
        (["--out", "there"], "there", None),
        (["--only", "one", "two", "--only", "three"], "reproduced", ["one", "two", "three"]),
    ],
)
def test_reproduce_passes_on_what_it_is_given(argv, out, only, capsys, monkeypatch):
    calls = []
    fake = types.ModuleType("dynsim.reproduce")
    fake.run = lambda **kwargs: calls.append(kwargs) or 8
    fake.pieces = lambda: dict.fromkeys(("one", "two", "three"))
    monkeypatch.setitem(sys.modules, "dynsim.reproduce", fake)
    monkeypatch.setattr(ds, "reproduce", fake, raising=False)
    assert main(["reproduce", *argv]) == 0
    assert calls == [{"out": Path(out), "only": only}]
    calls.clear()
    assert "Did you mean 'three'?" in refused(capsys, ["reproduce", "--only", "tree"])
    assert calls == []


# -- list -----------------------------------------------------------------------------------------------------------


def test_list_names_everything_in_80_columns(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for room in ROOMS:
        assert any(line.startswith(f"{room}: ") for line in lines)
        assert set(getattr(ds, room).__all__) <= set(lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("room", ROOMS)
def test_list_of_one_room(room, capsys):
    assert main(["list", room]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if re.fullmatch(r"\w+", line)] == getattr(ds, room).__all__


@pytest.mark.parametrize("room, name", [(room, name) for room in ROOMS for name in getattr(ds, room).__all__])
def test_list_of_one_name_loses_no_word_of_its_text(room, name, capsys):
    assert main(["list", room, name]) == 0
    text = capsys.readouterr().out
    thing = getattr(getattr(ds, room), name)
    doc = (
        thing.__doc__ if room == "tuners" else getattr(thing, "doc", importlib.import_module(thing.__module__).__doc__)
    )
    assert max(map(len, text.splitlines())) <= 80
    assert "".join(text.split()).startswith(name + "".join(doc.split()))


def test_list_shows_equation_state_parameters_and_needs(capsys):
    main(["list", "maps"])
    text = capsys.readouterr().out
    assert "λ' = λ + η (a − b x²)" in text
    state = ds.maps.cdat.state
    assert f"state        x={state['x']:g}, u={state['u']:g}, lam={state['lam']:g}, eta={state['eta']:g}\n" in text
    main(["list", "tuners", "linesearch"])
    assert "needs       f, n, f_along\n" in capsys.readouterr().out
    main(["list", "landscapes", "top_eigendirection"])
    assert re.search(r"measures +gradient, d, sharpness", capsys.readouterr().out)
    main(["list", "measures", "mean"])
    assert re.search(r"write +mean:NAME\n +options +skip=0\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    "argv, told",
    [
        (["map"], "unknown list 'map'. Did you mean 'maps'?"),
        (["maps", "cadt"], "unknown map 'cadt'. Did you mean 'cdat'?"),
        (["measures", "regimes"], "unknown measure 'regimes'. Did you mean 'regime'?"),
        (["greedy"], "write 'dynsim list tuners greedy'"),
    ],
)
def test_list_of_an_unknown_name(argv, told, capsys):
    assert told in refused(capsys, ["list", *argv])
