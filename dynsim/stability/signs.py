"""Signs of expressions, and inequalities as a reader would write them.

sympy knows the sign of a factor by what is assumed of its symbols; products of factors follow.
"""

from functools import lru_cache

import sympy as sp


@lru_cache(maxsize=4096)
def sign(expression: sp.Expr) -> int | None:
    """1, 0 or −1; None where it depends. An expression that is ≥ 0 but may vanish counts as unknown."""
    expression = sp.sympify(expression)
    if expression.is_zero:
        return 0
    if expression.is_positive:
        return 1
    if expression.is_negative:
        return -1
    known, rest = 1, []
    for factor, power in _factors(expression):
        if factor.is_zero:
            return 0
        if factor.is_positive or (factor.is_nonzero and power.is_even):
            continue
        if factor.is_negative:
            known = -known if power.is_odd else known
            continue
        each = _by_terms(factor)
        if each is None:
            rest.append(factor)
        elif each < 0 and power.is_odd:
            known = -known
    return None if rest else known


@lru_cache(maxsize=4096)
def _factors(expression):
    """(factor, integer power) of a rational expression; (expression, 1) where sympy cannot factor it."""
    try:
        top, bottom = sp.fraction(sp.together(expression))
        number, factors = sp.factor_list(sp.expand(top))
        other, below = sp.factor_list(sp.expand(bottom))
    except sp.PolynomialError:
        return [(expression, sp.Integer(1))]
    return [(number / other, sp.Integer(1)), *((f, sp.Integer(k)) for f, k in (*factors, *below))]


def _by_terms(expression):
    """The sign of a sum whose terms all have one."""
    terms = sp.Add.make_args(sp.expand(expression))
    if all(t.is_nonnegative for t in terms) and any(t.is_positive for t in terms):
        return 1
    if all(t.is_nonpositive for t in terms) and any(t.is_negative for t in terms):
        return -1
    return None


def reduced(expression: sp.Expr, squares: bool = True) -> sp.Expr:
    """An expression of the same sign with fewer factors: those whose sign is known are dropped.

    Without `squares`, even powers are dropped too, though they may vanish.
    """
    known = sign(expression)
    if known is not None:
        return sp.Integer(known)
    result = sp.Integer(1)
    for factor, power in _factors(expression):
        each = sign(factor)
        if each == 1 or (power.is_even and factor.is_nonzero):
            continue
        if each == -1:
            result = -result if power.is_odd else result
        elif power.is_odd or squares:
            result *= factor if power.is_odd else factor**2
    return sp.factor_terms(result)


def positive(expression: sp.Expr) -> sp.Basic:
    """The condition `expression` > 0, as ``8*a < lam**2``: what is negative goes to the left, common factors go."""
    core = reduced(expression, squares=False)
    if core.is_number:
        return sp.true if core > 0 else sp.false
    if core.is_Mul and len([f for f in core.args if not f.is_number]) > 1:
        return sp.Gt(core, 0)
    terms = sp.Add.make_args(sp.expand(core))
    left = sp.Add(*(-t for t in terms if _minus(t)))
    right = sp.Add(*(t for t in terms if not _minus(t)))
    shared = sp.gcd_terms(left + right).as_coeff_Mul()[0]
    if shared.is_positive and shared != 1:
        left, right = left / shared, right / shared
    return sp.Lt(left, right)


def _minus(term):
    return term.could_extract_minus_sign()


def both(conditions) -> sp.Basic:
    """All of the conditions, doubles and weaker ones left out where that is plain."""
    kept = []
    for condition in conditions:
        if condition == sp.false:
            return sp.false
        if condition != sp.true and condition not in kept:
            kept.append(condition)
    kept = [c for c in kept if not any(o is not c and _implies(o, c) for o in kept)]
    return sp.And(*kept, evaluate=False) if len(kept) > 1 else (kept[0] if kept else sp.true)


def _implies(strong, weak):
    """Whether `strong` > 0 makes `weak` > 0 plain: weak is strong plus what is never negative."""
    try:
        a, b = strong.rhs - strong.lhs, weak.rhs - weak.lhs
        if isinstance(strong, sp.Gt) or isinstance(weak, sp.Gt):
            return False
        return sp.expand(b - a).is_nonnegative or _by_terms(sp.expand(b - a)) == 1
    except AttributeError:
        return False
