"""A result as an image: the colours of :mod:`dynsim.colours`, so that the page and ds.plot draw alike."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.colors import LogNorm, Normalize, to_hex, to_rgba

from ..colours import BAD, bounded, classes, continuous
from ..labels import flags_of

#: A range so many times that of nine tenths of the values is stretched by strays, such as orbits that escape.
STRETCH = 20


@dataclass(frozen=True)
class Scale:
    """How numbers become colours.

    Attributes
    ----------
    low, high : the ends.
    log : whether evenly in the logarithm.
    palette : hex colours from low to high.
    """

    low: float
    high: float
    log: bool
    palette: tuple[str, ...]


@dataclass(frozen=True)
class Image:
    """A variable over two dims, ready to be shown; rows go up, as y does.

    Attributes
    ----------
    rgba : uint32 (rows, columns), the bytes red, green, blue, alpha.
    values : float32 (rows, columns): what the reader is told of a cell; NaN where there is no number.
    names : of the values of a variable with named values, by number; else empty.
    shares : name -> (colour, share of the cells), for a legend.
    scale : of a number.
    """

    rgba: np.ndarray
    values: np.ndarray
    names: dict[int, str]
    shares: dict[str, tuple[str, float]]
    scale: Scale | None


def image_of(array: xr.DataArray, x: str, y: str, held: Scale | None = None) -> Image:
    """The image of a variable with dims x and y; `held` is a scale to keep."""
    array = array.transpose(y, x)
    if flags_of(array):
        return _named(array)
    values = bounded(array)
    telling = _without_strays(values.compressed())
    style = continuous(telling, {})
    norm, cmap = style.get("norm") or Normalize(style.get("vmin"), style.get("vmax")), style["cmap"]
    if held is not None:
        norm = (LogNorm if held.log else Normalize)(held.low, held.high)
    elif values.count():
        norm.autoscale_None(telling)
    else:
        norm = Normalize(0, 1)
    if norm.vmin == norm.vmax:  # a constant
        span = abs(norm.vmin) / 1000 or 1.0
        norm = Normalize(norm.vmin - span, norm.vmax + span)
    palette = np.array([*cmap(np.arange(256)), to_rgba(BAD)])
    with np.errstate(all="ignore"):
        place = np.ma.filled(norm(values), np.nan)
    code = np.where(np.isfinite(place), np.clip(place, 0, 1) * 255.999, 256).astype(np.intp)
    code[np.ma.getmaskarray(values)] = 256
    if held is not None:
        scale = held
    else:
        scale = Scale(float(norm.vmin), float(norm.vmax), isinstance(norm, LogNorm), tuple(map(to_hex, palette[:256])))
    shares = _masked("not finite, or over 10¹²", array, code == 256)
    return Image(_pixels(palette, code), _told(values), {}, shares, scale if values.count() else None)


def _without_strays(values):
    """The values but the lowest and highest twentieth, where these stretch their range beyond all use of colours."""
    if not values.size:
        return values
    low, high = np.percentile(values, (5, 95))
    wide_ = values.max() - values.min() > STRETCH * (high - low) > 0
    geometric = values.min() > 0  # then the scale is logarithmic, and has room
    return values[(values >= low) & (values <= high)] if wide_ and not geometric else values


def _masked(why, array, masked):
    """Entries of a legend for the cells without a number: those that a store lacks, and those that are so."""
    absent = array.attrs.get("not_stored", 0.0)
    other = float(masked.mean()) - absent
    shares = {"not stored": (BAD, absent), why: (BAD, other if other > 0.5 / masked.size else 0.0)}
    return {name: share for name, share in shares.items() if share[1]}


def _named(array):
    numbered, names, colors = classes(array)
    masked = np.ma.getmaskarray(numbered)
    code = np.where(masked, len(colors), np.ma.filled(numbered, 0)).astype(np.intp)
    palette = np.array([to_rgba(c) for c in (*colors, BAD)])
    count = np.bincount(code.ravel(), minlength=len(colors) + 1) / code.size
    shares = {name: (colors[i], float(count[i])) for i, name in names.items() if count[i]}
    shares |= _masked("no such value", array, masked)
    return Image(_pixels(palette, code), _told(numbered), names, shares, None)


def _pixels(palette, code):
    table = np.round(palette * 255).astype(np.uint8).view(np.uint32).ravel()
    return table[code]


def _told(values):
    with np.errstate(over="ignore"):
        return np.ma.filled(values, np.nan).astype(np.float32)
