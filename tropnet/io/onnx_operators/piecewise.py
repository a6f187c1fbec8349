"""Piecewise-linear operators."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.io.onnx_operators.foldable import integer_arrays
from tropnet.io.onnx_operators.registry import Call, Result, operator
from tropnet.io.operations import piecewise
from tropnet.io.tensor import Constant, Value, size_of

_EXTREMA: Final = {"Max": piecewise.maximum, "Min": piecewise.minimum}


@operator("Relu")
def relu(call: Call) -> Value:
    """Relu(X) = max(X, 0)."""
    return call.operations.relu(call.value(0), call.name)


@operator("LeakyRelu")
def leaky_relu(call: Call) -> Value:
    """LeakyRelu(X): X where it is positive, else alpha · X; any alpha."""
    alpha = Fraction(call.real("alpha", 0.01))
    return piecewise.leaky_relu(call.operations, call.value(0), alpha, call.name)


@operator("PRelu")
def prelu(call: Call) -> Value:
    """PRelu(X, slope): X where it is positive, else slope · X; the slope is broadcast to X."""
    slopes = call.constant(1, "slope")
    return piecewise.prelu(call.operations, call.value(0), slopes, call.name)


@operator("ThresholdedRelu")
def thresholded_relu(call: Call) -> Value:
    """ThresholdedRelu(X): X where it is above alpha, else 0; continuous for alpha = 0 alone."""
    alpha = call.real("alpha", 1.0)
    if alpha != 0:
        raise call.unsupported(
            f"it is not continuous: it jumps from 0 to {alpha:g} where its input passes {alpha:g}",
            f"Relu, or stop_before={call.name!r}",
        )
    return call.operations.relu(call.value(0), call.name)


@operator("Shrink")
def shrink(call: Call) -> Value:
    """Shrink(X): moved by bias towards zero beyond ±lambd, else 0; continuous if they are equal."""
    bias, bound = call.real("bias", 0.0), call.real("lambd", 0.5)
    if bias != bound or bound < 0:
        raise call.unsupported(
            f"it is not continuous: bias is {bias:g}, lambd is {bound:g}",
            f"bias equal to lambd, or stop_before={call.name!r}",
        )
    return piecewise.soft_shrink(call.operations, call.value(0), Fraction(bound), call.name)


@operator("Clip")
def clip(call: Call) -> Value:
    """Clip(X, min, max): bounds as attributes up to opset 10, as inputs from 11; each may lack."""
    value = call.value(0)
    bounds: list[Value | None] = []
    for position, attribute in enumerate(("min", "max"), start=1):
        bound = call.optional(position)
        if attribute in call.attributes:
            bound = Constant(np.array(call.real(attribute, 0.0)))
        if bound is not None and size_of(bound.shape) != 1:
            raise ShapeError(
                f"node {call.name!r} (Clip): its {attribute} has shape {bound.shape}, it is no "
                "number"
            )
        bounds.append(bound and call.operations.reshape(bound, (), call.name))
    if isinstance(value, Constant) and value.is_integer:
        array = value.values
        for bound, limit in zip(bounds, (np.maximum, np.minimum), strict=True):
            array = limit(array, bound.values) if isinstance(bound, Constant) else array
        return Constant(np.asarray(array))
    low, high = bounds
    return piecewise.clip(call.operations, value, low, high, call.name)


@operator("HardSigmoid")
def hard_sigmoid(call: Call) -> Value:
    """HardSigmoid(X) = min(max(alpha · X + beta, 0), 1)."""
    alpha, beta = Fraction(call.real("alpha", 0.2)), Fraction(call.real("beta", 0.5))
    return piecewise.hard_sigmoid(call.operations, call.value(0), alpha, beta, call.name)


@operator("Abs")
def absolute(call: Call) -> Value:
    """Abs(X) = max(X, −X)."""
    value = call.value(0)
    if isinstance(value, Constant) and value.is_integer:
        return Constant(np.abs(value.values))
    return piecewise.absolute(call.operations, value, call.name)


@operator("Max", "Min")
def extremum(call: Call) -> Value:
    """Max(X, …) and Min(X, …), broadcast."""
    values = call.values()
    whole = integer_arrays(*values)
    if whole is not None:
        folded = np.maximum if call.op == "Max" else np.minimum
        return Constant(np.asarray(folded.reduce(whole)))
    return _EXTREMA[call.op](call.operations, values, call.name)


@operator("Dropout")
def dropout(call: Call) -> Result:
    """Dropout(X): X itself, in inference; its mask is not read."""
    training = call.optional(2)
    if training is not None and not (isinstance(training, Constant) and not training.values.any()):
        raise call.unsupported("it is in training mode", "an export in evaluation mode")
    return (call.value(0), None)
