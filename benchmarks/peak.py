"""How many float64 operations a second all cores do at best: chains of arithmetic in registers, nothing else.

The kernels are LLVM's own language, so that the width of the vectors and the number of chains are ours to say. What
the compiler made of them is read back from the assembly.
"""

import ctypes
import re
from dataclasses import dataclass

import llvmlite.binding as llvm

from .timing import CORES, best_seconds, on_all_cores

#: Instructions by which one step of a chain may appear, on x86 and on 64-bit ARM.
_FUSED = r"\b(vfn?madd\d*pd|fmla\b.*\.2d)"
_SEPARATE = r"\b(v?mulpd|v?addpd|fmul\b.*\.2d|fadd\b.*\.2d)"


@dataclass(frozen=True)
class Peak:
    """Measured operations per second over all cores, and what the assembly says."""

    fused: float
    separate: float
    lanes: int
    fused_instructions: int
    separate_instructions: int


def lanes_and_chains() -> tuple[int, int]:
    """Doubles in a vector register, and chains enough to keep all pipes busy without running out of registers."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 8, 24
    if features.get("avx2"):
        return 4, 12
    return 2, 12


def _source(name: str, lanes: int, chains: int, fused: bool) -> str:
    """LLVM source of `chains` independent chains acc ← acc·m + c, over `turns` turns of the loop."""
    vector = f"<{lanes} x double>"

    def constant(value):
        return f"<{', '.join([f'double {value}'] * lanes)}>"

    # The fixed point c/(1 − m) is 1: the chains stay there, far from overflow and underflow.
    m, c = constant(0.75), constant(0.25)
    head = [f"%a{k} = phi {vector} [ {constant(1 + k / 64)}, %start ], [ %b{k}, %turn ]" for k in range(chains)]
    step = []
    for k in range(chains):
        if fused:
            step.append(f"%b{k} = call {vector} @llvm.fma.v{lanes}f64({vector} %a{k}, {vector} {m}, {vector} {c})")
        else:
            step += [f"%m{k} = fmul {vector} %a{k}, {m}", f"%b{k} = fadd {vector} %m{k}, {c}"]
    total = ["%s0 = fadd " + f"{vector} %b0, %b0"]
    total += [f"%s{k} = fadd {vector} %s{k - 1}, %b{k}" for k in range(1, chains)]
    body = "\n  ".join([*head, "%i = phi i64 [ 0, %start ], [ %j, %turn ]", *step, "%j = add i64 %i, 1"])
    return f"""
declare {vector} @llvm.fma.v{lanes}f64({vector}, {vector}, {vector})
define double @{name}(i64 %turns) {{
start:
  br label %turn
turn:
  {body}
  %more = icmp slt i64 %j, %turns
  br i1 %more, label %turn, label %end
end:
  {"".join(line + chr(10) + "  " for line in total)}%out = extractelement {vector} %s{chains - 1}, i32 0
  ret double %out
}}
"""


class _Kernel:
    """One compiled kernel; the engine that holds its machine code lives as long as it does."""

    def __init__(self, name: str, lanes: int, chains: int, fused: bool):
        host, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
        # 512-bit vectors are used only on request on some processors.
        source = _source(name, lanes, chains, fused)
        source = source.replace("(i64 %turns) {", f'(i64 %turns) "prefer-vector-width"="{64 * lanes}" {{')
        module = llvm.parse_assembly(source)
        machine = llvm.Target.from_default_triple().create_target_machine(cpu=host, features=features, opt=3)
        self.assembly = machine.emit_assembly(module)
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()
        call = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)
        # ctypes lets go of the interpreter lock during the call, so that all cores can work at once.
        self.run = call(self._engine.get_function_address(name))

    def count(self, pattern: str) -> int:
        return len(re.findall(pattern, self.assembly))


def measure(seconds: float, rounds: int) -> Peak:
    """The peaks with fused multiply-adds, and with multiplications and additions apart."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    lanes, chains = lanes_and_chains()
    turns = max(1000, int(seconds * 1e8))
    kernels = {"fused": _Kernel("fused", lanes, chains, True), "separate": _Kernel("separate", lanes, chains, False)}
    calls = {name: (lambda run=kernel.run: on_all_cores(run, [turns] * CORES)) for name, kernel in kernels.items()}
    best = best_seconds(calls, rounds)
    work = 2.0 * lanes * chains * turns * CORES
    return Peak(
        fused=work / best["fused"],
        separate=work / best["separate"],
        lanes=lanes,
        fused_instructions=kernels["fused"].count(_FUSED),
        separate_instructions=kernels["separate"].count(_SEPARATE),
    )
