"""Sweeps that are kept on disk: the same bits, whatever happened on the way."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import dynsim as ds
from dynsim.store import layout, record, scan, sink

pytest.importorskip("zarr")
ROOT = Path(__file__).parent.parent
M = ds.measures
EDGE = ds.maps.self_stabilization
A, X = np.geomspace(1e-4, 1, 12), np.geomspace(1e-3, 1, 10)
OVER = {"a": A, "x": X}
KINDS = [M.final("lam"), M.lifetime(), M.regime(), M.lyapunov_spectrum()]
ARRAYS = ["lam_final", "lifetime", "regime", "lyapunov_spectrum"]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of one row of ten points, so that a small sweep has many: 12 of them."""
    monkeypatch.setattr(layout, "POINTS", 10)
    monkeypatch.setattr(layout, "LEAST", 1)


def swept(store=None, over=OVER, measure=KINDS, steps=60, **more):
    return ds.sweep(EDGE, steps, over, measure, store=store, progress=False, **more)


@pytest.fixture(scope="module")
def whole():
    """The same sweep in memory."""
    return swept()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sweep.zarr"


def files(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def chunks(path):
    return {name: content for name, content in files(path).items() if "/c" in name}


# -- the same as in memory ------------------------------------------------------------------------------------------


def test_a_store_is_what_would_be_in_memory_and_opens_lazily(path, whole):
    result = swept(path)
    assert not any(v.variable._in_memory for v in result.data_vars.values())
    for again in (result, xr.open_zarr(path), xr.open_dataset(path, engine="zarr", consolidated=False)):
        xr.testing.assert_identical(again, whole)
        assert {n: v.dtype for n, v in again.variables.items()} == {n: v.dtype for n, v in whole.variables.items()}
    assert list(result.data_vars) == ARRAYS
    assert xr.open_zarr(path).lam_final.chunks == ((1,) * 12, (10,))
    assert str(ds.named(result.regime)[0, 0].item()) == str(ds.named(whole.regime)[0, 0].item())


def test_other_tools_see_a_zarr_hierarchy_without_strangers(path):
    import zarr

    swept(path)
    assert {name for name, _ in zarr.open_group(path, use_consolidated=False).members()} == {
        *ARRAYS, "a", "x", "order", ".dynsim"
    }  # fmt: skip
    codecs = [codec["name"] for codec in json.loads((path / "lam_final/zarr.json").read_text())["codecs"]]
    assert codecs == ["bytes", "blosc", "crc32c"]


RANGES = {"x": (1e-3, 0.5), "lam": (1.0, 2.5), "eta": (0.5, 1.2)}


@st.composite
def grids(draw):
    names = draw(st.lists(st.sampled_from(sorted(RANGES)), max_size=3, unique=True))
    over = {n: np.array(draw(st.lists(st.floats(*RANGES[n]), min_size=1, max_size=5))) for n in names}
    if draw(st.booleans()):
        more = np.array(draw(st.lists(st.floats(0.1, 1), min_size=1, max_size=5)))
        over |= {"b": ("point", more), "a": ("point", more / 10)}
    return over


@settings(deadline=None, max_examples=40)
@given(over=grids(), points=st.integers(1, 40), threads=st.integers(1, 3), broken=st.integers(0, 3), data=st.data())
def test_any_grid_and_chunks_give_the_same_bits(tmp_path_factory, over, points, threads, broken, data):
    path = tmp_path_factory.mktemp("any") / "sweep.zarr"
    measures = [M.final("lam"), M.regime(), M.lyapunov_spectrum()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "POINTS", points)
        patch.setattr(layout, "LEAST", 1)
        swept(path, over, measures, 12, threads=threads)
        for name in data.draw(st.permutations(sorted(chunks(path))))[:broken]:
            (path / name).unlink()
        got = swept(path, over, measures, 12, threads=threads).load()
    xr.testing.assert_identical(got, swept(None, over, measures, 12))
    shutil.rmtree(path)


@given(shape=st.lists(st.integers(1, 7), max_size=4).map(tuple), points=st.integers(1, 60))
def test_chunks_are_stretches_that_cover_the_grid_once(shape, points):
    cut = layout.cut(shape, points)
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    end = 0
    for n in range(cut.count):
        start, stop = cut.span(n)
        assert start == end and stop - start <= points
        np.testing.assert_array_equal(numbers[cut.block(n)].ravel(), np.arange(start, stop))
        assert {cut.number(p) for p in range(start, stop)} == {n}
        assert all(s.start == i * c for s, i, c in zip(cut.block(n), cut.index(n), cut.chunk))
        end = stop
    assert end == numbers.size


@pytest.mark.parametrize("shape", [(10**5, 10**5), (3, 10**9), (10**8,), (10**4, 10**4, 10**4), (50, 40), (10**7, 2)])
@pytest.mark.parametrize("steps", [1, 10**3, 10**6, 10**9])
def test_chunks_of_a_sensible_size(monkeypatch, shape, steps):
    monkeypatch.setattr(layout, "POINTS", 10**6)
    monkeypatch.setattr(layout, "LEAST", 256)
    size, arrays = int(np.prod(shape)), 3
    cut = layout.choose(shape, steps, arrays, 8 * arrays)
    points = int(np.prod(cut.chunk))
    assert cut.count * arrays <= 2.1 * layout.FILES
    few = size * arrays / layout.FILES  # what keeps the files few comes first
    assert points <= max(few + 1, 10**6)
    assert points * steps <= max(layout.STEPS, 256 * steps, (few + 1) * steps)
    assert points >= min(size, 256, layout.STEPS // steps + 256) / 2


def test_pieces_come_in_any_order_and_may_share_their_memory(path, whole):
    from dynsim.engines import Threads, compute
    from dynsim.sweeps import job_of, labelled

    job = job_of(EDGE, 60, OVER, KINDS, {})
    store = sink.Store(path, job, labelled(job, job.blank(), "cpu"))
    pieces = [(low, min(low + 3, stop)) for start, stop in [(n * 10, n * 10 + 10) for n in range(12)]
              for low in range(start, stop, 3)]  # fmt: skip
    with store as kept:
        assert kept.spans == [(n * 10, n * 10 + 10) for n in range(12)] and kept.done == 0
        for start, stop in np.random.default_rng(0).permutation(pieces).tolist():
            rows = compute(Threads(1), job, start, stop)
            kept.deliver(start, stop, rows)
            for row in rows:
                row[:] = 0
    xr.testing.assert_identical(store.dataset(), whole)


def test_values_like_the_fill_value_are_written(path):
    def gone(x=1.0, /, r=1.0):
        return r * x - r * x * x

    result = ds.sweep(ds.Map(gone), 3, {"r": [np.inf] * 20, "x": [1e3, 2e3]}, M.final("x"), store=path, progress=False)
    assert np.isnan(result.x_final.values).all()
    names = sorted(name for name in chunks(path) if name.startswith("x_final/c/"))
    assert names == sorted(f"x_final/c/{n}/0" for n in range(4))


# -- going on -------------------------------------------------------------------------------------------------------


def test_a_complete_store_is_opened_and_not_computed_again(path, whole, computed):
    swept(path)
    before, computed[:] = files(path), []
    xr.testing.assert_identical(swept(path), whole)
    assert computed == [] and files(path) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_was_computed_when_it_stopped_is_kept(path, whole, monkeypatch, computed, error):
    real = sink.Store.deliver

    def stop(self, start, stop, rows):
        if len(computed) == 5:
            raise error
        real(self, start, stop, rows)

    with monkeypatch.context() as patch:
        patch.setattr(sink.Store, "deliver", stop)
        with pytest.raises(error):
            swept(path, threads=1)
    first, computed[:] = set(computed), []
    assert len(first) == 5
    xr.testing.assert_identical(swept(path), whole)
    assert set(computed) & first == set() and len(set(computed) | first) == 12


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGE = {
    "flipped": flip,
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:-3]),
    "empty": lambda file: file.write_bytes(b""),
    "zeroed": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "four zeros": lambda file: file.write_bytes(bytes(4)),
    "missing": lambda file: file.unlink(),
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", ["lam_final/c/3/0", "lyapunov_spectrum/c/11/0/0", "regime/c/0/0"])
def test_a_damaged_chunk_is_computed_again_and_no_other(path, whole, computed, how, name):
    swept(path)
    before, computed[:] = files(path), []
    DAMAGE[how](path / name)
    if how != "missing":
        with pytest.raises((ValueError, RuntimeError)):
            xr.open_zarr(path)[name.split("/")[0]].load()
    xr.testing.assert_identical(swept(path).load(), whole)
    n = int(name.split("/")[2])
    assert computed == [(n * 10, n * 10 + 10)]
    assert files(path) == before


def test_damage_in_the_last_shorter_chunk(path, computed):
    over = {"x": np.linspace(0.1, 0.2, 25)}
    want = swept(path, over, M.final("lam")).load()
    computed.clear()
    flip(path / "lam_final/c/2")
    xr.testing.assert_identical(swept(path, over, M.final("lam")).load(), want)
    assert computed == [(18, 25)]


@pytest.mark.parametrize("name", ["zarr.json", "lam_final/zarr.json", "a/zarr.json", "a/c/0", ".dynsim/lock"])
@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_metadata_and_coordinates_are_mended(path, whole, computed, name, how):
    swept(path)
    before, computed[:] = files(path), []
    if (path / name).stat().st_size or how == "missing":
        DAMAGE[how](path / name)
    xr.testing.assert_identical(swept(path), whole)
    assert computed == [] and files(path) == before


def test_what_a_kill_leaves_half_written_is_cleared_away(path, whole):
    swept(path)
    before = files(path)
    for name in ("lam_final/c/3/0.1234.partial", ".dynsim/.zarr.json.77.tmp", "a/c/.0.77.tmp"):
        (path / name).write_bytes(b"half")
    xr.testing.assert_identical(swept(path), whole)
    assert files(path) == before


@pytest.mark.parametrize("left", [[], [".dynsim"], [".dynsim/lock", ".dynsim/holder.json", ".dynsim/.zarr.json.9.tmp"]])
def test_a_start_that_was_killed_at_once_is_no_hindrance(path, whole, left):
    path.mkdir()
    for name in left:
        (path / ".dynsim").mkdir(exist_ok=True)
        if name != ".dynsim":
            (path / name).write_text("")
    xr.testing.assert_identical(swept(path), whole)


def test_a_sweep_that_takes_noise_goes_on_with_the_same_draws(path):
    over = {"a": np.linspace(0.01, 0.1, 7), "x": np.linspace(0.1, 1, 9)}
    call = dict(measure=M.final("lam"), progress=False)
    want = ds.sweep(ds.maps.stochastic, 50, over, seed=3, **call)
    ds.sweep(ds.maps.stochastic, 50, over, seed=3, store=path, **call)
    (path / "lam_final/c/4/0").unlink()
    xr.testing.assert_identical(ds.sweep(ds.maps.stochastic, 50, over, seed=3, store=path, **call), want)
    with pytest.raises(ValueError, match="the seed was 3 and is 4"):
        ds.sweep(ds.maps.stochastic, 50, over, seed=4, store=path, **call)


# -- whose store it is ----------------------------------------------------------------------------------------------


def step(x=0.3, /, r=3.7):
    return r * x * (1 - x)


def other_step(x=0.3, /, r=3.7):
    return r * (x - x * x)


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"steps": 61}, "steps was 60 and is 61"),
        ({"b": 0.31}, "b was 0.3 and is 0.31"),
        ({"over": {"a": A * 1.001, "x": X}}, r"the grid of a was 12 values .* and is 12 values"),
        ({"over": {"a": A[:6], "x": X}}, "the shape was a 12 × x 10 and is a 6 × x 10"),
        ({"over": {"x": X, "a": A}}, "the shape was a 12 × x 10 and is x 10 × a 12"),
        ({"over": {"a": A}}, "the grid of x was .* and is not given; x was not given and is 0"),
        ({"measure": KINDS[:3]}, r"the measure lyapunov_spectrum was .* and is not given"),
        ({"measure": [*KINDS[:1], M.lifetime(bound=10), *KINDS[2:]]}, r"was lifetime\(bound=1e\+?12|was lifetime"),
        ({"measure": [*KINDS[:1], M.lifetime(bound=10), *KINDS[2:]]}, r"and is lifetime\(bound=10"),
    ],
)
def test_a_different_sweep_is_refused_with_what_differs(path, changed, told):
    swept(path)
    before = files(path)
    with pytest.raises(ValueError, match=told) as error:
        swept(path, **changed)
    assert "sweep.zarr belongs to a different sweep" in str(error.value) and "\n" not in str(error.value)
    assert files(path) == before


def test_another_map_and_changed_code_are_refused(path):
    call = dict(measure=M.final("x"), over={"r": [3.5, 3.6]}, progress=False, store=path)
    ds.sweep(ds.Map(step, "logistic"), 9, **call)
    ds.sweep(ds.Map(step, "logistic"), 9, **call)
    with pytest.raises(ValueError, match=r"the map was logistic and is self_stabilization\. Repeat"):
        ds.sweep(EDGE, 9, {"a": [1, 2]}, M.final("x"), store=path)
    with pytest.raises(ValueError, match="the code of the step has changed"):
        ds.sweep(ds.Map(other_step, "logistic"), 9, **call)
    noted = json.loads((path / ".dynsim/zarr.json").read_text())
    noted["attributes"]["dynsim"]["python"] = "CPython 3.99"
    (path / ".dynsim/zarr.json").write_text(json.dumps(noted))
    ds.sweep(ds.Map(step, "logistic"), 9, **call)
    with pytest.raises(ValueError, match=r"its code was read by CPython 3\.99 and now by .* cannot be compared"):
        ds.sweep(ds.Map(other_step, "logistic"), 9, **call)


def test_the_identity_is_the_same_in_every_process():
    code = """
        import dynsim as ds, json
        from dynsim.store.identity import identity
        from dynsim.sweeps import job_of
        m = ds.measures
        loop = ds.closed_loop(ds.landscapes.cubic_loss, ds.tuners.linesearch, delay=1)
        for map, two in ((loop, [m.final("lam"), m.regime()]), (ds.maps.cdat, [m.lyapunov_spectrum(), m.period()])):
            print(json.dumps(identity(job_of(map, 10, {"x": [0.1, 0.2]}, two, {}), "cpu")))
    """
    told = [
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True,
                       env=os.environ | {"PYTHONHASHSEED": seed}).stdout
        for seed in "12"
    ]  # fmt: skip
    assert told[0] == told[1] and all(len(json.loads(line)) > 10 for line in told[0].splitlines())


def edit_record(path, **changed):
    file = path / ".dynsim/zarr.json"
    noted = json.loads(file.read_text())
    noted["attributes"]["dynsim"] |= changed
    file.write_text(json.dumps(noted))


@pytest.mark.parametrize("number", [0, 2])
def test_a_store_of_another_format_is_left_alone(path, number):
    swept(path)
    edit_record(path, format=number, unheard=1)
    before = files(path)
    with pytest.raises(ValueError, match=rf"the store format {number} \(written by dynsim .* has the format 1"):
        swept(path)
    assert files(path) == before


def test_other_versions_go_on_and_are_noted(path, whole):
    swept(path)
    edit_record(path, made_with=["dynsim 0.0.9, numba 0.1"])
    (path / "regime/c/3/0").unlink()
    result = swept(path)
    assert result.attrs["versions"] == f"dynsim 0.0.9, numba 0.1; then {whole.attrs['versions']}"
    xr.testing.assert_identical(result.assign_attrs(whole.attrs), whole)


def foreign_folder(path):
    path.mkdir()
    (path / "thesis.tex").write_text("precious")


def foreign_zarr(path):
    xr.Dataset({"v": ("t", [1.0, 2.0])}).to_zarr(path, zarr_format=3, consolidated=False)


def foreign_file(path):
    path.write_text("precious")


def damaged_record(path):
    swept(path)
    (path / ".dynsim/zarr.json").write_text("{")


@pytest.mark.parametrize(
    "make, told",
    [
        (foreign_folder, "is a folder that dynsim did not make"),
        (foreign_zarr, "is a zarr store that dynsim did not make"),
        (foreign_file, "is a file, not a store"),
        (damaged_record, "the record .* is damaged"),
    ],
)
def test_what_is_no_store_of_ours_is_left_alone(path, make, told):
    make(path)
    before = files(path) if path.is_dir() else path.read_bytes()
    with pytest.raises(ValueError, match=told):
        swept(path)
    assert (files(path) if path.is_dir() else path.read_bytes()) == before


def test_paths_and_names_that_cannot_be(tmp_path):
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere to make s.zarr in"):
        swept(tmp_path / "nowhere" / "s.zarr")
    with pytest.raises(ValueError, match="is not a folder on this machine"):
        swept("s3://bucket/s.zarr")
    for name in ("a/b", ".hidden", "__two"):
        with pytest.raises(ValueError, match=f"'{name}' cannot be a name in a store"):
            swept(tmp_path / "s.zarr", measure=M.final("x").named(name))
    assert os.listdir(tmp_path) == []


def test_without_zarr_it_says_what_to_install(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "filelock", None)
    with pytest.raises(ImportError, match=r"a store needs zarr 3 and filelock .*pip install 'dynsim\[store\]'"):
        swept(path)
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the lives are forked")
def test_fifty_kills_lose_nothing_and_nothing_is_computed_twice_but_what_was_in_flight():
    command = [sys.executable, "-m", "benchmarks.scale.kills", "50"]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert found["landed"] == 50 and found["before"] < 50
    assert (found["again"], found["vanished"], found["damaged"]) == (0, 0, 0)
    assert found["computed"] == found["chunks"] * found["sweeps"] + found["lost"]
    assert found["most_lost"] <= sink.WAITING + 2  # waiting, being written, being handed over
    assert found["identical"]


# -- one writer -----------------------------------------------------------------------------------------------------

HOLD = """
    import sys, time
    import dynsim as ds
    from dynsim.store import sink
    def wait(self, start, stop, rows):
        print("holding", flush=True)
        time.sleep(600)
    sink.Store.deliver = wait
    over, measure = {"a": [0.1, 0.2], "x": [0.1, 0.2]}, ds.measures.final("lam")
    ds.sweep(ds.maps.self_stabilization, 60, over, measure, store=sys.argv[1])
"""


@pytest.fixture
def holder(path):
    """Another process that is in the midst of a sweep into `path`."""
    code = [sys.executable, "-c", textwrap.dedent(HOLD), path]
    with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def test_a_second_writer_is_refused_and_a_kill_leaves_no_lock(path, holder):
    call = dict(over={"a": [0.1, 0.2], "x": [0.1, 0.2]}, measure=M.final("lam"))
    before = files(path)
    start = time.monotonic()
    with pytest.raises(OSError, match=rf"is being written to by process {holder.pid} on \S+, since 20\d\d-") as error:
        swept(path, **call)
    assert error.value.errno == errno.EBUSY and time.monotonic() - start < 30
    assert files(path) == before
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    xr.testing.assert_identical(swept(path, **call), swept(**call))


def test_a_second_writer_in_the_same_process_is_refused_too(path):
    from dynsim.sweeps import job_of, labelled

    job = job_of(EDGE, 60, OVER, KINDS, {})
    with (
        pytest.raises(RuntimeError, match=r"12 chunks of .* were not computed"),
        sink.Store(path, job, labelled(job, job.blank(), "cpu")),
        pytest.raises(OSError, match=f"process {os.getpid()} on"),
    ):
        swept(path)
    swept(path)


# -- no room, no leave ----------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_what_was_written_stays(path, whole, monkeypatch, computed):
    import zarr.storage._local as local

    real, written = local._put, []

    def put(file, value, exclusive=False):
        written.append(file)
        if len(written) > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, value, exclusive)

    with monkeypatch.context() as patch:
        patch.setattr(local, "_put", put)
        with pytest.raises(
            OSError, match=r"could not be written to any more \(No space left on device\).* is kept"
        ) as e:
            swept(path, threads=1)
    assert e.value.errno == errno.ENOSPC
    found = scan.scan(path, record.read(path).layout, dict(zip(ARRAYS, (False, False, False, True))))
    assert found.done.sum() == 2 and found.damaged == []
    computed.clear()
    xr.testing.assert_identical(swept(path), whole)
    assert len(computed) == 10


LIMITED = """
    import errno, resource, signal, sys
    import numpy as np, dynsim as ds
    from dynsim.store import layout
    layout.POINTS = 40_000
    rng = np.random.default_rng(0)
    call = dict(over={"x": rng.uniform(0.1, 1, 400_000)}, measure=ds.measures.final("x"), progress=False)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    try:
        ds.sweep(ds.maps.self_stabilization, 0, store=sys.argv[1], **call)
    except OSError as error:
        print(error.errno == errno.EFBIG, error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    got = ds.sweep(ds.maps.self_stabilization, 0, store=sys.argv[1], **call)
    print(got.identical(ds.sweep(ds.maps.self_stabilization, 0, **call)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are Unix")
def test_a_file_that_cannot_be_written_to_its_end_is_not_there(path):
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED), path], capture_output=True, text=True, check=True
    )
    told, same = ran.stdout.splitlines()
    assert told.startswith("True") and "File too large" in told and same == "True"
    assert [name for name in files(path) if "partial" in name or "tmp" in name] == []


@pytest.mark.parametrize("where", ["folder", "lock"])
def test_a_place_without_leave_to_write_is_told(path, whole, monkeypatch, where):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(*((Path, "mkdir", refuse) if where == "folder" else (sink.Lock, "acquire", refuse)))
        with pytest.raises(OSError, match=r"sweep\.zarr cannot be written to \(Permission denied\); choose another"):
            swept(path)
    swept(path)
    with monkeypatch.context() as patch:
        patch.setattr(sink.Lock, "acquire", refuse)
        xr.testing.assert_identical(swept(path), whole)  # all there: it need not be written
        (path / "regime/c/3/0").unlink()
        with pytest.raises(OSError, match="cannot be written to"):
            swept(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_store(path, whole):
    swept(path)
    (path / "regime/c/3/0").unlink()
    for folder in [path, *path.rglob("*")]:
        folder.chmod(0o555 if folder.is_dir() else 0o444)
    with pytest.raises(OSError, match="cannot be written to"):
        swept(path)


# -- larger than memory ---------------------------------------------------------------------------------------------

LARGE = """
    import resource, sys
    import numpy as np, dynsim as ds
    m, over = ds.measures.final("lam"), lambda n: {"a": np.geomspace(1e-4, 1, n), "x": np.linspace(0.1, 1, 5000)}
    ds.sweep(ds.maps.self_stabilization, 2, over(3), m, store=sys.argv[1] + "0.zarr")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = ds.sweep(ds.maps.self_stabilization, 2, over(8000), m, store=sys.argv[1] + "1.zarr")
    total = sum(float(result.lam_final[i : i + 200].sum()) for i in range(0, 8000, 200))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, total > 0)
"""


def test_a_result_need_not_fit_in_memory(tmp_path):
    """4·10⁷ points, 320 MB: written and read with the memory of some chunks."""
    code = [sys.executable, "-c", textwrap.dedent(LARGE), tmp_path / "s"]
    ran = subprocess.run(code, capture_output=True, text=True, check=True)
    grown, positive = ran.stdout.split()
    assert int(grown) < 150_000, "KiB"
    assert positive == "True"
    shutil.rmtree(tmp_path / "s1.zarr")
