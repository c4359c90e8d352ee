"""Activations and losses of dense networks with their first two derivatives, compiled to full-width SIMD.

The compiler does not vectorize libm, so exp and tanh are polynomials here: within 1 and 3 units in the last place.
"""

import math

import numba
import numpy as np
from numba.extending import intrinsic

from .caching import kept

ACTIVATIONS = ("linear", "tanh", "relu", "gelu")
LOSSES = ("squared", "cross_entropy", "logistic")

_LOG2E = 1 / math.log(2)
_ROUND = 1.5 * 2.0**52  # added and taken away, it leaves the nearest integer
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_C = tuple(1 / math.factorial(k) for k in range(14))
_GELU, _GELU3 = math.sqrt(2 / math.pi), 0.044715


@intrinsic
def fma(typing, a, b, c):
    """a b + c, rounded once. The compiler may not contract by itself, or results would hang on what it inlines."""

    def code(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return numba.float64(numba.float64, numba.float64, numba.float64), code


@kept
def _power_and_rest(x):
    """2^k and exp(r) − 1 with x = k ln 2 + r, |r| ≤ ½ ln 2."""
    shifted = fma(x, _LOG2E, _ROUND)
    k = shifted - _ROUND
    r = fma(k, -_LN2_LOW, fma(k, -_LN2_HIGH, x))
    bits = np.float64(shifted).view(np.int64)
    power = np.int64((bits + np.int64(1023)) << np.int64(52)).view(np.float64)
    s = fma(_C[13], r, _C[12])
    s = fma(s, r, _C[11])
    s = fma(s, r, _C[10])
    s = fma(s, r, _C[9])
    s = fma(s, r, _C[8])
    s = fma(s, r, _C[7])
    s = fma(s, r, _C[6])
    s = fma(s, r, _C[5])
    s = fma(s, r, _C[4])
    s = fma(s, r, _C[3])
    s = fma(s, r, _C[2])
    return power, fma(s, r * r, r)


@kept
def exp(x):
    """e^x; below -708 it is that of -708, so never 0. NaN stays NaN."""
    power, rest = _power_and_rest(min(max(x, -708.0), 709.0))
    return fma(power, rest, power) if x == x else x


@kept
def tanh(x):
    """tanh x. NaN stays NaN."""
    power, rest = _power_and_rest(2 * min(abs(x), 22.0))
    e = fma(power, rest, power - 1)
    return math.copysign(e / (e + 2), x) if x == x else x


@kept
def add_rows(a, bias):
    """The bias on top of every row of a."""
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] += bias[j]


@kept
def sum_rows(a, out, kept):
    """out = Σ of the rows of a + kept·out, where kept is 0 or 1."""
    if kept == 0:
        out[:] = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[j] += a[i, j]


@kept
def activate(code, a, p, q):
    """a := φ(a), all in a row. Only gelu needs p = φ' and q = φ''; those of the others are made from φ."""
    if code == 1:
        for k in range(a.size):
            a[k] = tanh(a[k])
    elif code == 2:
        for k in range(a.size):
            a[k] = 0.0 if a[k] <= 0 else a[k]  # so that NaN stays NaN
    elif code == 3:
        for k in range(a.size):
            x = a[k]
            inner = _GELU * (1 + 3 * _GELU3 * x * x)
            t = tanh(_GELU * (x + _GELU3 * x * x * x))
            slope = 1 - t * t
            a[k] = x * (1 + t) / 2
            p[k] = (1 + t) / 2 + x * slope * inner / 2
            q[k] = slope * (inner + x * (3 * _GELU * _GELU3 * x - t * inner * inner))


@kept
def times_slope(code, out, a, p):
    """out := out·φ', from a = φ. What is changed in place has one name, or the compiler finds overlap and gives up."""
    if code == 1:
        for k in range(out.size):
            out[k] *= 1 - a[k] * a[k]
    elif code == 2:
        for k in range(out.size):
            out[k] = out[k] if a[k] > 0 else 0.0
    elif code == 3:
        for k in range(out.size):
            out[k] *= p[k]


@kept
def times_bends(code, signal, q):
    """q := ∂f/∂a·φ'' for gelu, from signal = ∂f/∂a; the others have it from a and ∂f/∂z."""
    if code == 3:
        for k in range(q.size):
            q[k] *= signal[k]


@kept
def layer_signal(code, signal, a, p, q, zd):
    """signal := signal·φ' + ∂f/∂a·φ''·zd, from a = φ, p = φ', and q = ∂f/∂z or, for gelu, ∂f/∂a·φ''."""
    if code == 1:
        for k in range(signal.size):
            signal[k] = signal[k] * (1 - a[k] * a[k]) - 2 * a[k] * q[k] * zd[k]
    elif code == 2:
        for k in range(signal.size):
            signal[k] = signal[k] if a[k] > 0 else 0.0
    elif code == 3:
        for k in range(signal.size):
            signal[k] = signal[k] * p[k] + q[k] * zd[k]


@kept
def layer_values(code, a, bias, p, q):
    """a := φ(a + bias), some rows at a time, so that they stay in the nearest cache between the passes."""
    width, step = a.shape[1], _step(a)
    for i in range(0, a.shape[0], step):
        rows = a[i : i + step]
        here = slice(i * width, i * width + rows.size)
        if bias.size:
            add_rows(rows, bias)
        activate(code, rows.reshape(rows.size), p[here], q[here])


@kept
def _slopes(code, zd, a, p, ad):
    """ad = φ' zd, all in a row."""
    if code == 0:
        for k in range(zd.size):
            ad[k] = zd[k]
    elif code == 1:
        for k in range(zd.size):
            ad[k] = (1 - a[k] * a[k]) * zd[k]
    elif code == 2:
        for k in range(zd.size):
            ad[k] = zd[k] if a[k] > 0 else 0.0
    else:
        for k in range(zd.size):
            ad[k] = p[k] * zd[k]


@kept
def _slopes_and_bends(code, zd, a, p, q, ad, bends):
    """ad = φ' zd and bends = ∂f/∂a·φ''·zd in one pass, with q = ∂f/∂z or, for gelu, ∂f/∂a·φ''."""
    if code == 1:
        for k in range(zd.size):
            ad[k] = (1 - a[k] * a[k]) * zd[k]
            bends[k] = -2 * a[k] * q[k] * zd[k]
    else:
        for k in range(zd.size):
            ad[k] = p[k] * zd[k]
            bends[k] = q[k] * zd[k]


@kept
def layer_slopes(code, zd, bias, a, p, q, ad, crossed):
    """zd := zd + bias and ad = φ' zd; the sum of ∂f/∂a·φ''·zd², where it is asked for (q as in layer_signal)."""
    width, step, total = zd.shape[1], _step(zd), 0.0
    bent = np.empty(step * width)
    for i in range(0, zd.shape[0], step):
        rows = zd[i : i + step]
        here = slice(i * width, i * width + rows.size)
        if bias.size:
            add_rows(rows, bias)
        flat = rows.reshape(rows.size)
        if crossed and (code == 1 or code == 3):
            bends = bent[: rows.size]
            _slopes_and_bends(code, flat, a[here], p[here], q[here], ad[here], bends)
            total += np.dot(bends, flat)
        else:
            _slopes(code, flat, a[here], p[here], ad[here])
    return total


@kept
def _step(a):
    return max(1, 1024 // a.shape[1])


@kept
def output_loss(code, o, y, share, delta):
    """The summed loss of these rows, and delta = share·∂ℓ/∂o. o becomes softmax(o) or, for "logistic", σ(−y o)."""
    total = 0.0
    rows, width = o.shape
    flat = o.reshape(o.size)
    if code == 0:
        for i in range(rows):
            for j in range(width):
                rest = o[i, j] - y[i, j]
                total += rest * rest / 2
                delta[i, j] = share * rest
    elif code == 1:
        for i in range(rows):
            top = o[i, 0]
            for j in range(1, width):
                top = max(top, o[i, j])
            for j in range(width):
                o[i, j] -= top
        total -= np.dot(y.reshape(y.size), flat)
        for k in range(flat.size):
            flat[k] = exp(flat[k])
        for i in range(rows):
            whole, mass = 0.0, 0.0
            for j in range(width):
                whole += o[i, j]
                mass += y[i, j]
            total += mass * math.log(whole)
            each = 1 / whole
            for j in range(width):
                o[i, j] *= each
                delta[i, j] = share * (mass * o[i, j] - y[i, j])
    else:
        for i in range(rows):
            for j in range(width):
                margin = y[i, j] * o[i, j]
                small = exp(-abs(margin))
                total += math.log1p(small) + max(-margin, 0.0)
                wrong = (small if margin > 0 else 1.0) / (1 + small)  # σ(−margin)
                o[i, j] = wrong
                delta[i, j] = -share * y[i, j] * wrong
    return total


@kept
def output_curvature(code, o, y, share, od, out):
    """out = share·(∂²ℓ/∂o²) od, from what output_loss left in o; and the summed od·out."""
    total = 0.0
    rows, width = o.shape
    for i in range(rows):
        if code == 1:
            mean, mass = 0.0, 0.0
            for j in range(width):
                mean += o[i, j] * od[i, j]
                mass += y[i, j]
            for j in range(width):
                out[i, j] = share * mass * o[i, j] * (od[i, j] - mean)
        else:
            for j in range(width):
                curvature = 1.0 if code == 0 else y[i, j] * y[i, j] * o[i, j] * (1 - o[i, j])
                out[i, j] = share * curvature * od[i, j]
        for j in range(width):
            total += od[i, j] * out[i, j]
    return total
