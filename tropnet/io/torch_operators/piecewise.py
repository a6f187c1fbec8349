"""Piecewise-linear functions of each entry."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from tropnet.io.operations.piecewise import (
    absolute,
    clip,
    leaky_relu,
    maximum,
    minimum,
    prelu,
    soft_shrink,
)
from tropnet.io.tensor import Constant, Value
from tropnet.io.torch_operators.registry import AtenCall, aten


@aten("relu.default", in_place=True)
def relu(call: AtenCall) -> Value:
    """Return max(self, 0)."""
    return call.operations.relu(call.value("self"), call.name)


@aten("leaky_relu.default", in_place=True)
def leaky(call: AtenCall) -> Value:
    """Return self where it is positive, else its multiple."""
    slope = call.number("negative_slope", wide=True)
    return leaky_relu(call.operations, call.value("self"), slope, call.name)


@aten("rrelu.default", in_place=True)
def randomised(call: AtenCall) -> Value:
    """Return the leaky ReLU whose slope is the middle of the bounds, in evaluation mode."""
    lower, upper = float(call["lower"]), float(call["upper"])
    if call["training"] and lower != upper:
        raise call.unsupported("it draws random slopes in training mode", "model.eval() first")
    slope = call.rounded((lower + upper) / 2, "slope", wide=True)
    return leaky_relu(call.operations, call.value("self"), slope, call.name)


@aten("prelu.default", "_prelu_kernel.default")
def parametric(call: AtenCall) -> Value:
    """Return self where it is positive, else its multiple by a slope for each channel."""
    do, value, slopes = call.operations, call.value("self"), call.constant("weight")
    if call.op.startswith("prelu") and len(value.shape) > 1 and len(slopes.shape) == 1:
        places = [1] * len(value.shape)
        places[1] = slopes.shape[0]
        slopes = Constant(slopes.values.reshape(places))
    return prelu(do, value, slopes, call.name)


@aten("relu6.default", in_place=True)
def relu6(call: AtenCall) -> Value:
    """Return self, at least 0 and at most 6."""
    return clip(call.operations, call.value("self"), Fraction(0), Fraction(6), call.name)


@aten("hardtanh.default", in_place=True)
def hardtanh(call: AtenCall) -> Value:
    """Return self between two bounds."""
    return _between(call, _bound(call, "min_val", -math.inf), _bound(call, "max_val", math.inf))


@aten("clamp.default", "clip.default", in_place=True)
def clamp(call: AtenCall) -> Value:
    """Return self between two bounds, either of which may be left out."""
    return _between(call, _bound(call, "min", -math.inf), _bound(call, "max", math.inf))


@aten("clamp_min.default", in_place=True)
def clamp_min(call: AtenCall) -> Value:
    """Return max(self, min)."""
    return _between(call, _bound(call, "min", -math.inf), None)


@aten("clamp_max.default", in_place=True)
def clamp_max(call: AtenCall) -> Value:
    """Return min(self, max)."""
    return _between(call, None, _bound(call, "max", math.inf))


def _bound(call: AtenCall, name: str, end: float) -> Fraction | None:
    """Return a bound; None where it is left out or lies at its end of the line."""
    return None if call[name] is None or call[name] == end else call.number(name)


def _between(call: AtenCall, low: Fraction | None, high: Fraction | None) -> Value:
    value = call.value("self")
    if low is not None and high is not None and low > high:
        low = high  # as torch has it: min(max(x, low), high) is high
    if low is None and high is None:
        return value
    return clip(call.operations, value, low, high, call.name)


@aten(
    "clamp.Tensor", "clip.Tensor", "clamp_min.Tensor", "clamp_max.Tensor", in_place=True
)  # fmt: skip
def clamp_by_tensors(call: AtenCall) -> Value:
    """Return min(max(self, min), max), the bounds broadcast."""
    found, do = call.value("self"), call.operations
    if call.has("min"):
        found = maximum(do, [found, call.value("min")], call.name)
    if call.has("max"):
        found = minimum(do, [found, call.value("max")], call.name)
    return found


@aten("threshold.default", in_place=True)
def threshold(call: AtenCall) -> Value:
    """Return self above a threshold, else a value, which must be the threshold itself."""
    bound, value = call.number("threshold"), call.number("value")
    if bound != value:
        raise call.unsupported(
            f"it jumps from {float(value):g} to {float(bound):g} at its threshold",
            "torch.clamp or relu",
        )
    return clip(call.operations, call.value("self"), bound, None, call.name)


@aten("abs.default", "absolute.default", in_place=True)
def absolute_value(call: AtenCall) -> Value:
    """Return |self|."""
    return absolute(call.operations, call.value("self"), call.name)


@aten("hardsigmoid.default", in_place=True)
def hardsigmoid(call: AtenCall) -> Value:
    """Return (self + 3) / 6 between 0 and 1; the sixth is exact."""
    do = call.operations
    shifted = do.add(call.value("self"), Constant(np.asarray(3.0)), call.name)
    clipped = clip(do, shifted, Fraction(0), Fraction(6), call.name)
    return do.scale(clipped, Fraction(1, 6), call.name)


@aten("softshrink.default")
def softshrink(call: AtenCall) -> Value:
    """Return self moved towards zero by a bound."""
    return soft_shrink(
        call.operations, call.value("self"), call.number("lambd", wide=True), call.name
    )


@aten("maximum.default", "max.other", "fmax.default")
def larger(call: AtenCall) -> Value:
    """Return the larger of two, broadcast."""
    return maximum(call.operations, [call.value("self"), call.value("other")], call.name)


@aten("minimum.default", "min.other", "fmin.default")
def smaller(call: AtenCall) -> Value:
    """Return the smaller of two, broadcast."""
    return minimum(call.operations, [call.value("self"), call.value("other")], call.name)
