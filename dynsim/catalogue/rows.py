"""A row of the catalogue's table: a claim, the map that it is about, and what it shows."""

from dataclasses import dataclass, replace

import numpy as np

from ..reproduce.table import Claim, below, compare, number, seen

__all__ = ["PHENOMENA", "Row", "below", "compare", "number", "order", "rows", "seen"]

#: What a reader looks for in a model.
PHENOMENA = {
    "progressive sharpening": "λ rises while it is below the edge",
    "catapult": "λ starts above the edge and ends below it, at a minimum",
    "oscillation at the edge": "the motion swings about the edge for many cycles, or steps",
    "2-cycles": "states come back at every second step, at an amplitude that the map selects",
    "chaos": "a positive Lyapunov exponent",
    "escape": "the orbit leaves every bound",
    "damping": "the oscillation at the edge dies out",
    "noise gap": "noise keeps the mean of λ below the edge",
    "range of σ": "CDAT holds λ for an interval of σ, not for σ = 2 alone",
}


@dataclass(frozen=True)
class Row(Claim):
    """A claim about one map; `shows` is one of the phenomena, or nothing."""

    map: str = ""
    shows: str = ""


def rows(map_: str, *claims: Claim, shows: str = "") -> list[Row]:
    """Claims about the map of this name."""
    if shows and shows not in PHENOMENA:
        raise ValueError(f"{shows!r} is not among the phenomena: {', '.join(PHENOMENA)}.")
    return [Row(**vars(replace(claim)), map=map_, shows=shows) for claim in claims]


def order(sizes, errors) -> float:
    """The exponent with which the errors vanish: the slope of ln|error| over ln size, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(np.abs(errors)), 1)[0])
