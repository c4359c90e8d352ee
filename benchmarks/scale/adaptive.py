"""ds.refine against the full grid of the same resolution, and against the library ``adaptive``.

    python -m benchmarks.scale.adaptive                 all of it, as Markdown tables
    python -m benchmarks.scale.adaptive --cells 1024    with smaller grids

Every point of the full grid is compared with what the refined diagram says there.
"""

import argparse
import time
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

import dynsim as ds


@dataclass(frozen=True)
class Problem:
    """A diagram of two axes: what is swept, and what is compared."""

    name: str
    map: ds.Map
    steps: int
    over: dict
    measure: object
    options: dict = field(default_factory=dict)

    def refine(self, cells: int, **how) -> xr.Dataset:
        how = {"coarse": 64, "points": 20_000_000, "progress": False} | self.options | how
        return ds.refine(self.map, self.steps, self.over, self.measure, resolution=1 / cells, **how)

    @property
    def values(self) -> dict:
        return {k: v for k, v in self.options.items() if k not in ("threshold", "tol")}

    def sweep(self, over: dict) -> xr.Dataset:
        return ds.sweep(self.map, self.steps, over, self.measure, progress=False, **self.values)

    def told_apart(self, values) -> np.ndarray:
        """What is compared of the measure's values."""
        return np.asarray(values) > self.options["threshold"] if "threshold" in self.options else np.asarray(values)


@dataclass(frozen=True)
class Row:
    """One diagram, refined and in full. `full_seconds` and `wrong` are None where the full grid was not computed."""

    problem: str
    cells: int
    guard: int
    points: int
    seconds: float
    full_seconds: float | None = None
    wrong: int | None = None

    @property
    def full(self) -> int:
        return (self.cells + 1) ** 2

    @property
    def share(self) -> float:
        return self.points / self.full


def problems() -> list[Problem]:
    """The edge of a constant rate, which is exactly ηλ = 2; and regimes of CDAT, one of them with a fractal part."""
    regime, line = ds.measures.regime(), {"sigma": 2, "lam": 2, "nu": 0.2, "b": 1, "u": 1e-3, "eta": 1}
    paper = {"lam": 18, "eta": 0.05, "x": 2, "u": 2, "a": 0.05, "b": 0.1}
    edge = {"a": 0, "b": 0, "x": 1, "threshold": 1}
    return [
        Problem("constant rate, edge η λ₀ = 2", ds.maps.self_stabilization, 2, {"eta": (0.5, 2), "lam": (0.5, 4)},
                ds.measures.final("p"), edge),
        Problem("CDAT σ = 2, regimes over a and x₀", ds.maps.cdat, 1000,
                {"a": (5e-4, 5, "log"), "x": (1e-3, 1e2, "log")}, regime, line),
        Problem("CDAT, regimes over σ and ν", ds.maps.cdat, 1000, {"sigma": (1, 3), "nu": (0.018, 18, "log")},
                regime, paper),
    ]  # fmt: skip


def smooth() -> list[Problem]:
    """Those without a fractal part: their boundary has a length, so that one part in 100,000 is within reach."""
    edge, cdat, _ = problems()
    over = {"a": (5e-4, 0.1, "log"), "x": (1e-3, 0.3, "log")}
    return [edge, replace(cdat, name="CDAT σ = 2, settled in 1000 steps over a and x₀", over=over)]


def against_the_full_grid(problem: Problem, cells: int, guards=(0, 1)) -> list[Row]:
    """Points, seconds, and points of the full grid that the refined diagram has wrong."""
    problem.refine(64, coarse=8)  # compiles
    found = {}
    for guard in guards:
        start = time.perf_counter()
        refined = problem.refine(cells, guard=guard)
        found[guard] = refined, time.perf_counter() - start
    picture = ds.adaptive.raster(refined, cells + 1)
    start = time.perf_counter()
    full = problem.sweep({name: picture[name].values for name in problem.over})
    full_seconds = time.perf_counter() - start
    (name,) = full.data_vars
    rows = []
    for guard, (refined, seconds) in found.items():
        picture = ds.adaptive.raster(refined, cells + 1)
        wrong = int((problem.told_apart(picture[name]) != problem.told_apart(full[name])).sum())
        rows.append(Row(problem.name, cells, guard, refined.sizes["point"], seconds, full_seconds, wrong))
    return rows


def to_one_in_100000(problem: Problem, guard: int = 1) -> Row:
    """The boundary to 1e-5 of both axes; the full grid, of 10^10 points, is only counted."""
    start = time.perf_counter()
    refined = problem.refine(100_000, guard=guard)
    seconds = time.perf_counter() - start
    assert refined.complete, "the budget was too small"
    return Row(problem.name, refined.cells, guard, refined.sizes["point"], seconds)


def by_adaptive(problem: Problem, cells: int, batch: int = 1000, limit: float = 120.0):
    """The same with ``adaptive.Learner2D``: (points, seconds in all, seconds of these in sweeps, side reached, wrong).

    It starts from the same coarse grid and is given batches of points, each one sweep. Its loss is the longest side of
    a triangle whose corners differ, so it stops when none is longer than a cell. A point of the full grid counts as the
    nearest point that was computed. None where the library is not installed.
    """
    try:
        import adaptive
    except ImportError:
        return None
    from scipy.interpolate import NearestNDInterpolator

    start = time.perf_counter()
    swept, spans = 0.0, list(problem.over.items())
    ends = np.array([np.log(r[:2]) if r[-1] == "log" else r[:2] for _, r in spans], float)

    def compute(unit):
        nonlocal swept
        begin = time.perf_counter()
        at = ends[:, :1] + np.asarray(unit).T * (ends[:, 1:] - ends[:, :1])
        over = {n: ("point", np.exp(v) if r[-1] == "log" else v) for (n, r), v in zip(spans, at)}
        found = problem.sweep(over)
        swept += time.perf_counter() - begin
        return problem.told_apart(next(iter(found.data_vars.values()))).astype(float)

    def longest(ip):
        triangles, values = ip.tri.points[ip.tri.simplices], ip.values[ip.tri.simplices][..., 0]
        sides = np.linalg.norm(triangles - np.roll(triangles, 1, axis=1), axis=2).max(axis=1)
        return np.where(np.ptp(values, axis=1) > 0, sides, 0.0)

    learner = adaptive.Learner2D(None, [(0, 1), (0, 1)], loss_per_triangle=longest)
    coarse = np.stack(np.meshgrid(*[np.linspace(0, 1, 65)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    learner.tell_many([tuple(p) for p in coarse.tolist()], compute(coarse))
    while (side := learner.loss()) > 1 / cells and time.perf_counter() - start < limit:
        asked, _ = learner.ask(batch)
        learner.tell_many(asked, compute(asked))
    seconds = time.perf_counter() - start
    points, values = np.array(list(learner.data)), np.array(list(learner.data.values()))
    grid = np.linspace(0, 1, cells + 1)
    near = NearestNDInterpolator(points, values)(*np.meshgrid(grid, grid, indexing="ij"))
    truth = compute(np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)).reshape(near.shape)
    return len(points), seconds, swept, side, int((near != truth).sum())


def table(rows: list[Row]) -> str:
    head = ("diagram", "cells an axis", "guard", "points", "of the full grid", "seconds", "full grid, s", "wrong")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for r in rows:
        full = "not computed" if r.full_seconds is None else f"{r.full_seconds:.1f}"
        wrong = "—" if r.wrong is None else f"{r.wrong} of {r.full}"
        lines.append(f"| {r.problem} | {r.cells} | {r.guard} | {r.points} | {100 * r.share:.3g} % | {r.seconds:.1f} "
                     f"| {full} | {wrong} |")  # fmt: skip
    return "\n".join(lines)


def beside_adaptive(problem: Problem, sizes=(256, 512, 1024), limit: float = 120.0) -> str:
    """Both on one boundary, as a table."""
    head = ("who", "cells an axis", "points", "seconds", "of these in sweeps", "points/s", "wrong")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for cells in sizes:
        for r in against_the_full_grid(problem, cells, (0, 1)):
            lines.append(f"| ds.refine, guard {r.guard} | {cells} | {r.points} | {r.seconds:.2f} | — "
                         f"| {r.points / r.seconds:.0f} | {r.wrong} |")  # fmt: skip
        found = by_adaptive(problem, cells, limit=limit)
        if found is None:
            return "\n".join([*lines, "", "The library adaptive is not installed: pip install adaptive."])
        points, seconds, swept, side, wrong = found
        cut = "" if side <= 1 / cells else f" (stopped at sides of 1/{1 / side:.0f})"
        lines.append(f"| adaptive.Learner2D | {cells} | {points}{cut} | {seconds:.1f} | {swept:.1f} "
                     f"| {points / seconds:.0f} | {wrong} |")  # fmt: skip
    return "\n".join(lines)


def main(argv=None) -> None:
    about = argparse.ArgumentParser(prog="python -m benchmarks.scale.adaptive", description=__doc__.split("\n")[0])
    about.add_argument("--cells", type=int, default=4096, help="of the full grid, an axis (default: %(default)s)")
    cells = about.parse_args(argv).cells
    rows = [row for problem in problems() for row in against_the_full_grid(problem, cells)]
    print(table(rows), end="\n\n", flush=True)
    print(table([to_one_in_100000(problem) for problem in smooth()]), end="\n\n", flush=True)
    print(beside_adaptive(problems()[0]))


if __name__ == "__main__":
    main()
