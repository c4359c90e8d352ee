"""Compiled passes through a dense network, a block of samples at a time: loss, gradient, second derivatives.

The samples are cut into blocks whose size depends on the network alone, and the blocks into groups. A block's arrays
stay in the cache between the passes; groups run on one core or on several and are summed in their order, so the result
is the same to the bit.
"""

import numba
import numpy as np

from .caching import kept
from .dense_math import (
    add_rows,
    layer_signal,
    layer_slopes,
    layer_values,
    output_curvature,
    output_loss,
    sum_rows,
    times_bends,
    times_slope,
)
from .products import product

#: Slots of a block's buffer, which a gradient leaves behind: a = φ(z), φ', φ'', ∂f/∂z.
A, P, Q, D = range(4)
#: Slots of the scratch for what follows: the derivatives along u of z, a and ∂f/∂z.
ZD, AD, DD = range(3)
SLOTS = 4
#: What a pass computes: the loss; with its gradient; uᵀ∇²f u; ∇²f v.
LOSS, GRADIENT, SECOND, HVP = range(4)
#: Groups of blocks, at most: each has a gradient of its own, and to sum more would cost time.
GROUPS = 16
#: Parameters that are summed over the groups at a time.
CHUNK = 4096


@kept
def flat(buffer, widths, slot, layer, rows):
    """The array of a slot and a layer, for so many rows, all in a row."""
    columns = 0
    before = 0
    for k in range(1, widths.size):
        before += widths[k] if k < layer else 0
        columns += widths[k]
    start = buffer.size // (SLOTS * columns) * (slot * columns + before)
    return buffer[start : start + rows * widths[layer]]


@kept
def view(buffer, widths, slot, layer, rows):
    """The same as a matrix."""
    return flat(buffer, widths, slot, layer, rows).reshape((rows, widths[layer]))


@kept
def weights(w, widths, biases, layer):
    """The matrix and the bias that lead into a layer; an empty bias where the network has none."""
    start = 0
    for k in range(1, layer):
        start += (widths[k - 1] + biases) * widths[k]
    n, m = widths[layer - 1], widths[layer]
    return w[start : start + n * m].reshape((n, m)), w[start + n * m : start + (n + biases) * m]


@kept
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


@kept
def _backward(w, widths, codes, scales, x, buffer, g, kept):
    """The gradient on top of kept·g, from what _forward left."""
    rows, last = x.shape[0], widths.size - 1
    for layer in range(last, 0, -1):
        scale = scales[layer - 1]
        matrix, _ = weights(w, widths, codes[2], layer)
        into, into_bias = weights(g, widths, codes[2], layer)
        delta = view(buffer, widths, D, layer, rows)
        if codes[2]:
            sum_rows(delta, into_bias, kept)
        if layer == 1:
            product(scale, x, True, delta, False, into, kept)
            return
        product(scale, view(buffer, widths, A, layer - 1, rows), True, delta, False, into, kept)
        product(scale, delta, False, matrix, True, view(buffer, widths, D, layer - 1, rows))
        signal, a = flat(buffer, widths, D, layer - 1, rows), flat(buffer, widths, A, layer - 1, rows)
        p, q = flat(buffer, widths, P, layer - 1, rows), flat(buffer, widths, Q, layer - 1, rows)
        times_bends(codes[0], signal, q)
        times_slope(codes[0], signal, a, p)


@kept
def _along(w, u, widths, codes, scales, x, buffer, scratch, crossed):
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
        zd = view(scratch, widths, ZD, layer, rows)
        if layer == 1:
            product(scale, x, False, step, False, zd)
        else:
            belowd = view(scratch, widths, AD, layer - 1, rows)
            if crossed:
                product(scale, belowd, False, step, False, zd)
                total += 2 * np.dot(flat(buffer, widths, D, layer, rows), flat(scratch, widths, ZD, layer, rows))
            product(scale, view(buffer, widths, A, layer - 1, rows), False, step, False, zd)
            product(scale, belowd, False, matrix, False, zd, 1.0)
        if layer < last:
            a, p = flat(buffer, widths, A, layer, rows), flat(buffer, widths, P, layer, rows)
            q, ad = flat(buffer, widths, Q if codes[0] == 3 else D, layer, rows), flat(scratch, widths, AD, layer, rows)
            total += layer_slopes(codes[0], zd, step_bias, a, p, q, ad, crossed)
        elif codes[2]:
            add_rows(zd, step_bias)
    return total


@kept
def _second(w, u, widths, codes, scales, x, y, share, buffer, scratch):
    """uᵀ∇²f u = Σ ℓ''[ȯ, ȯ] + Σ ∂f/∂a φ'' ż² + 2 Σ ∂f/∂z · (ȧ below) U, a sum over layers: no second backward pass."""
    rows, last = x.shape[0], widths.size - 1
    total = _along(w, u, widths, codes, scales, x, buffer, scratch, True)
    o, od = view(buffer, widths, A, last, rows), view(scratch, widths, ZD, last, rows)
    return total + output_curvature(codes[1], o, y, share, od, view(scratch, widths, DD, last, rows))


@kept
def _hvp(w, v, widths, codes, scales, x, y, share, buffer, scratch, out, kept):
    """∇²f v on top of kept·out: the derivative along v of the backward pass."""
    rows, last = x.shape[0], widths.size - 1
    _along(w, v, widths, codes, scales, x, buffer, scratch, False)
    o, od = view(buffer, widths, A, last, rows), view(scratch, widths, ZD, last, rows)
    output_curvature(codes[1], o, y, share, od, view(scratch, widths, DD, last, rows))
    for layer in range(last, 0, -1):
        scale = scales[layer - 1]
        matrix, _ = weights(w, widths, codes[2], layer)
        step, _ = weights(v, widths, codes[2], layer)
        into, into_bias = weights(out, widths, codes[2], layer)
        delta, deltad = view(buffer, widths, D, layer, rows), view(scratch, widths, DD, layer, rows)
        if codes[2]:
            sum_rows(deltad, into_bias, kept)
        if layer == 1:
            product(scale, x, True, deltad, False, into, kept)
            return
        product(scale, view(buffer, widths, A, layer - 1, rows), True, deltad, False, into, kept)
        product(scale, view(scratch, widths, AD, layer - 1, rows), True, delta, False, into, 1.0)
        signal = view(scratch, widths, DD, layer - 1, rows)
        product(scale, deltad, False, matrix, True, signal)
        product(scale, delta, False, step, True, signal, 1.0)
        a, p = flat(buffer, widths, A, layer - 1, rows), flat(buffer, widths, P, layer - 1, rows)
        q = flat(buffer, widths, Q if codes[0] == 3 else D, layer - 1, rows)
        layer_signal(codes[0], signal.reshape(signal.size), a, p, q, flat(scratch, widths, ZD, layer - 1, rows))


@kept
def _group(task, group, w, u, net, scratch):
    """One task on the blocks of a group: its share of the number asked for; vectors go into the group's part.

    What follows a gradient goes backwards: the blocks that were last are still in the cache.
    """
    rows, widths, codes, scales, _, x, y, buffers, _, parts, sums = net
    blocks, part, total = buffers.shape[0], parts[group], 0.0
    share, kept = 1.0 / x.shape[0], 0.0
    first, end = blocks * group // sums.size, blocks * (group + 1) // sums.size
    for k in range(first, end):
        i = k if task <= GRADIENT else first + end - 1 - k
        xs, ys = x[i * rows : (i + 1) * rows], y[i * rows : (i + 1) * rows]
        if task <= GRADIENT:
            total += share * _forward(w, widths, codes, scales, xs, ys, share, buffers[i])
            if task == GRADIENT:
                _backward(w, widths, codes, scales, xs, buffers[i], part, kept)
        elif task == SECOND:
            total += _second(w, u, widths, codes, scales, xs, ys, share, buffers[i], scratch)
        else:
            _hvp(w, u, widths, codes, scales, xs, ys, share, buffers[i], scratch, part, kept)
        kept = 1.0
    return total


@kept
def _gather(parts, start, decay, vector, out):
    """The groups' vectors summed in order into a chunk of out, with decay·vector on top."""
    end = min(start + CHUNK, out.size)
    for k in range(start, end):
        out[k] = parts[0, k] + decay * vector[k]
    for i in range(1, parts.shape[0]):
        for k in range(start, end):
            out[k] += parts[i, k]


@kept
def _total(task, sums, decay, vector):
    total = 0.0
    for i in range(sums.size):
        total += sums[i]
    if decay and task != HVP:
        total += decay * np.dot(vector, vector) * (1.0 if task == SECOND else 0.5)
    return total


@kept
def serial(task, w, u, net, out):
    """A task on every group, one after another. The number asked for; a vector goes into out, empty for no vector."""
    decay, scratch, parts, sums = net[4], net[8], net[9], net[10]
    for k in range(sums.size):
        i = k if task <= GRADIENT else sums.size - 1 - k
        sums[i] = _group(task, i, w, u, net, scratch[0])
    vector = w if task <= GRADIENT else u
    for start in range(0, out.size, CHUNK):
        _gather(parts, start, decay, vector, out)
    return _total(task, sums, decay, vector)


@kept(parallel=True)
def parallel(task, w, u, net, out):
    """The same over the cores, to the bit."""
    decay, scratch, parts, sums = net[4], net[8], net[9], net[10]
    for k in numba.prange(sums.size):
        i = np.int64(k) if task <= GRADIENT else sums.size - 1 - np.int64(k)
        sums[i] = _group(task, i, w, u, net, scratch[numba.get_thread_id()])
    vector = w if task <= GRADIENT else u
    for i in numba.prange((out.size + CHUNK - 1) // CHUNK):
        _gather(parts, i * CHUNK, decay, vector, out)
    return _total(task, sums, decay, vector)
