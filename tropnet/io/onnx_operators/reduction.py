"""Reductions along axes: sums, means, maxima, minima."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.io.onnx_operators.registry import Call, operator
from tropnet.io.operations import axis_of
from tropnet.io.operations.piecewise import absolute
from tropnet.io.operations.reduction import largest, mean, smallest, total
from tropnet.io.tensor import Constant, Value

_REDUCTIONS: Final[dict[str, Callable[..., Value]]] = {
    "ReduceSum": total,
    "ReduceMean": mean,
    "ReduceMax": largest,
    "ReduceMin": smallest,
}
_OF_INTEGERS: Final[dict[str, Any]] = {
    "ReduceSum": np.add,
    "ReduceMax": np.maximum,
    "ReduceMin": np.minimum,
}


@operator("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")
def reduced(call: Call) -> Value:
    """ReduceSum, ReduceMean, ReduceMax, ReduceMin: axes as attribute first, later as input."""
    value, axes, keep = call.value(0), reduced_axes(call), bool(call.integer("keepdims", 1))
    if axes == []:
        return value
    if isinstance(value, Constant) and value.is_integer and value.values.size:
        if call.op not in _OF_INTEGERS:
            raise call.unsupported("it takes a mean of integers", "floats")
        chosen = None if axes is None else tuple(axes)
        dtype = {} if call.op != "ReduceSum" else {"dtype": value.values.dtype}
        reduction = _OF_INTEGERS[call.op].reduce
        return Constant(np.asarray(reduction(value.values, axis=chosen, keepdims=keep, **dtype)))
    return _REDUCTIONS[call.op](call.operations, value, axes, keep, call.name)


@operator("ReduceL1")
def absolute_sum(call: Call) -> Value:
    """ReduceL1: the sum of absolute values."""
    axes, keep = reduced_axes(call), bool(call.integer("keepdims", 1))
    if axes == []:
        raise call.unsupported("it is told to reduce no axes", "Abs or Identity")
    sizes = absolute(call.operations, call.value(0), call.name)
    return total(call.operations, sizes, axes, keep, call.name)


def reduced_axes(call: Call) -> list[int] | None:
    """Return the axes, counted from the front; None for all, none of them for no reduction."""
    given = call.listed("axes", 1)
    if not given:
        return [] if call.integer("noop_with_empty_axes", 0) else None
    axes = [axis_of(a, len(call.value(0).shape), call.name) for a in given]
    if len(set(axes)) != len(axes):
        raise ShapeError(f"node {call.name!r} ({call.op}): axes {given} repeat")
    return axes
