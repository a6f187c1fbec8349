"""Comparisons, and choices between two values that meet where a comparison changes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tropnet.io.operations.condition import Comparison, Condition, compare_values, where
from tropnet.io.tensor import Constant, Value
from tropnet.io.torch_operators.registry import AtenCall, Result, aten

_WORDS: Final[dict[str, Comparison]] = {
    "gt": "gt", "ge": "ge", "lt": "lt", "le": "le", "eq": "eq", "ne": "ne",
    "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne",
}  # fmt: skip


@aten(*(f"{word}.{kind}" for word in _WORDS for kind in ("Scalar", "Tensor")))
def compare(call: AtenCall) -> Result:
    """Return the truth of a comparison, entry by entry."""
    comparison = _WORDS[call.op.partition(".")[0]]
    a, b = call.value("self"), call.value("other")
    return compare_values(call.operations, comparison, a, b, call.name)


@aten("logical_not.default", "bitwise_not.default")
def negated(call: AtenCall) -> Result:
    """Return where a comparison does not hold."""
    found = call["self"]
    if isinstance(found, Condition):
        return found.negated()
    stored = call.constant("self")
    if stored.values.dtype != np.bool_:
        raise call.unsupported("it negates what is no comparison", "a comparison with a number")
    return Constant(~stored.values)


@aten("where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar")
def choose(call: AtenCall) -> Value:
    """Return self where the condition holds, else other."""
    return _chosen(call, call["condition"], call.value("self"), call.value("other"))


@aten("masked_fill.Scalar", "masked_fill.Tensor", in_place=True)
def masked(call: AtenCall) -> Value:
    """Return a number where the mask holds, else self."""
    return _chosen(call, call["mask"], call.value("value"), call.value("self"))


def _chosen(call: AtenCall, condition: Any, a: Value, b: Value) -> Value:
    if not isinstance(condition, Condition):
        found = call.as_value(condition, "condition")
        if not isinstance(found, Constant):
            raise call.unsupported("its condition is no comparison", "a comparison with a number")
        condition = found
    return where(call.operations, condition, a, b, call.name)
