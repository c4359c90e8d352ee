"""What is looked at in the picture: the theory's lines, a point, the orbit diagram along a line, what to take along.

What needs sympy is imported when it is first asked for, so that the first page comes soon.
"""

from dataclasses import replace
from functools import partial
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
        #: The theory's lines that are drawn in each picture: label, xs, ys.
        self.lines: list[list] = [[], []]
        self._shown: dict = {}
        self._first_end: tuple[float, float] | None = None
        wide, details = {"sizing_mode": "stretch_width"}, [styles.DETAILS]
        self._take = pn.pane.HTML("", stylesheets=[styles.PYTHON, *details], css_classes=["take"], **wide)
        self._rows = pn.pane.HTML(_HINT, stylesheets=details, css_classes=["point"], width=430)
        self._orbit = Column(children=[])
        self._fixed = pn.pane.HTML("", stylesheets=details, css_classes=["fixed"], width=430)
        self._last = pn.pane.HTML("", stylesheets=details, css_classes=["last"], width=430)
        self._theory = [
            pn.pane.HTML("", stylesheets=details, css_classes=["boundaries"], visible=False, **wide) for _ in "01"
        ]
        self._visited = pn.widgets.Select(label="Along the line", width=130, css_classes=["along"], visible=False)
        self._visited.param.watch(lambda event: page.soon(self._cross), "value")
        self._diagram = Column(children=[])
        downloads = pn.Row(page.toolbar.png, *page.toolbar.data, margin=0)
        diagram = pn.pane.Bokeh(self._diagram)
        self.below = pn.Column(*self._theory, self._visited, diagram, downloads, self._take, **wide)
        self.beside = pn.Column(
            self._rows, pn.pane.Bokeh(self._orbit), self._fixed, self._last, width=440, stylesheets=[styles.LOOK]
        )
        self._workers = {name: Latest(name) for name in ("looker", "solver", "theorist 0", "theorist 1", "crosser")}

    def close(self) -> None:
        """End the threads."""
        for worker in self._workers.values():
            worker.close()

    # -- what changes with the view ---------------------------------------------------------------------------------

    def follow(self, view) -> None:
        """The view has changed: mark what is looked at in it, and do again what hangs on it."""
        self.mark(view)
        theory = view.but(point=None, line=None, look=0)
        self._when("theory", partial(self._draw_theory, view), theory if view.theory else None)
        axes = {k: replace(a, low=0, high=1) for k, a in (("x", view.x), ("y", view.y))}
        subject, part = self._page.library.looked_at(view)
        part = part.but(theory=False, line=None)
        plane = part.but(**axes, side=500)  # a zoom changes nothing, unless cells have noise of their own
        self._when("point", self._look, (part if subject.noisy else plane) if view.point else None)
        self._when("line", self._cross, plane.but(point=None, line=view.line) if view.line else None)

    def mark(self, view) -> None:
        """Mark the point and the line in the picture that they are of."""
        for i, picture in enumerate(self._page.pictures):
            picture.point(view.point if i == view.look else None)
            picture.line([view.line[:2], view.line[2:]] if view.line and i == view.look else [])

    def settled(self) -> None:
        """The fine picture is there: it can be taken along."""
        page = self._page
        lines = [escape(exporting.python(part, subject)) for subject, part in page.library.parts(page.view)]
        link = escape("./" + page.view.link(), quote=True)
        page.toolbar.give(True)
        self._take.object = (
            f'<div><a href="{link}" target="_blank" class="link">Link to this view</a>. In Python:'
            f"{''.join(f'<pre>{text}</pre>' for text in lines)}</div>"
        )

    def unsettled(self) -> None:
        """Another picture is on its way: what could be taken along is of the old one."""
        self._page.toolbar.give(False)
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

    def _draw_theory(self, view):
        self.lines = [[], []]
        for picture in self._page.pictures:
            picture.theory([], view)
        parts = self._page.library.parts(view) if view.theory else []
        for i, pane in enumerate(self._theory):
            self._workers[f"theorist {i}"].ask(None)
            pane.visible = i < len(parts)
            if pane.visible:
                self._derive(i, *parts[i])

    def _derive(self, which, subject, part):
        pane, title = self._theory[which], f"<h4>Boundaries of {escape(part.map)}</h4>"
        if subject.map is None:
            pane.object = f"<div>{title}The map of this sweep is not known here, so neither is its theory.</div>"
            return
        pane.object = f"<div>{title}deriving the boundaries …</div>"
        from .boundaries import boundaries

        def show(found):
            labels = [f"{i}: {one.label}" for i, one in enumerate(found, start=1)]
            self.lines[which] = [(label, list(x), list(y)) for label, one in zip(labels, found) for x, y in one.pieces]
            self._page.pictures[which].theory(self.lines[which], part)
            told = [(label, ", ".join(filter(None, (one.source, one.note)))) for label, one in zip(labels, found)]
            pane.object = f"<div>{title}{_table(told) if told else 'none in this picture'}</div>"

        own, plain = self._page.library.theory.get(part.map), subject.plain(part)
        self._work(f"theorist {which}", lambda stale: boundaries(subject.map, plain.map, plain, own, stale), show)

    # -- a point ----------------------------------------------------------------------------------------------------

    def tapped(self, which: int, x: float, y: float) -> None:
        """A click into a picture: an end of a line while one is drawn, else a point to look at."""
        page = self._page
        if not page.toolbar.line.value:
            page.go(page.view.but(point=(x, y), look=which))
        elif self._first_end is None:
            self._first_end = (x, y)
            page.pictures[which].line([(x, y)])
        else:
            (x0, y0), self._first_end, view = self._first_end, None, page.view.but(look=which)
            # What is all but along an axis is meant to be.
            x1 = x0 if abs(view.x.share(x) - view.x.share(x0)) < LEVEL else x
            y1 = y0 if abs(view.y.share(y) - view.y.share(y0)) < LEVEL else y
            page.toolbar.line.value = False
            if (x1, y1) != (x0, y0):
                page.go(view.but(line=(x0, y0, x1, y1)))
            else:
                page.fail(ValueError("the two ends of the line are one point; click two that lie apart."))

    def _look(self):
        subject, view = self._page.library.looked_at(self._page.view)
        self._fixed.object = self._last.object = ""
        for name in ("looker", "solver"):
            self._workers[name].ask(None)
        if not view.point:
            self._rows.object, self._orbit.children = _HINT, []
            return
        if subject.map is None:
            self._rows.object = "<div>The map of this sweep is not known here, so no orbit can be computed.</div>"
            return
        from .looking import orbit_at

        asked, known = subject.plain(view), Subject(view.map, subject.map)
        self._rows.object = f"<div><h3>This point of {escape(view.map)}</h3>computing the orbit …</div>"
        show = partial(self._look_is, view.map, subject.map)
        self._work("looker", lambda stale: orbit_at(known, asked, *view.point, cells=subject.computed), show)

    def _look_is(self, name, map, look):
        note = f'<div class="hint">{escape(look.note)}</div>' if look.note else ""
        self._rows.object = f"<div><h3>This point of {escape(name)}</h3>{_table(look.rows)}{note}</div>"
        self._last.object = f"<div><h3>At the end</h3>{_table(look.last)}</div>" if look.last else ""
        self._orbit.children = [plots.orbit(look.orbit, map.state)] if look.orbit is not None else []
        self._fixed.object = "<div>looking for fixed points …</div>"
        from .fixed import fixed_points_at

        values, orbit = look.values, look.orbit
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
        subject, view = self._page.library.looked_at(self._page.view)
        self._workers["crosser"].ask(None)
        if not view.line:
            self._visited.visible, self._diagram.children = False, []
            return
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

        def show(found):
            self._diagram.children = [plots.diagram(found, view, name)]

        self._work("crosser", lambda stale: across(known, asked, view.line, name, stale), show)


def _table(rows):
    cells = (f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"
