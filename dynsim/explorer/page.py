"""One open page: it holds the view, asks for its picture, and shows what comes."""

import threading
from dataclasses import replace
from html import escape

import panel as pn
import xarray as xr

from . import figures
from .colouring import Scale, image_of
from .painting import Painter, Request, Round
from .panel import Controls
from .subjects import Library
from .view import Limits, View

#: Views that Back remembers.
MOST_VIEWS = 200


class Page:
    """What one reader sees; all but `_told` runs in the server's thread.

    Parameters
    ----------
    library : what can be explored.
    first : the view to begin with, unless the page's address has one.
    limits : what a picture may cost.
    banner : a warning that stays on the page.
    """

    def __init__(self, library: Library, first: View, limits: Limits, banner: str = ""):
        self.library, self.limits, self.view = library, limits, first
        self.doc, self.location = pn.state.curdoc, pn.state.location
        self.past: list[View] = []
        self.place = -1
        self.data: tuple[xr.Dataset, ...] = ()
        self.held: Scale | None = None
        self._pictures: list[figures.Picture] = []
        self._drawn: View | None = None
        self._moving = False
        self.painter = Painter(self._told, limits)
        self.controls = Controls(library, self.go, self.fail)
        self.status = pn.pane.HTML("", css_classes=["status"], sizing_mode="stretch_width")
        self.alert = pn.pane.HTML("", css_classes=["alert"], visible=False, sizing_mode="stretch_width")
        self.legend = pn.pane.HTML("", css_classes=["legend"], sizing_mode="stretch_width")
        self.canvas = pn.Row()
        self.banner = pn.pane.HTML(banner, css_classes=["banner"], visible=bool(banner), sizing_mode="stretch_width")

    def layout(self):
        return pn.Row(self.controls.layout(), pn.Column(self.banner, self.alert, self.canvas, self.legend, self.status))

    # -- the view ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the view of the address, or the first one; called once the page is there."""
        self.location.param.watch(self._addressed, "hash")
        first = self.view
        if self.location.hash:
            self._addressed(None)
        if self._drawn is None:
            self.go(first, quiet=True)

    def _addressed(self, event):
        link = self.location.hash
        if link in ("", self.view.link()):
            return
        try:
            view = View.from_link(link)
        except ValueError as error:
            self.fail(error)
            return
        self.go(view)

    def go(self, view: View, quiet: bool = False) -> bool:
        """Show another view; say what is wrong with it if it cannot be shown, and keep the old one."""
        try:
            self.library.check(view)
            view.check(self.limits)
        except (ValueError, TypeError) as error:
            self.fail(error)
            return False
        if not quiet:
            self.alert.visible = False
        self.view = view
        self.controls.show(view)
        self._arrange(view)
        if self._drawn is None or view.drawn != self._drawn:
            self._drawn = view.drawn
            self.painter.ask(Request(view, self._compute(view), 2 if view.beside else 1))
        return True

    def _compute(self, view):
        return lambda which, side, advance: self.library.compute(view, which, side, advance)

    def fail(self, error: Exception) -> None:
        """Say what is wrong; the page stays as it is."""
        self.alert.object = escape(str(error) or type(error).__name__)
        self.alert.visible = True
        if self.controls.view is not None:
            self.controls.show(self.view)

    # -- the picture ------------------------------------------------------------------------------------------------

    def _arrange(self, view):
        """Have figures with the view's axes: the old ones, moved, or new ones."""
        names = [n for n in (view.map, view.beside) if n]
        key = (*names, view.x.name, view.x.log, view.y.name, view.y.log)
        if getattr(self, "_key", None) != key:
            self._key = key
            self._ranges = figures.ranges(view.x, view.y, self._moved)
            subject = self.library.subject(view.map)
            labels = subject.described(view.x.name), subject.described(view.y.name)
            width = figures.NARROW if view.beside else figures.WIDE
            self._pictures = [figures.Picture(view.x, view.y, labels, self._ranges, width, self._tapped) for _ in names]
            self.canvas[:] = [pn.pane.Bokeh(p.figure) for p in self._pictures]
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

    def _tapped(self, x, y):
        self.go(self.view.but(point=(x, y)))

    def _told(self, round: Round):
        """From the painter's thread: show a round in the server's, and wait until that is done."""
        shown = threading.Event()

        def show():
            try:
                if round.view.drawn == self.view.drawn:
                    self._show(round)
            finally:
                shown.set()

        self.doc.add_next_tick_callback(show)
        if round.side:
            shown.wait(2)

    def _show(self, round):
        view = self.view
        if round.error is not None:
            for picture in self._pictures:
                picture.blank(view.x, view.y, "no picture")
            self.status.object = ""
            self.fail(round.error)
        elif not round.side:
            self.status.object = f"computing … {round.share:.0%}"
        else:
            self._show_results(round)

    def _show_results(self, round):
        view, names, shares = self.view, [n for n in (self.view.map, self.view.beside) if n], []
        for picture, name, result in zip(self._pictures, names, round.results):
            variable = result[next(iter(result.data_vars))]
            image = image_of(variable, view.x.name, view.y.name, self.held)
            picture.show(image, view.x, view.y, name, "")
            shares.append(image.shares)
        size = f"{round.side} × {round.side} points × {view.steps:,} steps"
        if round.last:
            self.data = round.results
            self.legend.object = legend(shares)
            self.status.object = f"{size}: {round.seconds:.2f} s"
            self._settled(view)
        elif round.seconds > 0.2:
            self.status.object = f"{size}; a finer picture is on its way"

    def _settled(self, view):
        self.location.hash = view.link()

    def close(self) -> None:
        """End the page's threads."""
        self.painter.close()


def legend(shares) -> str:
    """Colours, names and shares of the picture, for one picture or two."""
    rows = []
    for one in shares:
        entries = [
            f'<span class="entry"><i style="background:{color}"></i>{escape(name)} <b>{share:.1%}</b></span>'
            for name, (color, share) in one.items()
        ]
        rows.append(f"<div>{''.join(entries)}</div>")
    return "".join(rows)
