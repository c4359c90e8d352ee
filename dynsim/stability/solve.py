"""Real solutions of a system of equations, by factoring and substitution, branch by branch.

Steps of maps are short rational expressions that factor well, with a few choices (|d|, max(n, 0)). So: each choice is
split into its cases; an equation that is a product splits into its factors; one that is linear in an unknown is
solved for it; a quadratic by its formula. Unknowns that are left over at the end are free: the solution is a family.
A branch that this cannot finish is handed back as unsolved, never dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import sympy as sp

from ..symbolic import NoClosedForm
from .cases import Deadline, cases
from .signs import reduced, sign

#: Size beyond which sympy would take too long.
MOST_OPERATIONS = 3000


@dataclass(frozen=True)
class Solution:
    """unknown -> expression in the parameters and the free unknowns, where all of `positive` are > 0."""

    values: dict
    free: tuple
    positive: tuple


@dataclass
class Solutions:
    """What was found.

    unsolved : systems for which there is no closed form.
    special : expressions in the parameters alone; where one is zero there may be more solutions.
    failure : why the search ended before it was complete, if it did.
    """

    found: list = field(default_factory=list)
    unsolved: list = field(default_factory=list)
    special: list = field(default_factory=list)
    failure: str = ""


@dataclass(frozen=True)
class _Branch:
    equations: tuple
    unknowns: tuple
    values: dict = field(default_factory=dict)
    positive: tuple = ()  # must be > 0
    nonzero: tuple = ()  # must not vanish
    depth: int = 0


def solve(equations: Sequence[sp.Expr], unknowns: Sequence[sp.Symbol], deadline: Deadline) -> Solutions:
    """All real solutions of equations = 0; the last-named unknowns are solved for first."""
    result = Solutions()
    try:
        with deadline:
            for system, conditions in cases(equations):
                _solve(_Branch(tuple(system), tuple(unknowns), positive=conditions), result, deadline)
    except NoClosedForm as error:
        result.failure = str(error)
    except (sp.PolynomialError, NotImplementedError, RecursionError) as error:
        result.failure = f"no closed form: sympy gives up ({type(error).__name__})"
    result.found = _distinct(result.found)
    result.special = list(dict.fromkeys(result.special))
    return result


def _solve(branch, result, deadline):
    deadline.check()
    if branch.depth > 40:
        result.unsolved.append(branch)
        return
    tops = []
    for equation in branch.equations:
        if equation.count_ops() > MOST_OPERATIONS:
            result.unsolved.append(branch)
            return
        top, bottom = _fraction(equation)
        if not bottom.is_number:
            branch = replace(branch, nonzero=(*branch.nonzero, bottom))
        if top != 0:
            tops.append(top)
    if any(_vanishes(e) for e in branch.nonzero):
        return
    if not tops:
        _accept(branch, result)
        return
    factored = []
    for top in tops:
        factors = _splits(top, branch, result)
        if factors is None:
            return  # an equation between parameters alone: no solution, in general
        factored.append(factors)
    branch = replace(branch, equations=tuple(sp.Mul(*f) for f in factored), depth=branch.depth + 1)
    shortest = min(range(len(factored)), key=lambda i: (-len(factored[i]), branch.equations[i].count_ops()))
    if len(factored[shortest]) > 1:
        others = [e for i, e in enumerate(branch.equations) if i != shortest]
        for factor in factored[shortest]:
            _solve(replace(branch, equations=(factor, *others)), result, deadline)
        return
    _eliminate(branch, result, deadline)


@lru_cache(maxsize=4096)
def _fraction(equation):
    """Numerator, expanded, and denominator."""
    top, bottom = sp.fraction(sp.together(equation))
    return sp.expand(top), bottom


@lru_cache(maxsize=4096)
def _factors(top):
    try:
        return tuple(factor for factor, _ in sp.factor_list(top)[1])
    except sp.PolynomialError:  # a number, or no polynomial
        return (top,)


def _vanishes(expression):
    return expression == 0 or sp.expand(expression) == 0


def _splits(top, branch, result):
    """The factors of an equation that may vanish; None where none of them may."""
    kept, fixed = [], []
    for factor in _factors(top):
        if not factor.free_symbols & set(branch.unknowns):
            if sign(factor) is None:
                fixed.append(factor)
        elif sign(factor) is None and not any(_vanishes(factor - n) or _vanishes(factor + n) for n in branch.nonzero):
            kept.append(factor)
    result.special += fixed
    return kept or None


def _eliminate(branch, result, deadline):
    """Solve one equation for one unknown."""
    terms = _all_vanish(branch)
    if terms:
        _solve(replace(branch, equations=terms), result, deadline)
        return
    best = min(_candidates(branch), default=None)
    if best is None:
        if not _by_numbers(branch, result, deadline):
            result.unsolved.append(branch)
        return
    *_, i, k, degree = best
    unknown = branch.unknowns[k]
    others = tuple(e for j, e in enumerate(branch.equations) if j != i)
    leading = branch.equations[i].coeff(unknown, degree)
    if sign(leading) is None and not leading.free_symbols & set(branch.unknowns):
        result.special.append(sp.factor(leading))
    for value, positive, extra in _roots(branch.equations[i], unknown, degree, branch):
        if extra:  # the leading coefficient vanishes
            _solve(replace(branch, equations=(*extra, *others)), result, deadline)
            continue
        left = replace(branch, equations=others, positive=(*branch.positive, *positive))
        _put(left, unknown, value, result, deadline)


@lru_cache(maxsize=4096)
def _degree(equation, unknown):
    return sp.degree(equation, unknown) if equation.is_polynomial(unknown) else 99


def _candidates(branch):
    """Equations of degree 1 or 2 in an unknown, the simplest first; its index, the unknown's, the degree."""
    for i, equation in enumerate(branch.equations):
        for k, unknown in enumerate(branch.unknowns):
            degree = _degree(equation, unknown)
            if degree not in (1, 2):
                continue
            loose = bool(equation.coeff(unknown, degree).free_symbols & set(branch.unknowns))
            crossing = degree == 2 and len(equation.free_symbols & set(branch.unknowns)) > 1
            if not crossing or _even(unknown, branch):
                yield (degree == 2, crossing, loose, equation.count_ops(), -k, i, k, degree)


def _even(unknown, branch):
    """Whether an unknown stands in all equations by its square alone, so that no root gets into them."""
    flipped = [e.xreplace({unknown: -unknown}) for e in branch.equations]
    return all(_vanishes(a - b) for a, b in zip(branch.equations, flipped))


def _all_vanish(branch):
    """An equation whose terms are all ≥ 0 holds only where each of them is zero."""
    for i, equation in enumerate(branch.equations):
        terms = sp.Add.make_args(equation)
        if len(terms) > 1 and (all(t.is_nonnegative for t in terms) or all(t.is_nonpositive for t in terms)):
            return (*terms, *(e for j, e in enumerate(branch.equations) if j != i))
    return None


def _roots(equation, unknown, degree, branch):
    """(value, what must be positive, equations for the case that the leading coefficient vanishes)."""
    coefficients = [sp.factor(equation.coeff(unknown, k)) for k in range(degree, -1, -1)]
    leading = coefficients[0]
    if sign(leading) is None and leading.free_symbols & set(branch.unknowns):
        yield None, (), (leading, sp.expand(equation - leading * unknown**degree))
    if degree == 1:
        yield sp.factor(-coefficients[1] / leading), (), ()
        return
    a, b, c = coefficients
    under = sp.factor(b**2 - 4 * a * c)
    if sign(under) == -1:
        return
    positive = () if sign(under) in (0, 1) else (reduced(under),)
    root = sp.sqrt(under) if b != 0 else 2 * sp.sqrt(sp.factor(-c / a))
    for s in (1, -1) if sign(under) != 0 else (1,):
        yield (sp.simplify((-b + s * root) / (2 * a)) if b != 0 else s * root / 2), positive, ()


def _put(branch, unknown, value, result, deadline):
    def at(expressions):
        return tuple(e.xreplace({unknown: value}) for e in expressions)

    equations, positive, nonzero = at(branch.equations), at(branch.positive), at(branch.nonzero)
    if any(e.has(sp.nan, sp.zoo) for e in (*equations, *positive, *nonzero)):
        return
    # On the border of a choice, 0, both sides are tried; the search ends with a look at the step itself.
    if any(sign(e) == -1 for e in positive) or any(sign(e) == 0 for e in nonzero):
        return
    values = {k: v.xreplace({unknown: value}) for k, v in branch.values.items()} | {unknown: value}
    unknowns = tuple(u for u in branch.unknowns if u is not unknown)
    positive = tuple(e for e in positive if sign(e) is None)
    _solve(_Branch(equations, unknowns, values, positive, nonzero, branch.depth), result, deadline)


def _by_numbers(branch, result, deadline):
    """Numbers only and one unknown: every real root of the polynomial. False where this does not apply."""
    for i, equation in enumerate(branch.equations):
        (unknown, *more) = [u for u in branch.unknowns if equation.has(u)]
        if more or equation.free_symbols != {unknown} or not equation.is_polynomial(unknown):
            continue
        others = tuple(e for j, e in enumerate(branch.equations) if j != i)
        for root in sp.real_roots(sp.Poly(equation, unknown), multiple=False):
            _put(replace(branch, equations=others), unknown, root[0], result, deadline)
        return True
    return False


def _accept(branch, result):
    values = {k: sp.simplify(v) for k, v in branch.values.items()}
    real = [e for v in values.values() for e in _must_be_positive(v)]
    if any(sign(e) == -1 for e in real):
        return
    positive = tuple(dict.fromkeys(reduced(e) for e in (*branch.positive, *real) if sign(e) is None))
    if any(sign(e) == 0 for e in branch.nonzero) or any(sp.expand(-e) in map(sp.expand, positive) for e in positive):
        return
    result.found.append(Solution(values, branch.unknowns, positive))


def _must_be_positive(value):
    """What must not be negative for a value to be real: what stands under a root or in a logarithm."""
    roots = [p.base for p in value.atoms(sp.Pow) if p.exp.is_Rational and p.exp.q % 2 == 0]
    return [*roots, *(e.args[0] for e in value.atoms(sp.log))]


def _distinct(found):
    """Each solution once; one that is there on both sides of a border is there without that condition."""
    kept = {}
    for one in found:
        key = tuple(sorted((str(k), sp.srepr(v)) for k, v in one.values.items())), one.free
        same = kept.setdefault(key, [])
        mine = set(one.positive)
        for i, other in enumerate(same):
            theirs = set(other.positive)
            if theirs <= mine:
                break
            if mine <= theirs:
                same[i] = one
                break
            if {sp.expand(e) for e in mine - theirs} == {sp.expand(-e) for e in theirs - mine}:
                shared = tuple(e for e in other.positive if e in mine)
                if len(mine - theirs) == 1:
                    same[i] = replace(other, positive=shared)
                    break
        else:
            same.append(one)
    return [one for same in kept.values() for one in same]
