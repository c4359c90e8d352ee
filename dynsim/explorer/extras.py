"""What is looked at in the picture: the theory's lines, a point, the orbit diagram along a line, what to take along."""

from html import escape

import panel as pn

from . import exporting, styles
from .painting import Latest


class Extras:
    """The parts of a page beside and below its picture."""

    def __init__(self, page):
        self._page = page
        #: The theory's lines that are drawn: label, xs, ys.
        self.lines: list = []
        self._ends: list | None = None
        wide = {"sizing_mode": "stretch_width"}
        self._take = pn.pane.HTML("", stylesheets=[styles.PYTHON, styles.DETAILS], css_classes=["take"], **wide)
        self._details = pn.pane.HTML("", stylesheets=[styles.DETAILS], css_classes=["details"], **wide)
        downloads = pn.Row(page.toolbar.png, page.toolbar.data, margin=0)
        self.below = pn.Column(downloads, self._take, **wide)
        self.beside = pn.Column(self._details, width=430)
        self._looker, self._theorist, self._crosser = Latest("looker"), Latest("theorist"), Latest("crosser")

    def close(self):
        for worker in (self._looker, self._theorist, self._crosser):
            worker.close()

    def follow(self, view):
        """The view has changed."""
        for picture in self._page.pictures:
            picture.point(view.point)

    def settled(self):
        """The fine picture is there."""
        page = self._page
        lines = exporting.python(page.view, page.library.subject(page.view.map))
        link = escape(page.view.link(), quote=True)
        self._take.object = (
            f'<a href="{link}" target="_blank" class="link">Link to this view</a>. In Python:<pre>{escape(lines)}</pre>'
        )

    def tapped(self, x, y):
        page = self._page
        page.go(page.view.but(point=(x, y)))

    def drawing(self, on):
        pass
