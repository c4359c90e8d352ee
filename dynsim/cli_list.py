"""``dynsim list``: what there is, as its files describe it."""

import inspect
import re
import shutil
import sys
import textwrap
from argparse import ArgumentError, Namespace

import dynsim as ds

from . import checks
from .measure import SUPPLIED
from .model import roles

ROOMS = {
    "maps": "what is iterated; write one after 'dynsim sweep'",
    "landscapes": "where the parameters are, and what can be measured there",
    "tuners": "from measurements to the learning rate",
    "measures": "what is recorded along an orbit",
    "objectives": "full models to train, for ds.descend",
    "optimizers": "from the gradient to the update direction, for ds.descend",
}
_MARGIN = 4


def run(args: Namespace) -> int:
    """Print the list that `args` asks for: everything, one room, or one name of it."""
    width = min(max(shutil.get_terminal_size().columns, 40), 100)
    try:
        _check(args.room, args.name)
    except ValueError as error:
        raise ArgumentError(None, str(error)) from None
    if args.name:
        print("\n".join(entry(args.room, args.name, width, whole=True)))
        return 0
    for room in [args.room] if args.room else ROOMS:
        print(f"{room}: {ROOMS[room]}\n")
        for name in getattr(ds, room).__all__:
            print("\n".join(entry(room, name, width)), end="\n\n")
    room = args.room or "maps"
    print(f"'dynsim list {room} {getattr(ds, room).__all__[0]}' shows the whole text about one of them.")
    return 0


def _check(room, name):
    if room is None:
        return
    if room not in ROOMS:
        homes = [r for r in ROOMS if room in getattr(ds, r).__all__]
        if homes:
            raise ValueError(f"{room!r} is among the {homes[0]}: write 'dynsim list {homes[0]} {room}'.")
        checks.known_name(room, ROOMS, "list")
    if name is not None:
        checks.known_name(name, getattr(ds, room).__all__, room.rstrip("s"))


def entry(room: str, name: str, width: int, whole: bool = False) -> list[str]:
    """The lines about one model: its summary and equation, or its whole text, and the names that go with it."""
    thing = getattr(getattr(ds, room), name)
    doc = getattr(thing, "doc", None) or inspect.getdoc(thing)
    if room == "objectives":
        doc = inspect.getdoc(sys.modules[thing.__module__])  # the file has the equation
    blocks = _blocks(doc) if whole else [*_blocks(doc.splitlines()[0])[:1], *_equation(doc)]
    inner = width - _MARGIN
    lines = []
    for block in blocks:
        lines += [*_laid_out(block, inner), ""]
    facts = [(what, text) for what, text in _FACTS[room](thing) if text]
    column = max((len(what) for what, _ in facts), default=0) + 2
    for what, text in facts:
        lines += _hanging(what, text, column, inner)
    return [name, *((" " * _MARGIN + line).rstrip() for line in lines)]


# -- the names that go with a model ---------------------------------------------------------------------------------


def _about_map(map_):
    observables = ", ".join(map_.observables)
    return [("state", _valued(map_.state)), ("parameters", _valued(map_.parameters)), ("observables", observables)]


def _about_landscape(landscape):
    measures = ", ".join(landscape.measurements)
    return [("state", _valued(landscape.state)), ("parameters", _valued(landscape.parameters)), ("measures", measures)]


def _about_tuner(tuner):
    own = roles(tuner)
    needs = ", ".join(n for n in own.inputs if n != "w")  # w only comes along with f_along and cos_along
    return [("state", _valued(own.state)), ("parameters", _valued(own.parameters)), ("needs", needs or "nothing")]


def _about_measure(kind):
    parameters = inspect.signature(kind).parameters.values()
    named = any(p.default is p.empty for p in parameters)
    options = {p.name: p.default for p in parameters if p.default is not p.empty}
    reads = ", ".join(n for n in kind.inputs if n not in SUPPLIED)
    return [("write", f"{kind.name}:NAME" if named else kind.name), ("options", _valued(options)), ("reads", reads)]


def _about_objective(maker):
    parameters = inspect.signature(maker).parameters.values()
    needs = ", ".join(p.name for p in parameters if p.default is p.empty)
    options = ", ".join(f"{p.name}={p.default!r}" for p in parameters if p.default is not p.empty)
    return [("needs", needs), ("options", options)]


def _about_optimizer(optimizer):
    return [("state", _valued(optimizer.state)), ("parameters", _valued(optimizer.parameters))]


_FACTS = {
    "maps": _about_map,
    "landscapes": _about_landscape,
    "tuners": _about_tuner,
    "measures": _about_measure,
    "objectives": _about_objective,
    "optimizers": _about_optimizer,
}


def _valued(names):
    return ", ".join(n if v is None else f"{n}={v:g}" for n, v in names.items())


# -- docstrings in a narrow terminal --------------------------------------------------------------------------------


def _blocks(text):
    """The paragraphs of a text, each a list of lines."""
    return [block.splitlines() for block in re.split(r"\n\s*\n", text.strip("\n"))]


def _equation(doc):
    """The first indented block, or nothing."""
    return [block for block in _blocks(doc) if block[0].startswith(" ")][:1]


def _laid_out(block, width):
    """The lines of a paragraph in `width` columns: as written where they fit."""
    if max(map(len, block)) <= width:
        return block
    indent = len(block[0]) - len(block[0].lstrip())
    if not indent:
        return textwrap.wrap(" ".join(block), width, break_on_hyphens=False)
    rows = []
    for line in block:
        if rows and len(line) - len(line.lstrip()) > indent:
            rows[-1] += " " + line.strip()  # deeper than the first line: it goes on with the row above
        else:
            rows.append(line.strip())
    split = [re.split(r" {2,}", row) for row in rows]
    if all(len(parts) == 2 and parts[0].isidentifier() for parts in split):
        column = max(len(parts[0]) for parts in split) + 2
        lines = [line for parts in split for line in _hanging(*parts, column, width - indent)]
    else:
        lines = [line for parts in split for line in _fitted(parts, width - indent)]
    return [" " * indent + line for line in lines]


def _hanging(head, text, column, width):
    """A word, and a text beside it that starts at `column`."""
    lines = textwrap.wrap(text, width - column, break_on_hyphens=False) or [""]
    return [f"{head:<{column}}{lines[0]}", *(" " * column + line for line in lines[1:])]


def _fitted(equations, width):
    """Equations that stood side by side, as many on a line as fit; a longer one is broken outside its brackets."""
    lines = [equations[0]]
    for equation in equations[1:]:
        if len(lines[-1]) + 4 + len(equation) <= width:
            lines[-1] += "    " + equation
        else:
            lines.append(equation)
    return [part for line in lines for part in (_broken(line, width) if len(line) > width else [line])]


def _broken(line, width):
    parts, depth = [""], 0
    for character in line:
        depth += (character in "([{") - (character in ")]}")
        if character == " " and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + 1 + len(part) <= width:
            lines[-1] += " " + part
        else:
            lines.append("    " + part)
    return lines
