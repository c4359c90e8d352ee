"""How the cells of a refined diagram are halved, round by round, and which points that asks for."""

import numpy as np

from .lattice import Cells, at_corners, code, offsets


class Growth:
    """Points and cells of a refined diagram while it grows.

    Attributes
    ----------
    codes, at, values, level : the points computed so far, in the order of their Morton numbers.
    cells : the leaves, which tile the domain.
    mixed : which of them have corners that differ.
    open : which of them are on the boundary and coarser than wanted; none, at the end.
    """

    def __init__(self, rounds, dims: int, coarse: int, levels: int, guard: int, budget: int):
        self.rounds, self.dims, self.levels, self.guard, self.budget = rounds, dims, levels, guard, budget
        self.codes, self.at = np.empty(0, np.int64), np.empty((dims, 0), np.int64)
        self.values, self.keys, self.level = None, np.empty(0), np.empty(0, np.int8)
        size, width = 2**levels, coarse * 2**levels
        low = offsets(dims, range(coarse)) * size
        self.cells = Cells(low, np.zeros(coarse**dims, np.int8), size, width).sorted()
        # The least and the largest value at the corners of each cell.
        self.low_key, self.high_key, self.mixed = np.empty(0), np.empty(0), np.empty(0, bool)
        # Points on borders that are still to be compared with the cells around them; mixed cells whose neighbours
        # are still coarser than they are.
        self.watched, self.guarded = np.empty((dims, 0), np.int64), self.cells.pick([])

    def run(self) -> int:
        """Refine until nothing is left to refine: 0; or how many points a round needs for which there is no room."""
        fresh, kept = self.cells, np.zeros(self.cells.level.size, bool)
        codes, at = self._missing(fresh)
        while True:
            self._add(codes, at)
            self._replace(fresh, kept)
            self.open = (self.mixed & (self.cells.level < self.levels)) | self._bordered(at)
            active = self.open | self._guards(fresh)
            needed = 0
            while active.any():
                fresh = self.cells.pick(active).halved().sorted()
                codes, at = self._missing(fresh)
                if self.codes.size + codes.size <= self.budget:
                    break
                # No room for all: the coarsest first.
                needed = needed or codes.size
                active &= self.cells.level < self.cells.level[active].max()
            else:
                return needed
            kept = ~active

    def _missing(self, fresh):
        """The corners of new cells that have not been computed, each once."""
        at = at_corners(fresh.low, fresh.size).reshape(self.dims, -1)
        codes, first = np.unique(code(at), return_index=True)
        where = np.searchsorted(self.codes, codes)
        known = self.codes[np.minimum(where, self.codes.size - 1)] == codes if self.codes.size else False
        new = ~np.broadcast_to(known, codes.shape)
        return codes[new], at[:, first[new]]

    def _add(self, codes, at):
        if not codes.size:
            return
        values = self.rounds.compute(at)
        # The level of a point is that of the coarsest lattice that has it.
        step = np.bitwise_or.reduce(at, axis=0) | self.cells.coarsest
        level = self.levels - np.round(np.log2(step & -step)).astype(np.int8)
        where = np.searchsorted(self.codes, codes)
        self.codes, self.at = np.insert(self.codes, where, codes), np.insert(self.at, where, at, axis=1)
        self.keys = np.insert(self.keys, where, self.rounds.comparable(values))
        self.level = np.insert(self.level, where, level).astype(np.int8)
        self.values = values if self.values is None else np.insert(self.values, where, values)

    def _replace(self, fresh, kept):
        """New cells in the place of those that are not kept, and how far the values at their corners reach."""
        corner = np.searchsorted(self.codes, code(at_corners(fresh.low, fresh.size).reshape(self.dims, -1)))
        keys = self.keys[corner].reshape(fresh.level.size, -1)
        low, high = keys.min(axis=1), keys.max(axis=1)
        self.cells, where = self.cells.pick(kept).joined(fresh)
        known = kept if self.low_key.size else slice(0)
        self.low_key = np.insert(self.low_key[known], where, low)
        self.high_key = np.insert(self.high_key[known], where, high)
        self.mixed = np.insert(self.mixed[known], where, high - low > self.rounds.tol)

    def _bordered(self, new):
        """The cells with a differing point on their border.

        A point that differs, or that lies on a cell about to be halved, is looked at again in the next round: the
        smaller cells may not have it as a corner either.
        """
        at = np.concatenate([self.watched, new], axis=1)
        key = self.keys[np.searchsorted(self.codes, code(at))]
        active, again = np.zeros(self.cells.level.size, bool), np.zeros(at.shape[1], bool)
        for side in offsets(self.dims).T:
            number = self.cells.around(at - side[:, None])
            low, size = self.cells.low[:, number], self.cells.size[number]
            border = (number >= 0) & ((at - low) % size != 0).any(axis=0) & (self.cells.level[number] < self.levels)
            spread = np.maximum(key, self.high_key[number]) - np.minimum(key, self.low_key[number])
            differs = border & (spread > self.rounds.tol)
            active[number[differs]] = True
            again |= differs
        self.watched = at[:, again]
        return active

    def _guards(self, fresh):
        """The cells near mixed ones that are coarser than these."""
        active = np.zeros(self.cells.level.size, bool)
        if not self.guard:
            return active
        where = np.searchsorted(self.cells.codes, fresh.codes)
        low = np.concatenate([self.guarded.low, fresh.low[:, self.mixed[where]]], axis=1)
        level = np.concatenate([self.guarded.level, fresh.level[self.mixed[where]]])
        size, again = self.cells.coarsest >> level.astype(np.int64), np.zeros(level.size, bool)
        for ring in offsets(self.dims, range(-self.guard, self.guard + 1)).T:
            number = self.cells.around(low + ring[:, None] * size)
            coarser = (number >= 0) & (self.cells.level[number] < level)
            active[number[coarser]] = True
            again |= coarser
        self.guarded = Cells(low[:, again], level[again], self.cells.coarsest, self.cells.width)
        return active
