"""Linear stability: multipliers, and the conditions on the parameters under which all lie inside the unit circle."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from ..symbolic import NoClosedForm, function
from .cases import Deadline
from .show import Shown, latex, text
from .signs import both, positive

Z = sp.Symbol("z")
#: Seconds that sympy gets for the characteristic polynomial.
PATIENCE = 8.0


@dataclass(frozen=True, repr=False)
class Multipliers(Shown):
    """The multipliers of a fixed point or cycle: eigenvalues of the Jacobian of its return map.

    Attributes
    ----------
    matrix : that Jacobian.
    free : how many directions lie in a family of fixed points; each has a multiplier 1 that says nothing.
    steps : how many steps the return takes.
    flip : states whose signs are turned on the return: then these are the multipliers of the step followed by that
        turn, and those of two steps are their squares.

    Notes
    -----
    ``values`` are closed forms, one for each root; where a factor of the characteristic polynomial has a degree above
    2 and symbols in it, its roots are left out of ``values`` (``factors`` has it all).
    """

    matrix: sp.Matrix
    free: int = 0
    flip: tuple[str, ...] = ()
    note: str = ""
    steps: int = 1

    @cached_property
    def factors(self) -> list[sp.Expr]:
        """Factors of the characteristic polynomial in z, the multipliers 1 of a family left out; with multiplicity."""
        with Deadline(PATIENCE):
            return self._factored()

    def _factored(self):
        size = self.matrix.rows
        polynomial = sp.together((Z * sp.eye(size) - self.matrix).det(method="berkowitz"))
        top, _ = sp.fraction(sp.factor(sp.simplify(polynomial)))
        left, found = self.free, []
        for factor, power in sp.factor_list(top, Z)[1]:
            if sp.expand(factor - (Z - 1)) == 0 or sp.expand(factor + (Z - 1)) == 0:
                power, left = max(power - left, 0), max(left - power, 0)
            found += [factor] * power
        return [_monic(f) for f in found if f.has(Z)]

    @property
    def values(self) -> list[sp.Expr]:
        """The multipliers in closed form, those of a family (1) left out."""
        found = []
        for factor in self.factors:
            polynomial = sp.Poly(factor, Z)
            if polynomial.degree() <= 2:
                found += [sp.simplify(r) for r in _roots(polynomial)]
            elif not polynomial.free_symbols_in_domain:
                found += [sp.Float(0) + sp.N(r) for r in polynomial.nroots()]
        return found

    @property
    def condition(self) -> sp.Basic:
        """When all multipliers, those of a family apart, lie inside the unit circle: a condition on the parameters."""
        return both([c for factor in self.factors for c in inside(factor)])

    @property
    def oscillates(self) -> sp.Basic:
        """When some pair is complex, so that deviations turn: a condition on the parameters."""
        pairs = [sp.Poly(f, Z) for f in self.factors if sp.degree(f, Z) == 2]
        conditions = [positive(-sp.discriminant(p.as_expr(), Z)) for p in pairs]
        return sp.Or(*conditions)

    def numbers(self, **values: float) -> np.ndarray:
        """All multipliers as complex numbers, the largest first; values for every symbol that is left."""
        found = np.linalg.eigvals(np.array(self.lambdify()(**values), float))
        return found[np.argsort(-np.abs(found))]

    def lambdify(self) -> Callable:
        """A fast function of the symbols' names that returns the matrix."""
        names = sorted(s.name for s in self.matrix.free_symbols)
        entries = {f"m{i}": e for i, e in enumerate(self.matrix)}
        flat, size = function("matrix", names, entries), self.matrix.rows
        return lambda **values: np.reshape(flat(**{n: np.float64(v) for n, v in values.items()}), (size, size))

    def lines(self):
        """What is printed."""
        try:
            found, condition = self.values, text(self.condition)
        except NoClosedForm as error:
            yield "multipliers", f"{error}; numbers(...) gives them at numbers"
            return
        yield "multipliers", ", ".join(text(v) for v in found) or "none across the family"
        if len(found) < self.matrix.rows - self.free:
            yield "factors", ", ".join(text(f) for f in self.factors)
        if self.flip:
            yield "of", f"the step followed by a change of sign of {', '.join(self.flip)}"
        if self.free:
            yield "family", f"{self.free} more equal to 1, along it"
        yield "attracts", condition
        if self.note:
            yield "note", self.note

    def tex(self):
        return ",\\quad ".join(latex(v) for v in self.values) + r"\qquad \text{attracts: }" + latex(self.condition)


def _monic(factor):
    polynomial = sp.Poly(factor, Z)
    return sum(sp.factor(c / polynomial.LC()) * Z ** k[0] for k, c in polynomial.terms())


def _roots(polynomial):
    """Roots of degree 1 or 2; complex ones written with i."""
    if polynomial.degree() == 1:
        a, b = polynomial.all_coeffs()
        return [-b / a]
    a, b, c = polynomial.all_coeffs()
    under = b**2 - 4 * a * c
    under = sp.factor(under) if under.free_symbols else sp.nsimplify(sp.expand(under))
    root = sp.I * sp.sqrt(-under) if sp.sympify(-under).is_positive else sp.sqrt(under)
    return [(-b + root) / (2 * a), (-b - root) / (2 * a)]


def inside(factor: sp.Expr) -> list[sp.Basic]:
    """Conditions for all roots in z to lie inside the unit circle: Routh and Hurwitz after z = (1 + w)/(1 − w)."""
    w = sp.Symbol("w")
    polynomial = sp.Poly(factor, Z)
    n = polynomial.degree()
    turned = sum(c * (1 + w) ** k[0] * (1 - w) ** (n - k[0]) for k, c in polynomial.terms())
    coefficients = [sp.expand(turned).coeff(w, k) for k in range(n, -1, -1)]
    matrix = sp.Matrix(n, n, lambda i, j: coefficients[2 * j - i + 1] if 0 <= 2 * j - i + 1 <= n else 0)
    minors = [matrix[:k, :k].det() for k in range(2, n)]
    return [positive(e) for e in (*coefficients, *minors)]


def return_matrix(jacobians: list[sp.Matrix], symbols: Mapping, flip) -> sp.Matrix:
    """The Jacobian of the return map: the product along the cycle, with the signs of `flip` turned at the end."""
    product = sp.eye(len(symbols))
    for jacobian in jacobians:
        product = jacobian * product
    turn = sp.diag(*(-1 if name in flip else 1 for name in symbols))
    return (turn * product).applyfunc(sp.simplify)
