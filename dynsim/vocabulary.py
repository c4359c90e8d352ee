"""The functions that a step, a tuner or a measure may use besides arithmetic.

Each means the same for a Python or numpy number, for a numpy array, inside a numba kernel and for a sympy
expression. numba is taught them in :mod:`dynsim.compilation`, so that importing this module stays cheap.

Three rules for whoever writes such a function:

* No ``if``, ``and`` or ``max``: a sympy symbol is neither true nor false. Use :func:`where` and :func:`maximum`.
* No ``==`` with a parameter: a symbol equals no number. Write ``absolute(mode - 1) < 0.5``.
* Write ``x * x``, not ``x**2``. Compiled code multiplies; CPython calls ``pow``, which differs from the product in
  the last bit about once in a thousand.

Examples
--------
>>> from dynsim.vocabulary import maximum, where
>>> float(maximum(2.0, 3.0)), float(where(1.0 > 2.0, 5.0, 6.0))
(3.0, 6.0)
>>> import sympy
>>> maximum(sympy.Symbol("x"), 0)
Max(0, x)
"""

import math

import numpy as np

__all__ = ["absolute", "cos", "cospi", "exp", "log", "maximum", "minimum", "sign", "sin", "sqrt", "tanh", "where"]


#: Operations in a choice that hangs on another one, beyond which sympy would take for ever.
MOST_OPERATIONS = 1000


class TooManyChoices(ValueError):
    """A symbolic expression branches too often, as a linesearch's tries do."""


def _symbolic(*values):
    return any(hasattr(value, "free_symbols") for value in values)


def _array(*values):
    return any(isinstance(value, np.ndarray) and value.ndim for value in values)


def _unary(name, sympy_name, scalar):
    """One vocabulary word of one argument; `scalar` uses libm, as the compiled code does."""

    def word(x):
        if _symbolic(x):
            import sympy

            return getattr(sympy, sympy_name)(x)
        if _array(x):
            return np.vectorize(scalar, otypes=[float])(x)
        return np.float64(scalar(x))

    word.__name__ = word.__qualname__ = name
    word.__doc__ = f"{name}(x) for a number, an array, a compiled value or a sympy expression."
    return word


def _sqrt(x):
    return math.sqrt(x) if x >= 0 else math.nan


def _exp(x):
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _log(x):
    if x > 0:
        return math.log(x)
    return -math.inf if x == 0 else math.nan


def _periodic(function):
    return lambda x: function(x) if math.isfinite(x) else math.nan


absolute = _unary("absolute", "Abs", abs)
sqrt = _unary("sqrt", "sqrt", _sqrt)
exp = _unary("exp", "exp", _exp)
log = _unary("log", "log", _log)
tanh = _unary("tanh", "tanh", math.tanh)
sin = _unary("sin", "sin", _periodic(math.sin))
cos = _unary("cos", "cos", _periodic(math.cos))


def cospi(x):
    """cos(πx), so that no decimal π stands in a symbolic formula."""
    if _symbolic(x):
        import sympy

        return sympy.cos(sympy.pi * x)
    return cos(math.pi * x)


def sign(x):
    """-1, 0 or 1; NaN stays NaN."""
    if _symbolic(x):
        import sympy

        return sympy.sign(x)
    return np.sign(x)


def maximum(a, b):
    """The larger of two; NaN if either is NaN."""
    if _symbolic(a, b):
        import sympy

        return sympy.Max(a, b)
    return np.maximum(a, b)


def minimum(a, b):
    """The smaller of two; NaN if either is NaN."""
    if _symbolic(a, b):
        import sympy

        return sympy.Min(a, b)
    return np.minimum(a, b)


def where(condition, a, b):
    """`a` where the condition holds, else `b`. Both are evaluated."""
    if _symbolic(condition):
        import sympy

        parts = sympy.Tuple(condition, a, b)
        if parts.has(sympy.Piecewise) and sympy.count_ops(parts) > MOST_OPERATIONS:
            raise TooManyChoices("it chooses again and again, each time by the last choice's outcome.")
        return sympy.Piecewise((a, condition), (b, True))
    if _array(condition):
        return np.where(condition, a, b)
    return a if condition else b
