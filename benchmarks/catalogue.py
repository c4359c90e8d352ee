"""``python -m benchmarks.catalogue [--write]``: the catalogue's maps against what their operation counts allow.

The step of a map is called with symbols that write down each operation once. The rate that its count allows is that of
self_stabilization times the ratio of the counts; both are measured in the same run, in turns. Additions, subtractions
and products count one. A division, a square root, a tanh and a draw of noise count what they are measured to cost in
the same run: the time of a map with two of them less that of one with one, in operations of self_stabilization.
"""

import argparse
import datetime
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import dynsim as ds
from dynsim.vocabulary import sqrt, tanh

from .machine import machine, versions
from .problems import SELF_STABILIZATION
from .timing import best_seconds

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks-catalogue.md"
POINTS, STEPS, ROUNDS = 65_536, 4_096, 7
#: The share of the allowed rate that is promised.
PROMISE = 0.6
#: What is timed: a map, the state that is swept and its range, the other values. All orbits stay bounded and of
#: ordinary size, far from underflow.
PROBLEMS = {
    "damped": ("x", 0.04, 0.06, {"zeta": 0.7, "a": 1e-3}),
    "catapult": ("z", 1.0, 2.0, {"lam": 2.0, "width": 1e6, "eta": 1.0}),
    "uv": ("z", -0.55, -0.45, {"lam": 1.1, "eta": 1.5, "target": 1.0, "width": 1.0}),
    "minimalist": ("p", 1.01, 1.05, {"s": 51.5, "eta": 0.02}),
    "quadratic_regression": ("z", -0.55, -0.45, {"lam": 1.5, "kappa": 0.0025}),
    "flip_normal_form": ("delta", 0.1, 0.2, {"mu": 0.05, "kappa": 1e-7}),
    "warmup": ("x", 0.1, 0.2, {"lam": 2.0, "peak": 1.0, "a": 2e-5, "b": 1e-3}),
    "cdat_undelayed": ("x", 1.9, 2.1, {}),
    "square_root": ("p", 0.1, 0.2, {"s": 105.0, "eta": 0.02}),
    "log_cosh": ("p", 0.1, 0.2, {"s": 105.0, "eta": 0.02}),
    "stochastic": ("x", 0.05, 0.06, {}),
    "damped_noisy": ("x", 0.04, 0.06, {}),
}
#: Maps whose steps are dear; they are timed on fewer points.
DEAR = ("log_cosh", "stochastic", "damped_noisy", "one tanh", "two tanh", "one noise", "two noise")


class Traced:
    """A number that writes down the operations that it goes through, each once."""

    free_symbols = frozenset()  # so that the vocabulary takes it for a symbol
    __array_priority__ = 1000

    def __init__(self, text: str, seen: dict):
        self.text, self.seen = text, seen

    def _made(self, kind, *parts):
        texts = [p.text if isinstance(p, Traced) else repr(float(p)) for p in parts]
        texts = sorted(texts) if kind in ("+", "*") else texts
        text = f"({kind} {' '.join(texts)})"
        self.seen[text] = kind
        return Traced(text, self.seen)

    def __add__(self, other):
        return self._made("+", self, other)

    __radd__ = __add__

    def __mul__(self, other):
        return self._made("*", self, other)

    __rmul__ = __mul__

    def __sub__(self, other):
        return self._made("-", self, other)

    def __rsub__(self, other):
        return self._made("-", other, self)

    def __neg__(self):
        return self

    def __truediv__(self, other):
        return self._made("/", self, other) if isinstance(other, Traced) else self._made("*", self, 1 / other)

    def __rtruediv__(self, other):
        return self._made("/", other, self)


def counts(map_: ds.Map) -> Counter:
    """The operations of a step by kind; those of parameters alone count too. Choices count one."""
    import sympy

    from dynsim.model import roles

    seen: dict[str, str] = {}
    own = roles(map_.step)
    names = {n: Traced(n, seen) for n in (*own.state, *own.inputs, *own.parameters)}
    watched = {"sqrt": "sqrt", "tanh": "tanh", "Max": "max", "Min": "max", "Abs": "max"}
    kept = {name: getattr(sympy, name) for name in watched}
    try:
        for name, kind in watched.items():
            setattr(sympy, name, lambda *parts, kind=kind: _first(parts)._made(kind, *parts))
        map_.step(*(names[n] for n in own.state), **{n: names[n] for n in (*own.inputs, *own.parameters)})
    finally:
        for name, function in kept.items():
            setattr(sympy, name, function)
    found = Counter(seen.values())
    plain = sum(found[k] for k in ("+", "-", "*", "max"))
    return Counter({"plain": plain, "/": found["/"], "sqrt": found["sqrt"], "tanh": found["tanh"], "noise": map_.noisy})


def _first(parts):
    return next(p for p in parts if isinstance(p, Traced))


def _priced() -> dict[str, tuple[ds.Map, ds.Map]]:
    """For each dear operation, maps with one and with two of them, and a sum or product beside each."""

    def one_division(x=1.5, /, c=0.5, d=1.0):
        return c / x + d

    def two_divisions(x=1.5, /, c=0.5, d=1.0):
        return c / (c / x + d) + d

    def one_root(x=1.5, /, d=1.0):
        return sqrt(x) + d

    def two_roots(x=1.5, /, d=1.0):
        return sqrt(sqrt(x) + d) + d

    def one_tanh(x=0.5, /, d=0.3):
        return tanh(x) + d

    def two_tanh(x=0.5, /, d=0.3):
        return tanh(tanh(x) + d) + d

    def one_noise(x=0.5, /, *, xi, c=0.5):
        return c * x + xi

    def no_noise(x=0.5, /, c=0.5):
        return c * x + c

    maps = {"/": (one_division, two_divisions), "sqrt": (one_root, two_roots), "tanh": (one_tanh, two_tanh)}
    maps["noise"] = (no_noise, one_noise)
    return {kind: tuple(ds.Map(step) for step in pair) for kind, pair in maps.items()}


@dataclass(frozen=True)
class Line:
    """One map: its operations, and the share of the allowed rate that it keeps."""

    name: str
    states: int
    counted: Counter
    cost: float
    rate: float
    allowed: float

    @property
    def share(self) -> float:
        return self.rate / self.allowed


def _call(map_, name, low, high, values, points):
    over = {name: np.linspace(low, high, points)}
    measure = ds.measures.final(name)

    def call():
        return ds.sweep(map_, STEPS, over, measure, progress=False, **values)

    return call


def run(points: int = POINTS, rounds: int = ROUNDS) -> tuple[dict[str, float], float, list[Line]]:
    """Prices of the dear operations, the rate of self_stabilization, and a line for each map."""
    edge = ds.maps.self_stabilization
    plain = ds.Map(edge.step, "plain")
    start = {n: v for n, v in SELF_STABILIZATION.items() if n != "x"}
    calls, sizes = {}, {}

    def add(label, map_, name, low, high, values, dear=False):
        sizes[label] = points // 16 if dear else points
        calls[label] = _call(map_, name, low, high, values, sizes[label])
        found = calls[label]()
        if not np.isfinite(next(iter(found.data_vars.values())).values).all():
            raise ValueError(f"orbits of {label} diverge; choose other values.")

    add("self_stabilization", edge, "x", 0.1, 0.2, start)
    add("self_stabilization, nothing carried", plain, "x", 0.1, 0.2, start)
    for kind, pair in _priced().items():
        for number, map_ in zip(("one", "two"), pair):
            add(f"{number} {kind}", map_, "x", 0.5, 1.5, {}, dear=kind in ("tanh", "noise"))
    for name, (swept, low, high, values) in PROBLEMS.items():
        add(name, getattr(ds.maps, name), swept, low, high, values, dear=name in DEAR)
    seconds = best_seconds(calls, rounds)
    rates = {label: sizes[label] * STEPS / seconds[label] for label in calls}
    base = counts(edge)["plain"]
    unit = 1 / (rates["self_stabilization, nothing carried"] * base)
    # The noise is drawn instead of an addition's constant: no operation beside it.
    prices = {
        kind: (1 / rates[f"two {kind}"] - 1 / rates[f"one {kind}"]) / unit - (kind != "noise") for kind in _priced()
    }
    return prices, rates["self_stabilization, nothing carried"], [_line(name, rates, prices, base) for name in PROBLEMS]


def _line(name, rates, prices, base):
    map_ = getattr(ds.maps, name)
    counted = counts(map_)
    cost = counted["plain"] + sum(prices[kind] * counted[kind] for kind in prices)
    against = rates["self_stabilization" if map_.scale else "self_stabilization, nothing carried"]
    return Line(name, len(map_.state), counted, cost, rates[name], against * base / cost)


def page(prices, base_rate, lines) -> str:
    """The results as Markdown."""
    names = {"/": "a division", "sqrt": "a square root", "tanh": "a tanh", "noise": "a draw of noise"}
    priced = ", ".join(f"{names[kind]} {price:.1f}" for kind, price in prices.items())
    rows = ["| map | states | + − × | / | √ | tanh | ξ | cost | 10⁹ steps/s | allowed | kept |", "| --- " * 11 + "|"]
    for line in lines:
        counted = " | ".join(str(int(line.counted[kind])) for kind in ("plain", "/", "sqrt", "tanh", "noise"))
        rows.append(
            f"| `{line.name}` | {line.states} | {counted} | "
            f"{line.cost:.0f} | {line.rate / 1e9:.3g} | {line.allowed / 1e9:.3g} | {line.share:.0%} |"
        )
    short = [line.name for line in lines if line.share < PROMISE]
    verdict = "All keep at least 60 %." if not short else f"Below 60 %: {', '.join(f'`{name}`' for name in short)}."
    text = __doc__.split("\n\n", 1)[1].strip()
    date = datetime.date.today()
    base = counts(ds.maps.self_stabilization)["plain"]
    setting = (
        f"{POINTS:,} points (a sixteenth of them where there is a tanh or noise), {STEPS:,} steps, the best of "
        f"{ROUNDS} rounds in turns, through `ds.sweep`. self_stabilization has {base} operations and makes "
        f"{base_rate / 1e9:.3g}·10⁹ steps a second where nothing is carried. Prices, in such operations: {priced}. A "
        "map that carries an exponent is held against self_stabilization as shipped, which does too. Where a tanh or "
        "noise is nearly all of the cost, the share says little: it compares the engine with itself."
    )
    head = ["# Benchmarks of the catalogue"]
    made = "This page is generated by `python -m benchmarks.catalogue --write`; do not edit it. One run on"
    parts = [f"{made} {date:%Y-%m-%d}.", f"{machine()} {versions()}", " ".join(text.split()), setting]
    head += [textwrap.fill(part, 119, break_on_hyphens=False) for part in parts]
    promised = f"Promised: at least {PROMISE:.0%} of what the counts allow. {verdict}"
    return "\n\n".join([*head, "\n".join(rows), promised]) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Run, print, and write the page where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks-catalogue.md")
    options = parser.parse_args(arguments)
    text = page(*run())
    print(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
