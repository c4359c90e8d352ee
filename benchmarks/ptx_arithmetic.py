"""The arithmetic of PTX in plain Python, for :mod:`benchmarks.ptx_machine`: float64 and float32 rounded once."""

import math
from fractions import Fraction

import numpy as np

_M32 = 2**32 - 1


def as_double(bits):
    return float(np.uint64(bits).view(np.float64))


def as_single(bits):
    return np.uint32(bits & _M32).view(np.float32)


def as_bits(value, width):
    return int(np.float64(value).view(np.uint64)) if width == 64 else int(np.float32(value).view(np.uint32))


def signed(value, bits):
    value &= 2**bits - 1
    return value - 2**bits if value >> (bits - 1) else value


def shifted(value, count):
    return value << count if count < 64 else 0


def quotient(a, b):
    return 0 if b == 0 else (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)


def unordered(a, b):
    return a != a or b != b


def fma_f64(a, b, c):
    if math.isinf(c) and math.isfinite(a) and math.isfinite(b):
        return c  # though the product alone would overflow
    plain = a * b + c
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return plain
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if not exact:
        return plain
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def fma_f32(a, b, c):
    # The product is exact in float64; the sum is rounded to odd, so that rounding it again does no harm.
    product, c = float(a) * float(b), float(c)
    total = product + c
    if not math.isfinite(total):
        return np.float32(total)
    error = Fraction(product) + Fraction(c) - Fraction(total)
    if error and not int(np.float64(total).view(np.uint64)) & 1:
        total = math.nextafter(total, math.inf if error > 0 else -math.inf)
    return np.float32(total)


def div_f64(a, b):
    return float(np.float64(a) / np.float64(b))


def _largest(a, b, choose):
    return b if a != a else (a if b != b else choose(a, b))


def convert(value, into, source, how):
    """cvt: `how` may hold a rounding to whole numbers."""
    if source[0] == "s":
        value = signed(value, int(source[1:]))
    if source[0] == "f" and any(h in ("rzi", "rni", "rmi", "rpi") for h in how):
        how = next(h for h in how if h.endswith("i"))
        if into[0] != "f" and not math.isfinite(value):
            return 0
        if math.isfinite(value):
            to = {"rzi": math.trunc, "rni": round, "rmi": math.floor, "rpi": math.ceil}[how](float(value))
            value = math.copysign(to, value) if into[0] == "f" else to
    if into == "f64":
        return float(value)
    if into == "f32":
        return np.float32(value)
    return int(value) & (2 ** int(into[1:]) - 1)


def rcp_approx(a):
    return as_double(as_bits(div_f64(1.0, a), 64) & ~_M32)


#: What translated kernels call.
HELPERS = {
    "as_double": as_double, "as_single": as_single, "as_bits": as_bits, "signed": signed, "shifted": shifted,
    "quotient": quotient, "unordered": unordered, "convert": convert, "fma_f64": fma_f64, "fma_f32": fma_f32,
    "div_f64": div_f64, "div_f32": lambda a, b: a / b, "rcp_f64": rcp_approx, "rcp_f32": lambda a: np.float32(1) / a,
    "sqrt_f64": lambda a: float(np.sqrt(a)), "sqrt_f32": np.sqrt, "ex2_f32": np.exp2, "lg2_f32": np.log2,
    "copysign_f64": lambda a, b: math.copysign(b, a), "copysign_f32": lambda a, b: np.copysign(b, a),
    "min_f64": lambda a, b: _largest(a, b, min), "max_f64": lambda a, b: _largest(a, b, max),
    "min_f32": lambda a, b: _largest(a, b, min), "max_f32": lambda a, b: _largest(a, b, max),
}  # fmt: skip
