"""What is timed: sweeps, each with dynsim's maps, their start and how the work of a step is counted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

import dynsim as ds
from dynsim.measure import Measure

#: Near the fixed point: bounded, not chaotic and far from underflow for 20,000 steps, so that all must agree.
SELF_STABILIZATION = {"lam": 2.0, "eta": 1.0, "a": 2e-5, "b": 1e-3}
CDAT = {"u": 2.0, "lam": 18.0, "eta": 0.05, "sigma": 2.0, "a": 0.05, "b": 0.1, "nu": 0.1}
#: |y| below this is "at the edge".
EDGE = 0.003
#: The difference between finite-time exponents that start vectors and norms explain, times the number of steps.
CONVENTIONS = 10.0


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
    #: The exponents: points along each side of the grid, steps, and every which point pynamicalsys gets.
    side: int = 1_000
    exponent_steps: int = 1_000
    #: Prime, so that the points are from everywhere in the grid.
    exponent_stride: int = 1_999
    memory: tuple[int, int] = (10_000_000, 1_000)
    starts: int = 3
    quick: bool = False


QUICK = Size(
    points=2_048, steps=64, rounds=1, least=0.0, stride=16, side=40, exponent_steps=64, exponent_stride=61,
    memory=(100_000, 10), starts=1, quick=True,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One sweep, and what is measured in it."""

    name: str
    title: str
    map: ds.Map
    #: The swept names, of which the product is taken.
    over: dict[str, np.ndarray]
    values: dict[str, float]
    measures: list[Measure]
    steps: int
    #: Every which point a slow rival gets.
    stride: int
    size: Size
    #: Floating-point operations in a step; 0 where they are not counted.
    flops: int = 0
    #: The absolute difference that is allowed between contenders.
    apart: float = 1e-12
    #: What the same sweep is timed with too, for comparison.
    instead: Measure | None = None
    plain: ds.Map = field(init=False)

    def __post_init__(self):
        bare = ds.Map(self.map.step, "plain", self.map.observables, fixed=self.map.fixed)
        object.__setattr__(self, "plain", bare)

    @property
    def points(self) -> int:
        return int(np.prod([len(values) for values in self.over.values()]))

    def column(self, name: str, every: int = 1) -> np.ndarray:
        """The value of a state at the start, or of a parameter, on every `every`-th point."""
        if name not in self.over:
            return np.full(len(range(0, self.points, every)), self.values[name])
        shape = [len(values) for values in self.over.values()]
        index = np.unravel_index(np.arange(0, self.points, every), shape)[list(self.over).index(name)]
        return self.over[name][index]

    @cached_property
    def x(self) -> np.ndarray:
        """The initial x of every point."""
        return self.column("x")


@dataclass(frozen=True)
class Contender:
    """One way to compute a problem. `call` returns an array for each of the problem's measures."""

    who: str
    label: str
    call: Callable[[], tuple[np.ndarray, ...]]
    #: Written the usual way, not tuned by hand.
    usual: bool = False
    #: Every which point it computes.
    every: int = 1
    #: Plain results in this contender's own convention, on every `problem.stride`-th point.
    expected: Callable[[], np.ndarray] | None = None


def problems(size: Size) -> dict[str, Problem]:
    """The sweeps of plain orbits over the initial x, by name."""
    final = ds.measures.final("lam")
    four = [final, ds.measures.mean("y"), ds.measures.maximum("lam"), ds.measures.edge_share(tol=EDGE)]
    common = {
        "over": {"x": np.linspace(0.1, 0.2, size.points)}, "steps": size.steps, "stride": size.stride, "size": size,
    }  # fmt: skip
    own = {"map": ds.maps.self_stabilization, "values": SELF_STABILIZATION, **common}
    cdat = {"map": ds.maps.cdat, "values": CDAT, **common}
    every = [
        Problem(name="self", title="self_stabilization, final λ", measures=[final], flops=8, **own),
        Problem(name="four", title="self_stabilization, four measures", measures=four, flops=11, **own),
        Problem(name="cdat", title="cdat, final λ", measures=[final], flops=23, **cdat),
    ]
    return {p.name: p for p in every}


def exponents(size: Size) -> dict[str, Problem]:
    """The sweeps of tangent dynamics over a grid, by name."""
    x = np.linspace(0.1, 0.2, size.side)
    common = {
        "measures": [ds.measures.lyapunov()], "instead": ds.measures.final("lam"), "steps": size.exponent_steps,
        "stride": size.exponent_stride, "size": size,
    }  # fmt: skip
    every = [
        Problem(
            name="self exponent", title="self_stabilization, largest Lyapunov exponent", map=ds.maps.self_stabilization,
            over={"eta": np.linspace(0.9, 1.1, size.side), "x": x}, values=SELF_STABILIZATION,
            apart=CONVENTIONS / size.exponent_steps, **common,
        ),
        Problem(
            name="cdat exponent", title="cdat, largest Lyapunov exponent", map=ds.maps.cdat,
            over={"a": np.linspace(0.04, 0.06, size.side), "x": x}, values=CDAT, apart=1e-9, **common,
        ),
    ]  # fmt: skip
    return {p.name: p for p in every}


def engine(problem: Problem) -> list[Contender]:
    """dynsim through its public call, as shipped and without the carried exponent."""
    return [
        Contender("dynsim", "dynsim", _sweep(problem, problem.map, problem.measures), usual=True),
        Contender("dynsim", "dynsim, no carried exponent", _sweep(problem, problem.plain, problem.measures)),
    ]


def instead(problem: Problem) -> list[Contender]:
    """dynsim on the same sweep with something cheap to measure, where the problem has such a thing."""
    if problem.instead is None:
        return []
    return [Contender("instead", "dynsim, final λ instead", _sweep(problem, problem.map, [problem.instead]))]


def _sweep(problem, map_, measures):
    """A call of ds.sweep that returns a flat array for each measure."""
    values = {name: value for name, value in problem.values.items() if name not in problem.over}

    def call():
        result = ds.sweep(map_, problem.steps, over=problem.over, measure=measures, progress=False, **values)
        return tuple(result[m.name].values.ravel() for m in measures)

    return call


def check(problem: Problem, reference: tuple[np.ndarray, ...], contender: Contender) -> None:
    """ValueError unless the contender computes what the reference holds, on its share of the points."""
    found = contender.call()
    for wanted, got in zip(reference, found, strict=True):
        if not np.all(np.isfinite(got)):
            raise ValueError(f"{contender.label} gives infinite results; the orbits must be bounded.")
        _agree(contender.label, "dynsim", got, wanted[:: contender.every], problem.apart)
    if contender.expected is not None:
        got = found[0][:: problem.stride // contender.every]
        _agree(contender.label, "plain numpy in the same convention", got, contender.expected(), 1e-9)


def _agree(label, other, got, wanted, apart):
    # Rounding alone may put a state on the other side of the edge: one point in a thousand may differ.
    if got.shape != wanted.shape or np.mean(np.isclose(got, wanted, rtol=1e-6, atol=apart)) < 0.999:
        worst = np.max(np.abs(got - wanted)) if got.shape == wanted.shape else np.inf
        raise ValueError(f"{label} computes something else than {other} (off by {worst:.3g}).")
