"""The table of training claims, as Markdown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..files import whole
from .outcomes import TRAINED
from .settings import SMOOTHING, Scale
from .verdicts import AS_GOOD, EQUAL, MIXED, NOT_SEEN, SEEN, Claim, Row

TITLE = "# Claims about training"

QUICK = """**This is the quick run: one seed, four settings and a fifth of the steps. It shows that all works; many
claims need longer runs.**"""

HEAD = """Written by `dynsim train-claims`. The claims are those of Roulet et al. 2024 (arXiv 2407.06183), in our words;
the page [training-claims.md](../training-claims.md) says what was seen, with the pictures.

Settings: the first {samples} UCI digits of a fixed shuffle, one hidden layer of width {width}, full batch, unless the
row says otherwise. *smoothed* is cross-entropy with {smoothing:.0%} label smoothing. Steps: {steps}. Seeds: {seeds}.

How it is decided. These rules stand in `dynsim/train_claims/verdicts.py` and were set before the runs.

- The *end* of a run is the median excess loss (loss less its infimum) over the last tenth of the records; ∞ if above
  the start's: the run *diverges*. A run is *trained*, and looked at no further, at an excess of {trained:g}.
- *A / B* is the ratio of A's end to B's, or of their steps where both were trained. Below 1, A is ahead.
- *const* is the best constant rate among powers of two for the same seed and the same number of steps. The grid was
  extended until the best was strictly inside.
- As well as: a ratio up to {as_good:g}. Better: up to 1/{as_good:g}. Worse: from {as_good:g}. Equal: within {equal:g}.
- Each cell has one number a seed. A part is *seen* (✓) if it holds for every seed, *not seen* (✗) if for none, else
  *mixed* (~). A setting is seen if all parts are, not seen if none is, else mixed."""

MARKS = {SEEN: " ✓", NOT_SEEN: " ✗", MIXED: " ~", "": ""}


def render(found: Mapping[Claim, Sequence[Row]], scale: Scale) -> str:
    """The whole table: the head, a summary, and a table for each claim that was tried."""
    example = scale.settings[0]
    head = HEAD.format(
        samples=example.samples, width=example.hidden[0], smoothing=SMOOTHING, steps=_steps(scale),
        seeds=", ".join(map(str, scale.seeds)), trained=TRAINED, as_good=AS_GOOD, equal=EQUAL,
    )  # fmt: skip
    parts = [TITLE, *([QUICK] if scale.name != "full" else []), head, "## Summary", summary(found)]
    for claim, rows in found.items():
        rules = [f"- *{part}*: {rule}." for part, rule in claim.rules.items()]
        note = [claim.note] if claim.note else []
        parts += [f"## Claim {claim.number}", claim.statement, "\n".join(rules), *note, _rows(claim, rows)]
    return "\n\n".join(parts) + "\n"


def _steps(scale):
    kinds = {s.name.partition(",")[0]: s.steps for s in scale.settings}
    return ", ".join(f"{steps} ({kind})" for kind, steps in kinds.items())


def summary(found: Mapping[Claim, Sequence[Row]]) -> str:
    """A line for each claim: in how many settings it was seen, and each of its parts."""
    lines = [
        "| | claim | settings | seen | mixed | not seen | seen, by part |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for claim, rows in found.items():
        counts = [sum(row.verdict == verdict for row in rows) for verdict in (SEEN, MIXED, NOT_SEEN)]
        by_part = "; ".join(
            f"{part} {sum(row.verdict_of(part) == SEEN for row in rows)}/{len(rows)}"
            for part in claim.rules
            if rows[0].verdict_of(part)
        )
        cells = [claim.number, claim.statement, len(rows), *counts, by_part]
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines)


def _rows(claim, rows):
    lines = [
        "| " + " | ".join(map(_cell, ["setting", *claim.rules, "verdict"])) + " |",
        "| --- " * (len(claim.rules) + 2) + "|",
    ]
    for row in rows:
        cells = [f"{' / '.join(p.shown for p in seeds)}{MARKS[row.verdict_of(n)]}" for n, seeds in row.parts.items()]
        lines.append("| " + " | ".join(map(_cell, [row.setting, *cells, row.verdict])) + " |")
    return "\n".join(lines)


def _cell(text):
    return str(text).replace("|", "\\|")


def write(out: Path, found: Mapping[Claim, Sequence[Row]], scale: Scale) -> Path:
    """Write claims.md."""
    path = out / "claims.md"
    with whole(path) as file:
        file.write_text(render(found, scale), encoding="utf-8")
    return path
