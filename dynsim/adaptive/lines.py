"""The boundaries of a refined diagram as polylines."""

import numpy as np
import xarray as xr

from .reading import Refined

#: The sides of a cell, going around it: the corners at their ends.
SIDES = ((0, 1), (1, 3), (3, 2), (2, 0))


def boundary(dataset: xr.Dataset, between=None) -> xr.Dataset:
    """The boundaries between the values of a refined diagram of two axes, as polylines.

    Parameters
    ----------
    dataset : what ``ds.refine`` returned.
    between : two values, such as ``("runaway", "escaped")``: only their boundary. All by default.

    Returns
    -------
    xarray.Dataset : over ``vertex``: the two axes; ``line``, the number of the polyline, whose vertices follow each
        other; of a measure with named values, the two that it divides, ``one`` and ``other``. A closed line ends where
        it began. A vertex lies halfway between neighbouring points that differ, so it is off by at most half a cell.

    Raises
    ------
    ValueError : a diagram of one or three axes, or an unknown value.

    Notes
    -----
    Where three values meet in a cell the lines end at its middle. Neighbours that differ less than `tol` are not
    divided, so the lines of a number that varies smoothly are open.

    Examples
    --------
    >>> import dynsim as ds
    >>> found = ds.refine(ds.maps.cdat, 500, {"sigma": (1.5, 2.5), "nu": (0.01, 1, "log")}, resolution=1 / 64, coarse=8)
    >>> line = ds.adaptive.boundary(found, ("runaway", "undecided"))
    >>> int(line.line.max()) + 1, bool((abs(line.sigma - 2) < 0.02).all())
    (1, True)
    """
    refined = Refined(dataset)
    if len(refined.axes) != 2:
        raise ValueError(f"boundary needs two axes, and this diagram has {len(refined.axes)}; use critical.")
    wanted = None if between is None else tuple(sorted(refined.codes_of(between)))
    start, end, pair = _segments(refined)
    if refined.flags:
        kinds, kind = np.unique(pair, axis=0, return_inverse=True)
    else:
        kinds, kind = np.zeros((1, 2)), np.zeros(len(pair), int)
    order, line, which = [], [], []
    for k, divided in enumerate(kinds):
        if wanted is not None and tuple(divided.tolist()) != wanted:
            continue
        here = kind.ravel() == k
        for chain in _chains(start[here], end[here]):
            order.append(chain)
            line.append(np.full(len(chain), len(line)))
            which.append(np.full(len(chain), k))
    order, line, which = (
        np.concatenate([np.empty(0, np.int64), *parts]).astype(np.int64) for parts in (order, line, which)
    )
    # A vertex is a whole number of half lattice steps along each axis.
    base = 2 * refined.width + 1
    coords = zip(refined.axes.values(), (order // base, order % base))
    data = {a.name: ("vertex", _halves(a, half), dataset[a.name].attrs) for a, half in coords}
    data["line"] = ("vertex", line, {"long_name": "number of the polyline"})
    if refined.flags:
        about = dataset[refined.name].attrs
        for n, side in enumerate(("one", "other")):
            data[side] = ("vertex", kinds[which, n].astype(refined.values.dtype), about)
    return xr.Dataset(data, attrs=dataset.attrs)


def _halves(axis, half):
    """The values at half lattice steps."""
    return axis.middle(axis.values(half // 2), axis.values((half + 1) // 2))


def _segments(refined):
    """The ends of a segment for each boundary in each mixed cell, and the pair of values that it divides."""
    corner = refined.corner[refined.dataset.mixed.values].astype(np.int64)
    width, values = 2 * refined.width + 1, refined.values
    at = refined.at[:, corner]  # (2, cells, 4)
    middle = [at[:, :, a] + at[:, :, b] for a, b in SIDES]
    place = [m[0] * width + m[1] for m in middle]
    low, high = at[:, :, 0], at[:, :, 3]
    centre = (low[0] + high[0]) * width + low[1] + high[1]
    differs = [refined.differ(corner[:, a], corner[:, b]) for a, b in SIDES]
    pairs = [np.sort(np.stack([values[corner[:, a]], values[corner[:, b]]], axis=1), axis=1) for a, b in SIDES]
    if not refined.flags:
        pairs = [np.zeros_like(p) for p in pairs]
    found, left = [], [d.copy() for d in differs]
    # Two sides with the same change are joined, neighbours first, which cuts the corner between them; what is left
    # over goes to the middle.
    for a, b in ((0, 1), (2, 3), (1, 2), (3, 0), (0, 2), (1, 3)):
        joined = left[a] & left[b] & (pairs[a] == pairs[b]).all(axis=1)
        found.append((place[a][joined], place[b][joined], pairs[a][joined]))
        left[a], left[b] = left[a] & ~joined, left[b] & ~joined
    for a in range(4):
        found.append((place[a][left[a]], centre[left[a]], pairs[a][left[a]]))
    return (np.concatenate(parts) for parts in zip(*found))


def _chains(start, end):
    """Segments, joined to lines: the vertices of each in order. No more than two segments meet at a vertex."""
    vertices, number = np.unique(np.concatenate([start, end]), return_inverse=True)
    other = number.reshape(2, -1)[::-1].ravel()
    order = np.argsort(number, kind="stable")
    first = np.searchsorted(number[order], np.arange(vertices.size))
    degree = np.bincount(number, minlength=vertices.size)
    one = other[order][first].tolist()
    two = np.where(degree > 1, other[order][np.minimum(first + 1, order.size - 1)], -1).tolist()
    seen = bytearray(vertices.size)
    for begin in [*np.flatnonzero(degree == 1).tolist(), *range(vertices.size)]:  # the ends first, then closed lines
        if seen[begin]:
            continue
        chain, before, now = [], -1, begin
        while now >= 0 and not seen[now]:
            seen[now] = 1
            chain.append(now)
            before, now = now, two[now] if one[now] == before else one[now]
        if now == begin and len(chain) > 2:
            chain.append(begin)
        yield vertices[chain]
