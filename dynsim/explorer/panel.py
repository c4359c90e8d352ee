"""The controls beside the picture: what is shown, and the sliders."""

import math
from collections.abc import Callable
from contextlib import contextmanager
from typing import ClassVar

import panel as pn

import dynsim as ds

from .. import checks
from ..cli_request import measure as measure_of
from . import styles, subjects
from .library import Library
from .view import LARGEST, SIDES, Axis, View

#: In the list of maps: any landscape with any tuner.
LOOP = "a landscape with a tuner …"
FIRST_LOOP = "two_eigendirections.cdat"
_NONE = "nothing"
_SPANS = {"all steps": 0.0, "second half": 0.5, "last tenth": 0.9}
_WIDTH = 270


class _PromptSlider(pn.widgets.FloatSlider):
    # Panel gathers values for 50 ms before it passes the last one on; the painter drops what is stale itself.
    _debounce: ClassVar = 5


class Slider(pn.widgets.EditableFloatSlider):
    """A slider that tells each value at once."""

    _slider_widget = _PromptSlider


class Controls:
    """Widgets that show a view, and call ``changed(view)`` when the reader changes one.

    What is typed or chosen is checked there, not here; ``failed(error)`` hears of what cannot even be read.
    ``soon(f)`` calls f a moment later: what a moving slider says meanwhile becomes one change.
    """

    def __init__(self, library: Library, changed: Callable, failed: Callable, soon: Callable):
        self.library, self._changed, self._failed, self._soon = library, changed, failed, soon
        self._sliding: dict[str, float] = {}
        self.view: View | None = None
        self._quiet = False
        select, text, box = pn.widgets.Select, pn.widgets.TextInput, pn.widgets.Checkbox
        tight = {"margin": (2, 6)}
        wide, half = {"width": _WIDTH, **tight}, {"width": _WIDTH // 2 - 6, **tight}
        self.map = select(label="Map", options=[*library.names, LOOP], css_classes=["map"], **wide)
        self.landscape = select(label="Landscape", options=ds.landscapes.__all__, css_classes=["landscape"], **half)
        self.tuner = select(label="Tuner", options=ds.tuners.__all__, css_classes=["tuner"], **half)
        self.delay = box(label="delay: the tuner sees the step before", **wide)
        self.beside = select(label="Beside it, with the same axes", options=[_NONE], css_classes=["beside"], **wide)
        named = {"width": _WIDTH - 58, **tight}
        self.names = {k: select(label=f"{k} axis", css_classes=[f"{k}-axis"], **named) for k in "xy"}
        end = {**half, "stylesheets": [styles.LONG_NUMBER]}
        self.lows = {k: text(label="from", css_classes=[f"{k}-low"], **end) for k in "xy"}
        self.highs = {k: text(label="to", css_classes=[f"{k}-high"], **end) for k in "xy"}
        self.logs = {k: box(label="log", width=46, margin=(26, 0, 2, 0)) for k in "xy"}
        self.measure = select(label="Colour by", css_classes=["measure"], **half)
        self.of = select(label="of", css_classes=["of"], **half)
        self.order = select(label="which, from the largest", options=[1], css_classes=["order"], **half)
        self.span = select(label="over", options=list(_SPANS), **half)
        self.steps = text(label="Steps", css_classes=["steps"], **half)
        self.side = select(label="Cells a side", options=list(SIDES), **half)
        self.seed = text(label="Seed of the noise", **half)
        self.sliders = pn.Column(width=_WIDTH + 20, margin=0, stylesheets=[styles.CONTROLS])
        self._measured = (self.measure, self.of, self.span, self.steps)
        self._slider: dict[str, Slider] = {}
        self._watch()

    def _watch(self):
        for widget in (self.map, self.landscape, self.tuner, self.delay):
            widget.param.watch(self._subject_changed, "value")
        for widget in (self.beside, self.measure, self.of, self.order, self.span, self.steps, self.side, self.seed):
            widget.param.watch(self._read, "value")
        for k in "xy":
            for widget in (self.lows[k], self.highs[k], self.logs[k]):
                widget.param.watch(self._read, "value")
            self.names[k].param.watch(lambda event, k=k: self._axis_changed(k, event), "value")

    def layout(self) -> pn.Column:
        """The widgets, one below the other."""
        names = {k: pn.Row(self.names[k], self.logs[k], margin=0) for k in "xy"}
        ends = {k: pn.Row(self.lows[k], self.highs[k], margin=0) for k in "xy"}
        rows = [
            self.map, pn.Row(self.landscape, self.tuner, margin=0), self.delay, names["x"], ends["x"],
            names["y"], ends["y"], pn.Row(self.measure, self.of, self.order, margin=0),
            pn.Row(self.span, self.seed, margin=0), pn.Row(self.steps, self.side, margin=0), self.beside, self.sliders,
        ]  # fmt: skip
        return pn.Column(*rows, width=_WIDTH + 30, margin=(0, 0, 0, 6), stylesheets=[styles.CONTROLS])

    @contextmanager
    def _silent(self):
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    # -- from a view to the widgets ---------------------------------------------------------------------------------

    def show(self, view: View, again: bool = False) -> None:
        """Make the widgets say what the view says; `again`: also those that it has not changed."""
        old, self.view = self.view, view
        subject = self.library.subject(view.map)
        with self._silent():
            if old is not None and not again and old.but(values=view.values) == view:
                self._show_values(view, subject)
                return
            self._show_subject(view, subject)
            for k, axis in (("x", view.x), ("y", view.y)):
                self.names[k].param.update(options=_told(subject), value=axis.name)
                self.lows[k].value, self.highs[k].value = repr(float(axis.low)), repr(float(axis.high))
                self.logs[k].value = axis.log
            self._show_measure(view, subject)
            self.steps.value, self.side.value, self.seed.value = str(view.steps), view.side, str(view.seed)
            self.steps.visible = self.side.visible = subject.computed
            self.seed.visible = subject.noisy
            others = [_NONE, *self.library.companions(view)]
            self.beside.param.update(options=others, value=view.beside or _NONE)
            self.beside.visible = len(others) > 1
            free = [n for n in subject.names if n not in (view.x.name, view.y.name)]
            if old is None or old.map != view.map or list(self._slider) != free:
                self._make_sliders(subject, free, view)
            self._show_values(view, subject, again)

    def _show_values(self, view, subject, again=False):
        for name, slider in self._slider.items():
            value = view.values.get(name, subject.defaults[name])
            if (name in self._sliding and not again) or slider.value == value:
                continue
            if not slider.start <= value <= slider.end:
                slider.param.update(start=min(slider.start, value), end=max(slider.end, value))
            slider.value = value

    def _show_subject(self, view, subject):
        loop = view.map not in self.library.names
        self.map.value = LOOP if loop else view.map
        for widget in (self.landscape, self.tuner, self.delay):
            widget.visible = loop
        if loop:
            landscape, tuner, *delay = view.map.split(".")
            self.landscape.value = landscape
            self.tuner.param.update(options=subjects.tuners_for(landscape), value=tuner)
            self.delay.value = bool(delay)

    def _show_measure(self, view, subject):
        orders = subject.orders(view)
        self.order.visible = bool(orders)
        for dim, count in orders.items():
            self.order.param.update(options=list(range(1, count + 1)), value=int(view.values.get(dim, 1)))
        if not subject.computed:
            self.measure.param.update(options=list(subject.measures), value=view.measure)
            self.of.visible = self.span.visible = False
            return
        asked = measure_of(view.measure)
        self.measure.param.update(options=list(subject.measures), value=asked.kind.name)
        self.of.visible = subject.measures[asked.kind.name]
        of = asked.of or (self.of.value if self.of.value in subject.readable else subject.readable[0])
        self.of.param.update(options=list(subject.readable), value=of)
        self.span.visible = "skip" in asked.kind.options
        if not self.span.visible:  # what was chosen stays for the next measure
            return
        skip = asked.options.get("skip", 0)
        spans = {name: int(share * view.steps) for name, share in _SPANS.items()}
        named = next((n for n, s in spans.items() if s == skip), None)
        more = [] if named else [f"all but {skip:g} steps"]
        self.span.param.update(options=[*_SPANS, *more], value=named or more[0])

    def _make_sliders(self, subject, names, view):
        self._slider = {}
        for name in names:
            value = view.values.get(name, subject.defaults[name])
            low, high, _ = subject.usual_range(name)
            low, high = min(low, value, 0.0 if low > 0 else low), max(high, value)
            high = min(high, max(4 * abs(value), low + 1e-3)) if value else high
            slider = Slider(
                label=subject.described(name, short=True), value=value, start=low, end=high, step=(high - low) / 500,
                format="0.[0000000]", width=_WIDTH, margin=(0, 6), css_classes=[f"slider-{name}"],
                fixed_start=-LARGEST, fixed_end=LARGEST,
            )  # fmt: skip
            slider.param.watch(lambda event, name=name: self._slid(name, event.new), "value")
            self._slider[name] = slider
        title = pn.pane.HTML("<b>Other parameters, and starts</b>", margin=(6, 6, 0, 6), styles={"flex-basis": "100%"})
        self.sliders[:] = [title, *self._slider.values()] if self._slider else []

    # -- from the widgets to a view ---------------------------------------------------------------------------------

    def _subject_changed(self, event):
        if self._quiet:
            return
        if self.map.value != LOOP:
            name = self.map.value
        elif event.obj is self.map:
            name = FIRST_LOOP
        else:
            tuners = subjects.tuners_for(self.landscape.value)
            tuner = self.tuner.value if self.tuner.value in tuners else tuners[0]
            name = f"{self.landscape.value}.{tuner}" + f".{subjects.DELAYED}" * self.delay.value
        try:
            self._changed(self.library.first(name))
        except (ValueError, TypeError) as error:
            self._failed(error)

    def _axis_changed(self, k, event):
        if self._quiet or event.new is None:
            return
        view, subject = self.view, self.library.subject(self.view.map)
        new = Axis(event.new, *subject.usual_range(event.new))
        other = view.y if k == "x" else view.x
        if new.name == other.name:  # the axes change places
            view = view.but(x=view.y, y=view.x)
        else:
            stays = subject.open_values(new.name, other.name) | {n: v for n, v in view.values.items() if n != new.name}
            view = view.but(**{k: new}, values=stays)
        self._changed(view.but(point=None, line=None))

    def _slid(self, name, value):
        if self._quiet:
            return
        if value is None or not math.isfinite(value):
            self._slider = {}  # its ends are not finite any more
            self._failed(ValueError(f"{name} must be a finite number."))
            return
        if not self._sliding:
            self._soon(self._slide)
        self._sliding[name] = float(value)

    def _slide(self):
        slid, self._sliding = self._sliding, {}
        self._changed(self.view.but(values={**self.view.values, **slid}))

    def _read(self, event):
        if self._quiet:
            return
        view = self.view
        try:
            steps, seed = checks.whole(self.steps.value, "Steps", least=1), checks.whole(self.seed.value, "Seed")
            ends = {k: [_end(box[k].value, k) for box in (self.lows, self.highs)] for k in "xy"}
            axes = {k: Axis(self.names[k].value, *ends[k], self.logs[k].value) for k in "xy"}
            beside = "" if self.beside.value == _NONE else self.beside.value
            measure = self._measure(steps) if event.obj in self._measured else view.measure
            new = view.but(**axes, measure=measure, steps=steps, seed=seed, side=self.side.value, beside=beside)
            new = self._in_order(new)
        except ValueError as error:
            self._failed(error)
        else:
            self._changed(new)

    def _in_order(self, new):
        """The view with the one of several numbers that is chosen; of another measure, the first."""
        subject, view = self.library.subject(new.map), self.view
        chosen = self.order.value if new.measure == view.measure else 1
        kept = {n: v for n, v in new.values.items() if n not in subject.orders(view)}
        return new.but(values=kept | {dim: chosen for dim in subject.orders(new) if chosen > 1})

    def _measure(self, steps):
        subject = self.library.subject(self.view.map)
        if not subject.computed:
            return self.measure.value
        kind = getattr(ds.measures, self.measure.value)
        text = kind.name + (f":{self.of.value}" if subject.measures[kind.name] else "")
        skip = measure_of(self.view.measure).options.get("skip", 0)  # as a link had it
        if self.span.value in _SPANS:
            skip = int(_SPANS[self.span.value] * steps)
        if "skip" in kind.options and skip:
            text += f"{',' if ':' in text else ':'}skip={skip:.0f}"
        return text


def _told(subject):
    """What a reader chooses axes from: the name in Python, and what it is."""
    return {f"{n}: {about}" if (about := subject.described(n)) != n else n: n for n in subject.names}


def _end(text, k):
    return checks.scalar(text.replace("−", "-"), f"an end of the {k} axis")
