"""Affine operators: products with constants, sums, differences, quotients."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.errors import FormatError, ShapeError
from tropnet.io.onnx_operators.foldable import folded_in_floats, integer_arrays
from tropnet.io.onnx_operators.registry import Call, operator
from tropnet.io.operations import axis_of
from tropnet.io.operations.einsum import einsum
from tropnet.io.operations.product import divide, multiply
from tropnet.io.tensor import Constant, Value, require_room

if TYPE_CHECKING:
    pass

#: Entries of the triangle of a running sum.
_MOST_SUMS: Final = 2**22


@operator("MatMul")
def matmul(call: Call) -> Value:
    """MatMul(A, B), one of them constant."""
    return call.operations.matmul(call.value(0), call.value(1), call.name)


@operator("Gemm")
def gemm(call: Call) -> Value:
    """Gemm(A, B, C) = alpha·A'·B' + beta·C; the products with alpha and beta are exact."""
    alpha, beta = call.real("alpha", 1.0), call.real("beta", 1.0)
    do = call.operations
    parts = []
    for position, flag in enumerate(("transA", "transB")):
        matrix = call.value(position)
        if len(matrix.shape) != 2:
            raise ShapeError(
                f"node {call.name!r} (Gemm) has an input of shape {matrix.shape}, not a matrix"
            )
        transposed = call.integer(flag, 0)
        parts.append(do.transpose(matrix, (1, 0), call.name) if transposed else matrix)
    # where a factor is 1, as almost always, nothing is multiplied at all
    left, right = parts
    if isinstance(right, Constant):
        right = do.scale(right, alpha)
    else:
        left = do.scale(left, alpha)
    product = do.matmul(left, right, call.name, "Gemm")
    offset = call.optional(2)
    if offset is None:
        return product
    total = do.add(product, do.scale(offset, beta, call.name), call.name)
    if total.shape != product.shape:
        raise ShapeError(
            f"node {call.name!r} (Gemm): C of shape {offset.shape} does not broadcast to "
            f"{product.shape}"
        )
    return total


@operator("Einsum")
def contracted(call: Call) -> Value:
    """Einsum(X, …) by its equation; at most one factor depends on the input."""
    return einsum(call.operations, call.text("equation", ""), call.values(), call.name)


@operator("Add")
def add(call: Call) -> Value:
    """Add(A, B), broadcast; both may depend on the input."""
    a, b = _two(call)
    whole = integer_arrays(a, b)
    if whole is not None:
        return Constant(whole[0] + whole[1])
    return folded_in_floats(call, a, b) or call.operations.add(a, b, call.name)


@operator("Sub")
def sub(call: Call) -> Value:
    """Sub(A, B), broadcast; both may depend on the input."""
    a, b = _two(call)
    whole = integer_arrays(a, b)
    if whole is not None:
        return Constant(whole[0] - whole[1])
    return folded_in_floats(call, a, b) or call.operations.subtract(a, b, call.name)


@operator("Mul")
def mul(call: Call) -> Value:
    """Mul(A, B), broadcast, one of them constant."""
    a, b = _two(call)
    return folded_in_floats(call, a, b) or multiply(call.operations, a, b, call.name)


@operator("Div")
def div(call: Call) -> Value:
    """Div(A, B), broadcast, B constant; of integers, cut off towards zero."""
    a, b = _two(call)
    both = all(isinstance(v, Constant) and v.is_integer for v in (a, b))
    return divide(call.operations, a, b, call.name, "trunc" if both else None)


@operator("Neg")
def neg(call: Call) -> Value:
    """Neg(X) = −X."""
    value = call.value(0)
    if isinstance(value, Constant) and value.values.dtype == np.bool_:
        raise FormatError(f"node {call.name!r} (Neg) negates booleans")
    return call.operations.negate(value)


@operator("Sum")
def total(call: Call) -> Value:
    """Sum(X, …), broadcast, from the left."""
    return _summed(call)


@operator("Mean")
def mean(call: Call) -> Value:
    """Mean(X, …), broadcast: the sum divided by the number of values, exactly."""
    return call.operations.scale(_summed(call), Fraction(1, len(call.inputs)), call.name)


@operator("CumSum")
def running_sum(call: Call) -> Value:
    """CumSum(X, axis): the sums of the values so far, or to the end with `reverse`."""
    value, do = call.value(0), call.operations
    rank = len(value.shape)
    axis = axis_of(call.whole_number(1, "axis"), rank, call.name)
    size = value.shape[axis]
    require_room(size * size, f"the sums of node {call.name!r} (CumSum)", _MOST_SUMS)
    matrix = np.triu(np.ones((size, size)), 1 if call.integer("exclusive", 0) else 0)
    matrix = matrix.T if call.integer("reverse", 0) else matrix
    order = [k for k in range(rank) if k != axis] + [axis]
    if isinstance(value, Constant) and value.is_integer:
        rows = value.values.transpose(order) @ matrix.astype(value.values.dtype)
        return Constant(rows.transpose(np.argsort(order)))
    last = do.transpose(value, order, call.name)
    sums = do.matmul(last, Constant(matrix), call.name, "CumSum")
    return do.transpose(sums, np.argsort(order).tolist(), call.name)


def _summed(call: Call) -> Value:
    do = call.operations
    return reduce(lambda a, b: do.add(a, b, call.name), call.values())


def _two(call: Call) -> tuple[Value, Value]:
    if len(call.inputs) != 2:
        raise FormatError(f"node {call.name!r} ({call.op}) has {len(call.inputs)} inputs, not 2")
    return call.value(0), call.value(1)
