"""``dynsim train-compare``: how long the reduced model foretells real training, as a table and pictures."""

import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from ..files import whole
from ..sweeps import cores


def run(out: Path = Path("trained")) -> list[Path]:
    """Make every comparison and write comparison.md and comparison_*.png into the folder `out`; the files written."""
    from tqdm.auto import tqdm

    from . import pictures, study, table

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    # ReLU takes longest.
    tasks = [(f, a, s) for a in reversed(study.ACTIVATIONS) for f in study.LOSSES for s in study.SEEDS]
    found = {}
    with (
        ProcessPoolExecutor(min(cores(), len(tasks)), get_context("spawn")) as pool,
        tqdm(total=len(tasks), unit="network") as bar,
    ):
        try:
            running = {pool.submit(study.compared, *task): task for task in tasks}
            for future in as_completed(running):
                found[running[future]] = future.result()
                bar.update()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
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
