"""The plots beside the picture: one orbit, and an orbit diagram."""

import numpy as np
import xarray as xr
from bokeh.layouts import gridplot
from bokeh.models import ColumnDataSource, HoverTool, LogColorMapper, Span
from bokeh.plotting import figure

from ..colours import LINES, wide
from .subjects import letter
from .view import View

#: What is drawn of an orbit unless the map lacks it.
USUAL = ("eta", "lam", "y", "p")
_COUNTS = [f"#{v:02X}{v:02X}{v:02X}" for v in range(192, -1, -8)]


def orbit(run: xr.Dataset, states) -> object:
    """Panels of an orbit over the step, two a row; one that escapes is drawn until it only grows."""
    from .. import plot  # pyplot takes a while

    known = list(run.data_vars)
    names = [n for n in USUAL if n in known] if {"lam", "y"} <= set(known) else list(states)[:4]
    if "p" in names and "log_p" in known and not (run.p.values > 0).all():  # p is too small for a double
        names[names.index("p")] = "log_p"
    end = plot.escape(run, states)
    step = run.step.values
    panels, shared = [], None
    for name in names:
        values = run[name].values
        before = values[: None if end is None else end + 1]
        log = wide(before)
        panel = figure(
            width=205, height=170, y_axis_type="log" if log else "linear", tools="pan,wheel_zoom,box_zoom,reset",
            toolbar_location=None, x_axis_label="step t", y_axis_label=letter(name), output_backend="canvas",
            **({"x_range": shared} if shared is not None else {}),
        )  # fmt: skip
        shared = panel.x_range
        good = np.isfinite(before) & ((before > 0) | (not log))
        source = ColumnDataSource({"t": step[: len(before)][good], "v": before[good]})
        drawn = panel.line("t", "v", source=source, line_color=LINES[0], line_width=1.3)
        panel.add_tools(HoverTool(renderers=[drawn], tooltips=[("step", "@t"), (letter(name), "@v{0.000000e+0}")]))
        if name == "y":
            panel.add_layout(Span(location=0, dimension="width", line_color="#888888", line_dash="dashed"))
        if end is not None:
            panel.add_layout(Span(location=float(step[end]), dimension="height", line_color="#555555",
                                  line_dash="dotted"))  # fmt: skip
        for axis in (panel.xaxis, panel.yaxis):
            axis.axis_label_text_font_style = "normal"
        panel.xaxis.ticker.desired_num_ticks = 3
        panel.grid.grid_line_color = "#EEEEEE"
        panels.append(panel)
    return gridplot(panels, ncols=2, toolbar_location=None)


def diagram(found, view: View, name: str) -> object:
    """An orbit diagram along the line of a view: how often each value of `name` is visited, at each place."""
    x0, y0, x1, y1 = view.line
    low, high = found.low, found.high
    if y0 == y1 and not view.x.log:  # along x alone
        start, end, along = x0, x1, letter(view.x.name)
    elif x0 == x1 and not view.y.log:
        start, end, along = y0, y1, letter(view.y.name)
    else:
        ends = [f"({letter(view.x.name)} {x:.6g}, {letter(view.y.name)} {y:.6g})" for x, y in ((x0, y0), (x1, y1))]
        start, end, along = 0.0, 1.0, f"along the line, from {ends[0]} to {ends[1]}"
    panel = figure(
        width=640, height=300, x_range=(start, end), y_range=(low, high), y_axis_type="log" if found.log else "linear",
        tools="pan,wheel_zoom,box_zoom,reset", toolbar_location="above", y_axis_label=letter(name),
        x_axis_label=along, output_backend="canvas",
    )  # fmt: skip
    panel.toolbar.logo = None
    first, last = found.steps
    panel.title.text = f"{view.map}: {letter(name)} from step {first:,} to {last:,}"
    panel.title.text_font_size, panel.title.text_font_style = "12px", "normal"
    most = max(int(found.counts.max()), 2)
    image = np.where(found.counts > 0, found.counts, np.nan).astype(np.float32)
    mapper = LogColorMapper(palette=_COUNTS, low=1, high=most, nan_color="#FFFFFF")
    if end < start:
        image = image[:, ::-1]
    panel.image([image], x=min(start, end), y=low, dw=abs(end - start), dh=high - low, color_mapper=mapper)
    for axis in (panel.xaxis, panel.yaxis):
        axis.axis_label_text_font_style = "normal"
    panel.grid.grid_line_color = None
    return panel
