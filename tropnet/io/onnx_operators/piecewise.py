"""Piecewise-linear operators: Relu, and Dropout, which does nothing once a model is trained."""

from __future__ import annotations

from tropnet.io.onnx_operators.registry import Call, Result, operator
from tropnet.io.tensor import Constant, Value


@operator("Relu")
def relu(call: Call) -> Value:
    """Relu(X) = max(X, 0)."""
    return call.operations.relu(call.value(0), call.name)


@operator("Dropout")
def dropout(call: Call) -> Result:
    """Dropout(X): X itself, in inference; its mask is not read."""
    training = call.optional(2)
    if training is not None and not (isinstance(training, Constant) and not training.values.any()):
        raise call.unsupported("it is in training mode", "an export in evaluation mode")
    return (call.value(0), None)
