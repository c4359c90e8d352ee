"""What is looked at in the picture: the theory's lines, a point, the orbit diagram along a line, what to take along.

What needs sympy is imported when it is first asked for, so that the first page comes soon.
"""

from dataclasses import replace
from html import escape

import panel as pn
from bokeh.models import Column

from . import exporting, plots, styles
from .painting import Latest
from .subjects import Subject

#: Share of the picture by which the ends of a level line may differ.
LEVEL = 0.02
_HINT = (
    '<div class="hint">Click into the picture to see the orbit from there, its regime, and the fixed points with their '
    "multipliers. Wheel and drag zoom and move; every picture is computed anew.</div>"
)


class Extras:
    """The parts of a page beside and below its picture; what takes long is done in threads of its own."""

    def __init__(self, page):
        self._page = page
        #: The theory's lines that are drawn: label, xs, ys.
        self.lines: list = []
        self._shown: dict = {}
        self._first_end: tuple[float, float] | None = None
        wide, details = {"sizing_mode": "stretch_width"}, [styles.DETAILS]
        self._take = pn.pane.HTML("", stylesheets=[styles.PYTHON, *details], css_classes=["take"], **wide)
        self._rows = pn.pane.HTML(_HINT, stylesheets=details, css_classes=["point"], width=430)
        self._orbit = Column(children=[])
        self._fixed = pn.pane.HTML("", stylesheets=details, css_classes=["fixed"], width=430)
        self._last = pn.pane.HTML("", stylesheets=details, css_classes=["last"], width=430)
        self._theory = pn.pane.HTML("", stylesheets=details, css_classes=["boundaries"], **wide)
        self._visited = pn.widgets.Select(label="Along the line", width=130, css_classes=["along"], visible=False)
        self._visited.param.watch(lambda event: page.soon(self._cross), "value")
        self._diagram = Column(children=[])
        downloads = pn.Row(page.toolbar.png, page.toolbar.data, margin=0)
        self.below = pn.Column(self._theory, self._visited, pn.pane.Bokeh(self._diagram), downloads, self._take, **wide)
        self.beside = pn.Column(self._rows, pn.pane.Bokeh(self._orbit), self._fixed, self._last, width=440)
        self._workers = {name: Latest(name) for name in ("looker", "solver", "theorist", "crosser")}

    def close(self) -> None:
        """End the threads."""
        for worker in self._workers.values():
            worker.close()

    # -- what changes with the view ---------------------------------------------------------------------------------

    def follow(self, view) -> None:
        """The view has changed: mark what is looked at in it, and do again what hangs on it."""
        for picture in self._page.pictures:
            self.mark(picture, view)
        self._when("theory", self._draw_theory, view.but(point=None, line=None) if view.theory else None)
        axes = {k: replace(a, low=0, high=1) for k, a in (("x", view.x), ("y", view.y))}
        plane = view.but(**axes, theory=False, side=500, beside="")  # a zoom changes neither
        self._when("point", self._look, plane.but(line=None) if view.point else None)
        self._when("line", self._cross, plane.but(point=None) if view.line else None)

    def mark(self, picture, view) -> None:
        """Mark the point and the line in a picture."""
        picture.point(view.point)
        picture.line([view.line[:2], view.line[2:]] if view.line else [])

    def settled(self) -> None:
        """The fine picture is there: it can be taken along."""
        page = self._page
        lines = exporting.python(page.view, page.library.subject(page.view.map))
        link = escape(page.view.link(), quote=True)
        self._take.object = (
            f'<a href="{link}" target="_blank" class="link">Link to this view</a>. In Python:<pre>{escape(lines)}</pre>'
        )

    def unsettled(self) -> None:
        """Another picture is on its way: what could be taken along is of the old one."""
        self._take.object = "<div>The link, the data and the lines of Python come with the picture.</div>"

    def _when(self, part, do, hangs_on):
        """Do a part again if what it hangs on has changed."""
        if self._shown.get(part) != hangs_on:
            self._shown[part] = hangs_on
            do()

    def _work(self, name, compute, show):
        """Compute in a thread, and show what comes unless something newer is wanted."""
        page = self._page

        def work(stale):
            try:
                found = compute(stale)
            except Exception as error:  # whatever a user's own map may raise
                found = error
            if not stale():
                page.later(lambda: None if stale() else self._finish(show, found))

        self._workers[name].ask(work)

    def _finish(self, show, found):
        if isinstance(found, Exception):
            self._page.fail(found)
        else:
            show(found)

    # -- theory -----------------------------------------------------------------------------------------------------

    def _draw_theory(self):
        page, view = self._page, self._page.view
        subject = page.library.subject(view.map)
        self.lines = []
        for picture in page.pictures:
            picture.theory([])
        self._theory.object = ""
        self._workers["theorist"].ask(None)
        if not view.theory:
            return
        if subject.map is None:
            self._theory.object = "<div>The map of this sweep is not known here, so neither is its theory.</div>"
            return
        self._theory.object = "<div>deriving the boundaries …</div>"
        from .boundaries import boundaries

        own, plain = page.library.theory.get(view.map), subject.plain(view)
        self._work("theorist", lambda stale: boundaries(subject.map, plain.map, plain, own, stale), self._theory_is)

    def _theory_is(self, found):
        labels = [f"{i}: {one.label}" for i, one in enumerate(found, start=1)]
        self.lines = [(label, list(xs), list(ys)) for label, one in zip(labels, found) for xs, ys in one.pieces]
        self._page.pictures[0].theory(self.lines)
        told = [(label, ", ".join(filter(None, (one.source, one.note)))) for label, one in zip(labels, found)]
        none = "<div>The theory has no boundary in this picture.</div>"
        self._theory.object = f"<div><h4>Boundaries</h4>{_table(told)}</div>" if told else none

    # -- a point ----------------------------------------------------------------------------------------------------

    def tapped(self, x: float, y: float) -> None:
        """A click: an end of a line while one is drawn, else a point to look at."""
        page = self._page
        if not page.toolbar.line.value:
            page.go(page.view.but(point=(x, y)))
        elif self._first_end is None:
            self._first_end = (x, y)
            for picture in page.pictures:
                picture.line([(x, y)])
        else:
            (x0, y0), self._first_end, view = self._first_end, None, page.view
            # What is all but along an axis is meant to be.
            x1 = x0 if abs(view.x.share(x) - view.x.share(x0)) < LEVEL else x
            y1 = y0 if abs(view.y.share(y) - view.y.share(y0)) < LEVEL else y
            page.toolbar.line.value = False
            if (x1, y1) != (x0, y0):
                page.go(view.but(line=(x0, y0, x1, y1)))
            else:
                page.fail(ValueError("the two ends of the line are one point; click two that lie apart."))

    def _look(self):
        view = self._page.view
        self._fixed.object = self._last.object = ""
        for name in ("looker", "solver"):
            self._workers[name].ask(None)
        if not view.point:
            self._rows.object, self._orbit.children = _HINT, []
            return
        subject = self._page.library.subject(view.map)
        if subject.map is None:
            self._rows.object = "<div>The map of this sweep is not known here, so no orbit can be computed.</div>"
            return
        from .looking import orbit_at

        asked, known = subject.plain(view), Subject(view.map, subject.map)
        self._work("looker", lambda stale: orbit_at(known, asked, *view.point), self._look_is)

    def _look_is(self, look):
        note = f'<div class="hint">{escape(look.note)}</div>' if look.note else ""
        self._rows.object = f"<div><h3>This point of {escape(self._page.view.map)}</h3>{_table(look.rows)}{note}</div>"
        self._last.object = f"<div><h3>At the end</h3>{_table(look.last)}</div>" if look.last else ""
        subject = self._page.library.subject(self._page.view.map)
        drawn = look.orbit is not None
        self._orbit.children = [plots.orbit(look.orbit, subject.map.state)] if drawn else []
        self._fixed.object = "<div>looking for fixed points …</div>"
        from .fixed import fixed_points_at

        map, values, orbit = subject.map, look.values, look.orbit
        self._work("solver", lambda stale: fixed_points_at(map, values, stale, orbit), self._fixed_are)

    def _fixed_are(self, found):
        blocks = [f"<div>{escape(one.text)}</div>" for one in found.points]
        note = f'<div class="hint">{escape(found.note)}</div>' if found.note else ""
        self._fixed.object = f"<div><h3>Fixed points and 2-cycles</h3>{''.join(blocks) or 'none'}{note}</div>"

    # -- a line -----------------------------------------------------------------------------------------------------

    def drawing(self, on: bool) -> None:
        """The button "Draw a line" was pressed or released."""
        self._first_end = None
        view = self._page.view
        if on and view.line:
            self._page.go(view.but(line=None))

    def _cross(self):
        view = self._page.view
        self._workers["crosser"].ask(None)
        if not view.line:
            self._visited.visible, self._diagram.children = False, []
            return
        subject = self._page.library.subject(view.map)
        if subject.map is None:
            self._page.fail(ValueError("the map of this sweep is not known here, so no orbit diagram can be computed."))
            return
        names = [n for n in subject.readable if n not in subject.map.parameters]
        if self._visited.options != names:
            usual = next((n for n in ("y", "lam", "x") if n in names), names[0])
            self._visited.param.update(
                options=names, value=self._visited.value if self._visited.value in names else usual
            )
        self._visited.visible = True
        from .across import across

        name, asked, known = self._visited.value, subject.plain(view), Subject(view.map, subject.map)
        self._work("crosser", lambda stale: across(known, asked, view.line, name, stale), self._cross_is)

    def _cross_is(self, found):
        self._diagram.children = [plots.diagram(found, self._page.view, self._visited.value)]


def _table(rows):
    cells = (f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"
