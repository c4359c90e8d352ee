"""Compiled passes through a dense network, a block of samples at a time: loss, gradient, second derivatives.

The samples are cut into blocks whose size depends on the network alone. A block's arrays stay in the cache between
the passes; blocks run on one core or on several and are summed in their order, so the result is the same to the bit.
"""

import numba
import numpy as np

from .dense_math import OPTIONS, activate, output_curvature, output_loss

#: Slots of a block's buffer: a = φ(z), φ', φ'', ∂f/∂a, ∂f/∂z, the derivatives along u of z, a and ∂f/∂z, spare.
A, P, Q, B, D, ZD, AD, DD, SPARE = range(9)
SLOTS = 9
#: What a pass computes: the loss; with its gradient; uᵀ∇²f u; ∇²f v.
LOSS, GRADIENT, SECOND, HVP = range(4)


@numba.njit(**OPTIONS)
def view(buffer, widths, slot, layer, rows):
    """The array of a slot and a layer, for so many rows."""
    most = buffer.size // (SLOTS * widths[1:].sum())
    start = most * (slot * widths[1:].sum() + widths[1:layer].sum())
    return buffer[start : start + rows * widths[layer]].reshape((rows, widths[layer]))


@numba.njit(**OPTIONS)
def weights(w, widths, biases, layer):
    """The matrix and the bias that lead into a layer; zeros where the network has no biases."""
    start = 0
    for k in range(1, layer):
        start += (widths[k - 1] + biases) * widths[k]
    n, m = widths[layer - 1], widths[layer]
    matrix = w[start : start + n * m].reshape((n, m))
    bias = w[start + n * m : start + n * m + m] if biases else np.zeros(m)
    return matrix, bias


@numba.njit(**OPTIONS)
def _forward(w, widths, codes, scales, x, y, share, buffer):
    """Activations and their derivatives; the summed loss, and ∂f/∂o."""
    rows, last = x.shape[0], widths.size - 1
    below = x
    for layer in range(1, last + 1):
        matrix, bias = weights(w, widths, codes[2], layer)
        a = view(buffer, widths, A, layer, rows)
        np.dot(below, matrix, a)
        if layer < last:
            p, q = view(buffer, widths, P, layer, rows), view(buffer, widths, Q, layer, rows)
            activate(codes[0], a, scales[layer - 1], bias, p, q)
            below = a
    delta = view(buffer, widths, D, last, rows)
    return output_loss(codes[1], a, scales[last - 1], bias, y, share, delta)


@numba.njit(**OPTIONS)
def _backward(w, widths, codes, scales, x, buffer, g):
    """The gradient into g, from what _forward left."""
    rows, last = x.shape[0], widths.size - 1
    for layer in range(last, 0, -1):
        scale = scales[layer - 1]
        matrix, _ = weights(w, widths, codes[2], layer)
        into, into_bias = weights(g, widths, codes[2], layer)
        delta = view(buffer, widths, D, layer, rows)
        below = view(buffer, widths, A, layer - 1, rows) if layer > 1 else x
        if scale != 1.0:
            _sum_rows(delta, into_bias, codes[2])
            scaled = view(buffer, widths, SPARE, layer, rows)
            _times(delta, scale, scaled)
            np.dot(below.T, scaled, into)
            delta = scaled
        else:
            np.dot(below.T, delta, into)
            _sum_rows(delta, into_bias, codes[2])
        if layer > 1:
            signal = view(buffer, widths, B, layer - 1, rows)
            np.dot(delta, matrix.T, signal)
            _product(signal, view(buffer, widths, P, layer - 1, rows), view(buffer, widths, D, layer - 1, rows))


@numba.njit(**OPTIONS)
def _times(a, factor, out):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = factor * a[i, j]


@numba.njit(**OPTIONS)
def _product(a, b, out):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = a[i, j] * b[i, j]


@numba.njit(**OPTIONS)
def _sum_rows(a, out, biases):
    if biases:
        out[:] = 0
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                out[j] += a[i, j]


@numba.njit(**OPTIONS)
def _along(w, u, widths, codes, scales, x, buffer, paired):
    """The derivatives of every z and a along u; twice the summed ∂f/∂z · (ȧ below) U, which no other term holds."""
    rows, last = x.shape[0], widths.size - 1
    cross = 0.0
    for layer in range(1, last + 1):
        scale = scales[layer - 1]
        matrix, _ = weights(w, widths, codes[2], layer)
        step, step_bias = weights(u, widths, codes[2], layer)
        zd = view(buffer, widths, ZD, layer, rows)
        if layer == 1:
            np.dot(x, step, zd)
        else:
            # ȧ [W | U] in one product: the second half only matters for uᵀ∇²f u.
            n, m = widths[layer - 1], widths[layer]
            below, belowd = view(buffer, widths, A, layer - 1, rows), view(buffer, widths, AD, layer - 1, rows)
            np.dot(below, step, zd)
            both = paired[: n * 2 * m].reshape((n, 2 * m))
            for i in range(n):
                for j in range(m):
                    both[i, j] = matrix[i, j]
                    both[i, m + j] = step[i, j]
            delta = view(buffer, widths, D, layer, rows)
            product = np.dot(belowd, both)
            part = 0.0
            for i in range(rows):
                for j in range(m):
                    zd[i, j] += product[i, j]
                    part += product[i, m + j] * delta[i, j]
            cross += 2 * scale * part
        ad, p = view(buffer, widths, AD, layer, rows), view(buffer, widths, P, layer, rows)
        for i in range(rows):
            for j in range(widths[layer]):
                zd[i, j] = scale * zd[i, j] + step_bias[j]
        if layer < last:
            _product(p, zd, ad)
    return cross


@numba.njit(**OPTIONS)
def _second(w, u, widths, codes, scales, x, y, share, buffer, paired):
    """uᵀ∇²f u = Σ ℓ''[ȯ, ȯ] + Σ ∂f/∂a φ'' ż² + 2 Σ ∂f/∂z · (ȧ below) U, a sum over layers: no second backward pass."""
    rows, last = x.shape[0], widths.size - 1
    total = _along(w, u, widths, codes, scales, x, buffer, paired)
    o, od = view(buffer, widths, A, last, rows), view(buffer, widths, ZD, last, rows)
    total += output_curvature(codes[1], o, y, share, od, view(buffer, widths, DD, last, rows))
    if codes[0] == 1 or codes[0] == 3:
        for layer in range(1, last):
            signal, q = view(buffer, widths, B, layer, rows), view(buffer, widths, Q, layer, rows)
            zd = view(buffer, widths, ZD, layer, rows)
            part = 0.0
            for i in range(rows):
                for j in range(widths[layer]):
                    part += signal[i, j] * q[i, j] * zd[i, j] * zd[i, j]
            total += part
    return total


@numba.njit(**OPTIONS)
def _hvp(w, v, widths, codes, scales, x, y, share, buffer, paired, out, spare):
    """∇²f v into out: the derivative along v of the backward pass."""
    rows, last = x.shape[0], widths.size - 1
    _along(w, v, widths, codes, scales, x, buffer, paired)
    o, od = view(buffer, widths, A, last, rows), view(buffer, widths, ZD, last, rows)
    output_curvature(codes[1], o, y, share, od, view(buffer, widths, DD, last, rows))
    for layer in range(last, 0, -1):
        scale = scales[layer - 1]
        matrix, _ = weights(w, widths, codes[2], layer)
        step, _ = weights(v, widths, codes[2], layer)
        into, into_bias = weights(out, widths, codes[2], layer)
        more, _ = weights(spare, widths, codes[2], layer)
        delta, deltad = view(buffer, widths, D, layer, rows), view(buffer, widths, DD, layer, rows)
        _sum_rows(deltad, into_bias, codes[2])
        if layer == 1:
            np.dot(x.T, deltad, into)
            _times(into, scale, into)
            break
        below, belowd = view(buffer, widths, A, layer - 1, rows), view(buffer, widths, AD, layer - 1, rows)
        np.dot(below.T, deltad, into)
        np.dot(belowd.T, delta, more)
        for i in range(into.shape[0]):
            for j in range(into.shape[1]):
                into[i, j] = scale * (into[i, j] + more[i, j])
        signal, extra = view(buffer, widths, DD, layer - 1, rows), view(buffer, widths, SPARE, layer - 1, rows)
        np.dot(deltad, matrix.T, signal)
        np.dot(delta, step.T, extra)
        p, q = view(buffer, widths, P, layer - 1, rows), view(buffer, widths, Q, layer - 1, rows)
        b, zd = view(buffer, widths, B, layer - 1, rows), view(buffer, widths, ZD, layer - 1, rows)
        for i in range(rows):
            for j in range(widths[layer - 1]):
                signal[i, j] = scale * (signal[i, j] + extra[i, j]) * p[i, j] + b[i, j] * q[i, j] * zd[i, j]


@numba.njit(**OPTIONS)
def _block(task, i, rows, w, u, widths, codes, scales, x, y, buffers, parts):
    """One task on block i: its share of the number asked for; vectors go into parts."""
    xs, ys = x[i * rows : (i + 1) * rows], y[i * rows : (i + 1) * rows]
    share = 1.0 / x.shape[0]
    # The spare parts of a block: a vector for _hvp, and the pair of matrices for _along.
    spare, paired = parts[i, w.size : 2 * w.size], parts[i, 2 * w.size :]
    if task <= GRADIENT:
        loss = _forward(w, widths, codes, scales, xs, ys, share, buffers[i])
        if task == GRADIENT:
            _backward(w, widths, codes, scales, xs, buffers[i], parts[i, : w.size])
        return loss * share
    if task == SECOND:
        return _second(w, u, widths, codes, scales, xs, ys, share, buffers[i], paired)
    _hvp(w, u, widths, codes, scales, xs, ys, share, buffers[i], paired, parts[i, : w.size], spare)
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
