"""A map as sympy expressions, and sympy expressions as functions that compile.

The step is called with symbols; nothing is written down twice. States are real symbols; a parameter takes the sign of
its default (0.3: positive, 0: nonnegative, none: real), which is what lets ``8*a < lam**2`` be found.
"""

import dis
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import FunctionType

import numpy as np
import sympy as sp
from sympy.printing.str import StrPrinter

from . import checks, noise, vocabulary
from .model import Map


class NoClosedForm(ValueError):
    """sympy finds no closed form, or none in reasonable time; the message says what to do instead."""


@dataclass(frozen=True, eq=False)
class Equations:
    """The step of a map in symbols.

    Attributes
    ----------
    map : the map.
    state : name -> real symbol.
    parameters : name -> symbol, or the number that it was given.
    after : the next value of each state.
    note : what had to be done to the map, such as averaging over its noise.
    """

    map: Map
    state: Mapping[str, sp.Symbol]
    parameters: Mapping[str, sp.Expr]
    after: tuple[sp.Expr, ...]
    note: str = ""

    @cached_property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The state's symbols, in order."""
        return tuple(self.state.values())

    @cached_property
    def jacobian(self) -> sp.Matrix:
        """∂(next state)/∂(state)."""
        return sp.Matrix([[derivative(f, s) for s in self.symbols] for f in self.after])


def symbol_of(name: str, default) -> sp.Symbol:
    """The symbol of a parameter, with the sign of its default."""
    if default is None:
        return sp.Symbol(name, real=True)
    if default > 0:
        return sp.Symbol(name, positive=True)
    return sp.Symbol(name, nonnegative=True) if default == 0 else sp.Symbol(name, negative=True)


def exact(value, name: str = "value") -> sp.Expr:
    """A number as it was written: 0.1 becomes 1/10. An expression stays."""
    if isinstance(value, sp.Expr):
        return value
    if isinstance(value, (int, np.integer)):
        return sp.Integer(int(value))
    number = checks.scalar(value, name)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, not {number}.")
    return sp.Rational(repr(number))


def fits(value: sp.Expr, default: float | None) -> bool:
    """Whether a value has the sign that is assumed of its symbol."""
    if default is None:
        return True
    return value.is_positive if default > 0 else value.is_nonnegative if default == 0 else value.is_negative


def put(expression: sp.Expr, point: Mapping) -> sp.Expr:
    """Substitute all at once; symbols are matched by name, so that x, whatever is assumed of it, is x."""
    names = {str(key): value for key, value in point.items()}
    return expression.xreplace({s: names[s.name] for s in expression.free_symbols if s.name in names})


def derivative(expression: sp.Expr, by: sp.Symbol) -> sp.Expr:
    """∂/∂by, almost everywhere: jumps of a derivative's derivative are left out."""
    found = sp.diff(expression, by)
    found = found.replace(sp.DiracDelta, lambda *_: sp.Integer(0))
    return found.replace(sp.Heaviside, lambda x, *_: sp.Piecewise((1, x > 0), (0, True)))


def equations(map: Map, values: Mapping | None = None, mean: bool = True, unsigned: Sequence[str] = ()) -> Equations:
    """The equations of `map`, some parameters given as numbers or expressions; of its mean, where it takes noise.

    Nothing is assumed of the sign of parameters that are `unsigned`.

    Raises
    ------
    NoClosedForm : the step makes too many choices to be written as one expression.
    """
    values = dict(values or {})
    for name in values:
        checks.known_name(name, map.parameters, "parameter", f" of the map {map.name!r}")
    given = {n: exact(v, n) for n, v in values.items()}
    # What is given may have another sign than the default; then nothing is assumed of it.
    unsigned = {*unsigned, *(n for n, v in given.items() if not fits(v, map.parameters[n]))}
    made = _equations(map, mean, tuple(sorted(unsigned)))
    if not values:
        return made
    given = {n: put(v, made.parameters) for n, v in given.items()}
    parameters = {n: given.get(n, p) for n, p in made.parameters.items()}
    after = tuple(put(f, {made.parameters[n]: v for n, v in given.items()}) for f in made.after)
    return Equations(map, made.state, parameters, after, made.note)


#: The noise as a symbol.
XI = sp.Symbol(noise.NAME, real=True)


@lru_cache(maxsize=256)
def _equations(map: Map, mean: bool = True, unsigned: tuple = ()) -> Equations:
    state = {n: sp.Symbol(n, real=True) for n in map.state}
    parameters = {n: symbol_of(n, None if n in unsigned else v) for n, v in map.parameters.items()}
    if name := _compared(map):
        raise NoClosedForm(
            f"the step of {map.name!r} asks with == whether {name} is a number, which no symbol is; write "
            f"where(absolute({name} - 1) < 0.5, …) instead."
        )
    try:
        after = map.step(*state.values(), **parameters, **({noise.NAME: XI} if map.noisy else {}))
    except vocabulary.TooManyChoices as error:
        raise NoClosedForm(f"the step of {map.name!r} has no closed form: {error}") from None
    except TypeError as error:
        raise NoClosedForm(
            f"the step of {map.name!r} cannot be called with symbols ({error}); in it use only arithmetic and the "
            "functions of dynsim.vocabulary."
        ) from None
    after = after if isinstance(after, tuple) else (after,)
    after = tuple(sp.sympify(f) for f in after)
    after = tuple(_rational(f) for f in after)
    if not map.noisy or not mean:
        return Equations(map, state, parameters, after)
    note = f"the mean map: {map.name!r} takes noise, over which its step is averaged"
    return Equations(map, state, parameters, tuple(_mean(f, map) for f in after), note)


def _compared(map):
    """A parameter that the step compares with == or !=: sympy would answer at once, and the choice be lost.

    (Of a state that is a matter of single points, such as where(x == 0, 1, sin(x)/x).)
    """
    before = []
    for instruction in dis.get_instructions(map.step) if isinstance(map.step, FunctionType) else ():
        if instruction.opname == "COMPARE_OP" and re.search("[!=]=", instruction.argrepr):
            for name in before[-2:]:
                if name in map.parameters:
                    return name
        before.append(str(instruction.argval))
    return None


def _mean(expression, map):
    """E over ξ ~ N(0, 1) of a polynomial in ξ: E ξ² = 1, E ξ⁴ = 3, odd powers vanish."""
    if not expression.has(XI):
        return expression
    if not expression.is_polynomial(XI):
        raise NoClosedForm(f"the step of {map.name!r} is no polynomial in its noise, so its mean has no closed form.")
    terms = sp.Poly(expression, XI).terms()
    return sum(sp.factorial2(k - 1) * c for (k,), c in terms if k % 2 == 0)


def _rational(expression):
    """Decimal literals as the fractions that they stand for."""
    return expression.xreplace({f: sp.Rational(str(f)) for f in expression.atoms(sp.Float) if f.is_finite})


class _Python(StrPrinter):
    """Expressions as Python source in the words of dynsim.vocabulary."""

    _words = {"Abs": "absolute"} | {w: w for w in ("exp", "log", "sin", "cos", "tanh", "sign")}

    def _print_Function(self, expr):
        name = type(expr).__name__
        if name not in self._words:
            raise NoClosedForm(f"{expr} cannot be compiled: {name} is not in dynsim.vocabulary.")
        return f"{self._words[name]}({', '.join(map(self._print, expr.args))})"

    _print_Abs = _print_exp = _print_Function

    def _print_Max(self, expr):
        return self._pairs("maximum", expr.args)

    def _print_Min(self, expr):
        return self._pairs("minimum", expr.args)

    def _pairs(self, word, arguments):
        first, *others = [self._print(a) for a in sorted(arguments, key=sp.default_sort_key)]
        for other in others:
            first = f"{word}({first}, {other})"
        return first

    def _print_Integer(self, expr):
        return str(int(expr))

    def _print_Rational(self, expr):
        if max(abs(expr.p), expr.q) >= 2**53:  # beyond int64 nothing compiles; beyond 2**53 nothing is lost
            return repr(float(expr))
        return f"({int(expr.p)} / {int(expr.q)})"

    def _print_Float(self, expr):
        return repr(float(expr))

    def _print_NumberSymbol(self, expr):
        return repr(float(expr))

    _print_Pi = _print_Exp1 = _print_NumberSymbol

    def _print_Pow(self, expr, rational=False):
        base, power = expr.args
        inside = f"({self._print(base)})"
        if power == sp.Rational(1, 2):
            return f"sqrt{inside}"
        if power.is_Integer and abs(int(power)) <= 16:
            product = " * ".join([inside] * abs(int(power)))
            return f"({product})" if power > 0 else f"(1 / ({product}))"
        if (2 * power).is_Integer and abs(power) <= 16:
            product = " * ".join([f"sqrt{inside}"] * abs(int(2 * power)))
            return f"({product})" if power > 0 else f"(1 / ({product}))"
        return f"exp({self._print(power)} * log{inside})"

    def _print_Piecewise(self, expr):
        *cases, (last, _) = expr.args
        text = self._print(last)
        for value, condition in reversed(cases):
            text = f"where({self._print(condition)}, {self._print(value)}, {text})"
        return text

    def _print_Relational(self, expr):
        sign = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}[expr.rel_op]
        return f"({self._print(expr.lhs)} {sign} {self._print(expr.rhs)})"

    def _print_And(self, expr):
        return "(" + " & ".join(map(self._print, expr.args)) + ")"

    def _print_Or(self, expr):
        return "(" + " | ".join(map(self._print, expr.args)) + ")"

    def _print_BooleanTrue(self, expr):
        return "(0 < 1)"

    def _print_BooleanFalse(self, expr):
        return "(1 < 0)"


def python(expression: sp.Expr) -> str:
    """The expression as Python source in the words of :mod:`dynsim.vocabulary`."""
    text = _Python().doprint(expression)
    if re.search(r"\b(nan|zoo|oo|I)\b", text):
        raise NoClosedForm(f"{expression} is not a finite real expression.")
    return text


def lines(expressions: Mapping[str, sp.Expr]) -> list[str]:
    """Assignments of named expressions, what they share computed once."""
    shared, reduced = sp.cse(list(expressions.values()), sp.numbered_symbols("shared"), list=True)
    return [f"{name} = {python(value)}" for name, value in (*shared, *zip(expressions, reduced))]


def function(name: str, arguments, expressions: Mapping[str, sp.Expr]) -> Callable:
    """A plain Python function of numbers or arrays that returns the expressions' values as a tuple."""
    return define(name, arguments, lines(expressions), [f"{', '.join(expressions)},"])


def define(name: str, arguments: Sequence[str], body: Sequence[str], results: Sequence[str]) -> Callable:
    """The function with these arguments (as in a signature), lines and results, over the vocabulary."""
    from .writing import generate

    text = "\n    ".join([f"def {name}({', '.join(arguments)}):", *body, f"return {', '.join(results)}"])
    return generate(text + "\n", {word: getattr(vocabulary, word) for word in vocabulary.__all__})
