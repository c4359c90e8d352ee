"""The views that a reader has seen, to go back and forward in."""

from .view import View

#: Views that are remembered.
MOST = 200


class History:
    """A list of views with a place in it.

    Examples
    --------
    >>> from dynsim.explorer.library import Library
    >>> history, first = History(), Library().first("cdat")
    >>> for steps in (100, 200, 300):
    ...     history.visit(first.but(steps=steps))
    >>> history.step(-1).steps, history.step(-1).steps, history.step(-1) is None, history.step(1).steps
    (200, 100, True, 200)
    """

    def __init__(self):
        self._views: list[View] = []
        self._place = -1

    def visit(self, view: View) -> None:
        """Be at this view; what lay ahead is forgotten, unless it is where one is already."""
        if self._views and self._views[self._place] == view:
            return
        self._views = [*self._views[: self._place + 1], view][-MOST:]
        self._place = len(self._views) - 1

    def step(self, count: int) -> View | None:
        """The view so many places on, which becomes the present one; None if there is none."""
        if not 0 <= self._place + count < len(self._views):
            return None
        self._place += count
        return self._views[self._place]

    @property
    def before(self) -> bool:
        """Whether there is a view to go back to."""
        return self._place > 0

    @property
    def after(self) -> bool:
        """Whether there is one to go forward to."""
        return self._place < len(self._views) - 1
