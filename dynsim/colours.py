"""The colours of pictures: a named value keeps its colour everywhere, and a number's scale follows its range."""

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm

from .labels import BOUND, flags_of

#: Lines (Okabe and Ito): told apart by readers of every kind of colour vision, and in grey.
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: Every regime keeps its colour in every picture.
REGIMES = {
    "settled": "#0072B2",
    "edge": "#F0E442",
    "runaway": "#D55E00",
    "escaped": "#333333",
    "undecided": "#DDDDDD",
}
#: So does every period: doublings in blues, others in colours of their own; those that are not here share the last.
PERIODS = {
    1: "#08306B",
    2: "#2171B5",
    4: "#6BAED6",
    8: "#B5D4E9",
    16: "#D9C2E9",
    3: "#00664B",
    5: "#1FA67A",
    6: "#8FD3B6",
    7: "#7A0177",
    "other": "#C994C7",
}
#: What is not periodic.
ENDINGS = {"quasi-periodic": "#F0E442", "chaotic": "#D55E00"} | {n: REGIMES[n] for n in ("escaped", "undecided")}
#: What is no number, or out of bounds.
BAD = "#BBBBBB"


def bounded(array: xr.DataArray) -> np.ma.MaskedArray:
    """The values as floats; what is no number, or larger than 1e12 as that of points that escaped is, is masked."""
    values = array.values.astype(float)
    return np.ma.masked_where(~(np.abs(values) <= BOUND), values)


def classes(array: xr.DataArray) -> tuple[np.ma.MaskedArray, dict[int, str], list[str]]:
    """Of a variable with named values: its values numbered 0, 1, …, their names, and a colour for each.

    What is no value of it is masked, such as what a store does not have yet.
    """
    flags, values = flags_of(array), bounded(array)
    if list(flags) != list(range(len(flags))):
        return _periods(values, flags)
    values = np.ma.masked_where(~np.isin(values.data, list(flags)), values)
    return values, flags, [REGIMES.get(flag, LINES[i % len(LINES)]) for i, flag in flags.items()]


def listed(colors):
    return {
        "cmap": ListedColormap(colors).with_extremes(bad=BAD),
        "norm": BoundaryNorm(np.arange(len(colors) + 1) - 0.5, len(colors)),
    }


def _periods(values, flags):
    """Periods and codes that occur, numbered in the order of the colour bar; their names and colours."""
    found = [int(v) for v in np.unique(values.compressed())]
    code = {name: v for v, name in flags.items()}
    groups = [([p], f"period {p}", color) for p, color in PERIODS.items() if p in found and p not in flags]
    others = [v for v in found if v > 0 and v not in flags and v not in PERIODS]
    if others:
        span = f"{others[0]}" if len(others) == 1 else f"{others[0]}–{others[-1]}"
        groups.append((others, f"period {span}" if len(others) == 1 else f"others, {span}", PERIODS["other"]))
    ends = ENDINGS | {name: LINES[i % len(LINES)] for i, name in enumerate(code) if name not in ENDINGS}
    groups += [([code[name]], name, color) for name, color in ends.items() if code.get(name) in found]
    numbered = np.ma.masked_all_like(values)
    for i, (members, _, _) in enumerate(groups):
        numbered[np.isin(values.data, members) & ~np.ma.getmaskarray(values)] = i
    return numbered, {i: name for i, (_, name, _) in enumerate(groups)}, [color for _, _, color in groups]


def continuous(values, image):
    """Colours for numbers: what the caller wants, else a log scale for wide ones, two-sided for both signs."""
    style = {"cmap": "viridis"}
    if not {"norm", "vmin", "vmax"} & set(image):
        if wide(values):
            style["norm"] = LogNorm(values.min(), values.max())
        elif values.size and values.min() < 0 < values.max():
            far = np.abs(values).max()
            style = {"cmap": "PuOr", "vmin": -far, "vmax": far}
    style |= image
    return style | {"cmap": _colormap(style["cmap"]).with_extremes(bad=BAD)}


def _colormap(wanted):
    return colormaps[wanted] if isinstance(wanted, str) else wanted


def wide(values):
    """Positive, over more than three decades: better seen on a log axis."""
    finite = values[np.isfinite(values)]
    return finite.size > 1 and finite.min() > 0 and finite.max() / finite.min() > 1e3
