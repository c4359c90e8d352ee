"""The small-step limit of a map as an ordinary differential equation, and what that conserves."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import sympy as sp

from .. import checks
from ..model import Map
from ..sweeps import check_map
from ..symbolic import NoClosedForm, equations, function, put
from .found import FixedPoint
from .show import Shown, latex, tex, text


@dataclass(frozen=True, repr=False, eq=False)
class Flow(Shown):
    """dstate/dτ = rate(state), τ = `small` × steps.

    Attributes
    ----------
    rates : state -> its rate.
    shift : state -> what it is measured from.
    flip : states whose sign the map changes on each step; the flow is that of their size.
    conserved : quantities that stay constant along the flow.
    step : one step of the map in these variables, its signs turned back.
    """

    map: Map
    small: str
    rates: dict[str, sp.Expr]
    shift: dict[str, sp.Expr]
    flip: tuple[str, ...]
    conserved: tuple[sp.Expr, ...]
    step: dict[str, sp.Expr]

    def drift(self, quantity: sp.Expr | None = None) -> sp.Expr:
        """By how much a step of the map changes a conserved quantity, to leading order in the small parameter."""
        if quantity is None and not self.conserved:
            raise ValueError(
                f"nothing conserved was found for {self.map.name!r}; give the quantity whose change is asked."
            )
        quantity = self.conserved[0] if quantity is None else quantity
        h = next((s for e in self.step.values() for s in e.free_symbols if s.name == self.small), None)
        change = put(quantity, self.step) - quantity
        # ln|x| moves as ln x on either side of zero; any other choice has no series.
        change = change.replace(lambda e: isinstance(e, sp.log) and isinstance(e.args[0], sp.Abs),
                                lambda e: sp.log(e.args[0].args[0]))  # fmt: skip
        if change.has(sp.Abs, sp.Max, sp.Min, sp.sign, sp.Piecewise):
            raise NoClosedForm(
                f"the step of {self.map.name!r} makes choices, so its change of {quantity} has no series."
            )
        change = sp.expand_log(change, force=True)
        for order in range(3, 7):
            series = sp.factor(sp.simplify(sp.series(change, h, 0, order).removeO()))
            if series != 0:
                return series
        return sp.Integer(0)

    def lambdify(self) -> Callable:
        """The rates as a fast function of (states, then parameters), by name."""
        names = [*self.rates, *sorted({s.name for e in self.rates.values() for s in e.free_symbols} - set(self.rates))]
        return function("rates", names, {f"rate_{n}": e for n, e in self.rates.items()})

    def lines(self):
        for name, rate in self.rates.items():
            yield f"d{name}/dtau", text(rate)
        yield "time", f"tau = {self.small} * steps"
        for name, origin in self.shift.items():
            yield "measured", f"{name} from {text(origin)}"
        if self.flip:
            yield "changes sign", ", ".join(self.flip) + " on each step"
        yield "conserved", ", ".join(text(q) for q in self.conserved) or "nothing found"

    def tex(self):
        rows = [rf"\frac{{d {tex(n)}}}{{d\tau}} = {latex(e)}" for n, e in self.rates.items()]
        return r",\quad ".join([*rows, *(f"H = {latex(q)}" for q in self.conserved)])


def flow(map: Map, small: str = "eta", around: FixedPoint | None = None, **values) -> Flow:
    """The limit (step(s) − s)/h for h → 0, as a differential equation, and its conserved quantities.

    Parameters
    ----------
    map : the map.
    small : the parameter h that goes to zero.
    around : a fixed point or 2-cycle from :func:`dynsim.fixed_points`. States that go to infinity there as h → 0 are
        measured from it, and its changes of sign are turned back. Without it: the limit at fixed states.
    **values : other parameters given as numbers.

    Returns
    -------
    Flow

    Raises
    ------
    NoClosedForm : there is no such limit.

    Examples
    --------
    >>> import dynsim as ds
    >>> edge = ds.fixed_points(ds.maps.self_stabilization, period=2)[0]
    >>> ds.stability.flow(ds.maps.self_stabilization, around=edge)
    dx/dtau       lam*x
    dlam/dtau     a - b*x**2
    time          tau = eta * steps
    measured      lam from 2/eta
    changes sign  x on each step
    conserved     -a*log(Abs(x)) + b*x**2/2 + lam**2/2
    """
    check_map(map)
    checks.known_name(small, map.parameters, "parameter", f" of the map {map.name!r}")
    found = equations(map, values)
    h = found.parameters[small]
    if not isinstance(h, sp.Symbol):
        raise ValueError(f"{small} goes to zero, so it cannot be given a value.")
    flip = around.flip if around else ()
    shift = {}
    for name, value in around.state.items() if around else ():
        value = put(value, found.parameters)
        if sp.limit(value, h, 0) in (sp.oo, -sp.oo):
            shift[name] = value
    moved = {s: s + shift.get(n, 0) for n, s in found.state.items()}
    step, rates = {}, {}
    for (name, symbol), after in zip(found.state.items(), found.after):
        after = sp.expand((-1 if name in flip else 1) * put(after, moved) - shift.get(name, 0))
        step[name] = after
        rates[name] = sp.factor(_limit((after - symbol) / h, h, map, small))
    return Flow(map, small, rates, shift, flip, _conserved(rates, found.symbols), step)


def _limit(quotient, h, map, small):
    quotient = sp.cancel(sp.together(quotient))
    direct = quotient.subs(h, 0)
    found = direct if not direct.has(sp.nan, sp.zoo, sp.oo) else sp.limit(quotient, h, 0)
    if found.has(sp.oo, -sp.oo, sp.zoo, sp.nan, sp.Limit):
        raise NoClosedForm(f"{map.name!r} has no limit as a flow for {small} -> 0: a state moves by a finite amount.")
    return found


def _conserved(rates, symbols):
    """A separable first integral in two dimensions; else polynomials up to degree 3."""
    active = [s for s in symbols if any(e.has(s) for e in rates.values()) or rates[s.name] != 0]
    if len(active) == 2 and (quantity := _separable(rates, *active)) is not None:
        return (quantity,)
    return _polynomials(rates, active)


def _separable(rates, x, y):
    """∫ B/D dy − ∫ C/A dx for ẋ = A(x) B(y), ẏ = C(x) D(y)."""
    parts = []
    for rate in (rates[x.name], rates[y.name]):
        split = sp.separatevars(rate, (x, y), dict=True)
        if not split or rate == 0:
            return None
        parts.append((split["coeff"] * split[x], split[y]))
    (a, b), (c, d) = parts
    quantity = sp.integrate(sp.expand(b / d), y) - sp.integrate(sp.expand(c / a), x)
    if quantity.has(sp.Integral):
        return None
    quantity = quantity.replace(sp.log, lambda z: sp.log(sp.Abs(z)))
    return sp.expand(quantity)


def _polynomials(rates, symbols, degree=3):
    """Polynomials in the states whose rate of change vanishes identically."""
    monomials = [sp.Mul(*c) for k in range(1, degree + 1) for c in combinations_with_replacement(symbols, k)]
    unknown = sp.symbols(f"k0:{len(monomials)}")
    ansatz = sum(k * m for k, m in zip(unknown, monomials))
    change = sum(sp.diff(ansatz, s) * rates[s.name] for s in symbols)
    try:
        top = sp.Poly(sp.numer(sp.together(change)), *symbols)
    except sp.PolynomialError:
        return ()
    system = sp.Matrix([[sp.diff(c, k) for k in unknown] for c in top.coeffs()])
    found = [sum(v * m for v, m in zip(vector, monomials)) for vector in system.nullspace()]
    return tuple(sp.factor_terms(q) for q in found)
