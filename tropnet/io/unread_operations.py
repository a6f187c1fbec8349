"""Operations that users meet and we do not read, and why."""

from __future__ import annotations

from typing import Final

#: Operations that no piecewise-linear function can stand for, in ONNX's and torch's spellings.
_SMOOTH: Final = """
    sigmoid logsigmoid tanh gelu silu swish mish elu celu selu softplus softsign softmax softmin
    logsoftmax log_softmax _log_softmax _softmax exp log sqrt erf sin cos layernormalization
    layer_norm native_layer_norm groupnorm group_norm instancenormalization rsqrt pow
    scaled_dot_product_attention lstm gru rnn logistic
"""
_JUMPS: Final = "threshold hardshrink sign floor ceil round argmax argmin"
_LATER: Final = {
    "conv": "convolutions are not read yet",
    "convolution": "convolutions are not read yet",
    "conv1d": "convolutions are not read yet",
    "conv2d": "convolutions are not read yet",
    "batchnormalization": "normalisation layers are not read yet",
    "batch_norm": "normalisation layers are not read yet",
}


def reason_against(op: str) -> str:
    """Return why an operation is not read, in a few words.

    Args:
        op: `"Sigmoid"`, `"sigmoid.default"`.

    Example:
        >>> from tropnet.io.unread_operations import reason_against
        >>> reason_against("Sigmoid"), reason_against("Blorp")
        ('it is not piecewise linear', 'it is not read yet')
    """
    name = op.lower().removeprefix("aten.").partition(".")[0]
    if name in _SMOOTH.split():
        return "it is not piecewise linear"
    if name in _JUMPS.split():
        return "it is not continuous"
    return _LATER.get(name, "it is not read yet")
