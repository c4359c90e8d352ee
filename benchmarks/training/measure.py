"""All timings of one process, printed as JSON: ``python -m benchmarks.training.measure [--quick]``.

A process has one setting of OPENBLAS_CORETYPE, which OpenBLAS reads when it is loaded.
"""

import importlib
import json
import sys

import numpy as np
import threadpoolctl

import dynsim as ds
from dynsim.training.blas import one_thread

from ..timing import best_seconds
from . import products
from .problems import ACTIVATIONS, QUICK, Problem, Size, Trainer, check, many, own

#: Rivals: their name and the module that knows them.
RIVALS = {"JAX": "rival_jax", "PyTorch": "rival_torch"}


def _rivals(problem: Problem, function: str) -> tuple[list[Trainer], list[str]]:
    """The rivals' trainers, and who is not installed."""
    found, missing = [], []
    for who, module in RIVALS.items():
        try:
            make = getattr(importlib.import_module(f".{module}", __package__), function, None)
            found += make(problem) if make else []
        except ImportError:
            missing.append(who)
    return found, missing


def _race(problem: Problem, own: list[Trainer], function: str, steps: int, size: Size) -> dict:
    """Everyone checked against dynsim, then timed in turns; seconds of a step, of each run."""
    rivals, missing = _rivals(problem, function)
    checked = min(steps, size.checked if len(problem.runs) == 1 else size.checked_many)
    reference = own[0].run(checked)
    for trainer in (*own[1:], *rivals):
        check(reference, trainer, checked)
    trainers = [*own, *rivals]
    seconds = best_seconds({t.label: (lambda t=t: t.run(steps)) for t in trainers}, size.rounds, size.least)
    work = steps * len(problem.runs)
    rows = [{"who": t.who, "label": t.label, "usual": t.usual, "seconds": seconds[t.label] / work} for t in trainers]
    return {"rows": rows, "missing": missing}


def _step(activation, size):
    problem = Problem(activation, size.width, size.samples)
    return _race(problem, [own(problem)], "trainers", size.steps, size)


def _many(activation, size, width=0, samples=0):
    width, samples = width or size.width, samples or size.samples
    problem = many(size, activation, width, samples)
    runs = [own(problem, cores, f"dynsim, {cores} core{'s' * (cores > 1)}") for cores in (2, 1)]
    found = _race(problem, runs, "loops", size.many_steps, size)
    # Runs at once are the single runs, to the bit.
    alone = Problem(activation, width, samples, problem.runs[-1:])
    if not np.array_equal(runs[0].run(size.many_steps)[-1], own(alone).run(size.many_steps)[0]):
        raise ValueError("a run among many is not the run alone.")
    return found


def _few(activation, size):
    return _many(activation, size, size.few_width, size.few_samples)


def _wide(activation, size):
    problem = Problem(activation, size.wide, size.wide_samples)
    trainer, alone = own(problem), products.alone(problem)
    calls = {"step": lambda: trainer.run(size.wide_steps), "products": lambda: alone(size.wide_steps)}
    with one_thread():
        seconds = best_seconds(calls, size.rounds, size.least)
    return {name: value / size.wide_steps for name, value in seconds.items()}


def _tracked(activation, size):
    """A run that records each tenth step, without sharpness and with."""
    net, steps = Problem(activation, size.width, size.samples).network, size.tracked_steps
    common = {"every": 10, "progress": False}
    calls = {
        "without": lambda: ds.descend(net, ds.tuners.cdat, steps, **common),
        "with": lambda: ds.descend(net, ds.tuners.cdat, steps, sharpness=10, **common),
    }
    if not np.isfinite(calls["with"]().lam).all():
        raise ValueError("the run must stay finite; make it shorter.")
    return {name: value / steps for name, value in best_seconds(calls, size.rounds, size.least).items()}


def _loop(size):
    """Seconds of a step where there is next to nothing to compute."""
    bowl, steps = ds.objectives.quadratic(np.arange(1.0, 11.0)), 10 * size.steps
    calls = {
        "constant": lambda: ds.descend(bowl, ds.tuners.constant, steps, eta=0.01, every=steps, progress=False),
        "cdat": lambda: ds.descend(bowl, ds.tuners.cdat, steps, every=steps, progress=False),
    }
    return {name: value / steps for name, value in best_seconds(calls, size.rounds, size.least).items()}


def measure(size: Size) -> dict:
    """Everything."""

    def say(words):
        print(f"… {words}", file=sys.stderr, flush=True)

    found = {}
    for name, function in {"step": _step, "many": _many, "few": _few, "wide": _wide, "tracked": _tracked}.items():
        found[name] = {}
        for activation in ACTIVATIONS[:1] if size.quick else ACTIVATIONS:
            say(f"{name}, {activation}")
            found[name][activation] = function(activation, size)
    say("the loop")
    found["loop"] = _loop(size)
    pools = threadpoolctl.threadpool_info()
    kinds = {pool.get("architecture", "?") for pool in pools if pool.get("internal_api") == "openblas"}
    found["openblas"] = ", ".join(sorted(kinds)) or "not used"
    return found


if __name__ == "__main__":
    json.dump(measure(QUICK if "--quick" in sys.argv else Size()), sys.stdout)
