"""Which side of each choice a point lies on, so that the step can be differentiated there."""

import numpy as np
import sympy as sp

from ..symbolic import NoClosedForm, function, put
from .cases import innermost, outcomes_of
from .trial import allowed, samples


def smooth(point, place) -> list[sp.Expr]:
    """The step near `place` (a point of the cycle) without its choices: each replaced by what it is there.

    Raises
    ------
    ValueError : the place lies on the border of a choice: the step has a kink there, and maybe no Jacobian.
    NoClosedForm : on which side it lies hangs on the parameters.
    """
    after = list(point.equations.after)
    drawn = None
    while (choice := innermost(after)) is not None:
        drawn = _drawn(point) if drawn is None else drawn
        value = _outcome(choice, point, place, drawn)
        after = [f.xreplace({choice: value}) for f in after]
    return after


def _drawn(point):
    """Parameters that the point's conditions allow (any, where they allow none of those tried)."""
    drawn = samples(point, 60)
    ok = allowed(point, drawn)
    return {n: v[ok] for n, v in drawn.items()} if ok.any() else drawn


def _outcome(choice, point, place, drawn):
    count = next((v.size for v in drawn.values()), 1)
    sure = []
    for value, needed in outcomes_of(choice):
        at = [put(e, place) for e in needed]
        with np.errstate(all="ignore"):
            found = function("needed", list(drawn), {f"e{i}": e for i, e in enumerate(at)})(**drawn) if at else ()
        numbers = [np.broadcast_to(np.asarray(v, float), count) for v in found]
        if any((np.abs(v) <= 1e-12).all() for v in numbers):
            raise ValueError(
                f"the step of {point.map.name!r} has a kink at this point ({choice} on its border), so it may have no "
                "Jacobian there; look at points on either side."
            )
        if needed and all((v > 0).all() for v in numbers):
            sure.append(value)
    if not sure:
        raise NoClosedForm(f"the multipliers hang on which side {choice} takes; give numbers for the parameters")
    return sure[0]
