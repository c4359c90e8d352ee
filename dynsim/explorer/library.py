"""What one explorer offers: dynsim's maps and closed loops, and what the user brings."""

from collections.abc import Mapping

import xarray as xr

import dynsim as ds

from ..model import Map
from .subjects import Subject, map_of
from .view import View


class Library:
    """What one explorer offers: every map and closed loop there is, and what the user brings.

    Parameters
    ----------
    own : maps of the user's, by the name that they are shown under.
    theory : boundaries that the user knows: name of a map -> label -> condition, or expression that is zero on them.
    device : "cpu", "cuda" or "auto", as for ds.sweep.
    stored : sweeps, :class:`dynsim.explorer.stored.Stored`, by the name that they are shown under.
    """

    def __init__(self, own: Mapping[str, Map] = {}, theory: Mapping = {}, device: str = "cpu", stored: Mapping = {}):
        self.own, self.theory, self.device = dict(own), dict(theory), device
        self.names = list(dict.fromkeys((*stored, *self.own, *ds.maps.__all__)))
        self._subjects: dict[str, Subject] = dict(stored)

    def subject(self, name: str) -> Subject:
        """What goes by this name; ValueError where nothing does."""
        if name not in self._subjects:
            self._subjects[name] = Subject(name, map_of(name, self.own))
        return self._subjects[name]

    def first(self, name: str) -> View:
        """How this is shown at first."""
        return self.subject(name).first()

    def companions(self, view: View) -> list[str]:
        """The maps that can be drawn beside the view's, on the same axes; beside a stored sweep, stored ones."""
        axes, own = {view.x.name, view.y.name}, self.subject(view.map)
        others = {n: self.subject(n) for n in self.names if n != view.map}
        others = {n: s for n, s in others.items() if axes <= set(s.names) and s.computed == own.computed}
        return [n for n, s in others.items() if s.computed or (s.names == own.names and view.measure in s.measures)]

    def parts(self, view: View) -> list[tuple[Subject, View]]:
        """What is in each of the view's pictures, and the view as one of that picture alone."""
        found = [(self.subject(view.map), view.but(beside="", look=0))]
        if view.beside:
            beside, own = self.subject(view.beside), view.but(map=view.beside, beside="", look=0)
            order = {n: v for n, v in own.values.items() if n in beside.orders(own)}
            found.append((beside, own.but(values=beside.values(own) | order)))
        return found

    def looked_at(self, view: View) -> tuple[Subject, View]:
        """The one of these that the point and the line are of."""
        return self.parts(view)[view.look]

    def check(self, view: View) -> None:
        """ValueError or TypeError says which name of the view is unknown, or does not fit."""
        for subject, part in self.parts(view):
            subject.check(part)

    def compute(self, view: View, which: int, side: int, advance) -> xr.Dataset:
        """The data of the view's own picture (0) or of the one beside it (1)."""
        subject, part = self.parts(view)[which]
        return subject.compute(part, side, advance, self.device)
