"""``python -m benchmarks.gpu [--quick] [--write]``: the GPU against the CPU, and against what the card could do."""

import itertools
import math
import sys
from dataclasses import dataclass, field

import numpy as np

import dynsim as ds
from dynsim.engines.cuda import missing

from .command import command
from .gpu_page import page
from .ptx_code import compiler_missing
from .ptx_counts import Counts, counts
from .timing import best_seconds

M = ds.measures


@dataclass(frozen=True)
class Size:
    """How much work there is."""

    side: int = 1000
    steps: int = 2_000
    #: Points and steps that are timed, on the GPU and on the CPU.
    points: int = 4096**2
    timed: int = 20_000
    cpu_points: int = 256**2
    cpu_timed: int = 4_000
    rounds: int = 3
    #: Turns of the loop that measures the card's peak.
    turns: int = 20_000


QUICK = Size(side=3, steps=24, points=4, timed=16, cpu_points=4, cpu_timed=16, rounds=1, turns=2)

#: What is timed: map, measures, fixed values, and the swept name; bounded orbits throughout.
RACES = {
    "self_stabilization, final λ": (ds.maps.self_stabilization, [M.final("lam")], dict(a=2e-5, b=1e-3, lam=2.0)),
    "self_stabilization, four measures": (
        ds.maps.self_stabilization,
        [M.final("lam"), M.mean("y"), M.maximum("lam"), M.edge_share(tol=0.003)],
        dict(a=2e-5, b=1e-3, lam=2.0),
    ),
    "cdat, final λ": (ds.maps.cdat, [M.final("lam")], dict(sigma=2.0)),
    "stochastic, mean λ": (ds.maps.stochastic, [M.mean("lam")], {}),
}


@dataclass
class Found:
    """What one run found; empty where there is no card."""

    size: Size
    card: str = ""
    why_not: str = ""
    peaks: dict = field(default_factory=dict)
    counts: dict = field(default_factory=dict)
    parity: list = field(default_factory=list)
    averages: list = field(default_factory=list)
    rates: dict = field(default_factory=dict)
    rivals: dict = field(default_factory=dict)


def say(words: str) -> None:
    print(f"… {words}", file=sys.stderr, flush=True)


def on_paper() -> dict[tuple[str, str], Counts]:
    """Operations of a step, by map and measures and the precision: what is timed, and the other named maps."""
    timed = {map_.name for map_, _, _ in RACES.values()}
    rest = {f"{n}, final λ": (getattr(ds.maps, n), [M.final("lam")], {}) for n in ds.maps.__all__ if n not in timed}
    return {
        (name, dtype): counts(map_, measures, dtype, **values)
        for name, (map_, measures, values) in (RACES | rest).items()
        for dtype in ("float64", "float32")
    }


def maps(size: Size) -> dict[str, ds.Map]:
    """Every map found: the named ones and, but in a quick run, every closed loop that makes sense."""
    found = {name: getattr(ds.maps, name) for name in ds.maps.__all__}
    if size.points == QUICK.points:
        return found
    for landscape, tuner, delay in itertools.product(ds.landscapes.__all__, ds.tuners.__all__, (0, 1)):
        try:
            made = ds.closed_loop(getattr(ds.landscapes, landscape), getattr(ds.tuners, tuner), delay=delay)
        except ValueError:
            continue
        found[made.name] = made
    return found


def parity(size: Size) -> list[tuple[str, float]]:
    """For every map, the largest relative difference of its states after few steps from those of the CPU."""
    found = []
    for name, map_ in maps(size).items():
        swept = "lam" if "lam" in map_.state else next(iter(map_.state))
        over = {swept: np.linspace(0.8, 1.2, size.side) * (map_.state[swept] or 1.0)}
        finals = [M.final(n) for n in map_.state]
        one, other = (ds.sweep(map_, 24, over, finals, device=d, progress=False) for d in ("cuda", "cpu"))
        worst = 0.0
        for variable in one.data_vars:
            a, b = one[variable].values, other[variable].values
            both = np.isfinite(a) & np.isfinite(b)
            if (np.isfinite(a) != np.isfinite(b)).any():
                worst = np.inf
            scale = np.abs(b[both]).max(initial=1e-300)
            worst = max(worst, float(np.abs(a[both] - b[both]).max(initial=0.0) / scale))
        found.append((name, worst))
    return found


def averages(size: Size) -> list[tuple[str, float, float]]:
    """Regimes and averages over a grid: the share of points with the same regime, and how far the averages are."""
    found = []
    for name in ("self_stabilization", "cdat"):
        map_ = getattr(ds.maps, name)
        over = {"a": np.geomspace(1e-3, 0.3, size.side), "x": np.geomspace(0.01, 1, size.side)}
        measures = [M.regime(), M.mean("y", skip=size.steps // 2)]
        one, other = (ds.sweep(map_, size.steps, over, measures, device=d, progress=False) for d in ("cuda", "cpu"))
        same = float((one.regime == other.regime).mean())
        inside = np.isfinite(one.y_mean.values) & np.isfinite(other.y_mean.values)
        apart = abs(one.y_mean.values[inside].mean() - other.y_mean.values[inside].mean())
        found.append((name, same, float(apart / np.abs(other.y_mean.values[inside]).mean())))
    return found


def rates(size: Size) -> dict[tuple[str, str], float]:
    """Steps per second, by what is timed and where: the public call, warm."""
    found = {}
    for name, (map_, measures, values) in RACES.items():
        for where in ("float64", "float32", "cpu"):
            points, steps = (size.cpu_points, size.cpu_timed) if where == "cpu" else (size.points, size.timed)
            device = {"device": "cpu"} if where == "cpu" else {"device": "cuda", "dtype": where}
            side = math.isqrt(points)
            a = values.get("a", map_.parameters["a"])
            over = {"a": a * np.linspace(0.9, 1.1, side), "x": np.linspace(0.1, 0.2, side)}
            fixed = {n: v for n, v in values.items() if n != "a"}

            def call(m=map_, t=steps, o=over, ms=measures, more=device | fixed):
                ds.sweep(m, t, o, ms, progress=False, **more)

            call()
            found[name, where] = points * steps / best_seconds({"": call}, size.rounds)[""]
            say(f"{name}, {where}: {found[name, where]:.3g} steps/s")
    return found


def measure(size: Size) -> Found:
    """Everything; without a card only what can be said on paper."""
    found = Found(size, why_not=missing().partition("; write")[0])
    if not compiler_missing():
        say("operation counts")
        found.counts = on_paper()
    if found.why_not:
        return found
    from .gpu_peak import card, peaks
    from .rival_gpu import rivals

    found.card = card()
    say(f"peaks of {found.card}")
    found.peaks = peaks(size.turns)
    found.rates = rates(size)
    found.rivals = rivals(size)
    say("regimes and averages")
    found.averages = averages(size)
    say("parity")
    found.parity = parity(size)
    return found


def main(arguments: list[str] | None = None) -> None:
    """Run, print, and write the page where asked to."""
    page_name = "benchmarks-gpu.md"
    command("benchmarks.gpu", __doc__, page_name, lambda quick: page(measure(QUICK if quick else Size())), arguments)


if __name__ == "__main__":
    main()
