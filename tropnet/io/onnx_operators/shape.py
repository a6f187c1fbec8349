"""Operators that move values and compute shapes; they cost nothing in the network."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tropnet.errors import FormatError, ShapeError
from tropnet.io.onnx_operators.registry import Call, operator
from tropnet.io.onnx_tensor import array_of
from tropnet.io.tensor import Constant, Value, constant, size_of

#: ONNX element types that a Cast may name, by their numbers in TensorProto.
_FLOATS: Final = {1: np.float32, 10: np.float16, 11: np.float64}
_INTEGERS: Final = {6: np.int32, 7: np.int64}


@operator("Identity")
def identity(call: Call) -> Value:
    """Identity(X)."""
    return call.value(0)


@operator("Constant")
def stored(call: Call) -> Value:
    """Constant: a tensor, a number or a list of numbers stored in the node."""
    given: Any = call.attributes
    if "value" in given:
        return constant(array_of(given["value"], None), call.name)
    if "value_float" in given:
        return constant(np.array(given["value_float"], np.float32), call.name)
    if "value_floats" in given:
        return constant(np.array(given["value_floats"], np.float32), call.name)
    if "value_int" in given:
        return Constant(np.array(given["value_int"], np.int64))
    if "value_ints" in given:
        return Constant(np.array(given["value_ints"], np.int64))
    kinds = ", ".join(sorted(given)) or "nothing"
    raise call.unsupported(f"it stores {kinds}", "constants of dense real tensors")


@operator("Cast")
def cast(call: Call) -> Value:
    """Cast(X): between floats, X itself, as a function over the reals; constants are rounded."""
    value, target = call.value(0), call.integer("to", 0)
    if isinstance(value, Constant) and value.values.dtype != object:
        kinds: dict[int, Any] = {**_FLOATS, **_INTEGERS}
        if target in kinds:
            with np.errstate(over="ignore", invalid="ignore"):
                return constant(value.values.astype(kinds[target]), call.name)
    if target not in _FLOATS:
        raise call.unsupported(
            f"it casts to element type {target}", "casts between float16, float32 and float64"
        )
    return value


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
    """Squeeze(X): axes as attribute up to opset 12, as input from 13."""
    return call.operations.squeeze(call.value(0), _axes(call), call.name)


@operator("Unsqueeze")
def unsqueeze(call: Call) -> Value:
    """Unsqueeze(X): axes as attribute up to opset 12, as input from 13."""
    axes = _axes(call)
    if axes is None:
        raise FormatError(f"node {call.name!r} (Unsqueeze) lacks its axes")
    return call.operations.unsqueeze(call.value(0), axes, call.name)


def _axes(call: Call) -> list[int] | None:
    if call.opset < 13:
        return call.integers("axes")
    return call.whole_numbers(1, "axes") if call.optional(1) is not None else None


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
    if "axis" not in call.attributes:
        raise FormatError(f"node {call.name!r} (Concat) lacks its axis")
    values = [call.value(k) for k in range(len(call.inputs))]
    return call.operations.concatenate(values, call.integer("axis", 0), call.name)


@operator("Shape")
def shape(call: Call) -> Value:
    """Shape(X) for a batch of one, from `start` to `end`."""
    sizes = call.value(0).shape
    rank = len(sizes)
    return Constant(
        np.array(sizes[call.integer("start", 0) : call.integer("end", rank)], dtype=np.int64)
    )


@operator("Gather")
def gather(call: Call) -> Value:
    """Gather(X, indices) with constant indices along `axis`."""
    indices = call.constant(1, "index list")
    if not indices.is_integer:
        raise FormatError(f"node {call.name!r} (Gather): its indices are not integers")
    return call.operations.gather(call.value(0), indices.values, call.integer("axis", 0), call.name)
