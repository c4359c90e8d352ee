"""``dynsim reproduce --catalogue``: every reduced model of the catalogue, its claims tried, its figure drawn.

A module here is a row of section 3 of the theory sheet: ``TITLE``, ``MAPS``, ``claims()`` and ``figure(out)``, which
draws a picture named like its first map, or those named in its ``FIGURES``. A new one is found by its entry in
:data:`MODULES`.
"""

import importlib
import time
from collections.abc import Sequence
from pathlib import Path

from .. import checks
from ..processes import side_by_side

#: In the order of the table; what takes longest is begun first, whatever its place.
MODULES = (
    "central",
    "damping",
    "stochastic",
    "threshold",
    "catapult",
    "uv",
    "chain",
    "regression",
    "flip",
    "momentum",
    "warmup",
    "open_question",
    "two_edges",
)
SLOWEST = ("uv", "chain", "momentum", "stochastic", "open_question")


def module(name: str):
    """The module of this name, imported now."""
    return importlib.import_module(f".{name}", __name__)


def pictures(name: str) -> list[str]:
    """The files that the figure of this module is drawn in."""
    found = module(name)
    return [f"{title}.png" for title in getattr(found, "FIGURES", found.MAPS[:1])]


def tried(name: str, out: Path | None = None) -> list:
    """The claims of one module, tried now; with a folder, its figure is drawn there too."""
    found = list(module(name).claims())
    if out is not None:
        module(name).figure(out)
    return found


def run(out: Path = Path("reproduced"), only: Sequence[str] | None = None) -> list[Path]:
    """Try the claims and draw the figures; the files written.

    Into `out` go the pages catalogue.md and choose-a-model.md, into its folder ``catalogue`` the table of claims and
    the figures. Where `only` some models are asked for, no pages are written.

    Raises
    ------
    ValueError : a name in `only` is none of :data:`MODULES`.
    """
    from tqdm.auto import tqdm

    from ..reproduce.table import show
    from . import pages

    for name in only or ():
        checks.known_name(name, MODULES, "model of the catalogue")
    chosen = [name for name in MODULES if name in (only or MODULES)]
    folder = Path(out) / "catalogue"
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    if len(chosen) > 1:
        tasks = sorted(chosen, key=lambda name: name not in SLOWEST)
        rows = dict(zip(tasks, side_by_side(tried, [(name, folder) for name in tasks], "model")))
    else:
        rows = {chosen[0]: tried(chosen[0], folder)}
    every = [row for name in chosen for row in rows[name]]
    tqdm.write(show(every))
    written = [folder / path for name in chosen for path in pictures(name) if (folder / path).exists()]
    if not only:
        written += pages.write(Path(out), every)
    for path in written:
        print(path)
    print(f"{len(chosen)} models in {time.perf_counter() - begun:.0f} s")
    return written
