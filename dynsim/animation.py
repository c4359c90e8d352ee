"""An orbit that runs through the plane of two of its names, over a phase diagram if wanted; and a small GIF of it."""

import base64
import json
import tempfile
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from . import checks
from .colours import LINES, wide
from .files import whole
from .labels import BOUND, long_name, symbol
from .plot import _limits, escape, meaning, phase_diagram

#: The path, and its head with its trail; a light line under each keeps them legible on any colour.
PATH, HEAD = "#000000", LINES[1]


class OrbitAnimation(FuncAnimation):
    """A matplotlib animation of an orbit; a notebook shows it as a moving picture.

    Attributes
    ----------
    steps : 1-D array; the step that each frame shows.
    """

    def __init__(self, ax, show, moving, steps, interval):
        self.steps, self._ax, self._moving = steps, ax, moving
        super().__init__(ax.figure, show, frames=len(steps), interval=interval, blit=False)

    def frame(self, k: int):
        """Draw frame `k`, and return its figure; ``animation.frame(40).savefig("frame.png")`` keeps it."""
        self._init_draw()
        self._draw_frame(range(len(self.steps))[k])
        return self._fig

    def pictures(self, dpi: int = 80) -> list[np.ndarray]:
        """Every frame as an array of pixels, (rows, columns, 3). What stands still is drawn only once."""
        figure, before, dots = self._fig, self._fig.canvas, self._fig.dpi
        canvas, found = FigureCanvasAgg(figure), []
        try:
            figure.set_dpi(dpi)
            self._init_draw()
            for artist in self._moving:
                artist.set_visible(False)
            canvas.draw()
            still = canvas.copy_from_bbox(figure.bbox)
            for artist in self._moving:
                artist.set_visible(True)
            for k in range(len(self.steps)):
                self._draw_frame(k)
                canvas.restore_region(still)
                for artist in self._moving:
                    self._ax.draw_artist(artist)
                found.append(np.array(canvas.buffer_rgba())[..., :3])
        finally:
            figure.set_dpi(dots)
            figure.set_canvas(before)
        return found

    def _repr_html_(self):
        if mpl.rcParams["animation.html"] != "none":
            return super()._repr_html_()
        with tempfile.TemporaryDirectory() as folder:
            data = save_gif(self, Path(folder) / "orbit.gif").read_bytes()
        plt.close(self._fig)  # else the notebook shows it once more, at rest
        return f'<img src="data:image/gif;base64,{base64.b64encode(data).decode()}" alt="an orbit, moving">'


def animate(
    orbit: xr.Dataset, x: str = "x", y: str = "lam", over=None, ax=None, *, frames=80, trail=30, interval=80, **image
) -> OrbitAnimation:
    """Let an orbit run through the plane of two of its names.

    Parameters
    ----------
    orbit : what ds.orbit returns.
    x, y : names of states, observables or parameters; what the axes are.
    over : a sweep's dataset and the name of its variable, ``(result, "lifetime")``, to be drawn below as
        ds.plot.phase_diagram does. Its dims must be called like `x` and `y`, and its parameters be those of the orbit.
    ax : where to draw; a new figure by default. What is already drawn there stays, and so do its limits.
    frames : how many at most; an equal number of recorded steps lies between them.
    trail : so many recorded points behind the head are drawn bold; all others up to it as a thin line.
    interval : milliseconds between frames.
    **image : passed to ds.plot.phase_diagram, such as ``cmap``, ``norm`` or ``theory``.

    Returns
    -------
    OrbitAnimation : a ``matplotlib.animation.FuncAnimation``, to be kept in a variable while it is shown. A notebook
    shows it moving; :func:`save_gif` writes a small file.

    Notes
    -----
    The head is filled where it is, and hollow at the border when its point lies outside the axes; the text then says
    "outside". An orbit that escapes ends with the first point beyond 1e12, and the text says "escaped". On a log axis a
    name that takes both signs before the escape, as x does at the edge, is drawn by its size.

    Raises
    ------
    ValueError : an unknown name, a dataset that is no orbit, a phase diagram over other names or of other parameters.

    Examples
    --------
    >>> import dynsim as ds
    >>> import numpy as np
    >>> over = {"x": np.linspace(0.01, 1, 40), "lam": np.linspace(1.5, 2.6, 40)}
    >>> result = ds.sweep(ds.maps.self_stabilization, 1000, over, ds.measures.lifetime())
    >>> one = ds.orbit(ds.maps.self_stabilization, 200, x=0.3, lam=2.0, every=2)
    >>> moving = ds.plot.animate(one, over=(result, "lifetime"))
    >>> moving.steps[:4].tolist(), int(moving.steps[-1])
    ([0, 4, 8, 12], 192)
    >>> figure = moving.frame(3)
    """
    points = {name: _values(orbit, name) for name in (x, y)}
    frames, trail = checks.whole(frames, "frames", least=2), checks.whole(trail, "trail")
    if ax is None:
        _, ax = plt.subplots(figsize=(5.2, 4), layout="constrained")
    empty = not ax.has_data()
    if over is not None:
        _draw_below(orbit, x, y, over, ax, image)
    elif image:
        raise TypeError(f"animate takes {', '.join(image)} only with over=(result, 'lifetime').")
    fixed = json.loads(orbit.attrs.get("values", "{}"))
    end, gone = escape(orbit, fixed), _gone(orbit, fixed)
    if over is None and empty:
        _fit(ax, orbit, points, end)
    across, up = (_sized(points[name], axis, end) for name, axis in zip((x, y), (ax.xaxis, ax.yaxis)))
    last = orbit.sizes["step"] - 1 if gone is None else gone
    at = np.append(np.arange(0, last, max(1, -(-last // (frames - 1)))), last)
    show = _drawer(ax, across, up, orbit.step.values, at, trail, gone)
    return OrbitAnimation(ax, show, show(0), orbit.step.values[at], interval)


def save_gif(animation: OrbitAnimation, path: str | Path, *, colors: int = 48, dpi: int = 80, fps: float = 12) -> Path:
    """Write what ds.plot.animate returned as a small GIF; return its path.

    Parameters
    ----------
    animation : the animation.
    path : the file; it is written whole or not at all.
    colors : size of the palette, at most 256. All frames share it, so that only what moves takes room.
    dpi : pixels an inch.
    fps : frames a second; the last frame rests for a while.

    Examples
    --------
    >>> import dynsim as ds
    >>> import tempfile, pathlib
    >>> one = ds.orbit(ds.maps.cdat, 100)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = ds.plot.save_gif(ds.plot.animate(one, "ratio", "y", frames=10), pathlib.Path(folder) / "cdat.gif")
    ...     file.stat().st_size < 100_000
    True
    """
    path = Path(path)
    colors = checks.whole(colors, "colors", least=2)
    if colors > 256:
        raise ValueError(f"colors must be at most 256, not {colors}.")
    if not isinstance(animation, OrbitAnimation):
        raise TypeError("save_gif writes what ds.plot.animate returns; other animations have a method save.")
    frames = animation.pictures(dpi)
    palette = _palette(frames, colors)
    first, *others = (Image.fromarray(f).quantize(palette=palette, dither=Image.Dither.NONE) for f in frames)
    pause = [round(1000 / fps)] * len(others) + [1500]
    with whole(path) as file:
        first.save(file, format="GIF", save_all=True, append_images=others, duration=pause, loop=0)
    return path


def _palette(frames, colors):
    """An image whose palette serves all frames. Small things, such as the head, must not lose their colour to large."""
    some = np.concatenate([frame.reshape(-1, 3) for frame in frames[:: max(1, len(frames) // 6)]])
    found, counts = np.unique(some, axis=0, return_counts=True)
    row = np.repeat(found, np.ceil(np.cbrt(counts)).astype(int), axis=0)
    kept = [round(255 * part) for color in ("white", PATH, HEAD)[:colors] for part in to_rgb(color)]
    others = max(1, colors - 3)
    rest = Image.fromarray(row[None]).quantize(others, kmeans=3, dither=Image.Dither.NONE).getpalette()[: 3 * others]
    palette = Image.new("P", (1, 1))
    palette.putpalette((kept + rest)[: 3 * colors])
    return palette


def _values(orbit, name):
    """A name's values along the orbit; a parameter's is one number."""
    if not isinstance(orbit, xr.Dataset) or "step" not in orbit.dims:
        raise ValueError("this is no orbit: animate what ds.orbit returns.")
    fixed = json.loads(orbit.attrs.get("values", "{}"))
    checks.known_name(name, tuple(dict.fromkeys((*orbit.data_vars, *fixed))), "name", " in this orbit")
    return orbit[name].values.astype(float) if name in orbit else np.full(orbit.sizes["step"], float(fixed[name]))


def _gone(orbit, fixed):
    """The index of the first state beyond the bound, or None."""
    states = [orbit[n].values for n in fixed if n in orbit.data_vars]
    outside = np.logical_or.reduce([~(np.abs(v) <= BOUND) for v in states]) if states else np.zeros(1, bool)
    return int(outside.argmax()) if outside.any() else None


def _draw_below(orbit, x, y, over, ax, image):
    try:
        result, name = over
    except (TypeError, ValueError):
        raise TypeError("over must be a sweep and its variable, as in over=(result, 'lifetime').") from None
    if isinstance(result, xr.Dataset) and isinstance(name, str) and name in result and {x, y} - {*result[name].dims}:
        raise ValueError(
            f"{name!r} has dims {result[name].dims}, and the orbit is to run in the plane of {x!r} and {y!r}; "
            "sweep these two, or call the dims so."
        )
    phase_diagram(result, name, ax=ax, x=x, y=y, **image)
    if result.attrs.get("map") != orbit.attrs.get("map"):
        return
    mine, theirs = (json.loads(data.attrs.get("values", "{}")) for data in (orbit, result))
    theirs |= {n: float(c) for n, c in result.coords.items() if not c.dims and n in mine}
    for parameter in (n for n in mine if n in theirs and n not in orbit.data_vars):
        if not np.isclose(mine[parameter], theirs[parameter]):
            raise ValueError(
                f"the orbit has {parameter} = {mine[parameter]:g}, the phase diagram {theirs[parameter]:g}; "
                "an orbit runs over its own diagram only."
            )


def _fit(ax, orbit, points, end):
    """Limits, scales and labels from the orbit before its escape."""
    for (name, values), which in zip(points.items(), "xy"):
        seen = values[: None if end is None else end + 1]
        if log := wide(seen):
            getattr(ax, f"set_{which}scale")("log")
        getattr(ax, f"set_{which}lim")(_limits(seen, log))
        getattr(ax, f"set_{which}label")(_label(orbit, name))


def _label(orbit, name):
    if name not in orbit:
        return f"{long_name(name)}  ${symbol(name)}$"
    return meaning(orbit[name]) if orbit[name].attrs.get("long_name", name) != name else f"${symbol(name)}$"


def _sized(values, axis, end):
    """Values as a log axis can show them: of one that takes both signs before the escape, the size."""
    before = values[:end]
    if axis.get_scale() != "log" or not ((before > 0).any() and (before < 0).any()):
        return values
    axis.set_label_text(f"size of the {axis.get_label_text()}")
    return np.abs(values)


def _drawer(ax, across, up, steps, at, trail, gone):
    """The function that draws frame k."""
    light = {"color": "white", "alpha": 0.75}
    lines = [
        ax.plot([], [], lw=2.2, zorder=3, **light)[0],
        ax.plot([], [], lw=0.8, color=PATH, zorder=3.1, gid="path")[0],
        ax.plot([], [], lw=4.2, zorder=3.2, **light)[0],
        ax.plot([], [], lw=2.2, color=HEAD, zorder=3.3, gid="trail")[0],
    ]
    (head,) = ax.plot([], [], "o", ms=8, mew=1.5, mec="white", color=HEAD, zorder=4, gid="head", clip_on=False)
    box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 2}
    said = ax.text(0.02, 0.98, "", transform=ax.transAxes, va="top", size="small", bbox=box, zorder=5)
    finite = np.isfinite(across) & np.isfinite(up) & (np.abs(across) <= BOUND) & (np.abs(up) <= BOUND)
    across, up = np.where(finite, across, np.nan), np.where(finite, up, np.nan)
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())

    def show(k):
        here = at[k]
        for line, begin in zip(lines, (0, 0, max(0, here - trail), max(0, here - trail))):
            line.set_data(across[begin : here + 1], up[begin : here + 1])
        where, inside = _inside(ax, across[here], up[here])
        head.set_data(*([v] for v in where))
        head.set(markerfacecolor=HEAD if inside else "none", markeredgecolor="white" if inside else HEAD)
        fate = "" if inside else ", outside"
        said.set_text(f"step {steps[here]}" + (", escaped" if gone is not None and here >= gone else fate))
        return [*lines, head, said]

    return show


def _inside(ax, across, up):
    """The point, or the nearest one of the border if it lies outside; and whether it lies inside."""
    found = []
    for value, limits, scale in ((across, ax.get_xlim(), ax.get_xscale()), (up, ax.get_ylim(), ax.get_yscale())):
        low = min(limits)
        found.append(float(np.clip(low if scale == "log" and value <= 0 else value, low, max(limits))))
    return found, bool(found[0] == across and found[1] == up)
