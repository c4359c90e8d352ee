"""``dynsim train-claims``: what the base paper claims of training, tried on networks that train in seconds."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .. import checks
from .settings import Scale, full, quick
from .verdicts import MIXED, NOT_SEEN, SEEN, Claim, tried


def claims() -> dict[str, Claim]:
    """Every claim, by name: claim1 to claim11."""
    from . import claims_batch, claims_edge, claims_full, claims_rates, claims_size

    every = (
        claims_full.CLASSICAL, claims_full.LINEAR, claims_full.CDAT, claims_edge.EDGE, claims_edge.ONE_STEP,
        claims_edge.TURNS, claims_rates.SHARPNESS, claims_rates.OTHER, claims_batch.BATCH, claims_size.SIZE,
        claims_rates.SCHEDULE,
    )  # fmt: skip
    return {claim.name: claim for claim in every}


def pictures() -> Mapping[str, Sequence]:
    """The figures that belong to each claim: functions of the lab and the folder."""
    from . import figures, figures_more

    return {
        "claim1": (figures.figure_1, figures.figure_2),
        "claim2": (figures.figure_3,),
        "claim3": (figures.figure_5,),
        "claim4": (figures.figure_6,),
        "claim5": (figures_more.figure_15,),
        "claim6": (figures_more.figure_13,),
        "claim8": (figures_more.figure_16,),
        "claim9": (figures_more.figure_7,),
        "claim10": (figures_more.figure_17,),
    }


def run(
    out: Path = Path("trained"), only: Sequence[str] | None = None, short: bool = False, scale: Scale | None = None
) -> list[Path]:
    """Try the claims (all, or those named) and draw their pictures, into the folder `out`; the files written.

    Parameters
    ----------
    out : the folder; it is made where it is missing.
    only : names such as "claim3". The table then holds these only.
    short : the quick run of about a minute.
    scale : what to run, in place of the full or the quick one.
    """
    from . import table
    from .lab import Lab

    every = claims()
    for name in only or ():
        checks.known_name(name, every, "claim")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    lab = Lab(scale or (quick() if short else full()))
    found, written = {}, []
    for name in [name for name in every if name in (only or every)]:
        found[every[name]] = rows = tried(every[name], lab)
        written += [draw(lab, out) for draw in pictures().get(name, ())]
        counts = ", ".join(f"{sum(r.verdict == v for r in rows)} {v}" for v in (SEEN, MIXED, NOT_SEEN))
        print(f"claim {every[name].number:2}: {counts}  ({time.perf_counter() - begun:.0f} s)", flush=True)
    written.append(table.write(out, found, lab.scale))
    for path in written:
        print(path)
    print(f"{lab.steps} steps of training in {time.perf_counter() - begun:.0f} s")
    return written
