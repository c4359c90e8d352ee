"""When a claim is seen: the thresholds, and how verdicts of parts, seeds and settings make one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

SEEN, NOT_SEEN, MIXED = "seen", "not seen", "mixed"
#: "As well as": an end at most so much worse. "Better" is better by as much, "worse" worse by as much.
AS_GOOD = 1.1
#: "Equal": within this factor, which is what a grid of powers of two leaves open.
EQUAL = 1.5
#: "Orders of magnitude": at least one.
MAGNITUDE = 10.0
#: ηλ "just below 2", "at 2" and "slightly above 2".
BELOW, AT, ABOVE = (1.5, 2.0), (1.8, 2.2), (2.0, 2.3)
#: Successive updates are "opposed" up to this cosine, and "aligned" with the top eigenvector from this one.
OPPOSED, ALIGNED = -0.5, 0.5
#: The share of points at which the greedy step must win.
MOST = 0.8
#: "Rises", of η at the start and of the gain from CDAT.
RISES = 1.2
#: A step that costs "about 2×".
TWICE = (1.5, 2.5)


@dataclass(frozen=True)
class Part:
    """One statement of a claim on one seed: what was measured, as shown, and whether it is as claimed.

    ``good`` is None for what is shown beside the verdicts.
    """

    shown: str
    good: bool | None = None


@dataclass(frozen=True, eq=False)
class Claim:
    """A claim of training: what it says, the rule of each part, how it is measured and judged.

    ``measure(lab, setting, seed)`` gives the facts, ``judge(**facts)`` a :class:`Part` for each of ``rules``; a
    setting stands under the name that ``settings(lab)`` gives it.
    """

    number: int
    statement: str
    rules: Mapping[str, str]
    measure: Callable[..., dict]
    judge: Callable[..., dict[str, Part]]
    settings: Callable[..., Mapping[str, object]]
    note: str = ""

    @property
    def name(self) -> str:
        return f"claim{self.number}"


@dataclass(frozen=True)
class Row:
    """A claim on a setting: for each part, the seeds' Parts."""

    setting: str
    parts: Mapping[str, Sequence[Part]] = field(default_factory=dict)

    def verdict_of(self, part: str) -> str:
        """The verdict of one part; "" where there is none to give."""
        seeds = self.parts[part]
        return "" if any(p.good is None for p in seeds) else agreed(SEEN if p.good else NOT_SEEN for p in seeds)

    @property
    def verdict(self) -> str:
        return agreed(filter(None, map(self.verdict_of, self.parts)))


def agreed(verdicts) -> str:
    """The verdict that all share; else "mixed".

    Examples
    --------
    >>> agreed(["seen", "seen"]), agreed(["seen", "not seen"]), agreed(["mixed", "seen"])
    ('seen', 'mixed', 'mixed')
    """
    found = set(verdicts)
    return found.pop() if len(found) == 1 else MIXED


def tried(claim: Claim, lab) -> list[Row]:
    """The claim on each of its settings and every seed."""
    rows = []
    for name, setting in claim.settings(lab).items():
        found = [claim.judge(**claim.measure(lab, setting, seed)) for seed in range(len(lab.scale.seeds))]
        rows.append(Row(name, {part: [one[part] for one in found] for part in claim.rules}))
    return rows


def number(value: float) -> str:
    """Three figures; a run that diverged shows as such."""
    if np.isnan(value):
        return "none"
    return "∞" if np.isinf(value) else f"{value:.3g}"


def numbers(*values: float) -> str:
    return ", ".join(number(v) for v in values)


def better(value: float) -> Part:
    """A ratio of ends that should be below 1."""
    return Part(number(value), bool(value <= 1 / AS_GOOD))


def as_good(value: float) -> Part:
    """A ratio of ends that should not be above 1."""
    return Part(number(value), bool(value <= AS_GOOD))


def worse(value: float) -> Part:
    """A ratio of ends that should be above 1."""
    return Part(number(value), bool(value >= AS_GOOD))


def between(value: float, span: tuple[float, float]) -> Part:
    """A number that should be in a range."""
    return Part(number(value), bool(span[0] <= value <= span[1]))


def at_least(value: float, bound: float) -> Part:
    return Part(number(value), bool(value >= bound))


def at_most(value: float, bound: float) -> Part:
    return Part(number(value), bool(value <= bound))


def both(*parts: Part) -> Part:
    """Holds where all do."""
    return Part("; ".join(p.shown for p in parts), all(p.good for p in parts))
