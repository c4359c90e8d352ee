"""Theory beside numbers: a condition or a law, evaluated on the points of a sweep, and how far it is off."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp
import xarray as xr
from scipy import ndimage

from .. import checks
from ..labels import BOUND, named
from ..symbolic import function
from .show import Shown, latex, text

#: Letters in a line of the legend.
WIDTH = 56
_CONDITIONS = (sp.core.relational.Relational, sp.logic.boolalg.BooleanFunction, sp.logic.boolalg.BooleanAtom)


@dataclass(frozen=True, repr=False, eq=False)
class Agreement(Shown):
    """How a statement of the theory compares with a variable of a sweep.

    Attributes
    ----------
    label : what it is called; for a condition the value that it predicts, such as "settled".
    statement : the condition or the law.
    predicted : for a law its value, for a condition how far it is met (> 0 where it holds), at each point.
    points : how many points could be compared; those with no number are left out.
    share : of a condition, the share of points where "holds" and "has that value" agree.
    farthest : of a condition, how far the points that disagree lie from the line, in cells of the grid.
    median, largest : of a law, the relative error |measured − predicted|/|predicted|.
    """

    label: str
    statement: sp.Basic
    predicted: xr.DataArray
    points: int
    share: float | None = None
    farthest: float | None = None
    median: float | None = None
    largest: float | None = None

    @property
    def summary(self) -> str:
        """One line."""
        if self.share is not None:
            stray = self.points - round(self.share * self.points)
            far = f", at most {self.farthest:.0f} cells from the line" if stray and self.farthest is not None else ""
            return f"{self.label} where {text(self.statement)}: {stray} of {self.points} points disagree{far}"
        return f"{self.label}: off by {self.median:.1g} in the median, {self.largest:.1g} at most"

    def lines(self):
        yield "theory", self.summary

    def tex(self):
        return latex(self.statement)


def compare(dataset: xr.Dataset, name: str, theory: Mapping) -> list[Agreement]:
    """Hold a variable of a sweep against statements of the theory.

    Parameters
    ----------
    dataset : what ds.sweep returns.
    name : its variable.
    theory : label -> statement, a sympy expression or its text, in the names of the sweep (swept or fixed states and
        parameters, ``steps``). For a variable with named values, such as ``regime``, the label is one of them and the
        statement the condition for it, as in ``{"settled": "8*a < lam**2"}``. For a number, the statement is a law
        for it, as in ``{"slow law": "sqrt(lam**2 + 4*a*steps)"}``.

    Returns
    -------
    list of Agreement, one for each statement.

    Raises
    ------
    ValueError : an unknown name or label, or a condition where a law is needed.

    Examples
    --------
    >>> import dynsim as ds
    >>> result = ds.sweep(ds.maps.target_sharpness, 10_000, {"sigma": [1.5, 1.9], "a": [0.1, 1.0]},
    ...                   measure=ds.measures.final("lam"))
    >>> ds.stability.compare(result, "lam_final", {"theory 2.2": "sqrt(lam**2 + 2*sigma*a*steps)"})[0].largest < 0.01
    True
    """
    checks.known_name(name, dataset.data_vars, "variable", " in this result")
    if not isinstance(theory, Mapping):
        raise TypeError(f"theory must be a mapping from labels to statements, such as {{'settled': '8*a < lam**2'}}, "
                        f"not {theory!r}.")  # fmt: skip
    known = _known(dataset)
    return [_compare(dataset[name], label, parsed(statement, known), known) for label, statement in theory.items()]


def _known(dataset):
    """What a statement may read: fixed values, coordinates, and the number of steps."""
    fixed = {n: xr.DataArray(float(v)) for n, v in json.loads(dataset.attrs.get("values", "{}")).items()}
    return fixed | {str(n): c for n, c in dataset.coords.items()} | {"steps": xr.DataArray(dataset.attrs["steps"])}


def parsed(statement: sp.Basic | str, known: Iterable[str]) -> sp.Basic:
    """A statement of the theory in these names, as sympy has it; ValueError says what is wrong with it."""
    if isinstance(statement, str):
        try:
            statement = sp.sympify(statement, locals={n: sp.Symbol(n, real=True) for n in known})
        except (sp.SympifyError, TypeError) as error:
            raise ValueError(f"{statement!r} is no statement; write one such as '8*a < lam**2'.") from error
    if not isinstance(statement, sp.Basic) or statement in (sp.true, sp.false):
        raise ValueError(f"{statement!r} says nothing about the points; write an inequality or an expression.")
    for s in sorted(s.name for s in statement.free_symbols):
        checks.known_name(s, known, "name", " in a statement of the theory")
    return statement


def _compare(variable, label, statement, known):
    is_condition = isinstance(statement, _CONDITIONS)
    flagged = bool(variable.attrs.get("flag_meanings"))
    if is_condition != flagged:
        raise ValueError(
            f"{variable.name!r} has named values, so its theory must be a condition, such as '8*a < lam**2'."
            if flagged
            else f"{variable.name!r} is a number, so its theory must be a law for it, not the condition {statement}."
        )

    def on_the_grid(expression):
        values, _ = xr.broadcast(_values(expression, known), variable)
        if extra := set(values.dims) - set(variable.dims):
            raise ValueError(
                f"{expression} varies along {', '.join(sorted(extra))}, which {variable.name!r} does not have."
            )
        return values.transpose(*variable.dims)

    predicted, measured = on_the_grid(excess(statement) if is_condition else statement), variable
    if not is_condition:
        good = np.isfinite(measured) & np.isfinite(predicted) & (np.abs(measured) <= BOUND)
        error = (np.abs(measured - predicted) / np.abs(predicted)).values[good.values]
        if not error.size:
            raise ValueError(f"no point of {variable.name!r} has a number to compare with.")
        return Agreement(
            label, statement, predicted, error.size, None, None, float(np.median(error)), float(error.max())
        )
    checks.known_name(label, variable.attrs["flag_meanings"].split(), "value", f" of {variable.name!r}")
    holds, known_there = on_the_grid(statement).values > 0, ~np.isnan(predicted.values)
    stray = (holds != (named(measured).values == label)) & known_there
    if not known_there.any():
        raise ValueError(f"the condition {statement} has no value at any point.")
    far = np.where(holds, ndimage.distance_transform_edt(holds), ndimage.distance_transform_edt(~holds))
    there = bool((holds & known_there).any() and (~holds & known_there).any())  # a line, that is
    farthest = (float(far[stray].max()) if stray.any() else 0.0) if there else None
    points = int(known_there.sum())
    return Agreement(label, statement, predicted, points, 1 - float(stray.sum()) / points, farthest)


def excess(condition: sp.Basic) -> sp.Expr:
    """An expression that is > 0 where the condition holds."""
    if condition in (sp.true, sp.false):
        return sp.Integer(1 if condition is sp.true else -1)
    if isinstance(condition, (sp.Lt, sp.Le)):
        return condition.rhs - condition.lhs
    if isinstance(condition, (sp.Gt, sp.Ge)):
        return condition.lhs - condition.rhs
    if isinstance(condition, sp.And):
        return sp.Min(*map(excess, condition.args), evaluate=False)
    if isinstance(condition, sp.Or):
        return sp.Max(*map(excess, condition.args), evaluate=False)
    if isinstance(condition, sp.Not):
        return -excess(condition.args[0])
    raise ValueError(f"the condition {condition} is not an inequality between names.")


def _values(expression, known):
    names = sorted(s.name for s in expression.free_symbols)
    arrays = xr.broadcast(*(known[n] for n in names)) if names else ()
    call = function("statement", names, {"result": expression})
    with np.errstate(all="ignore"):
        (values,) = call(*(np.asarray(a.values, float) for a in arrays))
    like = arrays[0] if names else xr.DataArray(0.0)
    return xr.DataArray(np.broadcast_to(values, like.shape), dims=like.dims)


def draw(ax, dataset: xr.Dataset, name: str, x: str, y: str, theory: Mapping, color="black") -> list[Agreement]:
    """Draw the statements over a phase diagram: where a condition changes, and the levels of a law."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    found = compare(dataset, name, theory)
    handles = []
    styles = ("-", "--", ":", "-.")
    for one, style in zip(found, styles * len(found)):
        field = one.predicted.squeeze().transpose(y, x)
        at = [dataset[d].values if d in dataset.coords else np.arange(dataset.sizes[d]) for d in (x, y)]
        levels = [0.0] if one.share is not None else _levels(dataset[name].values)
        halo = [withStroke(linewidth=3, foreground="white")]
        if np.nanmin(field) < levels[-1] and np.nanmax(field) > levels[0]:
            lines = ax.contour(*at, field.values, levels, colors=color, linewidths=1.2, linestyles=style)
            lines.set_path_effects(halo)
        handles.append(Line2D([], [], color=color, ls=style, lw=1.2, label=_legend(one), path_effects=halo))
    ax.figure.legend(handles=handles, loc="outside lower center", frameon=False, fontsize="small")
    return found


def _legend(one):
    """The summary in lines, its condition as a formula where matplotlib can set it and it is not too long."""
    from textwrap import fill

    from matplotlib.mathtext import MathTextParser

    written, formula = text(one.statement), f"${one.tex()}$"
    if len(written) >= WIDTH or written not in one.summary:
        return fill(one.summary, WIDTH)
    try:
        MathTextParser("path").parse(formula)
    except ValueError:
        return fill(one.summary, WIDTH)
    kept = "\0" * len(written)  # not broken between lines
    return fill(one.summary.replace(written, kept, 1), WIDTH).replace(kept, formula)


def _levels(values):
    """Five levels within the measured range, evenly spaced as its colours are."""
    values = values[np.isfinite(values) & (np.abs(values) <= BOUND)]
    low, high = values.min(), values.max()
    if low > 0 and high / low > 1e3:
        return np.geomspace(low, high, 7)[1:-1]
    return np.linspace(low, high, 7)[1:-1]
