"""Activations and losses of dense networks with their first two derivatives, compiled to full-width SIMD.

The compiler does not vectorize libm, so exp and tanh are polynomials here: within 1 and 3 units in the last place.
"""

import math

import numba
import numpy as np

OPTIONS = {"nogil": True, "error_model": "numpy", "cache": True}
ACTIVATIONS = ("linear", "tanh", "relu", "gelu")
LOSSES = ("squared", "cross_entropy", "logistic")

_LOG2E = 1 / math.log(2)
_ROUND = 1.5 * 2.0**52  # added and taken away, it leaves the nearest integer
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_C = tuple(1 / math.factorial(k) for k in range(14))
_GELU, _GELU3 = math.sqrt(2 / math.pi), 0.044715


@numba.njit(**OPTIONS)
def _power_and_rest(x):
    """2^k and exp(r) − 1 with x = k ln 2 + r, |r| ≤ ½ ln 2."""
    shifted = x * _LOG2E + _ROUND
    k = shifted - _ROUND
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    bits = np.float64(shifted).view(np.int64)
    power = np.int64((bits + np.int64(1023)) << np.int64(52)).view(np.float64)
    s = _C[13]
    s = s * r + _C[12]
    s = s * r + _C[11]
    s = s * r + _C[10]
    s = s * r + _C[9]
    s = s * r + _C[8]
    s = s * r + _C[7]
    s = s * r + _C[6]
    s = s * r + _C[5]
    s = s * r + _C[4]
    s = s * r + _C[3]
    s = s * r + _C[2]
    return power, s * r * r + r


@numba.njit(**OPTIONS)
def exp(x):
    """e^x; below -708 it is that of -708, so never 0. NaN stays NaN."""
    power, rest = _power_and_rest(min(max(x, -708.0), 709.0))
    return power * rest + power if x == x else x


@numba.njit(**OPTIONS)
def tanh(x):
    """tanh x. NaN stays NaN."""
    power, rest = _power_and_rest(2 * min(abs(x), 22.0))
    e = power * rest + (power - 1)
    return math.copysign(e / (e + 2), x) if x == x else x


@numba.njit(**OPTIONS)
def activate(code, a, scale, bias, p, q):
    """With z = scale·a + bias: a := φ(z), p = φ'(z), q = φ''(z)."""
    if code == 0:
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                a[i, j] = scale * a[i, j] + bias[j]
                p[i, j] = 1.0
                q[i, j] = 0.0
    elif code == 1:
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                t = tanh(scale * a[i, j] + bias[j])
                slope = 1 - t * t
                a[i, j] = t
                p[i, j] = slope
                q[i, j] = -2 * t * slope
    elif code == 2:
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                x = scale * a[i, j] + bias[j]
                a[i, j] = 0.0 if x <= 0 else x  # so that NaN stays NaN
                p[i, j] = 1.0 if x > 0 else 0.0
                q[i, j] = 0.0
    else:
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                x = scale * a[i, j] + bias[j]
                inner = _GELU * (1 + 3 * _GELU3 * x * x)
                t = tanh(_GELU * (x + _GELU3 * x * x * x))
                slope = 1 - t * t
                a[i, j] = x * (1 + t) / 2
                p[i, j] = (1 + t) / 2 + x * slope * inner / 2
                q[i, j] = slope * (inner + x * (3 * _GELU * _GELU3 * x - t * inner * inner))


@numba.njit(**OPTIONS)
def output_loss(code, o, scale, bias, y, share, delta):
    """o := scale·o + bias; the summed loss of these rows, and delta = share·∂ℓ/∂o. For cross-entropy o becomes p."""
    total = 0.0
    rows, width = o.shape
    for i in range(rows):
        for j in range(width):
            o[i, j] = scale * o[i, j] + bias[j]
        if code == 0:
            for j in range(width):
                rest = o[i, j] - y[i, j]
                total += rest * rest / 2
                delta[i, j] = share * rest
        elif code == 1:
            top = o[i, 0]
            for j in range(1, width):
                top = max(top, o[i, j])
            whole, mass, chosen = 0.0, 0.0, 0.0
            for j in range(width):
                chosen += y[i, j] * (o[i, j] - top)
                mass += y[i, j]
                o[i, j] = exp(o[i, j] - top)
                whole += o[i, j]
            total += mass * math.log(whole) - chosen
            for j in range(width):
                o[i, j] /= whole
                delta[i, j] = share * (mass * o[i, j] - y[i, j])
        else:
            for j in range(width):
                margin = y[i, j] * o[i, j]
                small = exp(-abs(margin))
                total += math.log1p(small) + max(-margin, 0.0)
                wrong = (small if margin > 0 else 1.0) / (1 + small)  # σ(−margin)
                o[i, j] = wrong
                delta[i, j] = -share * y[i, j] * wrong
    return total


@numba.njit(**OPTIONS)
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
