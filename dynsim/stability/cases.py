"""Choices in an expression (|d|, max(n, 0), where), split into their cases; and how long sympy may take."""

import signal
import threading
import time
from collections.abc import Iterator, Sequence

import sympy as sp

from ..symbolic import NoClosedForm
from .signs import sign

MOST_CASES = 64
LATE = "no closed form was found in time"


class Deadline:
    """Seconds of this process that sympy may take, over all blocks ``with deadline:``; then NoClosedForm is raised.

    In the main thread a timer interrupts sympy wherever it is; elsewhere the time is looked at between its calls.
    """

    def __init__(self, seconds: float):
        self.end = time.process_time() + seconds
        self.timer = False

    def __enter__(self):
        self.check()
        main = threading.current_thread() is threading.main_thread()
        if main and hasattr(signal, "setitimer") and signal.getitimer(signal.ITIMER_PROF)[0] == 0:
            self.before, self.timer = signal.signal(signal.SIGPROF, self._over), True
            signal.setitimer(signal.ITIMER_PROF, max(self.end - time.process_time(), 1e-3), 0.02)
        return self

    def __exit__(self, *_):
        if self.timer:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, self.before)
            self.timer = False

    def _over(self, _, frame):
        # In the midst of a finalizer, say, an exception would be swallowed; the timer comes again.
        if frame is not None and frame.f_globals.get("__name__", "").startswith(("sympy.", "mpmath.", "dynsim.")):
            raise NoClosedForm(LATE)

    def check(self):
        if time.process_time() > self.end:
            raise NoClosedForm(LATE)


_CHOICES = (sp.Abs, sp.Max, sp.Min, sp.sign, sp.Piecewise)


def cases(expressions: Sequence[sp.Expr]) -> Iterator[tuple[list, tuple]]:
    """The expressions without their choices, one set for each combination of outcomes, with what must be positive."""
    waiting, count = [(list(expressions), ())], 0
    while waiting:
        system, conditions = waiting.pop()
        choice = innermost(system)
        if choice is None:
            count += 1
            if count > MOST_CASES:
                raise NoClosedForm("the step makes too many choices for a closed form.")
            yield system, conditions
            continue
        for value, needed in outcomes_of(choice):
            needed = [c for c in needed if sign(c) not in (0, 1)]
            if any(sign(c) == -1 for c in needed):
                continue
            now = [e.xreplace({choice: value}) for e in (*system, *conditions, *needed)]
            if any(e.has(sp.nan, sp.zoo) for e in now):
                continue
            # sign(x) = 0 is an equation, not a side.
            also = [choice.args[0]] if isinstance(choice, sp.sign) and value == 0 else []
            waiting.append(([*now[: len(system)], *also], tuple(now[len(system) :])))


def innermost(system):
    """The simplest choice that holds no other one; None where there is none."""
    found = [c for e in system for c in e.atoms(*_CHOICES)]
    inner = [c for c in found if not any(a.has(*_CHOICES) for a in c.args)]
    return min(inner, key=lambda c: (c.count_ops(), sp.default_sort_key(c)), default=None)


def outcomes_of(choice):
    """(value, what must be ≥ 0) for each outcome; borders belong to both sides."""
    if isinstance(choice, sp.Abs):
        (x,) = choice.args
        return [(x, [x]), (-x, [-x])]
    if isinstance(choice, sp.sign):
        (x,) = choice.args
        return [(sp.Integer(1), [x]), (sp.Integer(-1), [-x]), (sp.Integer(0), [])]
    if isinstance(choice, (sp.Max, sp.Min)):
        s = 1 if isinstance(choice, sp.Max) else -1
        return [(a, [s * (a - b) for b in choice.args if b is not a]) for a in choice.args]
    outcomes, refused = [], [[]]
    for value, condition in choice.args:
        asked = _excess(condition)
        outcomes += [(value, [*before, *asked]) for before in refused]
        # A condition of several parts is refused where any of them is.
        refused = [[*before, -e] for before in refused for e in asked]
    return outcomes


def _excess(condition):
    """What is positive where a condition holds."""
    if condition == sp.true:
        return []
    if isinstance(condition, sp.And):
        return [e for c in condition.args for e in _excess(c)]
    if isinstance(condition, (sp.Gt, sp.Ge)):
        return [condition.lhs - condition.rhs]
    if isinstance(condition, (sp.Lt, sp.Le)):
        return [condition.rhs - condition.lhs]
    raise NoClosedForm(f"the step hangs on the condition {condition}, for which there is no closed form.")
