"""Affine operators: MatMul, Gemm, Add, Sub."""

from __future__ import annotations

import math
from typing import Final

from tropnet.errors import DomainError, FormatError, ShapeError
from tropnet.io.onnx_operators.registry import Call, operator
from tropnet.io.tensor import Constant, Value

_FACTORS: Final = ("alpha", "beta")


@operator("MatMul")
def matmul(call: Call) -> Value:
    """MatMul(A, B), one of them constant."""
    return call.operations.matmul(call.value(0), call.value(1), call.name)


@operator("Gemm")
def gemm(call: Call) -> Value:
    """Gemm(A, B, C) = alpha·A'·B' + beta·C; the products with alpha and beta are exact."""
    alpha, beta = (call.real(factor, 1.0) for factor in _FACTORS)
    if not (math.isfinite(alpha) and math.isfinite(beta)):
        raise DomainError(f"node {call.name!r} (Gemm) has alpha {alpha} and beta {beta}")
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


@operator("Add")
def add(call: Call) -> Value:
    """Add(A, B), broadcast; both may depend on the input."""
    return call.operations.add(*_two(call), call.name)


@operator("Sub")
def sub(call: Call) -> Value:
    """Sub(A, B), broadcast; both may depend on the input."""
    return call.operations.subtract(*_two(call), call.name)


def _two(call: Call) -> tuple[Value, Value]:
    if len(call.inputs) != 2:
        raise FormatError(f"node {call.name!r} ({call.op}) has {len(call.inputs)} inputs, not 2")
    return call.value(0), call.value(1)
