"""The table of claims: what is stated, where, what is predicted, what is measured, and whether that holds."""

import importlib
import textwrap
from dataclasses import dataclass
from pathlib import Path

from ..files import whole

HEAD = """# Claims about the reduced models

Written by `dynsim reproduce`. Measured numbers come from running the maps, but for two rows of 2.4 that evaluate the
entry-exit relation itself.

Sources: **P** is stated in the base paper (Roulet et al. 2024, arXiv 2407.06183); **D** is derived for dynsim. The
section is that of docs/theory.md. *holds*: the measured number is within the tolerance named, or the
statement was seen. *fails*: it was not; the row says what was seen instead.
"""


@dataclass(frozen=True)
class Claim:
    """One row: where it stands, what it says, predicted, measured, and whether it holds."""

    where: str
    statement: str
    predicted: str
    measured: str
    holds: bool

    @property
    def verdict(self) -> str:
        return "holds" if self.holds else "**fails**"


def number(value: float) -> str:
    return f"{value:.5g}"


def compare(where: str, statement: str, predicted: float, measured: float, within: float) -> Claim:
    """A claim about a number: it holds if the relative error is at most `within`."""
    error = abs(measured - predicted) / abs(predicted)
    shown = f"{number(measured)} (error {error:.1g})"
    return Claim(where, statement, f"{number(predicted)} (± {within:.0e} of it)", shown, bool(error <= within))


def below(where: str, statement: str, measured: float, bound: float) -> Claim:
    """A claim that something vanishes: it holds if the measured size is at most `bound`."""
    return Claim(where, statement, f"≤ {bound:.0e}", f"{measured:.2g}", bool(measured <= bound))


def seen(where: str, statement: str, predicted: str, measured: str, holds) -> Claim:
    """A claim about what is seen."""
    return Claim(where, statement, predicted, measured, bool(holds))


#: The modules whose ``claims`` are tried, in the order of the table.
SOURCES = ("claims_constant", "claims_sharpening", "claims_cdat", "claims_cubic", "claims_derived")


def tried(source: str) -> list[Claim]:
    """The claims of one module, tried now."""
    return list(importlib.import_module(f".{source}", __package__).claims())


def claims() -> list[Claim]:
    """Every claim, tried now."""
    return ordered([row for source in SOURCES for row in tried(source)])


def ordered(rows: list[Claim]) -> list[Claim]:
    """By section; within one as they were tried."""
    return sorted(rows, key=lambda row: row.where.split()[0])


def render(rows: list[Claim]) -> str:
    """The table as Markdown, what fails on top."""
    failing = [row for row in rows if not row.holds]
    parts = [HEAD, f"{len(rows) - len(failing)} of {len(rows)} hold.", "## What fails", render_rows(failing)]
    return "\n\n".join([*(part.strip() for part in parts), "## Everything", render_rows(rows)]) + "\n"


def render_rows(rows: list[Claim], maps: list[str] | None = None) -> str:
    """The rows as a table in Markdown; with `maps`, each begins with the name of its map."""
    heads = [*(["map"] if maps else []), "where", "claim", "predicted", "measured", "verdict"]
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    for k, row in enumerate(rows):
        own = (f"`{maps[k]}`",) if maps else ()
        cells = (*own, row.where, row.statement, row.predicted, row.measured, row.verdict)
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(lines)


def show(rows: list[Claim]) -> str:
    """A line for each claim, 110 columns wide, and more on those that fail."""
    lines = []
    for row in rows:
        lines.append(f"{row.where:6.6s} {'holds' if row.holds else 'FAILS'}  {row.statement}"[:110])
        if not row.holds:
            for text in (f"predicted: {row.predicted}", f"measured: {row.measured}"):
                lines += textwrap.wrap(text, 110, initial_indent=" " * 14, subsequent_indent=" " * 16)
    return "\n".join([*lines, f"{sum(row.holds for row in rows)} of {len(rows)} claims hold."])


def write(out: Path, rows: list[Claim] | None = None) -> list[Path]:
    """Try every claim (or take `rows`), print the table, and write it to claims.md."""
    from tqdm.auto import tqdm

    rows = claims() if rows is None else ordered(rows)
    tqdm.write(show(rows))
    path = out / "claims.md"
    with whole(path) as file:
        file.write_text(render(rows), encoding="utf-8")
    return [path]
