"""The kernels as PTX, the assembly language of NVIDIA's virtual machine, compiled without a card or a driver."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

from numba import cuda

from dynsim.compilation_cuda import simulated
from dynsim.kernels_cuda import CudaKernel
from dynsim.measure import Measure
from dynsim.model import Map

#: The compute capability of the H100.
HOPPER = (9, 0)


@contextmanager
def compiling_for(cc: tuple[int, int], fused: bool = True) -> Iterator[None]:
    """Within it, numba.cuda compiles for this compute capability without asking a card for its own.

    With fused=False products and sums are kept apart, each rounded, as they are on the CPU.
    """
    from numba.cuda import dispatcher
    from numba.cuda.cudadrv import nvvm

    asked, compiler = dispatcher.get_current_device, nvvm.compile_ir
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=cc)
    if not fused:
        nvvm.compile_ir = lambda ir, **options: compiler(ir, **options, fma=False)
    try:
        yield
    finally:
        dispatcher.get_current_device, nvvm.compile_ir = asked, compiler


def ptx(kernel: CudaKernel, name: str, cc: tuple[int, int] = HOPPER, fused: bool = True) -> str:
    """The PTX of the kernel "advance" or "finish", as it is sent to a card."""
    with compiling_for(cc, fused):
        code, _ = cuda.compile(
            kernel.functions[name], kernel.signatures[name], device=False, abi="numba", cc=cc, output="ptx"
        )
    return code


def made(map_: Map, measures: Sequence[Measure], dtype: str = "float64") -> CudaKernel:
    """The kernels for a map and measures as they were asked for."""
    return CudaKernel(map_, [m.made_for(map_) for m in measures], dtype)


def compiler_missing() -> str:
    """What stands in the way of compiling, a sentence; "" where nothing does."""
    if simulated():
        return "the simulator compiles nothing"
    try:
        from numba.cuda.cudadrv import nvrtc, nvvm

        nvvm.NVVM()
        nvrtc.get_supported_ccs()
    except Exception as error:  # of whatever kind the missing library raises
        return (str(error).strip() or type(error).__name__).splitlines()[0]
    return ""
