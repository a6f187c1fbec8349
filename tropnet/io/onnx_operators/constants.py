"""Operators that store or count: Constant, ConstantOfShape, Shape, Range, DequantizeLinear."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.errors import FormatError, ShapeError
from tropnet.io.onnx_operators.foldable import MOST_RATIONALS, require_made
from tropnet.io.onnx_operators.registry import Call, operator
from tropnet.io.onnx_operators.whole import whole
from tropnet.io.onnx_tensor import array_of, array_of_sparse
from tropnet.io.tensor import Constant, Shape, Value, constant, require_room, size_of

if TYPE_CHECKING:
    from tropnet.typing import AnyArray


@operator("Constant")
def stored(call: Call) -> Value:
    """Constant: a tensor, a number or a list of numbers stored in the node."""
    given: Any = call.attributes
    if len(given) == 1:
        if "value" in given:
            return constant(array_of(given["value"], None), call.name)
        if "sparse_value" in given:
            return constant(array_of_sparse(given["sparse_value"], None), call.name)
        if "value_float" in given:
            return constant(np.array(given["value_float"], np.float32), call.name)
        if "value_floats" in given:
            return constant(np.array(given["value_floats"], np.float32), call.name)
        if "value_int" in given:
            return Constant(np.array(given["value_int"], np.int64))
        if "value_ints" in given:
            return Constant(np.array(given["value_ints"], np.int64))
    kinds = ", ".join(sorted(given)) or "nothing"
    raise call.unsupported(f"it stores {kinds}", "constants of real tensors")


@operator("ConstantOfShape")
def filled(call: Call) -> Value:
    """ConstantOfShape(shape): one value everywhere; the size is checked before it is made."""
    shape = call.whole_numbers(0, "shape")
    if any(d < 0 for d in shape):
        raise ShapeError(f"node {call.name!r} (ConstantOfShape): impossible shape {shape}")
    require_made(call, size_of(tuple(shape)))
    value: Any = call.attributes.get("value")
    fill = np.zeros(1, np.float32) if value is None else array_of(value, None)
    if fill.size != 1:
        raise FormatError(
            f"node {call.name!r} (ConstantOfShape) repeats {fill.size} values instead of one"
        )
    one = constant(fill.reshape(()), call.name)
    return Constant(np.broadcast_to(one.values, shape))


@operator("Shape")
def shape(call: Call) -> Value:
    """Shape(X) for a batch of one, from `start` to `end`."""
    sizes = call.value(0).shape
    chosen = sizes[call.integer("start", 0) : call.integer("end", len(sizes))]
    return Constant(np.array(chosen, dtype=np.int64))


@operator("Size")
def size(call: Call) -> Value:
    """Size(X), the number of values, for a batch of one."""
    return Constant(np.array(size_of(call.value(0).shape), dtype=np.int64))


@operator("Range")
def numbers(call: Call) -> Value:
    """Range(start, limit, delta); the size is checked before it is made."""
    parts = [call.constant(k, word) for k, word in enumerate(("start", "limit", "step"))]
    if any(p.values.size != 1 for p in parts):
        raise ShapeError(f"node {call.name!r} (Range) takes numbers, not tensors")
    start, limit, step = (p.fractions().reshape(-1)[0] for p in parts)
    if step == 0:
        raise FormatError(f"node {call.name!r} (Range) has the step 0")
    count = max(0, -whole(call, Fraction(start - limit) / step, math.floor))
    if all(p.is_integer for p in parts):
        require_made(call, count)
        dtype = parts[0].values.dtype
        return Constant((int(start) + int(step) * np.arange(count)).astype(dtype))
    require_room(count, f"node {call.name!r} (Range)", MOST_RATIONALS)
    entries = np.empty(count, dtype=object)
    entries[:] = [start + k * step for k in range(count)]
    return Constant(entries)


@operator("DequantizeLinear")
def dequantized(call: Call) -> Value:
    """DequantizeLinear(x, scale, zero) = (x − zero) · scale, of constants, exactly."""
    codes = call.constant(0, "quantised tensor").values
    scales, zeros = call.constant(1, "scale").values, call.optional(2)
    if codes.dtype.kind not in "iu":
        raise call.unsupported("its input is no tensor of integers", "integers of 8 to 32 bits")
    wide = codes.astype(np.int64)
    if isinstance(zeros, Constant):
        wide = wide - _spread(call, zeros.values, codes.shape).astype(np.int64)
    elif zeros is not None:
        raise call.unsupported("its zero point depends on the input", "a constant there")
    factors = np.broadcast_to(_spread(call, scales, codes.shape), codes.shape)
    # at most 24 bits of integer times 24 bits of float32 make 48 bits: no product is rounded
    if codes.dtype.itemsize <= 2 and np.array_equal(factors.astype(np.float32), factors):
        return Constant(wide * factors.astype(np.float64))
    require_room(codes.size, f"node {call.name!r} (DequantizeLinear)", MOST_RATIONALS)
    exact = Constant(wide).fractions() * Constant(factors).fractions()
    return Constant(np.asarray(exact, dtype=object))


def _spread(call: Call, given: AnyArray, shape: Shape) -> AnyArray:
    """Return scales or zero points, one for all, for each slice or for each block, broadcast."""
    axis, block = call.integer("axis", 1), call.integer("block_size", 0)
    if given.size == 1 and not block:
        return given.reshape((1,) * len(shape))
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(f"node {call.name!r} ({call.op}): axis {axis} of {len(shape)}")
    axis %= len(shape)
    if block:
        wanted = (*shape[:axis], -(-shape[axis] // block), *shape[axis + 1 :])
        if block > 0 and given.shape == wanted:
            return given.take(np.arange(shape[axis]) // block, axis=axis)
    elif given.ndim == 1 and len(given) == shape[axis]:
        return given.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    raise ShapeError(
        f"node {call.name!r} ({call.op}): scales of shape {given.shape} do not fit values of "
        f"shape {shape} along axis {axis}"
    )
