"""Nondimensional form: the rescalings of states and parameters under which a map stays what it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from .. import checks
from ..model import Map
from ..sweeps import check_map
from ..symbolic import NoClosedForm, equations, put
from .show import Shown, latex, tex, text


@dataclass(frozen=True, repr=False)
class Scaling(Shown):
    """A map in units of its own.

    Attributes
    ----------
    groups : the dimensionless combinations of parameters; these alone rule the motion.
    ones : the parameters that become 1.
    parameters : parameter -> what it becomes (1 or a combination).
    states : state -> by what it is multiplied.
    """

    map: Map
    groups: tuple[sp.Expr, ...]
    ones: tuple[str, ...]
    parameters: dict[str, sp.Expr]
    states: dict[str, sp.Expr]

    def values(self, **given: float) -> dict[str, float]:
        """The dimensionless states and parameters of given ones, as ds.orbit takes them."""
        values = self.map.complete(given)
        found = {n: float(put(e, values)) for n, e in self.parameters.items()}
        return found | {n: values[n] * float(put(e, values)) for n, e in self.states.items()}

    def lines(self):
        yield "ruled by", ", ".join(text(g) for g in self.groups) or "nothing"
        yield "units", ", ".join(f"{n} -> {text(sp.Symbol(n) * e)}" for n, e in self.states.items())
        yield "the same map with", ", ".join(f"{n} = {text(e)}" for n, e in self.parameters.items())

    def tex(self):
        return ",\\; ".join(f"{tex(n)} \\to {latex(e)}" for n, e in self.parameters.items())


def nondimensional(map: Map, ones: Sequence[str] = ()) -> Scaling:
    """Find every rescaling that leaves the map unchanged, and use it to set as many parameters as possible to 1.

    Each symbol s becomes c^w(s) s. The step keeps its form iff all terms of each sum weigh the same, and each next
    state weighs what the state does: linear equations for the weights w.

    Parameters
    ----------
    map : the map.
    ones : parameters that shall become 1, as far as they can; then those of the others that come first.

    Returns
    -------
    Scaling

    Raises
    ------
    NoClosedForm : the step cannot be written as one expression.

    Examples
    --------
    >>> import dynsim as ds
    >>> ds.stability.nondimensional(ds.maps.self_stabilization, ones=("eta", "b"))
    ruled by           a*eta**2
    units              x -> sqrt(b)*eta*x, lam -> eta*lam
    the same map with  eta = 1, a = a*eta**2, b = 1
    """
    check_map(map)
    for name in ones:
        checks.known_name(name, map.parameters, "parameter", f" of the map {map.name!r}")
    found = equations(map)
    symbols = (*found.symbols, *found.parameters.values())
    rows = _constraints(found, symbols)
    group = (rows if rows.rows else sp.zeros(1, len(symbols))).nullspace()
    weights = sp.Matrix.hstack(*group) if group else sp.zeros(len(symbols), 0)
    names = list(found.parameters)
    first = len(found.symbols)
    # What may be zero, or is negative, cannot be made 1.
    order = [n for n in (*ones, *names) if found.parameters[n].is_positive]
    chosen = _independent(weights, [first + names.index(n) for n in dict.fromkeys(order)])
    scale = _units(weights, chosen, symbols)
    _check(found, scale)
    parameters = {n: sp.simplify(s * scale[s]) for n, s in found.parameters.items()}
    groups = tuple(dict.fromkeys(e for e in parameters.values() if e != 1))
    states = {n: scale[s] for n, s in found.state.items()}
    return Scaling(map, groups, tuple(symbols[i].name for i in chosen), parameters, states)


def _constraints(found, symbols):
    """Linear equations for the weights, a row each."""
    balance = []
    for state, after in zip(found.symbols, found.after):
        balance.append(_weight(after, balance) - _w(state))
    unknowns = [_w(s) for s in symbols]
    rows = [[sp.expand(e).coeff(u) for u in unknowns] for e in balance if sp.expand(e) != 0]
    return sp.Matrix(rows) if rows else sp.zeros(0, len(symbols))


def _w(symbol):
    return sp.Symbol(f"weight of {symbol.name}")


def _weight(e, balance):
    """The weight of an expression, linear in those of its symbols; what must vanish for it to have one is noted."""
    if e.is_Number or e.is_NumberSymbol:
        return sp.Integer(0)
    if e.is_Symbol:
        return _w(e)
    if e.is_Mul:
        return sum(_weight(a, balance) for a in e.args)
    if e.is_Pow and e.exp.is_Number:
        return e.exp * _weight(e.base, balance)
    if e.is_Add or isinstance(e, (sp.Max, sp.Min)):
        terms = [_weight(a, balance) for a in e.args if a != 0]
        balance += [t - terms[0] for t in terms[1:]]
        return terms[0]
    if isinstance(e, sp.Abs):
        return _weight(e.args[0], balance)
    if isinstance(e, sp.Piecewise):
        for _, condition in e.args:
            for relation in condition.atoms(sp.core.relational.Relational):
                balance.append(_weight(relation.lhs - relation.rhs, balance) * 0)
        terms = [_weight(value, balance) for value, _ in e.args if value != 0]
        balance += [t - terms[0] for t in terms[1:]]
        return terms[0] if terms else sp.Integer(0)
    if isinstance(e, sp.sign):
        _weight(e.args[0], balance)
        return sp.Integer(0)
    if e.is_Function or e.is_Pow:
        balance += [_weight(a, balance) for a in e.args]
        return sp.Integer(0)
    raise NoClosedForm(f"no scaling is known for {e}.")


def _independent(weights, order):
    """Which parameters can be made 1, in order of preference: their weights must be independent."""
    chosen = []
    for i in order:
        if len(chosen) < weights.cols and weights.extract([*chosen, i], range(weights.cols)).rank() > len(chosen):
            chosen.append(i)
    return chosen


def _units(weights, chosen, symbols):
    """The monomial of the chosen parameters by which each symbol is multiplied: that which makes these 1."""
    if not chosen:
        return dict.fromkeys(symbols, sp.Integer(1))
    rows = weights.extract(chosen, range(weights.cols))
    # A scaling beyond those that make the chosen 1 (u alone, say) is left unused: its column stays out.
    columns = list(rows.rref()[1])
    powers = -weights.extract(range(weights.rows), columns) * rows.extract(range(rows.rows), columns).inv()
    return {s: sp.Mul(*(symbols[k] ** powers[i, j] for j, k in enumerate(chosen))) for i, s in enumerate(symbols)}


def _check(found, scale):
    """The scaled step of the scaled state is the scaled next state: tried on random numbers, not believed."""
    turned = {s: s * factor for s, factor in scale.items()}
    rng = np.random.default_rng(3)
    for _ in range(5):
        sizes = {s: sp.Float(rng.uniform(0.3, 2)) for s in scale}
        numbers = {s: -v if s.is_negative or (s.is_positive is None and rng.random() < 0.5) else v
                   for s, v in sizes.items()}  # fmt: skip
        for state, after in zip(found.symbols, found.after):
            there, back = put(put(after, turned), numbers), put(scale[state] * after, numbers)
            if not abs(there - back) < 1e-9 * (1 + abs(back)):
                raise NoClosedForm(f"the scaling found does not hold for {state.name} of {found.map.name!r}.")
