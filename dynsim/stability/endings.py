"""Where orbits end: their last stretches, and the attractors that these lie on."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .. import measures as M
from ..carry import CARRY_EVERY
from ..engines.threads import STEPS_A_CALL
from ..grids import Grid
from ..kernels import Kernel
from ..labels import BOUND
from ..model import Map
from ..sweeps import cores, sweep

#: Points that move together through the kernel; fewer where they would not keep all threads busy.
LANES = 512
#: The longest period that attractors are told apart by; four times as many steps decide on one.
LONGEST = 64
#: More attractors than this of one period, or of one kind, are a family.
MOST = 50
#: How far the extremes of two orbits on one chaotic or quasi-periodic attractor may lie apart, in units of its range.
CLOUD = 0.1


class Ends:
    """The last stretches of the orbits from the points of a grid."""

    def __init__(self, map: Map, grid: Grid, fixed: Mapping):
        self.map, self.grid = map, grid
        kernel = Kernel(map)
        self.advance, self.record = kernel.ready("advance"), kernel.ready("record")
        self.options = kernel.options
        self.starts, self.parameters = kernel.filled(grid, fixed, 0, grid.size)
        self.width = len(map.state) + len(map.observables)

    def fresh(self, skip: int, keep: int) -> np.ndarray:
        """States and observables (points, keep, names), each point from its own start, in parallel threads."""
        size = self.grid.size
        threads = cores()
        lanes = max(1, min(LANES, -(-size // threads)))
        kept = np.empty((size, keep, self.width))
        stop = threading.Event()

        def work(lo):
            part = slice(lo, min(lo + lanes, size))
            kept[part] = self.stretch(self.starts[:, part], self.parameters[:, part], skip, keep, stop)[0]

        with ThreadPoolExecutor(threads) as pool:
            try:
                for future in [pool.submit(work, lo) for lo in range(0, size, lanes)]:
                    future.result()
            except BaseException:
                stop.set()  # Ctrl-C or an error: the others stop at their next call
                pool.shutdown(cancel_futures=True)
                raise
        return kept

    def followed(self, skip: int, keep: int) -> tuple[np.ndarray, np.ndarray]:
        """The same (points, keep, names), each point from where the one before arrived; and where one started anew."""
        kept = np.empty((self.grid.size, keep, self.width))
        restarted = np.zeros(self.grid.size, bool)
        state = self.starts[:, :1]
        for i in range(self.grid.size):
            kept[i : i + 1], state = self.stretch(state, self.parameters[:, i : i + 1], skip, keep)
            # An orbit may be beyond the bound already, and not yet be infinite.
            if i + 1 < self.grid.size and not (np.abs(state[: len(self.map.state)]) <= BOUND).all():
                state, restarted[i + 1] = self.starts[:, :1], True
        return kept, restarted

    def stretch(self, state, parameters, skip, keep, stop=None):
        """States and observables of some points at the steps skip, …, skip + keep − 1, and the state after that.

        All move together until shortly before `skip`; from there on one by one, since what is recorded is looked at
        by the carry (see :mod:`dynsim.carry`) at every second step.
        """
        state, parameters = np.array(state, order="C"), np.ascontiguousarray(parameters)
        nothing = np.empty((0, state.shape[1]))
        base = skip // CARRY_EVERY * CARRY_EVERY
        stride = max(1, STEPS_A_CALL // 4 // state.shape[1] // CARRY_EVERY) * CARRY_EVERY
        for t in range(0, base, stride):
            if stop is not None and stop.is_set():
                break
            self.advance(t, min(t + stride, base), base, state, parameters, nothing, self.options)
        kept = np.empty((state.shape[1], keep, self.width))
        out = np.empty((skip + keep - base, self.width))
        for i in range(state.shape[1]):
            one = np.ascontiguousarray(state[:, i : i + 1])
            self.record(base, skip + keep, 1, one, np.ascontiguousarray(parameters[:, i : i + 1]), out)
            kept[i] = out[skip - base :]
            state[:, i] = one[:, 0]
        return kept, state


class Attractors:
    """Where the orbits of a grid end, and how they group into attractors; arrays are (points, states)."""

    def __init__(self, map, steps, grid, fixed, tol):
        self.map, self.steps, self.ends = map, steps, Ends(map, grid, fixed)
        swept = sweep(map, steps, grid.coords, _measures(map, steps), **fixed)

        def every(what):
            return np.stack([swept[f"{n}_{what}"].values.ravel() for n in map.state], axis=1)

        self.code = swept.period.values.ravel()
        self.final, self.mean, self.low, self.high = (every(w) for w in ("final", "mean", "minimum", "maximum"))
        settled = self.final[~np.isin(self.code, (0, -3))]
        # A state that has died out is zero beside where it started.
        size = 1e-4 * np.abs(self.ends.starts[: len(map.state)]).max(axis=1)
        if settled.size:
            size = np.maximum(size, np.maximum(np.ptp(settled, axis=0), np.abs(settled).max(axis=0) / 10))
        self.near = tol * size

    def groups(self):
        """The attractors as (points on it, one orbit's last stretch, whether it is a family)."""
        for code in np.unique(self.code[~np.isin(self.code, (0, -3))]).tolist():
            members = np.flatnonzero(self.code == code)
            found = self.split(members, code)
            yield from found if len(found) <= MOST else [(members, None, True)]

    def split(self, members, code):
        """The attractors of one code; more than MOST only to say that there are."""
        found = []
        while members.size and len(found) <= MOST:
            first = members[0]
            orbit = self.orbit(first, code if code > 0 else _last(self.steps))
            same = self.on_cycle(members, orbit) if code > 0 else self.on_cloud(members, first)
            same[0] = True
            found.append((members[same], orbit, False))
            members = members[~same]
        return found

    def orbit(self, point, length):
        """The last states of one orbit."""
        part = slice(point, point + 1)
        starts, parameters = self.ends.starts[:, part], self.ends.parameters[:, part]
        kept, _ = self.ends.stretch(starts, parameters, self.steps + 1 - length, length)
        return kept[0, :, : len(self.map.state)]

    def on_cycle(self, members, cycle):
        same = np.zeros(members.size, bool)
        for state in cycle:
            same |= (np.abs(self.final[members] - state) <= self.near).all(axis=1)
        return same

    def on_cloud(self, members, first):
        far = np.maximum(CLOUD * (self.high[first] - self.low[first]), self.near)
        apart = [np.abs(ends[members] - ends[first]) <= far for ends in (self.low, self.high)]
        return np.logical_and(*apart).all(axis=1)

    def described(self, groups):
        """Variables over the dim ``attractor``."""
        period = [self.code[members[0]] for members, _, _ in groups]
        about = {"long_name": "period", "flag_values": np.array(M.period.flag_values, "int16")}
        about["flag_meanings"] = " ".join(M.period.flags)
        share = [members.size / self.code.size for members, _, _ in groups]
        data = {
            "period": ("attractor", np.array(period, "int16"), about),
            "share": ("attractor", np.array(share, float), {"long_name": "share of the points"}),
            "family": ("attractor", np.array([family for *_, family in groups], bool)),
        }
        spans = np.array([self.span(*group) for group in groups]).reshape(len(groups), 3, len(self.map.state))
        for i, name in enumerate(self.map.state):
            for k, what in enumerate(("mean", "minimum", "maximum")):
                data[f"{name}_{what}"] = ("attractor", spans[:, k, i].copy(), {"long_name": what, "of": name})
        return data

    def span(self, members, orbit, family):
        """Mean, minimum and maximum of each state on one attractor."""
        if family:
            return self.mean[members].mean(axis=0), self.low[members].min(axis=0), self.high[members].max(axis=0)
        return orbit.mean(axis=0), orbit.min(axis=0), orbit.max(axis=0)


def _measures(map, steps):
    """What is measured of each orbit: its period, its last state, and its last stretch."""
    skip = steps - _last(steps)
    late = [kind(n, skip=skip) for kind in (M.mean, M.minimum, M.maximum) for n in map.state]
    return [M.period(longest=LONGEST), *(M.final(n) for n in map.state), *late]


def _last(steps):
    return max(2 * LONGEST, steps // 8)
