"""Runs a kernel's PTX for one thread, as plain Python, and counts what it executes. It needs no card and no driver.

PTX is translated to a Python function, a basic block at a time. Arithmetic is that of IEEE 754, each operation rounded
once; a fused multiply-add is computed exactly. So what is computed here is what a card computes, where the assembler
has no freedom left: products and sums without ``.rn`` it may still fuse. The approximate reciprocal, logarithm and
power of two of the special function unit are rounded exactly here, which a card does not do.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from .ptx_arithmetic import HELPERS

_M32, _M64 = 2**32 - 1, 2**64 - 1
_INTEGER = re.compile(r"[sub](8|16|32|64)$")


@dataclass
class Block:
    """Instructions without a label or a jump among them."""

    index: int
    instructions: list = field(default_factory=list)


@dataclass(frozen=True)
class Instruction:
    opcode: str
    operands: tuple[str, ...]
    guard: str = ""


class Program:
    """A kernel's PTX, ready to run.

    Attributes
    ----------
    blocks : its basic blocks.
    source : the Python function that it became.
    """

    def __init__(self, ptx: str):
        self._tables = dict(_tables(ptx))
        head, body = re.search(r"\.visible \.entry (.*?)\n\)(?:[^{]*)\n\{(.*?)\n\}", ptx, re.S).groups()
        self._parameters = re.findall(r"\.param \.\w+(?: \.ptr[^%]*?)? (\S+?)(?:,|$)", head, re.M)
        self.blocks, self._labels = _blocks(body)
        self.source = "\n".join(_function(self.blocks, self._labels))
        scope = dict(HELPERS)
        exec(compile(self.source, "<ptx>", "exec"), scope)
        self._run = scope["run"]

    def run(self, arguments: list, thread: int = 0, block: int = 0, threads: int = 128) -> Counter:
        """Run one thread; arrays among the arguments are read and written in place. How often each block was run."""
        memory, values = Memory(self._tables), []
        for argument in arguments:
            values += memory.add(argument) if isinstance(argument, np.ndarray) else [int(argument) & _M64]
        if len(values) != len(self._parameters):
            raise ValueError(f"the kernel takes {len(self._parameters)} values, not {len(values)}.")
        special = {"%tid.x": thread, "%ctaid.x": block, "%ntid.x": threads}
        counts = [0] * len(self.blocks)
        self._run(dict(zip(self._parameters, values)), memory, special, counts)
        return Counter({k: n for k, n in enumerate(counts) if n})


class Memory:
    """The global memory: arrays at made-up addresses."""

    def __init__(self, tables):
        self._arrays, self._names = [], {}
        for name, data in tables.items():
            self._names[name] = len(self._arrays) << 40
            self._arrays.append(data)

    def add(self, array):
        """An array as numba passes it: seven values or, with two dims, nine."""
        address = len(self._arrays) << 40
        self._arrays.append(array.reshape(-1).view(np.uint8))
        return [0, 0, array.size, array.itemsize, address, *array.shape, *array.strides]

    def address(self, name):
        return self._names[name]

    def load(self, address, kind):
        at = address & (2**40 - 1)
        value = self._arrays[address >> 40][at : at + np.dtype(kind).itemsize].view(kind)[0]
        return value if kind == np.float32 else value.item()

    def store(self, address, kind, value):
        at = address & (2**40 - 1)
        self._arrays[address >> 40][at : at + np.dtype(kind).itemsize].view(kind)[0] = value


# -- parsing ------------------------------------------------------------------------------------------------------


def _tables(ptx):
    for name, values in re.findall(r"\.global \.align \d+ \.b8 (\w+)\[\d+\] = \{([^}]*)\}", ptx):
        yield name, np.array([int(v) for v in values.split(",")], np.uint8)


def _blocks(body):
    blocks, labels = [Block(0)], {}
    for line in _statements(body):
        if line.endswith(":"):
            if blocks[-1].instructions:
                blocks.append(Block(len(blocks)))
            labels[line[:-1]] = blocks[-1].index
            continue
        guard, opcode, rest = re.match(r"(?:@(!?%\w+)\s+)?([\w.:]+)\s*(.*)$", line, re.S).groups()
        operands = tuple(p.strip() for p in re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^,\s][^,]*", rest))
        blocks[-1].instructions.append(Instruction(opcode, operands, guard or ""))
        if opcode.startswith(("bra", "ret")):
            blocks.append(Block(len(blocks)))
    return blocks, labels


def _statements(body):
    for line in body.splitlines():
        for part in line.split("//")[0].split(";"):
            # Scopes of inline assembly, { … }, stand alone; operands in braces follow an opcode.
            part = part.strip()
            part = part.lstrip("{ \t") if part.startswith("{") else part
            if part and part != "}" and not part.startswith((".reg", ".pragma", ".loc", ".local", ".file")):
                yield part


# -- to Python ----------------------------------------------------------------------------------------------------


def _function(blocks, labels):
    yield "def run(parameters, memory, special, counts):"
    yield "    block = 0"
    yield "    while True:"
    yield "        counts[block] += 1"
    for block in blocks:
        yield f"        {'if' if block.index == 0 else 'elif'} block == {block.index}:"
        for one in block.instructions:
            for line in _lines(one, labels):
                yield "            " + line
        yield f"            block = {block.index + 1}"


def _lines(one, labels):
    parts = one.opcode.split(".")
    if parts[0] == "bra":
        jump = f"block = {labels[one.operands[0]]}; continue"
        return [f"if {_value(one.guard)}: {jump}"] if one.guard else [jump]
    if one.guard:
        raise NotImplementedError(f"a guarded {one.opcode}")
    if parts[0] == "ret":
        return ["return"]
    if parts[0] == "st":
        address, *values = one.operands
        return [f"memory.store({_address(address)}, '{_dtype(parts[-1])}', {_value(values[0])})"]
    if parts[0] == "ld":
        return _load(one, parts)
    if parts[0] == "mov" and one.operands[0].startswith("{"):
        low, high = (_name(n) for n in one.operands[0].strip("{}").split(","))
        return [f"bits = as_bits({_value(one.operands[1])}, 64)", f"{low} = bits & {_M32}", f"{high} = bits >> 32"]
    if parts[0] == "mov" and one.operands[1].startswith("{"):
        low, high = (_value(n) for n in one.operands[1].strip("{}").split(","))
        made = f"({low}) | (({high}) << 32)"
        return [f"{_name(one.operands[0])} = {f'as_double({made})' if '%fd' in one.operands[0] else made}"]
    return [f"{_name(one.operands[0])} = {_expression(parts, one.operands)}"]


def _load(one, parts):
    into, address = one.operands
    if parts[1] == "param":
        return [f"{_name(into)} = parameters[{address.strip('[]')!r}]"]
    names = [_name(n) for n in into.strip("{}").split(",")]
    kind = _dtype(parts[-1])
    size = np.dtype(kind).itemsize
    return [f"{n} = memory.load({_address(address)} + {k * size}, '{kind}')" for k, n in enumerate(names)]


def _dtype(kind):
    return {"f": "f", "s": "i", "u": "u", "b": "u"}[kind[0]] + str(int(kind[1:]) // 8)


def _address(text):
    base, _, offset = text.strip("[]").partition("+")
    base = _value(base) if base.startswith("%") else f"memory.address({base!r})"
    return f"{base} + {offset or 0}"


def _name(operand):
    return operand.strip().lstrip("%").replace("$", "_")


def _value(operand):
    """An operand as Python: a register, a number, or a special register."""
    operand = operand.strip()
    if operand.startswith("!"):
        return f"(not {_value(operand[1:])})"
    if operand.startswith(("%tid", "%ctaid", "%ntid")):
        return f"special[{operand!r}]"
    if operand.startswith("%"):
        return _name(operand)
    if operand.startswith("0d"):
        return f"as_double({int(operand[2:], 16)})"
    if operand.startswith("0f"):
        return f"as_single({int(operand[2:], 16)})"
    if re.fullmatch(r"-?\d+|0x[0-9a-fA-F]+", operand):
        return f"({int(operand, 0)})"
    return f"memory.address({operand!r})"


_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "lo": "<", "hi": ">"}
_FLOAT = {"add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "neg": "-{0}", "abs": "abs({0})"}


def _expression(parts, operands):
    name, kind = parts[0], parts[-1]
    given = [_value(o) for o in operands[1:]]
    if name in ("cvta", "mov"):
        return _moved(operands, given[0], 2**32 - 1 if kind.endswith("32") else _M64)
    if name == "selp":
        return f"({given[0]}) if {given[2]} else ({given[1]})"
    if name == "setp":
        return _compared(parts[1], kind, *given)
    if name == "cvt":
        return f"convert({given[0]}, {parts[-2]!r}, {kind!r}, {parts[1:-2]!r})"
    if kind == "pred":
        return _logic(name, given)
    if kind in ("f64", "f32"):
        return _FLOAT[name].format(*given) if name in _FLOAT else f"{name}_{kind}({', '.join(given)})"
    return _whole(name, parts, kind, given)


def _moved(operands, value, mask):
    """A move between registers of different kinds keeps the bits."""
    into, source = _name(operands[0]), operands[1].strip()
    if not source.startswith("%") or source.startswith(("%tid", "%ctaid", "%ntid")):
        return value if into.startswith(("f", "p")) else f"{value} & {mask}"
    kinds = [re.sub(r"\d+$", "", n) for n in (into, _name(source))]
    if kinds[0] == kinds[1] or {"rd", "rs"} >= set(kinds):
        return value
    if kinds[0] in ("fd", "f"):
        return f"as_{'double' if kinds[0] == 'fd' else 'single'}({value})"
    return f"as_bits({value}, {64 if kinds[1] == 'fd' else 32})"


def _compared(how, kind, a, b):
    if kind in ("f64", "f32"):
        if how in ("num", "nan"):
            return f"{'' if how == 'nan' else 'not '}unordered({a}, {b})"
        loose = len(how) == 3  # ltu, say: true where one is not a number
        compare = f"{a} {_COMPARE[how[:2]]} {b}"
        return f"(unordered({a}, {b}) or {compare})" if loose else f"(not unordered({a}, {b}) and {compare})"
    if kind[0] == "s":
        a, b = f"signed({a}, {kind[1:]})", f"signed({b}, {kind[1:]})"
    elif _INTEGER.match(kind):
        mask = 2 ** int(kind[1:]) - 1
        a, b = f"({a} & {mask})", f"({b} & {mask})"
    return f"{a} {_COMPARE[how]} {b}"


def _logic(name, given):
    return {"not": "not {0}", "and": "{0} and {1}", "or": "{0} or {1}", "xor": "bool({0}) != bool({1})"}[name].format(
        *given
    )


def _whole(name, parts, kind, given):
    bits = int(kind[1:])
    if kind[0] == "s" and name in ("div", "rem", "min", "max", "abs", "shr", "mul", "mad"):
        given = [f"signed({g}, {bits})" for g in given[:2]] + given[2:]
    elif name in ("div", "rem", "min", "max", "shr", "mul", "mad"):
        given = [f"({g} & {2**bits - 1})" for g in given[:2]] + given[2:]
    form = {
        "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "mad": "{0} * {1} + {2}", "neg": "-({0})",
        "not": "~({0})", "and": "{0} & {1}", "or": "{0} | {1}", "xor": "{0} ^ {1}", "shl": "shifted({0}, {1})",
        "shr": "({0}) >> min({1}, 64)", "div": "quotient({0}, {1})", "rem": "{0} - {1} * quotient({0}, {1})",
        "min": "min({0}, {1})", "max": "max({0}, {1})", "abs": "abs({0})",
    }[name]  # fmt: skip
    if "hi" in parts:
        form = f"({form}) >> {bits}"
    wide = 2 * bits if "wide" in parts else bits
    return f"({form.format(*given)}) & {2**wide - 1}"
