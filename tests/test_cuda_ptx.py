"""The GPU kernels as PTX, compiled for the H100 without a card: typing, what they compute, and what a step costs."""

import importlib.util
import inspect
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import MAPS, plain_orbit

import dynsim as ds
from dynsim import vocabulary

if importlib.util.find_spec("numba_cuda") is None:
    pytest.skip("needs numba-cuda, of the extra cuda", allow_module_level=True)
sys.path.insert(0, str(Path(__file__).parent.parent))  # benchmarks/ is not installed

from benchmarks.ptx_arithmetic import fma_f32, fma_f64
from benchmarks.ptx_code import compiler_missing, made, ptx
from benchmarks.ptx_counts import H100, Counts, Emulated, count, counts, fused
from benchmarks.ptx_machine import Program

if compiler_missing():
    pytest.skip(f"needs the compiler of the extra cuda: {compiler_missing()}", allow_module_level=True)

M = ds.measures
EDGE, CDAT = ds.maps.self_stabilization, ds.maps.cdat
PLAIN = ds.Map(EDGE.step, "plain", EDGE.observables)


#: Instructions on float64 that a kernel of float32 needs to read its point in the grid.
WIDE = {"ld.global.f64", "cvt.rn.f32.f64", "cvt.rzi.s64.f64"}


#: What computes; not every map has a sum of products.
ARITHMETIC = re.compile(r"\b(?:fma\.rn|mul|add|sub|div\.rn)(?:\.ftz)?\.(f32|f64)\b")


def every_measure():
    for name in M.__all__:
        kind = getattr(M, name)
        takes = inspect.signature(kind).parameters
        yield kind(*(["lam"] if "name" in takes else []), **({"skip": 3} if "skip" in takes else {}))


# -- typing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAPS)
def test_every_map_compiles_with_all_that_it_shows(name):
    """In float32 nothing but the values of the grid is ever a float64: no constant widens what it meets."""
    map_ = MAPS[name]
    measures = [M.final(n) for n in (*map_.state, *map_.observables)]
    for dtype in ("float64", "float32"):
        kernel = made(map_, measures, dtype)
        advance = ptx(kernel, "advance")
        assert ".local" not in advance and "call" not in advance, "an orbit's numbers are in registers"
        if dtype == "float32":
            assert wide(advance) <= WIDE
            assert ARITHMETIC.search(advance)[1] == "f32"
        else:
            assert ARITHMETIC.search(advance)[1] == "f64" and ".entry" in ptx(kernel, "finish")


@pytest.mark.parametrize("measure", list(every_measure()), ids=lambda m: m.kind.name)
def test_every_measure_compiles(measure):
    slow = bool(measure.kind.maker)  # to compile
    for map_ in (EDGE, CDAT) if slow else (EDGE, CDAT, ds.maps.stochastic):
        kernel = made(map_, [measure])
        assert all(".entry" in ptx(kernel, name) for name in ("advance", "finish"))
        if not slow:
            advance = ptx(made(map_, [measure], "float32"), "advance")
            assert wide(advance) <= WIDE


def wide(advance):
    """The instructions on float64 in the body of a kernel."""
    body = advance[advance.index(".entry") :]
    return {line.split()[0] for line in body.splitlines() if ".f64" in line and ".reg" not in line}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sine_and_cosine_compile(dtype):
    """They reduce large arguments by a function of their own, with tables in local memory."""

    def step(x=0.5, /):
        return vocabulary.sin(x) + 2 * vocabulary.cos(x) + 0.1

    advance = ptx(made(ds.Map(step), [M.final("x")], dtype), "advance")
    assert dtype == "float64" or wide(advance) <= WIDE | {"mul.f64", "cvt.rn.f64.s64"}


# -- what they compute ----------------------------------------------------------------------------------------------


def emulated(map_, measures, steps, over, dtype="float64", is_fused=True, cut=(), **values):
    """The results, by the measures' names, as the PTX computes them."""
    job = Emulated(map_, measures, steps, over, dtype, is_fused, **values)
    for start, stop in zip((0, *cut), (*cut, steps)):
        job.advance(start, stop)
    return dict(zip((m.name for m in measures), job.finish()))


@pytest.mark.parametrize("map_", [EDGE, CDAT, ds.maps.target_sharpness, ds.maps.noise_floor], ids=lambda m: m.name)
def test_with_products_and_sums_apart_the_ptx_computes_the_bits_of_the_cpu(map_):
    first = next(n for n in map_.parameters)
    over = {first: np.linspace(0.9, 1.2, 2) * map_.parameters[first], "lam": [1.5, 60.0]}
    measures = [M.final("lam"), M.mean("y", skip=3), M.maximum("p"), M.minimum("lam"), M.lifetime(), M.edge_share()]
    measures += [M.crossings("lam", level=2), M.regime()]
    got = emulated(map_, measures, 45, over, is_fused=False, cut=(16,))
    want = ds.sweep(map_, 45, over, measures, progress=False)
    for name, row in got.items():
        np.testing.assert_array_equal(row, want[name].values.ravel(), err_msg=name)
    assert want.lifetime.min() < 45 < want.lifetime.max() or map_ is not EDGE


@pytest.mark.parametrize("map_", [EDGE, CDAT], ids=lambda m: m.name)
def test_carried_states_and_tangent_vectors_too(map_):
    values = dict(x=1e-70, lam=1.0) if map_ is EDGE else dict(sigma=1.0, x=1e-60, u=1e-72, lam=19.0)
    measures = [M.final("lam"), M.final("x"), M.minimum("log_p"), M.lyapunov()]
    got = emulated(map_, measures, 203, {"a": [2e-3]}, is_fused=False, cut=(104,), **values)
    want = ds.sweep(map_, 203, {"a": [2e-3]}, measures, progress=False, **values)
    assert want.log_p_minimum.item() < -500
    for name in ("lam_final", "x_final"):
        np.testing.assert_array_equal(got[name], want[name].values)
    for name in ("log_p_minimum", "lyapunov"):  # libdevice's logarithm is not that of the CPU
        np.testing.assert_allclose(got[name], want[name].values, rtol=1e-14)


@pytest.mark.parametrize("dtype, within", [("float64", 4e-15), ("float32", 4e-6)])
def test_words_mean_the_same(dtype, within):
    def step(x=0.5, z=1.0, /):
        v = vocabulary
        one = v.sqrt(x) + v.exp(-x) + v.log(x) + v.tanh(x) + v.cospi(x) + v.sign(x - 1)
        return one + v.maximum(v.minimum(x, z), 0) + v.where(x > 1, 2, v.absolute(z)), 2 * z / 3 - 0.25

    over, measures = {"x": [0.3, 1.7, 4.0], "z": [-2.0, 0.5]}, [M.final("x"), M.final("z")]
    got = emulated(ds.Map(step), measures, 1, over, dtype)
    want = ds.sweep(ds.Map(step), 1, over, measures, progress=False)
    for name, row in got.items():
        np.testing.assert_allclose(row, want[name].values.ravel(), rtol=within)


def test_fused_it_agrees_over_a_short_horizon():
    other = False
    for map_, over in ((EDGE, {"eta": [0.8, 1.1], "x": [0.1, 0.4]}), (CDAT, {"a": [0.01, 0.05], "x": [0.05, 0.4]})):
        got = emulated(map_, [M.final("lam"), M.mean("y")], 60, over)
        want = ds.sweep(map_, 60, over, [M.final("lam"), M.mean("y")], progress=False)
        for name, row in got.items():
            np.testing.assert_allclose(row, want[name].values.ravel(), rtol=1e-11)
        other |= (got["lam_final"] != want.lam_final.values.ravel()).any()
    assert other, "nothing was fused"


@pytest.mark.parametrize("dtype, within", [("float64", 1e-13), ("float32", 1e-5)])
def test_noise_is_drawn_from_the_same_bits(dtype, within):
    got = emulated(ds.maps.stochastic, [M.final("x"), M.mean("lam")], 24, {"s": [0.02, 0.5]}, dtype, seed=5)
    want = ds.sweep(ds.maps.stochastic, 24, {"s": [0.02, 0.5]}, [M.final("x"), M.mean("lam")], seed=5, progress=False)
    for name, row in got.items():
        np.testing.assert_allclose(row, want[name].values, rtol=within, atol=within)


def test_slow_sharpening_survives_in_float32():
    """x falls to 1e-90, which no float32 holds, and returns."""
    values = dict(x=0.01, lam=0.05, a=0.01, b=0.3)
    measures = [M.maximum("lam"), M.minimum("log_p"), M.minimum("p")]
    got = emulated(EDGE, measures, 430, {"eta": [1.0]}, "float32", **values)
    want = ds.sweep(EDGE, 430, {"eta": [1.0]}, measures, progress=False, **values)
    assert want.log_p_minimum.item() < -410 and got["p_minimum"][0] == 0
    np.testing.assert_allclose(got["log_p_minimum"], want.log_p_minimum, rtol=1e-3)
    np.testing.assert_allclose(got["lam_maximum"], want.lam_maximum, rtol=1e-5)


@pytest.mark.parametrize("name", ["cdat", "cdat_undelayed", "two_eigendirections.cdat_ema"])
def test_cdat_keeps_its_slow_law_in_float32(name):
    """Averages of the second degree, and two states with exponents of their own."""
    over, measures = {"sigma": [1.2, 1.9]}, [M.final(n) for n in ("lam", "eta", "log_p", "ratio")]
    got = emulated(MAPS[name], measures, 150, over, "float32")
    want = ds.sweep(MAPS[name], 150, over, measures, progress=False)
    for key, row in got.items():
        np.testing.assert_allclose(row, want[key].values, rtol=1e-3, err_msg=key)


@pytest.mark.parametrize("name", [n for n in MAPS if "linesearch" in n or "hypergradient" in n or "schedule" in n])
def test_maps_with_loops_and_calls_run(name):
    map_ = MAPS[name]
    got = emulated(map_, [M.final(n) for n in map_.state], 12, {}, is_fused=False)
    want = plain_orbit(map_, 12)
    for n in map_.state:  # cosines and square roots of the GPU's library
        np.testing.assert_allclose(got[f"{n}_final"][0], want[n][-1], rtol=1e-13)


# -- what a step costs ----------------------------------------------------------------------------------------------


def test_operations_of_a_step_counted_by_hand():
    """(1 − ηλ) x: one fused, one product. λ + η (a − b x x): two products, of which one is fused, and one fused."""
    assert counts(PLAIN, [M.final("lam")]).float64 == 5
    assert counts(PLAIN, [M.final("lam")], "float32").float32 == 5
    # One comparison in 8 steps looks whether x is to be carried.
    carried = counts(EDGE, [M.final("lam")])
    assert (carried.float64, carried.float32, carried.memory) == (5.125, 0, 0)
    # The mean of λ: one sum more. Of y: another, ηλ − 2, with which 1 − ηλ shares its product, so nothing is fused.
    assert counts(PLAIN, [M.mean("lam")]).float64 == 6
    assert counts(PLAIN, [M.mean("y")]).float64 == 8


def test_the_roofline_follows_from_the_counts():
    one = Counts(float64=5, float32=0, special=0, other=1, memory=0)
    assert one.roofline({"float64": 1e12, "float32": 2e12}) == pytest.approx(1e11)
    both = Counts(float64=5, float32=10, special=0, other=1, memory=0)
    assert both.roofline({"float64": 1e12, "float32": 2e12}) == pytest.approx(5e10)
    assert counts(PLAIN, [M.final("lam")]).roofline(H100) == pytest.approx(3.35e12)


BY_HAND = """
.visible .entry by_hand(
	.param .u64 by_hand_param_0
)
{
	.reg .pred 	%p<2>;
	mov.f64 	%fd1, 0d3FF0000000000000;
	mov.u64 	%rd1, 0;
	mov.f64 	%fd2, 0d3FE0000000000000;

$L__BB0_1:
	mul.f64 	%fd3, %fd1, %fd2;
	add.f64 	%fd4, %fd3, %fd2;
	mul.f64 	%fd5, %fd4, %fd4;
	sub.f64 	%fd6, %fd5, %fd5;
	mul.rn.f64 	%fd7, %fd4, %fd2;
	add.f64 	%fd8, %fd7, %fd6;
	fma.rn.f64 	%fd9, %fd8, %fd2, %fd2;
	div.rn.f64 	%fd10, %fd9, %fd2;
	neg.f64 	%fd11, %fd10;
	add.s64 	%rd1, %rd1, 1;
	setp.lt.s64 	%p1, %rd1, 10;
	@%p1 bra 	$L__BB0_1;

	ret;

}
"""


def test_counting_a_kernel_by_hand():
    """Of three products only the first goes into one sum that nothing keeps from fusing."""
    program = Program(BY_HAND)
    executed = program.run([0])
    assert fused(program) == {(1, 0)}
    found = count(program, executed)
    assert found["float64"] == 10 * (1 + 2 + 2 + 1 + 8)
    assert found["other"] == 3 + 10 * 3 + 1


def test_fused_multiply_adds_are_exact():
    # 1 + 2^-30 squared is 1 + 2^-29 + 2^-60; only the fused one sees the last part.
    x = 1 + 2.0**-30
    assert fma_f64(x, x, -(1 + 2.0**-29)) == 2.0**-60 and x * x - (1 + 2.0**-29) == 0
    y = np.float32(1 + 2.0**-12)
    assert fma_f32(y, y, np.float32(-(1 + 2.0**-11))) == np.float32(2.0**-24)
    assert fma_f64(1e300, 1e300, -np.inf) == -np.inf and fma_f64(1e200, 1e200, 0.0) == np.inf


# -- refusals -------------------------------------------------------------------------------------------------------


def test_a_step_that_cannot_be_compiled_is_told_so(monkeypatch):
    from dynsim import kernels_cuda
    from dynsim.compilation import NotCompilable
    from dynsim.kernels_cuda import CudaKernel

    def step(x=1.0, /):
        return x * eval("2.0")

    kernel = CudaKernel(ds.Map(step, "stringy"), [M.final("x")])
    with pytest.raises(kernels_cuda.COMPILE_ERRORS) as caught:
        ptx(kernel, "advance")

    def jit(signatures, lto):  # numba asks for a card before it looks at the function
        raise caught.value

    monkeypatch.setattr(kernels_cuda.cuda, "jit", jit)
    with pytest.raises(NotCompilable, match="'stringy' cannot be compiled; in its functions"):
        kernel.ready("advance")


sweep = partial(ds.sweep, EDGE, 10, {"x": [0.1]}, progress=False)


def test_float32_is_refused_where_it_cannot_be(monkeypatch):
    from dynsim.sweeps import check_dtype

    with pytest.raises(ValueError, match="float32 is for a GPU; write device='cuda'"):
        sweep(M.final("x"), dtype="float32")
    with pytest.raises(ValueError, match="dtype must be 'float64' or 'float32', not 'int8'"):
        sweep(M.final("x"), dtype="int8")
    assert sweep(M.final("x"), dtype=np.float64).attrs["dtype"] == "float64"
    with pytest.raises(ValueError, match=r"lyapunov\(skip=0\) follows a tangent vector"):
        check_dtype("float32", "cuda", [M.lyapunov()], EDGE, 10)
    with pytest.raises(ValueError, match=r"float32 counts to 2\^24 = 16,777,216 steps"):
        check_dtype("float32", "cuda", [M.lifetime()], EDGE, 2**24)


def test_without_a_gpu_the_error_says_what_is_missing(monkeypatch):
    from numba import cuda as numba_cuda

    from dynsim.engines import cuda as engine

    monkeypatch.setattr(numba_cuda, "is_available", lambda: False)
    with pytest.raises(engine.NoGpu, match=r"(no NVIDIA GPU|the GPU is there).*write device='cpu'\."):
        sweep(M.final("x"), device="cuda")
    assert sweep(M.final("x"), device="auto").attrs["device"] == "cpu"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(engine.NoGpu, match=r"needs numba-cuda; install it with pip install 'dynsim\[cuda\]'"):
        sweep(M.final("x"), device="cuda")
    with pytest.raises(ValueError, match="unknown device 'gpu'; write device='cpu', 'cuda'"):
        sweep(M.final("x"), device="gpu")
