"""One open page: it holds the view, asks for its picture, and shows what comes."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape

import panel as pn
import xarray as xr
from bokeh.models import Row

from . import figures, styles
from .captions import legend, meaning
from .colouring import image_of
from .extras import Extras
from .history import History
from .library import Library
from .painting import Painter, Request, Round
from .panel import Controls
from .subjects import letter
from .toolbar import Toolbar
from .view import Limits, View

#: Milliseconds for which the values of a moving slider are gathered.
SLIDE = 30
#: Milliseconds until a store that lacks part of the picture is read again; twice as long each time it has not grown.
GROWS, GROWS_AT_LAST = 3000, 60_000


class Page:
    """What one reader sees. All of it runs in the server's thread, but for `_told`.

    Parameters
    ----------
    library : what can be explored.
    first : the view to begin with, unless the page's address has one.
    limits : what a picture may cost.
    banner : a warning that stays on the page.
    """

    def __init__(self, library: Library, first: View, limits: Limits, banner: str = ""):
        self.library, self.limits, self.view, self.home = library, limits, first, first
        self.doc, self.location = pn.state.curdoc, pn.state.location
        self.history = History()
        #: What is drawn, and what is on its way: the view apart from what is looked at in it.
        self.drawn: View | None = None
        #: The fine pictures that are drawn, and the view that they are of.
        self.results: tuple[xr.Dataset, ...] = ()
        self.of: View | None = None
        self.pictures: list[figures.Picture] = []
        self._key, self._moving, self.scales = None, False, ()
        self._newest, self._lacks, self._pause, self._failed = None, 0.0, GROWS, False
        self._stopped = False
        self.painter = Painter(self._told, limits)
        self.controls = Controls(
            library,
            partial(self.soon, self.go),
            partial(self.soon, self.fail),
            lambda f: self.doc.add_timeout_callback(f, SLIDE),
        )
        self.toolbar = Toolbar(self)
        self.extras = Extras(self)
        wide = {"sizing_mode": "stretch_width"}
        self.status = pn.pane.HTML("", stylesheets=[styles.STATUS], css_classes=["status"], **wide)
        self.alert = pn.pane.HTML("", stylesheets=[styles.ALERT], css_classes=["alert"], **wide)
        dismiss = pn.widgets.Button(label="×", width=34, margin=(6, 4), css_classes=["dismiss"])
        dismiss.on_click(lambda event: self.soon(self._alert, ""))
        self._alerted = pn.Row(self.alert, dismiss, visible=False, margin=0, **wide)
        self.legend = pn.pane.HTML("", stylesheets=[styles.LEGEND], css_classes=["legend"], **wide)
        self.about = pn.pane.HTML("", stylesheets=[styles.STATUS], css_classes=["about"], **wide)
        self.banner = pn.pane.HTML(escape(banner), stylesheets=[styles.BANNER], visible=bool(banner), **wide)
        # Bokeh's own, so that new figures and what they show travel in one stream, in order.
        self.canvas = Row(children=[])
        above = [self.banner, self._alerted, self.about, self.toolbar.layout()]
        parts = {
            "controls": self.controls.layout(),
            "picture": pn.Column(*above, pn.pane.Bokeh(self.canvas), self.legend, self.status),
            "look": self.extras.beside,
            "below": self.extras.below,
        }
        for area, part in parts.items():
            part.styles = {"grid-area": area}
        self.whole = pn.Row(*parts.values(), stylesheets=[styles.PAGE], sizing_mode="stretch_width")
        self._wide = self.whole, parts["controls"], self.controls.sliders, parts["look"]

    def layout(self) -> pn.viewable.Viewable:
        """Everything on the page."""
        return self.whole

    # -- the view ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the view of the address, or the first one; called once the page is there."""
        self.location.param.watch(lambda event: self._addressed(), "hash")
        self._addressed()
        if self.drawn is None:
            self.go(self.view, quiet=True)

    def _addressed(self):
        link = self.location.hash
        if link in ("", "#", self.view.link()):
            return
        try:
            self.go(View.from_link(link))
        except ValueError as error:
            self.fail(error)

    def go(self, view: View, quiet: bool = False) -> bool:
        """Show another view; say what is wrong with it if it cannot be shown, and keep the old one."""
        try:
            view.check(self.limits, self.library.subject(view.map).computed)
            self.library.check(view)
            self.controls.show(view)
        except Exception as error:  # what a user's own map may raise is shown too
            self.fail(error)
            return False
        if not (quiet or (self._failed and view.drawn == self.drawn)):
            self._alert("")
        self.view = view
        self._arrange(view)
        if view.drawn != self.drawn:
            self.drawn, self._failed = view.drawn, False
            self._say("computing …", busy=True)
            self.legend.object, self.results, self.of = "", (), None
            self.extras.unsettled()
            self._paint()
        elif self.of is not None and self.of.drawn == view.drawn:
            self.of = view
            self._settled()
        self.extras.follow(view)
        return True

    def _paint(self):
        self.painter.ask(Request(self.view, partial(self.library.compute, self.view), 2 if self.view.beside else 1))

    def soon(self, do: Callable, *what) -> None:
        """Do it in a callback of its own: Panel calls some of a widget's without the document's lock."""
        self.doc.add_next_tick_callback(partial(do, *what))

    def fail(self, error: Exception) -> None:
        """Say what is wrong; the page stays as it is."""
        self._alert(str(error) or type(error).__name__)
        if self.controls.view is not None:
            self.controls.show(self.view, again=True)
            self._arrange(self.view)

    def _alert(self, text):
        self.alert.object, self._alerted.visible = f"<div>{escape(text)}</div>", bool(text)

    def back(self, steps: int) -> None:
        """Go back among the views, or forward (−1)."""
        if (view := self.history.step(-steps)) is not None:
            self.go(view)

    def later(self, show: Callable[[], None], wait: bool = False) -> None:
        """From another thread: do something in the server's, and wait for it if asked to."""
        done = threading.Event()

        def run():
            try:
                show()
            except Exception as error:
                self.fail(error)
                raise
            finally:
                done.set()

        self.doc.add_next_tick_callback(run)
        if wait:
            done.wait(2)

    def close(self) -> None:
        """End the page's threads."""
        self.painter.close()
        self.extras.close()

    # -- the picture ------------------------------------------------------------------------------------------------

    def _arrange(self, view):
        """Have figures with the view's axes: the old ones, moved, or new ones."""
        names = shown(view)
        if self._key != key_of(view):
            self._key = key_of(view)
            self._ranges = figures.ranges(view.x, view.y, self._moved)
            subject = self.library.subject(view.map)
            labels = subject.described(view.x.name), subject.described(view.y.name)
            width = figures.NARROW if view.beside else figures.WIDE
            self.pictures = [
                figures.Picture(view.x, view.y, labels, self._ranges, width, partial(self.extras.tapped, i))
                for i in range(len(names))
            ]
            self.extras.mark(view)
            self.canvas.children = [picture.figure for picture in self.pictures]
            self.canvas.width = width * len(names)
            for part in self._wide:
                part.css_classes = ["two"] * (len(names) > 1)
            self.about.object = f"<div>{escape(subject.about)}</div>"
        for range_, axis in zip(self._ranges, (view.x, view.y)):
            if (range_.start, range_.end) != (axis.low, axis.high):
                range_.update(start=axis.low, end=axis.high)

    def _moved(self):
        # The four ends come one by one; the view follows once all are here.
        if not self._moving:
            self._moving = True
            self.doc.add_next_tick_callback(self._follow)

    def _follow(self):
        self._moving = False
        x, y = (replace(a, low=r.start, high=r.end) for a, r in zip((self.view.x, self.view.y), self._ranges))
        if (x, y) != (self.view.x, self.view.y):
            self.go(self.view.but(x=x, y=y))

    def _told(self, round: Round):
        """From the painter's thread: show a round, and wait until that is done, so that rounds do not pile up."""
        self.later(partial(self._show, round), wait=bool(round.side))

    def _show(self, round):
        if key_of(round.view) != self._key or (round.view.drawn != self.drawn and not round.side):
            return
        if round.error is not None:
            self.results, self.of, self._failed = (), None, True
            for picture in self.pictures:
                picture.blank(self.view.x, self.view.y, "no picture")
            self._say("")
            self.fail(round.error)
        elif not round.side:
            if not self._stopped:
                self._say(f"computing … {round.share:.0%}", busy=True)
        else:
            self._show_results(round)

    def _show_results(self, round):
        view, images = round.view, []  # while a slider moves, the picture is a little behind it
        held = self.scales if self.toolbar.hold.value else ()
        for i, (picture, result) in enumerate(zip(self.pictures, round.results)):
            variable = result[next(iter(result.data_vars))]
            image = image_of(variable, view.x.name, view.y.name, held[i] if i < len(held) else None)
            picture.show(image, view, shown(view)[i] + (":\n" if view.beside else ": ") + meaning(variable))
            images.append(image)
        size = f"{round.side} × {round.side} points × {view.steps:,} steps"
        drawn = [_drawn(result) for result in round.results if "drawn" in result.attrs]
        if drawn and all(one.startswith("from the store") for one in drawn):
            size = f"{round.side} × {round.side} cells"
        if round.last and view.drawn == self.drawn:
            self.results, self.of = round.results, self.view
            self.scales = tuple(image.scale for image in images)
            self.legend.object = legend([image.shares for image in images])
            self._say("; ".join([f"{size}: {round.seconds:.2f} s of computing", *map(escape, dict.fromkeys(drawn))]))
            self._settled()
            self._await_growth(round)
        elif round.seconds > 0.1 and not self._stopped:
            self._say(f"{size}; a finer picture is on its way", busy=True)

    def _await_growth(self, round):
        """Read a store that lacks part of the picture again after a while."""
        self._newest, lacks = round, max(result.attrs.get("lacks", 0.0) for result in round.results)
        if lacks:
            self._pause = min(2 * self._pause, GROWS_AT_LAST) if lacks == self._lacks else GROWS
            self._lacks = lacks
            self.doc.add_timeout_callback(partial(self._read_again, round), self._pause)

    def _read_again(self, round):
        if self._newest is round and self.of is not None and self.of.drawn == self.drawn:
            self._paint()

    def _say(self, text, busy=False, stopped=False):
        self.status.object = f"<div>{text}</div>"
        self.toolbar.stop.visible, self._stopped = busy, stopped
        self.toolbar.stop.label = "Go on" if stopped else "Stop"

    def stop_or_go(self) -> None:
        """Give up the computation that runs, and the coarse picture stays; or begin it again."""
        if self._stopped:
            self._say("computing …", busy=True)
            self._paint()
        else:
            self.painter.stop()
            self._say("stopped before the fine picture was there", busy=True, stopped=True)

    def _settled(self):
        """A fine picture is there: the address, the history and what can be taken along follow."""
        self.history.visit(self.view)
        self.location.hash = self.view.link()
        self.toolbar.follow(self.history)
        self.extras.settled()


def _drawn(result):
    """How a stored sweep's picture came about, and where in its other dims it lies."""
    at = [f"{letter(dim)} = {value}" for dim, value in json.loads(result.attrs["at"]).items()]
    return result.attrs["drawn"] + f", at {', '.join(at)}" * bool(at)


def key_of(view: View) -> tuple:
    """What needs figures of its own."""
    return (*shown(view), view.measure, view.x.name, view.x.log, view.y.name, view.y.log)


def shown(view: View) -> list[str]:
    """The names of the maps in the pictures."""
    return [view.map, *filter(None, [view.beside])]
