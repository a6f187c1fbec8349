"""BatchNormalization, in inference."""

from __future__ import annotations

from fractions import Fraction

from tropnet.io.onnx_operators.registry import Call, Result, operator
from tropnet.io.operations.normalise import batch_norm


@operator("BatchNormalization")
def normalised(call: Call) -> Result:
    """BatchNormalization(X, scale, shift, mean, variance): affine in each channel.

    A node is in training where it says so, and before opset 14 where it has more than one output.
    """
    if call.integer("training_mode", 0) or sum(bool(o) for o in call.outputs) > 1:
        raise call.unsupported("it is in training mode", "an export in evaluation mode")
    if call.integer("spatial", 1) != 1:
        raise call.unsupported("it normalises each value apart (spatial=0)", "one scale a channel")
    words = ("scale", "shift", "mean", "variance")
    scale, shift, mean, variance = (call.constant(k, w) for k, w in enumerate(words, start=1))
    epsilon = Fraction(call.real("epsilon", 1e-5))
    return batch_norm(
        call.operations, call.value(0), scale, shift, mean, variance, epsilon, call.name
    )
