"""The pages that ``dynsim reproduce --catalogue`` writes: the table of claims, the models, and which shows what."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .. import maps
from ..files import whole
from ..reproduce.table import render_rows
from . import MODULES, module, pictures
from .rows import PHENOMENA, Row

_CLAIMS = """# Claims of the catalogue

Written by `dynsim reproduce --catalogue`; do not edit. Measured numbers come from running the maps.

Sources: **P** is stated in the paper that the map's page names; **D** is derived for dynsim; **M** is known at second
hand and tried as a hypothesis; **new** is found here. *holds*: the measured number is within the tolerance named, or
the statement was seen. *fails*: it was not; the row says what was seen instead.
"""

_MODELS = """# The catalogue of reduced models

Written by `dynsim reproduce --catalogue` from the files in `dynsim/maps`; do not edit. Each map is one file, with its
equation, its source and the meaning of its parameters; `dynsim list maps NAME` shows it. Most are a landscape with the
tuner `constant`: `ds.closed_loop(ds.landscapes.NAME, tuner)` puts any other tuner on it that needs no more than the
landscape measures. [choose-a-model.md](choose-a-model.md) says which map shows what,
[catalogue/claims.md](catalogue/claims.md) what was predicted and measured.

Own members of two families: `ds.families.product(loss, slope, curvature)` for any loss of a product, and
`ds.families.scalar_chain(depth)`. `ds.residual_motion(model, steps, eta)` follows a quadratic regression of any size
in its residuals and Jacobian.
"""

_CHOICE = """# Choose a model

Written by `dynsim reproduce --catalogue` from the claims that it tries; do not edit. A column is a phenomenon, a row a
map. **yes** links to the claim that shows it, and which held in the run that wrote this page; *no* to one that was
tried and failed. A blank says that no claim is about it. {held} of {total} claims held.
"""


def write(out: Path, rows: Sequence[Row]) -> list[Path]:
    """The three pages, each written whole or not at all."""
    pages = {
        out / "catalogue" / "claims.md": claims(rows),
        out / "catalogue.md": models(),
        out / "choose-a-model.md": choice(rows),
    }
    for path, text in pages.items():
        with whole(path) as file:
            file.write_text(text, encoding="utf-8")
    return list(pages)


def claims(rows: Sequence[Row]) -> str:
    """The table, what fails on top."""
    failing = [row for row in rows if not row.holds]
    head = f"{_CLAIMS.strip()}\n\n{len(rows) - len(failing)} of {len(rows)} hold.\n\n## What fails\n\n"
    parts = [head + render_rows(failing, [row.map for row in failing])]
    for name in MODULES:
        own = [row for row in rows if row.map in module(name).MAPS]
        drawn = "\n\n".join(f"![{module(name).TITLE}]({path})" for path in pictures(name))
        parts.append(f"## {module(name).TITLE}\n\n{drawn}\n\n" + render_rows(own, [row.map for row in own]))
    return "\n\n".join(parts) + "\n"


def models() -> str:
    """Every map of the catalogue with what its file says."""
    parts = [_MODELS.strip()]
    for name in MODULES:
        found = module(name)
        lines = ["| map | what it is | state | parameters |", "| --- | --- | --- | --- |"]
        for title in found.MAPS:
            map_ = getattr(maps, title)
            cells = (f"`{title}`", map_.doc.splitlines()[0], _valued(map_.state), _valued(map_.parameters))
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        sources = dict.fromkeys(_source(getattr(maps, title).doc) for title in found.MAPS)
        parts.append(f"## {found.TITLE}\n\n" + "\n".join(lines) + "\n\nSource: " + " ".join(sources))
        parts += [f"![{found.TITLE}](catalogue/{path})" for path in pictures(name)]
    return "\n\n".join(parts) + "\n"


def _valued(names):
    return ", ".join(n if v is None else f"{n} = {v:g}" for n, v in names.items())


def _source(doc):
    return " ".join(doc[doc.index("Source: ") + len("Source: ") :].split("\n\n")[0].split())


def choice(rows: Sequence[Row]) -> str:
    """Maps against phenomena, and below it the evidence."""
    held = sum(row.holds for row in rows)
    whole_ = [replace(row, statement=text) for row, text in zip(rows, _in_full(rows))]
    shown = [row for row in whole_ if row.shows]
    notes = {id(row): k for k, row in enumerate(shown, 1)}
    lines = ["| map | " + " | ".join(PHENOMENA) + " |", "| --- |" + " --- |" * len(PHENOMENA)]
    for title in [title for name in MODULES for title in module(name).MAPS]:
        cells = [f"`{title}`"]
        for what in PHENOMENA:
            own = [row for row in shown if row.map == title and row.shows == what]
            cells.append(", ".join(f"{'**yes**' if row.holds else '*no*'} [{notes[id(row)]}]" for row in own))
        lines.append("| " + " | ".join(cells) + " |")
    table = "\n".join(lines)
    evidence = "\n".join(
        f"{notes[id(row)]}. `{row.map}`, {row.shows}: {row.statement}. Predicted: {row.predicted}. "
        f"Measured: {row.measured}."
        for row in shown
    )
    head = _CHOICE.format(held=held, total=len(rows)).strip()
    meanings = "\n".join(f"- **{what}**: {meaning}" for what, meaning in PHENOMENA.items())
    return f"{head}\n\n{meanings}\n\n{table}\n\n## The claims behind it\n\n{evidence}\n"


def _in_full(rows):
    """Each row's statement; one that goes on where another left off has that one's beginning before it."""
    begun = ""
    for row in rows:
        if row.statement.startswith("…"):
            yield f"{begun} {row.statement}"
        else:
            begun = re.split(r"[:(]", row.statement)[0].strip()
            yield row.statement
