"""The row of buttons above the picture, and what can be taken along."""

import io
from functools import partial

import panel as pn

from . import exporting


class Toolbar:
    """Buttons of a page."""

    def __init__(self, page):
        self._page = page
        tight = {"margin": (4, 3)}
        button, toggle = partial(pn.widgets.Button, **tight), partial(pn.widgets.Toggle, **tight)
        self.back = button(label="◀ Back", disabled=True, width=72, css_classes=["back"])
        self.forward = button(label="Forward ▶", disabled=True, width=92, css_classes=["forward"])
        self.home = button(label="Home", width=62, css_classes=["home"])
        self.theory = toggle(label="Theory", width=70, css_classes=["theory"])
        self.hold = toggle(label="Hold colours", width=100, css_classes=["hold"])
        self.line = toggle(label="Draw a line", width=90, css_classes=["line"])
        self.stop = button(label="Stop", color="warning", width=60, visible=False, css_classes=["stop"])
        small = {"width": 76, "color": "default", "embed": False, **tight}
        download = pn.widgets.FileDownload
        self.png = download(callback=self._png, filename="picture.png", label="Picture", css_classes=["png"], **small)
        self.data = [
            download(callback=partial(self._data, i), filename=file, css_classes=[f"data-{i}"], visible=not i, **small)
            for i, file in enumerate(("picture.nc", "beside.nc"))
        ]
        self._name_data("", "")
        self.back.on_click(lambda event: page.soon(page.back, 1))
        self.forward.on_click(lambda event: page.soon(page.back, -1))
        self.home.on_click(lambda event: page.soon(page.go, page.home))
        self.stop.on_click(lambda event: page.soon(page.stop_or_go))
        self.theory.param.watch(self._theory, "value")
        self.line.param.watch(lambda event: page.soon(page.extras.drawing, event.new), "value")

    def layout(self) -> pn.Row:
        """The buttons in a row."""
        return pn.Row(self.back, self.forward, self.home, self.theory, self.hold, self.line, self.stop, margin=0)

    def follow(self, history) -> None:
        """Say where one is among the views, and whose data can be had."""
        view = self._page.view
        self._name_data(view.map, view.beside)
        self.back.disabled, self.forward.disabled = not history.before, not history.after
        self.theory.value = view.theory

    def give(self, there: bool) -> None:
        """Whether there is something to take along."""
        for button in (self.png, *self.data):
            button.disabled = not there

    def _name_data(self, *names):
        self.data[1].visible = bool(names[1])
        for button, name in zip(self.data, names):
            button.param.update(label=f"Data of {name}" if names[1] else "Data", width=240 if names[1] else 76)

    def _theory(self, event):
        page = self._page
        if event.new != page.view.theory:
            page.soon(page.go, page.view.but(theory=event.new))

    def _png(self):
        page = self._page
        from .page import shown

        return io.BytesIO(exporting.png(page.of, page.results, shown(page.of), page.scales, page.extras.lines))

    def _data(self, which):
        return io.BytesIO(exporting.netcdf(self._page.results[which], self._page.of))
