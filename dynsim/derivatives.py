"""The Jacobian of a step as straight-line source, by the chain rule over its symbolic expressions.

sympy would write the derivative of N/D with D², which underflows where the step itself does not: D is a square of
carried states (:mod:`dynsim.carry`) in CDAT. Here it is (N' − (N/D) D')/D. Every part of the expressions gets a name,
and its derivatives theirs, so that nothing is computed twice.
"""

from collections.abc import Sequence

import sympy as sp

from .symbolic import NoClosedForm, python

_ONE, _ZERO = "1.0", ""


class Forward:
    """Collects lines; `value` and `slopes` give the names under which an expression and its derivatives stand."""

    def __init__(self, states: Sequence[sp.Symbol]):
        self.states, self.lines, self._names, self._slopes = list(states), [], {}, {}

    def value(self, e: sp.Expr) -> str:
        """The name of an expression, its parts computed before."""
        if e.is_Atom:
            return python(e)
        if e not in self._names:
            self._names[e] = self._put("part", self._written(e))
        return self._names[e]

    def slopes(self, e: sp.Expr) -> list[str]:
        """A name for each derivative; "" where it vanishes identically."""
        if not e.free_symbols & set(self.states):
            return [_ZERO] * len(self.states)
        if e.is_Symbol:
            return [_ONE if e == s else _ZERO for s in self.states]
        if e not in self._slopes:
            self.value(e)
            texts = self._differentiated(e)
            self._slopes[e] = [self._put("slope", t) if t not in (_ZERO, _ONE) else t for t in texts]
        return self._slopes[e]

    def _put(self, kind, text):
        name = f"{kind}{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def _written(self, e):
        """The expression in the names of its parts."""
        if e.is_Mul:
            top, bottom = _split(e)
            product = " * ".join(self.value(f) for f in top) or "1.0"
            return f"({product}) / ({' * '.join(self.value(f) for f in bottom)})" if bottom else product
        if isinstance(e, sp.Piecewise):
            *cases, (last, _) = e.args
            text = self.value(last)
            for case, condition in reversed(cases):
                text = f"where({self._condition(condition)}, {self.value(case)}, {text})"
            return text
        if e.is_Pow and e.exp.is_Integer and e.exp < 0:
            return f"1.0 / {self.value(1 / e)}"
        names = [a if a.is_Atom else sp.Symbol(self.value(a)) for a in e.args]
        return python(e.func(*names, evaluate=False))

    def _condition(self, condition):
        if isinstance(condition, sp.core.relational.Relational):
            return f"({self.value(condition.lhs)} {condition.rel_op} {self.value(condition.rhs)})"
        if isinstance(condition, (sp.And, sp.Or)):
            sign = " & " if isinstance(condition, sp.And) else " | "
            return "(" + sign.join(self._condition(c) for c in condition.args) + ")"
        return python(condition)

    def _differentiated(self, e):
        each = range(len(self.states))
        if e.is_Add:
            parts = [self.slopes(a) for a in e.args]
            return [" + ".join(p[k] for p in parts if p[k]) for k in each]
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow and e.exp.is_Number:
            return self._power(e)
        if isinstance(e, sp.Piecewise):
            *cases, (last, _) = e.args
            texts = self.slopes(last)
            for case, condition in reversed(cases):
                inner = self.slopes(case)
                texts = [_chosen(self._condition(condition), a, b) for a, b in zip(inner, texts)]
            return texts
        if isinstance(e, (sp.Max, sp.Min)):
            return self._extreme(e)
        return self._function(e)

    def _product(self, e):
        top, bottom = _split(e)
        texts = []
        inner = {f: self.slopes(f) for f in (*top, *bottom)}
        for k in range(len(self.states)):
            terms = []
            for i, f in enumerate(top):
                if inner[f][k]:
                    others = [self.value(g) for j, g in enumerate(top) if j != i]
                    terms.append(" * ".join([inner[f][k], *others]))
            text = " + ".join(terms)
            if bottom:
                below = " * ".join(self.value(f) for f in bottom)
                text = f"({text}) / ({below})" if text else ""
                # −(N/D) D'/D, a factor of D at a time.
                for f in bottom:
                    if inner[f][k]:
                        text = f"{text} - {self.value(e)} * ({inner[f][k]} / {self.value(f)})".strip()
            texts.append(text)
        return texts

    def _power(self, e):
        base, power = e.args
        inner = self.slopes(base)
        if power == 2:
            return [f"2 * {self.value(base)} * {s}" if s else "" for s in inner]
        if power.is_Integer and power > 0:
            return [f"{int(power)} * {self.value(base ** (power - 1))} * {s}" if s else "" for s in inner]
        factor = python(power)
        return [f"{factor} * {self.value(e)} * ({s} / {self.value(base)})" if s else "" for s in inner]

    def _extreme(self, e):
        """The derivative of whichever argument is the extreme one."""
        first, *others = e.args
        sign = ">" if isinstance(e, sp.Max) else "<"
        now, texts = self.value(first), self.slopes(first)
        word = "maximum" if sign == ">" else "minimum"
        for other in others:
            name, inner = self.value(other), self.slopes(other)
            texts = [_chosen(f"{name} {sign} {now}", a, b) for a, b in zip(inner, texts)]
            now = f"{word}({now}, {name})"
        return texts

    def _function(self, e):
        rules = {
            sp.Abs: lambda x, v: f"sign({x})",
            sp.sign: lambda x, v: "",
            sp.exp: lambda x, v: v,
            sp.log: lambda x, v: f"(1 / {x})",
            sp.tanh: lambda x, v: f"(1 - {v} * {v})",
            sp.sin: lambda x, v: f"cos({x})",
            sp.cos: lambda x, v: f"(-sin({x}))",
        }
        if type(e) not in rules:
            raise NoClosedForm(f"no derivative is known of {e}.")
        (x,) = e.args
        outer = rules[type(e)](self.value(x), self.value(e))
        return [f"{outer} * {s}" if s and outer else "" for s in self.slopes(x)]


def _split(e):
    """Factors of the numerator and of the denominator, powers below the line turned over."""
    top, bottom = [], []
    for f in e.args:
        if f.is_Pow and f.exp.is_Number and f.exp < 0:
            bottom.append(f.base if f.exp == -1 else f.base**-f.exp)
        else:
            top.append(f)
    return top, bottom


def _chosen(condition, a, b):
    return "" if not a and not b else f"where({condition}, {a or '0.0'}, {b or '0.0'})"


def jacobian_lines(states: Sequence[sp.Symbol], after: Sequence[sp.Expr]) -> tuple[list[str], dict[tuple, str]]:
    """Lines that compute the Jacobian, and the name of each entry (row, column) that does not vanish identically."""
    forward = Forward(states)
    entries = {}
    for r, expression in enumerate(after):
        for c, name in enumerate(forward.slopes(expression)):
            if name:
                entries[r, c] = name
    return forward.lines, entries
