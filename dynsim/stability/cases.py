"""Choices in an expression (|d|, max(n, 0), where), split into their cases; and how long sympy may take."""

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial

import sympy as sp

from ..symbolic import NoClosedForm
from .signs import sign

MOST_CASES = 64
LATE = "no closed form was found in time"


class _Late(NoClosedForm):
    def __init__(self):
        super().__init__(LATE)


class Deadline:
    """Seconds of computing that sympy may take, over all blocks ``with deadline:``; then NoClosedForm is raised.

    In the main thread a timer interrupts sympy wherever it is. Elsewhere a second thread does, and the thread's own
    time counts, not what others compute meanwhile.
    """

    def __init__(self, seconds: float):
        self.main = threading.current_thread() is threading.main_thread()
        self.clock = time.process_time if self.main else time.thread_time
        self.end = self.clock() + seconds
        self.timer, self.left = False, None

    def __enter__(self):
        self.check()
        if not self.main:
            self.left = threading.Event()
            watched = threading.get_ident(), self.end - self.clock(), self.left
            threading.Thread(target=_interrupt, args=watched, daemon=True).start()
        elif hasattr(signal, "setitimer") and signal.getitimer(signal.ITIMER_PROF)[0] == 0:
            self.before, self.timer = signal.signal(signal.SIGPROF, self._over), True
            signal.setitimer(signal.ITIMER_PROF, max(self.end - self.clock(), 1e-3), 0.02)
        return self

    def __exit__(self, *_):
        if self.timer:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, self.before)
            self.timer = False
        if self.left is not None:
            with _INTERRUPTING:
                self.left.set()
                _raise_in(threading.get_ident(), None)  # what is on its way comes too late

    def _over(self, _, frame):
        # In the midst of a finalizer, say, an exception would be swallowed; the timer comes again.
        if _may_stop(frame):
            raise _Late

    def check(self):
        if self.clock() > self.end:
            raise _Late


_INTERRUPTING = threading.Lock()


def _may_stop(frame):
    return frame is not None and frame.f_globals.get("__name__", "").startswith(("sympy.", "mpmath.", "dynsim."))


def _raise_in(ident, error):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), error and ctypes.py_object(error))


def _interrupt(ident, seconds, left):
    """Raise :class:`_Late` in a thread that has computed for so long, once, unless it has left its block."""
    if hasattr(time, "pthread_getcpuclockid"):
        number = time.pthread_getcpuclockid(ident)
        clock = partial(time.clock_gettime, number)
    else:
        clock = time.monotonic
    end = clock() + seconds
    while not left.wait(0.05):
        with _INTERRUPTING:
            if left.is_set():
                return
            if clock() > end and _may_stop(sys._current_frames().get(ident)):
                _raise_in(ident, _Late)
                return


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
