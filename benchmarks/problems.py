"""What is timed: three sweeps, each with dynsim's maps, their start and how the work of a step is counted."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import dynsim as ds
from dynsim.measure import Measure

#: Near the fixed point: bounded, not chaotic and far from underflow for 20,000 steps, so that all must agree.
SELF_STABILIZATION = {"lam": 2.0, "eta": 1.0, "a": 2e-5, "b": 1e-3}
CDAT = {"u": 2.0, "lam": 18.0, "eta": 0.05, "sigma": 2.0, "a": 0.05, "b": 0.1, "nu": 0.1}
#: |y| below this is "at the edge".
EDGE = 0.003


@dataclass(frozen=True)
class Size:
    """How much work the benchmarks do."""

    points: int = 65_536
    steps: int = 16_384
    rounds: int = 9
    #: Seconds that one timing lasts at least, by calls in a row.
    least: float = 0.2
    #: Every which point pynamicalsys gets, so that it ends in seconds.
    stride: int = 32
    memory: tuple[int, int] = (10_000_000, 1_000)
    starts: int = 3
    quick: bool = False


QUICK = Size(points=2_048, steps=64, rounds=1, least=0.0, stride=16, memory=(100_000, 10), starts=1, quick=True)


@dataclass(frozen=True)
class Problem:
    """One sweep over the initial x, and what is measured in it."""

    name: str
    title: str
    map: ds.Map
    values: dict[str, float]
    measures: list[Measure]
    flops: int
    size: Size
    plain: ds.Map = field(init=False)
    x: np.ndarray = field(init=False)

    def __post_init__(self):
        bare = ds.Map(self.map.step, "plain", self.map.observables, fixed=self.map.fixed)
        object.__setattr__(self, "plain", bare)
        object.__setattr__(self, "x", np.linspace(0.1, 0.2, self.size.points))

    @property
    def steps(self) -> int:
        return self.size.steps


@dataclass(frozen=True)
class Contender:
    """One way to compute a problem. `call` returns an array for each of the problem's measures."""

    who: str
    label: str
    call: Callable[[], tuple[np.ndarray, ...]]
    points: int
    #: Written the usual way, not tuned by hand.
    usual: bool = False


def problems(size: Size) -> dict[str, Problem]:
    """The sweeps, by name."""
    final = ds.measures.final("lam")
    four = [final, ds.measures.mean("y"), ds.measures.maximum("lam"), ds.measures.edge_share(tol=EDGE)]
    maps = ds.maps
    every = [
        Problem("self", "self_stabilization, final λ", maps.self_stabilization, SELF_STABILIZATION, [final], 8, size),
        Problem(
            "four", "self_stabilization, four measures", maps.self_stabilization, SELF_STABILIZATION, four, 11, size
        ),
        Problem("cdat", "cdat, final λ", maps.cdat, CDAT, [final], 23, size),
    ]
    return {p.name: p for p in every}


def engine(problem: Problem) -> list[Contender]:
    """dynsim through its public call, as shipped and without the carried exponent."""

    def contender(map_, label, usual):
        def call():
            result = ds.sweep(
                map_, problem.steps, over={"x": problem.x}, measure=problem.measures, progress=False, **problem.values
            )
            return tuple(result[m.name].values for m in problem.measures)

        return Contender("dynsim", label, call, problem.x.size, usual)

    return [
        contender(problem.map, "dynsim", True),
        contender(problem.plain, "dynsim, no carried exponent", False),
    ]


def check(reference: tuple[np.ndarray, ...], contender: Contender) -> None:
    """ValueError unless the contender computes what the reference holds, on its share of the points."""
    for wanted, got in zip(reference, contender.call()):
        wanted = wanted[:: wanted.size // contender.points]
        # Rounding alone may put a state on the other side of the edge: one point in a thousand may differ.
        if np.mean(np.isclose(got, wanted, rtol=1e-6, atol=1e-12)) < 0.999:
            worst = np.max(np.abs(got - wanted))
            raise ValueError(f"{contender.label} computes something else than dynsim (off by {worst:.3g}).")
