"""Runs everything once and holds the results; what the page says of them is in :mod:`benchmarks.page`."""

import importlib
import sys
from dataclasses import dataclass, replace

from . import handwritten, peak, processes
from .exponents import DYNSIM, plain
from .problems import Contender, Problem, Size, check, engine, exponents, instead, problems
from .timing import best_seconds

#: Rivals: their name and the module that knows them.
RIVALS = {"numpy": "rival_numpy", "JAX": "rival_jax", "pynamicalsys": "rival_pynamicalsys"}


@dataclass(frozen=True)
class Race:
    """One problem, the steps per second of everyone who could take part, and who could not."""

    problem: Problem
    contenders: list[Contender]
    rates: dict[str, float]
    missing: list[str]
    fixed_cost: float

    def best(self, who: str) -> float | None:
        """The best rate of one rival; None where it did not take part."""
        return max((self.rates[c.label] for c in self.contenders if c.who == who), default=None)

    def usual(self, who: str) -> float | None:
        """The rate of the usual form of one rival."""
        return max((self.rates[c.label] for c in self.contenders if c.who == who and c.usual), default=None)

    @property
    def cost(self) -> float | None:
        """Times as long as the same sweep with its cheap measure; None where it has none."""
        cheap = self.best("instead")
        return cheap and cheap / self.usual("dynsim")


@dataclass(frozen=True)
class Bar:
    """A promise, and what was measured. `met` is None where it could not be measured."""

    what: str
    promise: str
    measured: str
    met: bool | None
    note: str = ""


@dataclass(frozen=True)
class Report:
    """All results of one run."""

    size: Size
    races: dict[str, Race]
    exponents: dict[str, Race]
    peak: peak.Peak
    start: processes.Start
    memory: processes.Memory


def race(problem: Problem) -> Race:
    """Everyone checked against dynsim, then timed in turns."""
    contenders, missing = engine(problem), []
    reference = contenders[0].call()
    if problem.name == "self":
        contenders.append(handwritten.contender(problem))
    if problem.name == "self exponent":
        contenders = [replace(c, expected=lambda: plain(problem, DYNSIM)) for c in contenders]
    for who, module in RIVALS.items():
        try:
            contenders += importlib.import_module(f".{module}", __package__).contenders(problem)
        except ImportError:
            missing.append(who)
    for contender in contenders:
        check(problem, reference, contender)
    contenders += instead(problem)
    size = problem.size
    seconds = best_seconds({c.label: c.call for c in contenders}, size.rounds, size.least)
    rates = {c.label: len(range(0, problem.points, c.every)) * problem.steps / seconds[c.label] for c in contenders}
    return Race(problem, contenders, rates, missing, _fixed_cost(problem))


def _fixed_cost(problem: Problem) -> float:
    """Seconds of the public call that no step takes: the same sweep of no steps."""
    resting = replace(problem, steps=0)
    return best_seconds({"": engine(resting)[0].call}, problem.size.rounds * 3)[""]


def run(size: Size) -> Report:
    """The whole benchmark; about four minutes at full size."""

    def say(words):
        print(f"… {words}", file=sys.stderr, flush=True)

    # Fresh processes first, while this one is small and has started no threads.
    say("memory")
    memory = processes.memory(*size.memory)
    say("starts")
    start = processes.start(size.starts)
    say("peak")
    top = peak.measure(max(size.least, 1e-3), size.rounds)

    def races(problems):
        found = {}
        for name, problem in problems.items():
            say(problem.title)
            found[name] = race(problem)
        return found

    return Report(size, races(problems(size)), races(exponents(size)), top, start, memory)


def _ratio_bar(race: Race, who: str, least: float) -> Bar:
    what, promise = f"{race.problem.title}: over {who}", f"≥ {least:g}×"
    best, usual = race.best(who), race.usual(who)
    if not best:
        return Bar(what, promise, "not installed", None)
    own = race.usual("dynsim")
    note = "" if usual == best else f"{own / best:.1f}× over the form tuned by hand: {verdict(own >= least * best)}"
    return Bar(what, promise, f"{own / usual:.1f}×", own >= least * usual, note)


def verdict(met: bool | None) -> str:
    """A word for it."""
    return "not measured" if met is None else ("met" if met else "not met")


def bars(report: Report) -> list[Bar]:
    """Every promise beside its measured value."""
    races, start, memory = report.races | report.exponents, report.start, report.memory
    asked = [
        ("self", "JAX", 12),
        ("self", "numpy", 12),
        ("self", "pynamicalsys", 400),
        ("four", "JAX", 4),
        ("cdat", "JAX", 5),
        ("self exponent", "pynamicalsys", 400),
    ]
    made = [_ratio_bar(races[name], who, least) for name, who, least in asked]
    by_hand, rates = races["self"].best("by hand"), races["self"].rates
    plain, carried = rates["dynsim, no carried exponent"] / by_hand, rates["dynsim"] / by_hand
    title, cost = races["self exponent"].problem.title, races["self exponent"].cost
    return [
        *made,
        Bar(f"{title}: its time over that of final λ", "≤ 4×", f"{cost:.1f}×", cost <= 4),
        Bar(
            "generated kernel over the one by hand, both without the carried exponent", "≥ 80 %", f"{plain:.0%}",
            plain >= 0.8, f"{carried:.0%} with the carried exponent",
        ),
        Bar("first result of a new process, empty compile cache", "≤ 15 s", f"{start.cold:.1f} s", start.cold <= 15),
        Bar("first result of a new process, warm compile cache", "≤ 3 s", f"{start.warm:.1f} s", start.warm <= 3),
        Bar("peak memory over the result", "< 1 GB", f"{memory.over / 1e9:.2f} GB", memory.over < 1e9),
    ]  # fmt: skip
