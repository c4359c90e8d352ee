"""Matrix products of a block of samples: a tile of the result stays in registers while its sums run.

BLAS libraries are made for large matrices, and choose their kernels by the processor's name when they are loaded. The
sums run over k in its order in every tile, so an entry depends neither on where it lies nor on the number of cores.
"""

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from .dense_math import OPTIONS

#: Numbers in a register, and rows of a tile; it is two registers wide.
LANES, ROWS = (8, 8) if llvmlite.binding.get_host_cpu_features().get("avx512f", False) else (4, 4)


@intrinsic
def _tile(typingctx, a, start, row, column, strip, depth, out, place, width, second, scale):
    """ROWS × LANES of out at `place` and another `second` columns on: scale times the sums of a[r, k] strip[k, :]."""

    def generate(context, builder, signature, arguments):
        array, start, row, column, strip, depth, out, place, width, second, scale = arguments
        double, vector, index = ir.DoubleType(), ir.VectorType(ir.DoubleType(), LANES), depth.type

        def data(argument, number):
            return context.make_array(signature.args[number])(context, builder, argument).data

        def wide(pointer, at):
            return builder.bitcast(builder.gep(pointer, [at], source_etype=double), vector.as_pointer())

        def load(pointer, at):
            return builder.load(wide(pointer, at), align=8)

        def all_lanes(number):
            nothing = ir.Constant(vector, ir.Undefined)
            first = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
            return builder.shuffle_vector(
                first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
            )

        a, b, c = data(array, 0), data(strip, 4), data(out, 6)
        kind = ir.FunctionType(vector, [vector] * 3)
        fuse = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{LANES}f64")
        sums = [[cgutils.alloca_once(builder, vector) for _ in range(2)] for _ in range(ROWS)]
        for pair in sums:
            for sum_ in pair:
                builder.store(ir.Constant(vector, [0.0] * LANES), sum_)
        with cgutils.for_range(builder, depth) as loop:
            at = builder.mul(loop.index, ir.Constant(index, 2 * LANES))
            right = [load(b, at), load(b, builder.add(at, ir.Constant(index, LANES)))]
            here = builder.add(start, builder.mul(loop.index, column))
            for r, pair in enumerate(sums):
                number = builder.add(here, builder.mul(ir.Constant(index, r), row))
                left = all_lanes(builder.load(builder.gep(a, [number], source_etype=double)))
                for sum_, half in zip(pair, right):
                    builder.store(builder.call(fuse, [left, half, builder.load(sum_)]), sum_)
        scales = all_lanes(scale)
        for r, pair in enumerate(sums):
            at = builder.add(place, builder.mul(ir.Constant(index, r), width))
            for sum_, more in zip(pair, (ir.Constant(index, 0), second)):
                builder.store(builder.fmul(scales, builder.load(sum_)), wide(c, builder.add(at, more)), align=8)
        return context.get_dummy_value()

    return numba.void(a, start, row, column, strip, depth, out, place, width, second, scale), generate


@numba.njit(**OPTIONS)
def product(scale, a, a_turned, b, b_turned, out):
    """out = scale·a b; where it says turned, the transpose is meant. All arrays row by row."""
    rows, columns = out.shape
    depth = a.shape[0] if a_turned else a.shape[1]
    row, column = (1, rows) if a_turned else (depth, 1)
    if rows < ROWS or columns < LANES:
        _plain(scale, a, row, column, depth, b, b_turned, out)
        return
    strip = np.empty((depth, 2 * LANES))
    for j in range(0, columns, 2 * LANES):
        # The last strip and the last tile go back over what is done already, to the same numbers.
        left, right = min(j, columns - LANES), min(j + LANES, columns - LANES)
        if b_turned:
            for lane in range(LANES):
                for k in range(depth):
                    strip[k, lane] = b[left + lane, k]
                    strip[k, LANES + lane] = b[right + lane, k]
        else:
            for k in range(depth):
                for lane in range(LANES):
                    strip[k, lane] = b[k, left + lane]
                    strip[k, LANES + lane] = b[k, right + lane]
        for tile in range(0, rows, ROWS):
            i = min(tile, rows - ROWS)
            _tile(a, i * row, row, column, strip, depth, out, i * columns + left, columns, right - left, scale)


@numba.njit(**OPTIONS)
def _plain(scale, a, row, column, depth, b, b_turned, out):
    """The same where the result is too small for a tile."""
    rows, columns = out.shape
    flat = a.reshape(a.size)
    for i in range(rows):
        if columns < LANES or b_turned:
            for j in range(columns):
                total = 0.0
                for k in range(depth):
                    total += flat[i * row + k * column] * (b[j, k] if b_turned else b[k, j])
                out[i, j] = scale * total
        else:
            out[i, :] = 0
            for k in range(depth):
                number = scale * flat[i * row + k * column]
                for j in range(columns):
                    out[i, j] += number * b[k, j]
