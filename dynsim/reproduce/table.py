"""The table of claims: what is stated, where, what is predicted, what is measured, and whether that holds."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HEAD = """# Claims about the reduced models

Written by `dynsim reproduce`. Every number in the last columns is measured by running the maps.

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
    return Claim(where, statement, f"{number(predicted)} ± {100 * within:.2g}%", shown, bool(error <= within))


def below(where: str, statement: str, measured: float, bound: float) -> Claim:
    """A claim that something vanishes: it holds if the measured size is at most `bound`."""
    return Claim(where, statement, f"≤ {bound:.0e}", f"{measured:.2g}", bool(measured <= bound))


def seen(where: str, statement: str, predicted: str, measured: str, holds) -> Claim:
    """A claim about what is seen."""
    return Claim(where, statement, predicted, measured, bool(holds))


def claims() -> Iterator[Claim]:
    """Every claim, tried now."""
    from . import claims_cdat, claims_constant, claims_sharpening

    sources: list[Callable[[], Iterator[Claim]]] = [
        claims_constant.claims,
        claims_sharpening.claims,
        claims_cdat.claims,
    ]
    rows = [row for source in sources for row in source()]
    yield from sorted(rows, key=lambda row: row.where.split()[0])


def render(rows: list[Claim]) -> str:
    lines = [HEAD, "| where | claim | predicted | measured | verdict |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        cells = (row.where, row.statement, row.predicted, row.measured, row.verdict)
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    holding = sum(row.holds for row in rows)
    return "\n".join([*lines, "", f"{holding} of {len(rows)} hold.", ""])


def show(rows: list[Claim]) -> str:
    """The table for a terminal, 100 columns wide."""
    import textwrap

    lines = []
    for row in rows:
        lines.append(f"{row.where:8s} {row.verdict.strip('*').upper() if not row.holds else row.verdict}")
        for label, text in (("", row.statement), ("predicted ", row.predicted), ("measured ", row.measured)):
            wrapped = textwrap.wrap(label + text, 90)
            lines += ["         " + line for line in wrapped]
    return "\n".join(lines)


def write(out: Path) -> list[Path]:
    """Try every claim, print the table, and write it to claims.md."""
    from tqdm.auto import tqdm

    rows = list(claims())
    tqdm.write(show(rows))
    path = out / "claims.md"
    with tempfile.NamedTemporaryFile("w", dir=out, suffix=".tmp", delete=False, encoding="utf-8") as file:
        file.write(render(rows))
    os.replace(file.name, path)
    return [path]
