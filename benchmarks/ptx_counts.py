"""What a step costs on a GPU, read off the PTX: operations as they are executed, and the roofline they leave.

A kernel is run for one thread by :mod:`benchmarks.ptx_machine`, for two lengths; the difference is what the steps
between them cost. The assembler fuses a product that only one sum uses, so such a pair counts as one, as does an
addition alone: a multiply-add unit does each in one go. A division and a square root are sequences of such operations
(8 in the assembly that ptxas 13 makes of ``div.rn.f64``; the other three are taken to be alike).
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from dynsim.engines.cuda import Layout
from dynsim.grids import Grid
from dynsim.jobs import Job
from dynsim.kernels_cuda import CudaKernel
from dynsim.model import Map

from .ptx_code import made, ptx
from .ptx_machine import Program

#: Operations of the multiply-add units that an instruction takes; 1 where it is not named. Signs cost nothing.
COSTS = {
    "div": 8,
    "sqrt": 8,
    "neg": 0,
    "abs": 0,
    "mov": 0,
    "ld": 0,
    "st": 0,
    "selp": 0,
    "cvt": 0,
    "rcp": 0,
    "copysign": 0,
}
COSTS |= {"ex2": 0, "lg2": 0}
#: The H100 SXM's published peaks, operations per second, a fused multiply-add counted as two; not the tensor cores.
H100 = {"float64": 33.5e12, "float32": 67e12}
H100_SOURCE = "NVIDIA H100 Tensor Core GPU data sheet, H100 SXM: FP64 34 and FP32 67 TFLOP/s; 33.5 by its white paper"


@dataclass(frozen=True)
class Counts:
    """What one step executes on average.

    Attributes
    ----------
    float64, float32 : operations of the multiply-add units.
    special : of the special function units, and conversions.
    other : integers, selections, jumps, moves of constants, memory.
    memory : loads and stores in the loop.
    """

    float64: float
    float32: float
    special: float
    other: float
    memory: float

    def roofline(self, peaks: dict) -> float:
        """Steps per second at the most, with these peaks (operations per second, a multiply-add counted as two)."""
        return 1 / (2 * (self.float64 / peaks["float64"] + self.float32 / peaks["float32"]))


def fused(program: Program) -> set[tuple[int, int]]:
    """The products that go into a sum: (block, place) of those whose result one sum of their block alone uses."""
    reads = Counter(
        name
        for b in program.blocks
        for i in b.instructions
        for name in _registers(i, slice(0 if _stores(i) else 1, None))
    )
    found = set()
    for block in program.blocks:
        products, taken = {}, set()
        for k, one in enumerate(block.instructions):
            name, _, kind = one.opcode.partition(".")
            if name in ("add", "sub") and kind in ("f64", "f32"):
                for source in one.operands[1:]:
                    place = products.get(source)
                    if place is not None and place not in taken and reads[source] == 1:
                        taken.add(place)
                        break
            if one.operands:
                products.pop(one.operands[0], None)
            if name == "mul" and kind in ("f64", "f32"):
                products[one.operands[0]] = k
        found |= {(block.index, k) for k in taken}
    return found


def _stores(one):
    return one.opcode.startswith(("st", "bra"))


def _registers(one, which):
    for operand in (*one.operands[which], one.guard):
        for part in operand.strip("{}[]!").split(","):
            yield part.strip().partition("+")[0]


def count(program: Program, executed: Counter) -> Counter:
    """Operations by kind, where blocks were run as often as `executed` says."""
    free, found = fused(program), Counter()
    for block in program.blocks:
        times = executed[block.index]
        for k, one in enumerate(block.instructions):
            name, *parts = one.opcode.split(".")
            if parts[-1:] in (["f64"], ["f32"]) and name not in ("ld", "st", "mov", "selp", "cvt"):
                kind = "float64" if parts[-1] == "f64" else "float32"
                if "approx" in parts:
                    found["special"] += times
                elif (block.index, k) not in free:
                    found[kind] += times * COSTS.get(name, 1)
            elif name == "cvt" and any(p in ("f64", "f32") for p in parts):
                found["special"] += times
            else:
                found["memory"] += times * (name in ("ld", "st") and "param" not in parts)
                found["other"] += times
    return found


def counts(map_: Map, measures, dtype: str = "float64", steps: int = 64, **values: float) -> Counts:
    """What a step of the map with these measures costs, from default values or these."""
    found = Counter()
    for sign, length in ((1, 2 * steps), (-1, steps)):
        executed, program = Emulated(map_, measures, length, {}, dtype, **values).advance(0, length)
        for kind, number in count(program, executed).items():
            found[kind] += sign * number
    return Counts(**{kind: found[kind] / steps for kind in Counts.__dataclass_fields__})


class Emulated:
    """A job on the machine of :mod:`benchmarks.ptx_machine`: what the engine would have a card do."""

    def __init__(self, map_: Map, measures, steps, over, dtype="float64", is_fused=True, seed=0, **values):
        self.kernel: CudaKernel = made(map_, measures, dtype)
        fixed = map_.complete(values, swept=tuple(over))
        self.job = Job(map_, steps, Grid(over), tuple(measures), fixed, seed, dtype)
        self._layout, self._fused, n = Layout(self.job), is_fused, self.job.grid.size
        self._state = np.full((self.kernel.state_rows, n), np.nan, dtype)
        self._accumulated = np.full((self.kernel.accumulated_rows, n), np.nan, dtype)

    def _arguments(self):
        grid = (self._layout.shape, self._layout.table(self.job.grid.size), self._layout.values)
        return [self.job.seed, *grid, self._state, self._accumulated, self.kernel.options]

    def advance(self, start: int, stop: int) -> tuple[Counter, Program]:
        """Make the steps; how often each block was run by all points, and the program."""
        program, executed = Program(ptx(self.kernel, "advance", fused=self._fused)), Counter()
        size = self.job.grid.size
        with np.errstate(all="ignore"):
            for i in range(size):
                executed += program.run([0, size, start, stop, self.job.steps, *self._arguments()], thread=i)
        return executed, program

    def finish(self) -> np.ndarray:
        """The results, a row each."""
        program, size = Program(ptx(self.kernel, "finish", fused=self._fused)), self.job.grid.size
        results = np.full((self.kernel.result_rows, size), np.nan, self.job.dtype)
        with np.errstate(all="ignore"):
            for i in range(size):
                program.run([0, size, self.job.steps, *self._arguments(), results], thread=i)
        return results
