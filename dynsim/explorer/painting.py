"""Pictures computed in a thread of their own: the newest request overtakes, what is stale is abandoned.

A picture is computed in rounds, coarse ones first where the fine one would keep the reader waiting. A request that
comes meanwhile stops the round that runs (within some 20 ms, the length of one compiled call), and takes its place.
The first coarse round is let through, else a slider that moves fast would show nothing.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .view import Limits, TooCostly, View

#: A fine picture that is expected within so many seconds is drawn without a coarse one before it.
AT_ONCE = 0.05
#: Seconds for which the first round of a request, which is short, goes on when it is stale.
GRACE = 1.0
#: A coarse picture has so many cells along a side, the one before a long computation fewer.
COARSE, COARSEST = 125, 40
#: Seconds between two messages about how far a computation is.
TELL_EVERY = 0.25


class _Abandoned(Exception):
    """A newer request is there."""


@dataclass
class Request:
    """So many pictures of a view, each ``compute(which, side, advance)``."""

    view: View
    compute: Callable
    pictures: int = 1


@dataclass
class Round:
    """What a request gave: results at one resolution, how far it is, or what went wrong.

    Attributes
    ----------
    side : cells along a side; 0 where nothing was computed.
    results : a dataset for each picture.
    seconds : of computing.
    last : whether this is the fine picture.
    share : of a computation that goes on, how much is done.
    error : what went wrong.
    """

    view: View
    side: int = 0
    results: tuple = ()
    seconds: float = 0.0
    last: bool = False
    share: float = 0.0
    error: Exception | None = None


class Latest:
    """A thread that does the newest thing it is asked for; ``work(stale)`` may ask whether a newer one is there."""

    def __init__(self, name: str):
        self._wanted: Callable | None = None
        self._closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def ask(self, work: Callable[[Callable[[], bool]], None] | None) -> None:
        """Want this done, and nothing else any more; None: nothing at all."""
        with self._changed:
            self._wanted = work
            self._changed.notify()

    def close(self) -> None:
        """End the thread; what it does is stale."""
        self._closed = True
        self.ask(None)

    def _run(self):
        done = None
        while (work := self._next(done)) is not None:
            done = work
            work(partial(self._is_stale, work))

    def _next(self, done):
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wanted not in (None, done))
            return None if self._closed else self._wanted

    def _is_stale(self, work):
        return self._wanted is not work


class Painter:
    """Computes the newest picture that is asked for.

    Parameters
    ----------
    tell : called with each :class:`Round`, from another thread. It returns once the round is shown, so that no more
        are made than can be.
    limits : what a picture may cost.
    """

    def __init__(self, tell: Callable[[Round], None], limits: Limits):
        self._tell, self._limits = tell, limits
        self._latest = Latest("painter")
        self._rate: dict = {}

    def ask(self, request: Request) -> None:
        """Want this picture, and no other any more."""
        self._latest.ask(lambda stale: self._try(request, stale))

    def stop(self) -> None:
        """Want nothing any more: the computation that runs is abandoned."""
        self._latest.ask(None)

    def close(self) -> None:
        """End the thread."""
        self._latest.close()

    def _try(self, request, stale):
        try:
            self._paint(request, stale)
        except _Abandoned:
            pass
        except Exception as error:  # whatever a user's own map may raise is shown on the page
            if not stale():
                self._tell(Round(request.view, error=error))

    def _paint(self, request, stale):
        view = request.view
        sides = self._sides(view)
        for side in sides:
            start = time.perf_counter()
            grace = GRACE if side == sides[0] else 0.0
            advance = self._watch(request, side, stale, grace)
            results = tuple(request.compute(i, side, advance) for i in range(request.pictures))
            seconds = time.perf_counter() - start
            if side >= COARSE or self._key(view) not in self._rate:
                self._rate[self._key(view)] = seconds / (side * side * (view.steps + 1))
            self._tell(Round(view, side, results, seconds, side == view.side))
            if stale():
                return

    def _key(self, view):
        return view.map, view.beside, view.measure

    def _sides(self, view):
        """The resolutions to go through: as many as keep the wait for the next one short."""
        rate = self._rate.get(self._key(view), 1e-6)
        expected = rate * (view.steps + 1)
        sides = [s for s in (COARSEST, COARSE) if s < view.side]
        if expected * view.side**2 <= AT_ONCE:
            sides = []
        elif expected * COARSE**2 <= 2 * AT_ONCE:
            sides = sides[1:]
        return [*sides, view.side]

    def _watch(self, request, side, stale, grace):
        """What the engine calls as it goes: it stops what is stale or takes too long, and tells how far it is."""
        lock, told = threading.Lock(), time.perf_counter()
        begun, done = None, 0
        total = side * side * max(request.view.steps, 1) * request.pictures

        def advance(count):
            nonlocal begun, done, told
            now = time.perf_counter()
            begun = begun or now  # what came before was compiling
            if stale() and now - begun >= grace:
                raise _Abandoned
            if now - begun > self._limits.seconds:
                raise TooCostly(
                    f"this view was given up after {self._limits.seconds:.0f} s, {done / total:.0%} of it done. Make "
                    "fewer steps, or lower the resolution; for more, write ds.sweep."
                )
            with lock:
                done += count
                if now - told < TELL_EVERY:
                    return
                told = now
            self._tell(Round(request.view, share=done / total))

        return advance
