"""``dynsim train-compare``: how long the reduced model foretells real training, as a table and pictures."""

import time
from pathlib import Path

from ..files import whole
from ..processes import side_by_side


def run(out: Path = Path("trained")) -> list[Path]:
    """Make every comparison and write comparison.md and comparison_*.png into the folder `out`; the files written."""
    from . import pictures, study, table

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    # ReLU takes longest.
    tasks = [(f, a, s) for a in reversed(study.ACTIVATIONS) for f in study.LOSSES for s in study.SEEDS]
    found = dict(zip(tasks, side_by_side(study.compared, tasks, "network")))
    order = [(f, a, s) for f in study.LOSSES for a in study.ACTIVATIONS for s in study.SEEDS]
    cases = [case for task in order for case in found[task]]
    path = out / "comparison.md"
    with whole(path) as file:
        file.write_text(table.render(cases), encoding="utf-8")
    written = [path, *pictures.draw(cases, out)]
    for path in written:
        print(path)
    print(f"{len(cases)} comparisons in {time.perf_counter() - begun:.0f} s")
    return written
