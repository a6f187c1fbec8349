"""TopK: the largest or smallest values along an axis, in order."""

from __future__ import annotations

from tropnet.errors import FormatError
from tropnet.io.onnx_operators.registry import Call, Result, operator
from tropnet.io.operations import axis_of
from tropnet.io.operations.order import top_k


@operator("TopK")
def best(call: Call) -> Result:
    """TopK(X, k): the values alone; `k` as attribute up to opset 9, as input from 10."""
    value = call.value(0)
    chosen = call.listed("k", 1) if "k" not in call.attributes else [call.integer("k", 0)]
    if chosen is None or len(chosen) != 1:
        raise FormatError(f"node {call.name!r} (TopK) lacks its k")
    k = chosen[0]
    if not call.integer("sorted", 1) and k != 1:
        raise call.unsupported("the order of its values is left open (sorted=0)", "sorted=1")
    axis = axis_of(call.integer("axis", -1), len(value.shape), call.name)
    largest = bool(call.integer("largest", 1))
    return (top_k(call.operations, value, k, axis, largest, call.name), None)
