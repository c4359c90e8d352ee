"""Phase diagrams under the mouse: ``ds.explore`` and ``dynsim explore``.

============ ========================================================================================================
view         what a picture shows, as a value that a link can carry; links: their text; history: those that were seen
library      what can be explored; subjects: maps, and how each is first shown; stored, reading: sweeps on disk
painting     pictures computed in a thread; newer ones overtake
colouring    a result as an image
boundaries   the theory's lines; statements: those that are known; plane: where expressions change sign
looking      one point: its orbit, and what is measured of it; fixed: the fixed points and 2-cycles there
across       the orbit diagram along a line
derived      what the equations say, derived once
exporting    the picture, the data and the lines of Python that make them
figures      the pictures; plots: those beside them; panel: the controls; toolbar; styles
page         one open page; extras: what is looked at in its picture
serving      the server on localhost
============ ========================================================================================================
"""

import importlib
import os
from collections.abc import Mapping

import xarray as xr

from .. import checks
from ..measure import Measure
from ..model import Map


def explore(
    what: Map | str | os.PathLike | xr.Dataset | None = None,
    over: Mapping | None = None,
    measure: Measure | str | None = None,
    steps: int | None = None,
    *,
    map: Map | None = None,
    theory: Mapping | None = None,
    link: str = "",
    port: int = 0,
    host: str = "",
    device: str = "cpu",
    **values: float,
):
    """Explore phase diagrams with the mouse, in a notebook or a browser.

    Each picture is a sweep over two names, computed anew at every zoom. A click shows the orbit, the regime and the
    fixed points of that point. docs/explore.md leads through a session.

    Parameters
    ----------
    what : a map; the name of one, or of a closed loop as in ``"two_eigendirections.cdat.delayed"``; a result of
        ds.sweep with two dims or more; or the path of a sweep on disk, a zarr store or a NetCDF file. By default
        ``cdat``; all of dynsim's maps, landscapes and tuners can be chosen on the page.
    over : what is on the axes at first: name -> (low, high) or (low, high, "log"); x first.
    measure : the colour at first: a measure, or its text as on the command line, such as ``"mean:y,skip=100"``; of a
        stored sweep, the name of a variable.
    steps : of each orbit, at first.
    map : of a stored sweep whose map is none of dynsim's: with it, zooms can be computed anew.
    theory : boundaries of `what` that you know, for the button "Theory": label -> a condition, or an expression that
        is zero on the boundary, in the names of the map, as in ``{"K = 1": "2*(2 - sigma) - 1"}``.
    link : a view to begin with, as a page of the explorer gives it.
    port : of the server; a free one by default.
    host : the name by which other machines may reach the explorer. By default only this one can.
    device : what computes: "cpu", "cuda" or "auto", as for ds.sweep.
    **values : other parameters and initial states, at first.

    Returns
    -------
    Explorer : it shows itself in a notebook. In a script, ``ds.explore(...).open().wait()`` shows it in the browser
        and keeps the script alive; ``.url`` is its address, ``.close()`` ends it.

    Raises
    ------
    ImportError : the extra ``explore`` is not installed.
    ValueError, TypeError : a name, a range or a link does not fit.
    OSError : the port or the host cannot be had.

    Examples
    --------
    >>> import dynsim as ds
    >>> page = ds.explore(ds.maps.cdat, over={"sigma": (1.5, 2.5), "nu": (0.01, 1, "log")}, lam=10)  # doctest: +SKIP
    """
    need()
    from .serving import Explorer
    from .view import Limits, View

    library, name = _library(what, map, theory, device)
    if link:
        view = View.from_link(link.partition("#")[2])
    else:
        view = _begun(library.first(name), library.subject(name), over or {}, measure, steps, values)
    limits = Limits()
    library.check(view)
    view.check(limits, library.subject(view.map).computed)
    if host in ("0.0.0.0", "::"):
        raise ValueError("host must be the name or address by which others reach this machine, not a wildcard.")
    port = checks.whole(port, "port")
    if port > 65535:
        raise ValueError(f"port must be at most 65535, not {port}.")
    return Explorer(library, view, limits, port=port, host=host)


def _library(what, map, theory, device):
    """What can be explored, and the name of what is shown first."""
    import dynsim as ds

    from .library import Library

    own, stored = {}, {}
    if isinstance(what, xr.Dataset) or _is_path(what):
        from .stored import Stored, open_sweep

        name = "sweep" if isinstance(what, xr.Dataset) else os.path.basename(os.fspath(what).rstrip("/"))
        found = what if isinstance(what, xr.Dataset) else open_sweep(what)
        stored = {name: Stored(name, found, map)}
    elif map is not None:
        raise ValueError("map= goes with a stored sweep; write ds.explore(map).")
    elif isinstance(what, Map):
        name = what.name
        own = {} if name in ds.maps.__all__ and getattr(ds.maps, name) is what else {name: what}
    elif isinstance(what, str) or what is None:
        name = what or "cdat"
    else:
        how = "wrap your step: ds.Map(step)" if callable(what) else "give a map, its name, or a sweep"
        raise TypeError(f"{what!r} cannot be explored; {how}.")
    return Library(own, {name: theory or {}}, device, stored), name


def _is_path(what):
    """Whether this is the path of a sweep, not the name of a map."""
    if isinstance(what, os.PathLike):
        return True
    return isinstance(what, str) and (os.sep in what or what.endswith((".zarr", ".nc")) or os.path.exists(what))


def _begun(view, subject, over, measure, steps, values):
    """The first view with the caller's wishes."""
    from .subjects import measure_text

    axes = [view.x, view.y]
    if not isinstance(over, Mapping):
        raise TypeError(f"over must be a mapping such as {{'sigma': (1, 3)}}, not {over!r}.")
    if len(over) > 2:
        raise ValueError(f"a picture has two axes, and over= has {len(over)}: {', '.join(over)}.")
    wanted = [_axis(name, ends) for name, ends in over.items()]
    if len(wanted) == 1:
        wanted.append(next(axis for axis in axes if axis.name != wanted[0].name))
    axes = wanted or axes
    swept = [a.name for a in axes]
    for name in values:
        checks.known_name(name, subject.names, "parameter or initial state", f" of {view.map!r}")
    kept = {n: v for n, v in view.values.items() if n not in swept} | subject.open_values(*swept)
    kept |= {n: checks.scalar(v, n) for n, v in values.items()}
    return view.but(
        x=axes[0], y=axes[1], measure=measure_text(measure) if measure is not None else view.measure, values=kept,
        steps=view.steps if steps is None else checks.whole(steps, "steps"),
    )  # fmt: skip


def _axis(name, ends):
    from .view import Axis

    try:
        low, high, *kind = ends
    except (TypeError, ValueError):
        low, high, kind = 0, 0, None
    if kind not in ([], ["log"]):
        raise ValueError(f"the range of {name} must be (low, high) or (low, high, 'log').")
    return Axis(name, checks.scalar(low, name), checks.scalar(high, name), bool(kind))


def need() -> None:
    """ImportError says what to install where the explorer cannot run."""
    try:
        importlib.import_module("panel")
    except ImportError as error:
        raise ImportError(f"the explorer needs Panel ({error}); install it: pip install 'dynsim[explore]'.") from None
