"""Comparisons, logic, and the choice between two values: Equal, Less, Not, And, Where."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tropnet.io.onnx_operators.foldable import integer_arrays, require_rationals
from tropnet.io.onnx_operators.registry import Call, Held, operator
from tropnet.io.operations.condition import Comparison, Condition, compare_values, where
from tropnet.io.tensor import Constant, Value

_COMPARISONS: Final[dict[str, Comparison]] = {
    "Equal": "eq",
    "Greater": "gt",
    "GreaterOrEqual": "ge",
    "Less": "lt",
    "LessOrEqual": "le",
}
_LOGIC: Final[dict[str, Any]] = {
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
}


@operator(*_COMPARISONS)
def compared(call: Call) -> Held:
    """A = B, A > B, and so on: truths if both are constant, else a condition for Where."""
    a, b = call.value(0), call.value(1)
    return compare_values(call.operations, _COMPARISONS[call.op], a, b, call.name)


@operator("Not")
def negated(call: Call) -> Held:
    """Not(X) of a constant or of a comparison."""
    found = call.held(0)
    if isinstance(found, Condition):
        return found.negated()
    return Constant(~call.constant(0, "condition").values.astype(np.bool_))


@operator(*_LOGIC)
def joined(call: Call) -> Value:
    """And(A, B), Or(A, B), Xor(A, B) of constants."""
    for position in range(2):
        if isinstance(call.held(position), Condition):
            raise call.unsupported(
                "it joins comparisons that depend on the input", "one comparison in each Where"
            )
    whole = integer_arrays(call.value(0), call.value(1))
    if whole is None:
        raise call.unsupported("it joins values that are no truths", "constants of booleans")
    return Constant(np.asarray(_LOGIC[call.op](*whole)))


@operator("Where")
def chosen(call: Call) -> Value:
    """Where(condition, A, B): of a constant condition, or where that is provably continuous."""
    condition = call.held(0)
    if not isinstance(condition, Condition):
        condition = call.constant(0, "condition")
        values = (condition, call.value(1), call.value(2))
        if len([v for v in values if isinstance(v, Constant)]) == 2:
            require_rationals(call, *values)  # of the one that does not depend on the input
    return where(call.operations, condition, call.value(1), call.value(2), call.name)
