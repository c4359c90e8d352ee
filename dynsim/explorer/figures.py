"""The plots: Bokeh figures that the page fills."""

from collections.abc import Callable

import numpy as np
from bokeh.events import DoubleTap, Tap
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    CustomJSHover,
    CustomJSTickFormatter,
    HoverTool,
    LinearColorMapper,
    LogColorMapper,
    Range1d,
)
from bokeh.plotting import figure

from ..colours import LINES
from .colouring import Image
from .view import Axis, View

#: Pixels of a picture's plot: about one a cell.
WIDE, NARROW, HIGH = 640, 430, 560
#: Numbers beyond this are not reached with the wheel.
FARTHEST = 1e30
#: Share of its size below which a range is so narrow that ticks are written as differences.
DEEP = 1e-5
#: The same for colours.
FLAT = 1e-3
#: Names of lines stand this share of the picture away from its frame, where the line does.
INSIDE = 0.05
_TOOLS = "pan,wheel_zoom,box_zoom,save"


def ranges(x: Axis, y: Axis, moved: Callable) -> tuple[Range1d, Range1d]:
    """Ranges that two pictures can share; `moved` is called at each change of an end by the reader."""
    made = tuple(Range1d(a.low, a.high, bounds=_bounds(a)) for a in (x, y))
    for one in made:
        for end in ("start", "end"):
            one.on_change(end, lambda attr, old, new: moved())
    return made


def _bounds(axis):
    """How far the wheel may go."""
    least = min(axis.low, 1 / FARTHEST) if axis.log else min(axis.low, -FARTHEST)
    return least, max(axis.high, FARTHEST)


class Picture:
    """A phase diagram: an image, the theory's lines, the point and the line that are looked at.

    Parameters
    ----------
    x, y : the axes; their kind, linear or logarithmic, stays.
    labels : what is written along them.
    shared : the ranges.
    tapped : called with the x and y of a click.
    """

    def __init__(self, x: Axis, y: Axis, labels, shared, width: int, tapped: Callable):
        self.figure = plot = figure(
            width=width, height=HIGH, x_range=shared[0], y_range=shared[1], tools=_TOOLS, active_drag="pan",
            active_scroll="wheel_zoom", x_axis_type="log" if x.log else "linear", toolbar_location="above",
            y_axis_type="log" if y.log else "linear", output_backend="canvas", title=" ",
            x_axis_label=labels[0], y_axis_label=labels[1], lod_threshold=None,
        )  # fmt: skip
        plot.toolbar.logo = None
        plot.grid.visible = False
        plot.background_fill_color = "#F4F4F4"
        plot.title.text_font_size, plot.title.text_font_style = "12px", "normal"
        for axis in (plot.xaxis, plot.yaxis):
            axis.axis_label_text_font_style, axis.axis_label_text_font_size = "normal", "14px"
            axis.major_label_text_font_size = "12px"
        self._formats = [(a, a.formatter, CustomJSTickFormatter(code=_NEAR)) for a in (plot.xaxis[0], plot.yaxis[0])]
        self._image = ColumnDataSource(_nothing(x, y))
        drawn = plot.image_rgba("image", "x", "y", "dw", "dh", source=self._image)
        self._names, self._labels = CustomJSHover(args={"names": {}}, code=_NAME), labels
        plain = {"$x": "printf", "$y": "printf", "@value": self._names}
        self._hover = HoverTool(renderers=[drawn], formatters=plain, point_policy="follow_mouse")
        plot.add_tools(self._hover)
        self._bars = {}
        for log, mapper in ((False, LinearColorMapper), (True, LogColorMapper)):
            bar = ColorBar(color_mapper=mapper(palette=["#000000"], low=1, high=2), visible=False, width=12)
            bar.major_label_text_font_size = "12px"
            plot.add_layout(bar, "right")
            self._bars[log] = bar, bar.formatter, CustomJSTickFormatter(code=_NEAR)
        self._add_marks()
        for event in (Tap, DoubleTap):  # the second of two quick clicks
            plot.on_event(event, lambda event: tapped(event.x, event.y))

    def _add_marks(self):
        plot = self.figure
        self._lines = ColumnDataSource({"xs": [], "ys": [], "label": []})
        style = {"xs": "xs", "ys": "ys", "source": self._lines}
        plot.multi_line(**style, line_color="white", line_width=4, line_alpha=0.8)
        theory = plot.multi_line(**style, line_color="black", line_width=1.6, line_dash="dashed")
        plot.add_tools(HoverTool(renderers=[theory], tooltips="@label", line_policy="interp"))
        self._tags = ColumnDataSource({"x": [], "y": [], "text": []})
        plot.text(
            "x",
            "y",
            "text",
            source=self._tags,
            text_font_size="12px",
            text_font_style="bold",
            text_align="center",
            text_baseline="middle",
            background_fill_color="white",
            background_fill_alpha=0.85,
            padding=2,
        )
        self._line = ColumnDataSource({"x": [], "y": []})
        plot.line("x", "y", source=self._line, line_color="white", line_width=5)
        plot.line("x", "y", source=self._line, line_color=LINES[3], line_width=2.5)
        plot.scatter("x", "y", source=self._line, size=9, color=LINES[3], line_color="white", line_width=1.5)
        self._point = ColumnDataSource({"x": [], "y": []})
        plot.scatter("x", "y", source=self._point, size=15, marker="circle", fill_alpha=0, color="white", line_width=4)
        plot.scatter("x", "y", source=self._point, size=15, marker="circle", fill_alpha=0, color="black",
                     line_width=1.8)  # fmt: skip

    def show(self, image: Image, view: View, title: str) -> None:
        """Show an image of the view; the image's tag in the browser is then the link of what is drawn."""
        x, y = view.x, view.y
        tip = [(label, f"${k}{{%.{a.digits}g}}") for label, k, a in zip(self._labels, "xy", (x, y))]
        self._hover.tooltips = [*tip, ("value", "@value{custom}")]
        self._names.args = {"names": {str(i): name for i, name in image.names.items()}}
        self._image.data = {
            "image": [image.rgba], "value": [image.values], "x": [x.low], "y": [y.low],
            "dw": [x.high - x.low], "dh": [y.high - y.low],
        }  # fmt: skip
        self._image.tags = [view.drawn.link()]
        self.figure.title.text = title
        for shown, (axis, plain, near) in zip((x, y), self._formats):
            _write(axis, near if shown.high - shown.low < DEEP * max(abs(shown.low), abs(shown.high)) else plain)
        for log, (bar, plain, near) in self._bars.items():
            bar.visible = image.scale is not None and image.scale.log == log
            if bar.visible:
                low, high = image.scale.low, image.scale.high
                bar.color_mapper.update(low=low, high=high, palette=list(image.scale.palette))
                _write(bar, near if high - low < FLAT * max(abs(low), abs(high)) else plain)

    def blank(self, x: Axis, y: Axis, why: str) -> None:
        """Show no picture, and say why."""
        self._image.data = _nothing(x, y)
        for bar, _, _ in self._bars.values():
            bar.visible = False
        self.figure.title.text = why

    def point(self, place) -> None:
        """Mark what is looked at, or nothing."""
        _put(self._point, {"x": [place[0]], "y": [place[1]]} if place else {"x": [], "y": []})

    def line(self, places) -> None:
        """Mark the line of an orbit diagram, from one end on."""
        _put(self._line, {"x": [p[0] for p in places], "y": [p[1] for p in places]})

    def theory(self, lines, view: View) -> None:
        """Draw boundaries: label, xs, ys of each piece; the number that a label begins with stands on its longest."""
        labels, xs, ys = zip(*lines) if lines else ((), (), ())
        _put(self._lines, {"xs": list(xs), "ys": list(ys), "label": list(labels)})
        tags = [(x, y, label.partition(":")[0]) for label, (x, y) in places(lines, view).items()]
        _put(self._tags, {k: [tag[i] for tag in tags] for i, k in enumerate(("x", "y", "text"))})


def places(lines, view: View) -> dict[str, tuple[float, float]]:
    """Where the name of each line stands: on its longest piece, in the middle of what is not at the frame."""
    longest = {}
    for label, x, y in lines:
        if len(x) > len(longest.get(label, ((), ()))[0]):
            longest[label] = np.asarray(x), np.asarray(y)
    found = {}
    for label, (x, y) in longest.items():
        s, t = view.x.share(x), view.y.share(y)
        depth = np.minimum.reduce([s, 1 - s, t, 1 - t])
        inside = np.flatnonzero(depth >= min(INSIDE, depth.max()))
        at = inside[inside.size // 2]
        found[label] = float(x[at]), float(y[at])
    return found


#: Deep in a zoom numbers differ in their last digits only: the first tick is written out, the others from there.
_NEAR = """
if (index == 0) return String(Number(tick.toPrecision(15)))
const [first, second] = ticks
return "+" + String(Number((tick - first).toPrecision(Math.abs(second / (second - first)) > 1e12 ? 2 : 4)))
"""
_NAME = """
const name = names[String(value)]
if (name !== undefined) return name
return Number.isFinite(value) ? String(Number(Number(value).toPrecision(6))) : "no number"
"""


def _put(source, data):
    # What stays is not sent again: a figure that is new may not have reached the browser yet.
    if source.data != data:
        source.data = data


def _write(axis, formatter):
    if axis.formatter is not formatter:
        axis.formatter = formatter


def _nothing(x, y):
    empty = np.zeros((1, 1), np.uint32)
    return {
        "image": [empty], "value": [np.full((1, 1), np.nan, np.float32)], "x": [x.low], "y": [y.low],
        "dw": [x.high - x.low], "dh": [y.high - y.low],
    }  # fmt: skip
