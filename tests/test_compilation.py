"""The compile cache: warm where nothing changed, and never yesterday's kernel for today's step."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import dynsim as ds
from dynsim import compilation, vocabulary

M = ds.measures


def script(tmp_path, step, then):
    """Run a script with its own cache folder; what it prints."""
    file = tmp_path / "script.py"
    file.write_text(
        textwrap.dedent(
            """
            import sys
            import dynsim as ds
            from dynsim.vocabulary import maximum
            """
        )
        + textwrap.dedent(step)
        + textwrap.dedent(then)
    )
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


STEP = """
GAIN = 2.0
def inner(x):
    return GAIN * x
def step(x=1.0, /, r=1.0):
    return r * inner(x) + maximum(x, 0)
"""
RUN = """
m = ds.Map(step)
result = ds.sweep(m, 1, {"x": [1.0]}, ds.measures.final("x"))
name = next(n for n in sys.modules if n.startswith("dynsim_kernel_"))
hits = sys.modules[name].kernel_advance.stats.cache_hits
print(result.x_final.item(), sum(hits.values()))
"""


def test_cache_hits_in_a_new_process_and_misses_after_any_edit(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNSIM_CACHE_DIR", str(tmp_path / "cache"))
    assert script(tmp_path, STEP, RUN) == ["3.0", "0"]
    assert script(tmp_path, STEP, RUN) == ["3.0", "1"]
    for old, new, value in (
        ("GAIN = 2.0", "GAIN = 3.0", "4.0"),
        ("return GAIN * x", "return GAIN * x + 1", "4.0"),
        ("r=1.0", "r=2.0", "5.0"),
        ("maximum(x, 0)", "maximum(x, 7)", "9.0"),
    ):
        edited = script(tmp_path, STEP.replace(old, new), RUN)
        assert edited[0] == value, new
    assert script(tmp_path, STEP, RUN) == ["3.0", "1"]


def test_built_in_maps_are_cached_too(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNSIM_CACHE_DIR", str(tmp_path / "cache"))
    run = RUN.replace("ds.Map(step)", "ds.maps.cdat")
    first, second = (script(tmp_path, "", run) for _ in range(2))
    assert first[0] == second[0] and (first[1], second[1]) == ("0", "1")


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("DYNSIM_CACHE_DIR", str(blocked))
    assert script(tmp_path, STEP, RUN) == ["3.0", "0"]


def test_fingerprints_see_what_decides_the_result():
    def made(constant):
        return lambda x: x * constant

    assert compilation.fingerprint(made(2.0)) == compilation.fingerprint(made(2.0))
    assert compilation.fingerprint(made(2.0)) != compilation.fingerprint(made(3.0))
    assert compilation.fingerprint(made(2)) != compilation.fingerprint(made(2.0))


def test_fingerprints_see_constants_of_other_modules():
    import types

    settings = types.ModuleType("settings")
    settings.GAIN = 2.0

    def step(x=1.0, /):
        return settings.GAIN * x

    results = []
    for settings.GAIN in (2.0, 3.0):
        results.append(ds.sweep(ds.Map(step), 1, {"x": [1.0]}, M.final("x")).x_final.item())
    assert results == [2.0, 3.0]


def test_an_edited_step_of_the_same_name_in_one_session():
    results = []
    for factor in (2.0, 3.0):

        def step(x=1.0, /):
            return factor * x  # noqa: B023

        results.append(ds.sweep(ds.Map(step), 1, {"x": [1.0]}, M.final("x")).x_final.item())
    assert results == [2.0, 3.0]


VALUES = [-2.5, -1.0, -0.0, 0.0, 0.3, 1.0, 7.0, 800.0, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("word", ["absolute", "cos", "cospi", "exp", "log", "sign", "sin", "sqrt", "tanh"])
def test_words_of_one_argument_mean_the_same_compiled(word):
    function = getattr(vocabulary, word)

    def step(x=1.0, /):
        return function(x)

    map_ = ds.Map(step)
    with np.errstate(all="ignore"):
        want = [float(function(np.float64(v))) for v in VALUES if not np.isnan(v)]
        as_array = function(np.array(VALUES[:-1]))
    got = ds.sweep(map_, 1, {"x": [v for v in VALUES if not np.isnan(v)]}, M.final("x")).x_final.values
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(as_array, want)


def test_words_of_two_arguments_mean_the_same_compiled():
    words = (vocabulary.maximum, vocabulary.minimum, lambda a, b: vocabulary.where(a > b, a, b))
    nan_maker = np.nan
    for word in words:

        def step(x=1.0, z=1.0, /):
            return word(x, z), word(x, nan_maker * z)  # noqa: B023

        map_ = ds.Map(step, "two")
        numbers = [-1.5, 0.0, 2.0, np.inf]
        got = ds.sweep(map_, 1, {"x": numbers, "z": numbers}, [M.final("x"), M.final("z")])
        with np.errstate(all="ignore"):
            for i, x in enumerate(numbers):
                for k, z in enumerate(numbers):
                    first, second = step(np.float64(x), np.float64(z))
                    assert got.x_final.values[i, k] == first
                    np.testing.assert_array_equal(got.z_final.values[i, k], second)
