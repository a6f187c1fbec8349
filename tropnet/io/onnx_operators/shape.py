"""Operators that move values without changing them, or change their element type."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from tropnet.errors import DomainError, FormatError, ShapeError
from tropnet.io.onnx_operators.foldable import require_made
from tropnet.io.onnx_operators.registry import Call, Held, operator
from tropnet.io.onnx_operators.whole import whole
from tropnet.io.tensor import Constant, Value, constant, size_of

#: ONNX element types that a Cast may name, by their numbers in TensorProto.
_FLOATS: Final = {1: np.float32, 10: np.float16, 11: np.float64}
_INTEGERS: Final = {2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16, 6: np.int32, 7: np.int64,
                    12: np.uint32, 13: np.uint64}  # fmt: skip
_BOOL: Final = 9


@operator("Identity")
def identity(call: Call) -> Held:
    """Identity(X)."""
    found = call.held(0)
    return call.value(0) if found is None else found


@operator("Cast", "CastLike")
def cast(call: Call) -> Value:
    """Cast(X): between floats, X itself, as a function over the reals; constants are rounded."""
    value = call.value(0)
    target = call.kind(1) if call.op == "CastLike" else call.integer("to", 0)
    if isinstance(value, Constant):
        return _stored_as(call, value, target)
    if target not in _FLOATS:
        raise call.unsupported(
            f"it casts what depends on the input to {_name(target)}",
            f"casts between FLOAT16, FLOAT and DOUBLE, or stop_before={call.name!r}",
        )
    return value


def _stored_as(call: Call, value: Constant, target: int) -> Value:
    if target == _BOOL:
        return Constant(value.values != 0)
    if target in _INTEGERS:
        dtype: Any = np.dtype(_INTEGERS[target])
        if value.is_integer:
            return Constant(value.values.astype(dtype))
        numbers = [whole(call, v, math.trunc) for v in value.fractions().reshape(-1)]
        limits = np.iinfo(dtype)
        if any(not limits.min <= v <= limits.max for v in numbers):
            raise DomainError(f"node {call.name!r} ({call.op}): a constant exceeds {dtype}")
        return Constant(np.array(numbers, dtype=dtype).reshape(value.shape))
    if target not in _FLOATS:
        raise call.unsupported(f"it casts to {_name(target)}", "float16, float32 or float64")
    if value.values.dtype == object:
        return value  # an exact quotient, say; what a runtime rounds is in the enclosure
    with np.errstate(over="ignore", invalid="ignore"):
        return constant(value.values.astype(_FLOATS[target]), call.name)


def _name(target: int) -> str:
    from onnx import TensorProto

    known = target in TensorProto.DataType.values()
    return str(TensorProto.DataType.Name(target)) if known else f"element type {target}"


@operator("Reshape")
def reshape(call: Call) -> Value:
    """Reshape(X, shape): 0 copies an axis of X unless allowzero, −1 takes what is left."""
    value = call.value(0)
    wanted = call.whole_numbers(1, "shape")
    if not call.integer("allowzero", 0):
        if any(d == 0 and k >= len(value.shape) for k, d in enumerate(wanted)):
            raise ShapeError(f"node {call.name!r} (Reshape): {wanted} copies axes of {value.shape}")
        wanted = [value.shape[k] if d == 0 else d for k, d in enumerate(wanted)]
    return call.operations.reshape(value, wanted, call.name)


@operator("Flatten")
def flatten(call: Call) -> Value:
    """Flatten(X): a matrix, the axes before `axis` as rows."""
    value, axis = call.value(0), call.integer("axis", 1)
    rank = len(value.shape)
    if not -rank <= axis <= rank:
        raise ShapeError(f"node {call.name!r} (Flatten): axis {axis} of {rank}")
    axis = axis + rank if axis < 0 else axis
    rows = size_of(value.shape[:axis])
    return call.operations.reshape(value, (rows, size_of(value.shape[axis:])), call.name)


@operator("Squeeze")
def squeeze(call: Call) -> Value:
    """Squeeze(X): axes as attribute up to opset 12, as input from 13; left out, all of them."""
    axes = call.listed("axes", 1)
    if axes == []:
        raise call.unsupported("its list of axes is empty", "the axes stated")
    return call.operations.squeeze(call.value(0), axes, call.name)


@operator("Unsqueeze")
def unsqueeze(call: Call) -> Value:
    """Unsqueeze(X): axes as attribute up to opset 12, as input from 13."""
    axes = call.listed("axes", 1)
    if axes is None:
        raise FormatError(f"node {call.name!r} (Unsqueeze) lacks its axes")
    return call.operations.unsqueeze(call.value(0), axes, call.name)


@operator("Transpose")
def transpose(call: Call) -> Value:
    """Transpose(X): axes in the order `perm`, reversed when left out."""
    value = call.value(0)
    order = call.integers("perm")
    reverse = list(range(len(value.shape)))[::-1]
    return call.operations.transpose(value, reverse if order is None else order, call.name)


@operator("Concat")
def concat(call: Call) -> Value:
    """Concat(X, …) along `axis`."""
    values = call.values()
    require_made(call, sum(size_of(v.shape) for v in values), *values)
    return call.operations.concatenate(values, call.integer("axis", 0), call.name)
