"""How results of the analysis are shown: plain text, and LaTeX in a notebook."""

from collections.abc import Iterator

import sympy as sp

from ..labels import symbol


def text(expression) -> str:
    """One line of text."""
    if expression is sp.true:
        return "always"
    if expression is sp.false:
        return "never"
    if isinstance(expression, sp.Ne):
        return f"{expression.lhs} != {expression.rhs}"
    if isinstance(expression, sp.And):
        return " and ".join(text(a) for a in expression.args)
    if isinstance(expression, sp.Or):
        return " or ".join(text(a) for a in expression.args)
    return str(expression)


def latex(expression) -> str:
    """TeX with the field's symbols."""
    if expression is sp.true:
        return r"\text{always}"
    if expression is sp.false:
        return r"\text{never}"
    names = {s: tex(s.name) for s in expression.free_symbols}
    return sp.latex(expression, symbol_names=names)


def tex(name: str) -> str:
    """The symbol of a name, without what the field writes after it, as in p = x²."""
    return symbol(name).split(" = ")[0]


class Shown:
    """A small result: ``lines`` yields (heading, text); ``tex`` its LaTeX."""

    def lines(self) -> Iterator[tuple[str, str]]:
        raise NotImplementedError

    def tex(self) -> str:
        raise NotImplementedError

    def __repr__(self):
        rows = list(self.lines())
        width = max((len(head) for head, _ in rows), default=0)
        return "\n".join(f"{head:{width}s}  {body}".rstrip() for head, body in rows)

    def _repr_latex_(self):
        return f"$\\displaystyle {self.tex()}$"
