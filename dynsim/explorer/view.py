"""A view: everything that decides a picture of the explorer, as a value that a link can carry.

A link is the page's address with plain names and numbers behind a hash, such as
``#v=1&map=cdat&x=sigma:1.0:3.0&y=nu:0.01:1.0:log&measure=regime&steps=2000&set=lam:18.0``. It holds no code. (Behind a
hash, so that the browser's own Back and Forward go through the views without loading the page again.)
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlencode

import numpy as np

from . import links

#: The largest parameter or initial state: a slider must be able to hold the distance of two.
LARGEST = 1e300
#: How many cells a picture may have along a side.
SIDES = (125, 250, 500, 1000)
#: Neighbouring cells must be this many doubles apart at least.
DOUBLES_A_CELL = 4


class TooCostly(ValueError):
    """A picture would take more than a request may cost."""


@dataclass(frozen=True)
class Limits:
    """What one picture may cost.

    Attributes
    ----------
    steps : of one orbit.
    work : steps times points.
    seconds : after which a computation is given up.
    """

    steps: int = 10**7
    work: float = 5e10
    seconds: float = 60.0


@dataclass(frozen=True)
class Axis:
    """A swept name and the range that a picture shows of it, evenly spaced or (`log`) in its logarithm.

    Examples
    --------
    >>> Axis("eta", 0.0, 1.0).centres(4)
    array([0.125, 0.375, 0.625, 0.875])
    """

    name: str
    low: float
    high: float
    log: bool = False

    def centres(self, count: int) -> np.ndarray:
        """The middles of `count` cells that fill the range."""
        first, last = self.ends(count)
        return np.geomspace(first, last, count) if self.log else np.linspace(first, last, count)

    def ends(self, count: int) -> tuple[float, float]:
        """The middles of the first and the last cell."""
        if self.log:
            half = (math.log(self.high) - math.log(self.low)) / (2 * count)
            return self.low * math.exp(half), self.high * math.exp(-half)
        half = (self.high - self.low) / (2 * count)
        return self.low + half, self.high - half

    def share(self, value):
        """How far along the axis values lie as they are drawn: 0 at its start, 1 at its end."""
        at = np.log if self.log else np.asarray
        return (at(value) - at(self.low)) / (at(self.high) - at(self.low))

    def check(self, count: int) -> None:
        """ValueError says why no picture of so many cells can be had of this range."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError(f"{self.name} must run between finite numbers, not from {self.low:g} to {self.high:g}.")
        if not self.low < self.high:
            raise ValueError(f"{self.name} must start below where it ends, not run from {self.low:g} to {self.high:g}.")
        if not math.isfinite(self.high - self.low) or (self.log and self.low > 0 and self.high / self.low > 1e300):
            raise ValueError(f"{self.name} runs over more than a double can hold; zoom in.")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic axis needs positive numbers, and {self.name} starts at {self.low:g}.")
        spacing = math.ulp(max(abs(self.low), abs(self.high)))
        if self.high - self.low < count * DOUBLES_A_CELL * spacing:
            raise ValueError(
                f"doubles are too coarse for this: there are {(self.high - self.low) / spacing:.0f} of them between "
                f"{self.low!r} and {self.high!r}, for {count} cells of {self.name}. Zoom out."
            )

    @property
    def digits(self) -> int:
        """How many digits tell its cells apart, six at least."""
        share = (self.high - self.low) / max(abs(self.low), abs(self.high))
        return int(np.clip(math.ceil(5 - math.log10(share)), 6, 17))

    def text(self) -> str:
        return f"{self.name}:{self.low!r}:{self.high!r}" + ":log" * self.log


@dataclass(frozen=True)
class View:
    """What a picture shows.

    Attributes
    ----------
    map : the name of a map, of a closed loop ("landscape.tuner", or "landscape.tuner.delayed"), of an own map, or of
        a stored sweep.
    x, y : the axes.
    measure : as on the command line, such as ``mean:y,skip=100``; of a stored sweep, the variable.
    steps : of each orbit.
    values : the other parameters and initial states, where they are not the map's defaults.
    beside : a second map that is drawn beside the first one, or "".
    side : the number of cells along each axis.
    seed : of a map that takes noise.
    theory : whether the theory's boundaries are drawn.
    point : the (x, y) that is looked at, or None.
    line : the ends (x0, y0, x1, y1) of the line of an orbit diagram, or None.
    look : which picture point and line are of: 0, or 1 for the one beside.
    """

    map: str
    x: Axis
    y: Axis
    measure: str
    steps: int = 2000
    values: Mapping[str, float] = field(default_factory=dict)
    beside: str = ""
    side: int = 500
    seed: int = 0
    theory: bool = False
    point: tuple[float, float] | None = None
    line: tuple[float, float, float, float] | None = None
    look: int = 0

    def __post_init__(self):
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))
        object.__setattr__(self, "look", self.look if self.beside else 0)

    def __eq__(self, other):
        return isinstance(other, View) and self.link() == other.link()

    def __hash__(self):
        return hash(self.link())

    def but(self, **changes) -> "View":
        """The same with some changes."""
        return replace(self, **changes)

    @property
    def drawn(self) -> "View":
        """What the picture itself hangs on: not what is looked at in it."""
        return self.but(theory=False, point=None, line=None, look=0)

    def over(self, side: int) -> dict[str, np.ndarray]:
        """The grid, as ds.sweep takes it; x first."""
        return {axis.name: axis.centres(side) for axis in (self.x, self.y)}

    def check(self, limits: Limits, computed: bool = True) -> None:
        """ValueError says what is out of range; :class:`TooCostly` what would take too long, where it is `computed`."""
        if self.side not in SIDES:
            raise ValueError(f"a picture has {', '.join(map(str, SIDES))} cells along a side, not {self.side}.")
        if self.x.name == self.y.name:
            raise ValueError(f"both axes are {self.x.name}; choose two names.")
        for axis in (self.x, self.y):
            axis.check(self.side)
            if axis.name in self.values:
                raise ValueError(f"{axis.name} is given twice: as an axis, and as a value.")
        for name, value in self.values.items():
            if not abs(value) <= LARGEST:
                raise ValueError(f"{name} must be a finite number of at most {LARGEST:g}, not {value:g}.")
        if self.line and self.line[:2] == self.line[2:]:
            raise ValueError("the two ends of the line are one point.")
        for place in (self.point or (), self.line or ()):
            if not all(map(math.isfinite, place)):
                raise ValueError("a point of the picture must have finite numbers.")
        if not computed:
            return
        if self.steps < 1:
            raise ValueError("an orbit needs a step at least.")
        if self.steps > limits.steps:
            raise TooCostly(f"an orbit may have {limits.steps:,} steps here at most, not {self.steps:,}.")
        pictures = 2 if self.beside else 1
        work = float(self.side) ** 2 * self.steps * pictures
        if work > limits.work:
            most = int(limits.work / (self.side**2 * pictures))
            raise TooCostly(
                f"this view is too large: {self.side} × {self.side} points × {self.steps:,} steps"
                f"{' × 2 pictures' * (pictures == 2)} are {work:.1e} steps of the map, and {limits.work:.0e} are "
                f"allowed. Make at most {most:,} steps, or lower the resolution; for more, write ds.sweep."
            )

    def link(self) -> str:
        """What stands behind the page's address to bring this view back, with its hash."""
        pairs = [("v", links.VERSION), ("map", self.map), ("x", self.x.text()), ("y", self.y.text())]
        pairs += [("measure", self.measure), ("steps", str(self.steps))]
        if self.values:
            pairs.append(("set", ",".join(f"{n}:{float(v)!r}" for n, v in self.values.items())))
        if self.beside:
            pairs.append(("beside", self.beside))
        if self.side != 500:
            pairs.append(("side", str(self.side)))
        if self.seed:
            pairs.append(("seed", str(self.seed)))
        if self.theory:
            pairs.append(("theory", "1"))
        for key, place in (("point", self.point), ("line", self.line)):
            if place:
                pairs.append((key, ":".join(repr(float(v)) for v in place)))
        if self.look:
            pairs.append(("look", "1"))
        return "#" + urlencode(pairs, safe=":,.=")

    @classmethod
    def from_link(cls, link: str) -> "View":
        """The view that a link means, its names not yet looked up.

        Raises
        ------
        ValueError : the link is damaged, or of another version; the message says where.

        Examples
        --------
        >>> view = View.from_link("#v=1&map=cdat&x=sigma:1:3&y=nu:0.01:1:log&measure=regime&steps=500")
        >>> view.y
        Axis(name='nu', low=0.01, high=1.0, log=True)
        >>> View.from_link(view.link()) == view
        True
        """
        given = links.read(link)
        return cls(**given | {k: Axis(*given[k]) for k in "xy"})
