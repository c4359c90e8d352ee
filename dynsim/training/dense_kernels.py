"""Compiled passes through a dense network, a block of samples at a time: loss, gradient, second derivatives.

The samples are cut into blocks whose size depends on the network alone. A block's arrays stay in the cache between
the passes; blocks run on one core or on several and are summed in their order, so the result is the same to the bit.
"""

import numba
import numpy as np

from .dense_math import (
    OPTIONS,
    add,
    add_rows,
    copy,
    layer_slopes,
    layer_values,
    output_curvature,
    output_loss,
    sum_rows,
    times,
    times_bend,
    times_slope,
)
from .products import product

#: Slots of a block's buffer: a = φ(z), φ', φ'', ∂f/∂z, the derivatives along u of z, a and ∂f/∂z, spare.
A, P, Q, D, ZD, AD, DD, SPARE = range(8)
SLOTS = 8
#: What a pass computes: the loss; with its gradient; uᵀ∇²f u; ∇²f v.
LOSS, GRADIENT, SECOND, HVP = range(4)


@numba.njit(**OPTIONS)
def flat(buffer, widths, slot, layer, rows):
    """The array of a slot and a layer, for so many rows, all in a row."""
    columns = 0
    before = 0
    for k in range(1, widths.size):
        before += widths[k] if k < layer else 0
        columns += widths[k]
    start = buffer.size // (SLOTS * columns) * (slot * columns + before)
    return buffer[start : start + rows * widths[layer]]


@numba.njit(**OPTIONS)
def view(buffer, widths, slot, layer, rows):
    """The same as a matrix."""
    return flat(buffer, widths, slot, layer, rows).reshape((rows, widths[layer]))


@numba.njit(**OPTIONS)
def weights(w, widths, biases, layer):
    """The matrix and the bias that lead into a layer; an empty bias where the network has none."""
    start = 0
    for k in range(1, layer):
        start += (widths[k - 1] + biases) * widths[k]
    n, m = widths[layer - 1], widths[layer]
    return w[start : start + n * m].reshape((n, m)), w[start + n * m : start + (n + biases) * m]


@numba.njit(**OPTIONS)
def _forward(w, widths, codes, scales, x, y, share, buffer):
    """Activations and what their derivatives need; the summed loss, and ∂f/∂o."""
    rows, last = x.shape[0], widths.size - 1
    below = x
    for layer in range(1, last + 1):
        matrix, bias = weights(w, widths, codes[2], layer)
        a = view(buffer, widths, A, layer, rows)
        product(scales[layer - 1], below, False, matrix, False, a)
        p, q = flat(buffer, widths, P, layer, rows), flat(buffer, widths, Q, layer, rows)
        layer_values(codes[0] if layer < last else 0, a, bias, p, q)
        below = a
    return output_loss(codes[1], below, y, share, view(buffer, widths, D, last, rows))


@numba.njit(**OPTIONS)
def _backward(w, widths, codes, scales, x, buffer, g):
    """The gradient into g, from what _forward left."""
    rows, last = x.shape[0], widths.size - 1
    for layer in range(last, 0, -1):
        scale = scales[layer - 1]
        matrix, _ = weights(w, widths, codes[2], layer)
        into, into_bias = weights(g, widths, codes[2], layer)
        delta = view(buffer, widths, D, layer, rows)
        if codes[2]:
            sum_rows(delta, into_bias)
        if layer == 1:
            product(scale, x, True, delta, False, into)
            return
        product(scale, view(buffer, widths, A, layer - 1, rows), True, delta, False, into)
        product(scale, delta, False, matrix, True, view(buffer, widths, D, layer - 1, rows))
        signal, a = flat(buffer, widths, D, layer - 1, rows), flat(buffer, widths, A, layer - 1, rows)
        p, q = flat(buffer, widths, P, layer - 1, rows), flat(buffer, widths, Q, layer - 1, rows)
        if codes[0] == 3:
            times(q, signal)
        times_slope(codes[0], signal, a, p)


@numba.njit(**OPTIONS)
def _along(w, u, widths, codes, scales, x, buffer, crossed):
    """The derivatives along u of every z and a.

    Where it is asked to be crossed, also the part of uᵀ∇²f u that they make:
    Σ ∂f/∂a φ'' ż² + 2 Σ ∂f/∂z · (ȧ below) U, over the layers.
    """
    rows, last = x.shape[0], widths.size - 1
    total = 0.0
    for layer in range(1, last + 1):
        scale = scales[layer - 1]
        matrix, _ = weights(w, widths, codes[2], layer)
        step, step_bias = weights(u, widths, codes[2], layer)
        zd, zds = view(buffer, widths, ZD, layer, rows), flat(buffer, widths, ZD, layer, rows)
        if layer == 1:
            product(scale, x, False, step, False, zd)
        else:
            belowd, spares = view(buffer, widths, AD, layer - 1, rows), flat(buffer, widths, SPARE, layer, rows)
            product(scale, view(buffer, widths, A, layer - 1, rows), False, step, False, zd)
            product(scale, belowd, False, matrix, False, view(buffer, widths, SPARE, layer, rows))
            add(zds, spares)
            if crossed:
                product(scale, belowd, False, step, False, view(buffer, widths, SPARE, layer, rows))
                total += 2 * np.dot(flat(buffer, widths, D, layer, rows), spares)
        if layer < last:
            a, ad = flat(buffer, widths, A, layer, rows), flat(buffer, widths, AD, layer, rows)
            p, q = flat(buffer, widths, P, layer, rows), flat(buffer, widths, Q, layer, rows)
            delta = flat(buffer, widths, D, layer, rows)
            total += layer_slopes(codes[0], zd, step_bias, a, p, q, delta, ad, crossed)
        elif codes[2]:
            add_rows(zd, step_bias)
    return total


@numba.njit(**OPTIONS)
def _second(w, u, widths, codes, scales, x, y, share, buffer):
    """uᵀ∇²f u = Σ ℓ''[ȯ, ȯ] + Σ ∂f/∂a φ'' ż² + 2 Σ ∂f/∂z · (ȧ below) U, a sum over layers: no second backward pass."""
    rows, last = x.shape[0], widths.size - 1
    total = _along(w, u, widths, codes, scales, x, buffer, True)
    o, od = view(buffer, widths, A, last, rows), view(buffer, widths, ZD, last, rows)
    return total + output_curvature(codes[1], o, y, share, od, view(buffer, widths, DD, last, rows))


@numba.njit(**OPTIONS)
def _hvp(w, v, widths, codes, scales, x, y, share, buffer, out, spare):
    """∇²f v into out: the derivative along v of the backward pass."""
    rows, last = x.shape[0], widths.size - 1
    _along(w, v, widths, codes, scales, x, buffer, False)
    o, od = view(buffer, widths, A, last, rows), view(buffer, widths, ZD, last, rows)
    output_curvature(codes[1], o, y, share, od, view(buffer, widths, DD, last, rows))
    for layer in range(last, 0, -1):
        scale = scales[layer - 1]
        matrix, _ = weights(w, widths, codes[2], layer)
        step, _ = weights(v, widths, codes[2], layer)
        into, into_bias = weights(out, widths, codes[2], layer)
        delta, deltad = view(buffer, widths, D, layer, rows), view(buffer, widths, DD, layer, rows)
        if codes[2]:
            sum_rows(deltad, into_bias)
        if layer == 1:
            product(scale, x, True, deltad, False, into)
            return
        more, _ = weights(spare, widths, codes[2], layer)
        product(scale, view(buffer, widths, A, layer - 1, rows), True, deltad, False, into)
        product(scale, view(buffer, widths, AD, layer - 1, rows), True, delta, False, more)
        add(into.reshape(into.size), more.reshape(more.size))
        product(scale, deltad, False, matrix, True, view(buffer, widths, DD, layer - 1, rows))
        product(scale, delta, False, step, True, view(buffer, widths, SPARE, layer - 1, rows))
        signal, spares = flat(buffer, widths, DD, layer - 1, rows), flat(buffer, widths, SPARE, layer - 1, rows)
        add(spares, signal)
        a, p = flat(buffer, widths, A, layer - 1, rows), flat(buffer, widths, P, layer - 1, rows)
        times_slope(codes[0], spares, a, p)
        if codes[0] == 1 or codes[0] == 3:
            q, zd = flat(buffer, widths, Q, layer - 1, rows), flat(buffer, widths, ZD, layer - 1, rows)
            times_bend(codes[0], zd, flat(buffer, widths, D, layer - 1, rows), a, q)
            add(spares, zd)
        copy(spares, signal)


@numba.njit(**OPTIONS)
def _block(task, i, rows, w, u, widths, codes, scales, x, y, buffers, parts):
    """One task on block i: its share of the number asked for; vectors go into parts."""
    xs, ys = x[i * rows : (i + 1) * rows], y[i * rows : (i + 1) * rows]
    share = 1.0 / x.shape[0]
    if task <= GRADIENT:
        loss = _forward(w, widths, codes, scales, xs, ys, share, buffers[i])
        if task == GRADIENT:
            _backward(w, widths, codes, scales, xs, buffers[i], parts[i, : w.size])
        return loss * share
    if task == SECOND:
        return _second(w, u, widths, codes, scales, xs, ys, share, buffers[i])
    _hvp(w, u, widths, codes, scales, xs, ys, share, buffers[i], parts[i, : w.size], parts[i, w.size :])
    return 0.0


@numba.njit(**OPTIONS)
def serial(task, rows, w, u, widths, codes, scales, x, y, buffers, parts, sums):
    """A task on every block, one after another."""
    for i in range(sums.size):
        sums[i] = _block(task, i, rows, w, u, widths, codes, scales, x, y, buffers, parts)


@numba.njit(**OPTIONS, parallel=True)
def parallel(task, rows, w, u, widths, codes, scales, x, y, buffers, parts, sums):
    """A task on every block, over the cores."""
    for i in numba.prange(sums.size):
        sums[i] = _block(task, i, rows, w, u, widths, codes, scales, x, y, buffers, parts)


@numba.njit(**OPTIONS)
def gathered(parts, sums, decay, out, vector):
    """The blocks' vectors summed in order into out, with decay·vector on top; the summed numbers."""
    if out.size:
        for k in range(out.size):
            out[k] = parts[0, k]
        for i in range(1, sums.size):
            for k in range(out.size):
                out[k] += parts[i, k]
        for k in range(out.size):
            out[k] += decay * vector[k]
    total = 0.0
    for i in range(sums.size):
        total += sums[i]
    return total
