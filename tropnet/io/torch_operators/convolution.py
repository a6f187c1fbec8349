"""Convolutions and transposed convolutions with stored kernels."""

from __future__ import annotations

from collections.abc import Sequence

from tropnet.io.operations.convolution import convolve, transposed_convolve
from tropnet.io.tensor import Constant, Value
from tropnet.io.torch_operators.registry import AtenCall, aten


@aten("conv1d.default", "conv2d.default", "conv3d.default")
def conv(call: AtenCall) -> Value:
    """Return the convolution, padded with zeros on both sides alike."""
    axes = _axes(call)
    return _convolved(call, [(p, p) for p in call.integers("padding", axes)])


@aten("conv1d.padding", "conv2d.padding", "conv3d.padding")
def conv_padded(call: AtenCall) -> Value:
    """Return the convolution with `padding="same"` or `"valid"`."""
    axes = _axes(call)
    if call["padding"] == "valid":
        return _convolved(call, [(0, 0)] * axes)
    window = call.value("weight").shape[2:]
    totals = [d * (k - 1) for d, k in zip(call.integers("dilation", axes), window, strict=True)]
    # an odd number of zeros has the larger part at the end
    return _convolved(call, [(t // 2, t - t // 2) for t in totals])


@aten("conv_transpose1d.default", "conv_transpose2d.input", "conv_transpose3d.input")
def conv_transpose(call: AtenCall) -> Value:
    """Return the transposed convolution."""
    return _transposed(call)


@aten("convolution.default", "_convolution.default", "_convolution.deprecated")
def convolution(call: AtenCall) -> Value:
    """Return a convolution of either kind."""
    return _transposed(call) if call["transposed"] else conv(call)


def _axes(call: AtenCall) -> int:
    return len(call.value("weight").shape) - 2


def _convolved(call: AtenCall, padding: Sequence[tuple[int, int]]) -> Value:
    axes = _axes(call)
    found = convolve(
        call.operations, _batched(call), _kernel(call),
        strides=call.integers("stride", axes), padding=padding,
        dilations=call.integers("dilation", axes), groups=int(call["groups"]), name=call.name,
    )  # fmt: skip
    return _finished(call, found)


def _transposed(call: AtenCall) -> Value:
    axes = _axes(call)
    found = transposed_convolve(
        call.operations, _batched(call), _kernel(call),
        strides=call.integers("stride", axes),
        padding=[(p, p) for p in call.integers("padding", axes)],
        output_padding=call.integers("output_padding", axes),
        dilations=call.integers("dilation", axes), groups=int(call["groups"]), name=call.name,
    )  # fmt: skip
    return _finished(call, found)


def _kernel(call: AtenCall) -> Constant:
    found = call.value("weight")
    if not isinstance(found, Constant):
        raise call.unsupported("its weights depend on the input", "a convolution with stored ones")
    return found


def _batched(call: AtenCall) -> Value:
    """Return the input with a batch axis, which torch lets be left out."""
    x = call.value("input")
    single = len(x.shape) == _axes(call) + 1
    return call.operations.unsqueeze(x, [0], call.name) if single else x


def _finished(call: AtenCall, found: Value) -> Value:
    """Return the result with its bias added and the shape that torch gives it."""
    do = call.operations
    if call.has("bias"):
        bias = call.value("bias")
        found = do.add(found, do.reshape(bias, (-1, *[1] * _axes(call)), call.name), call.name)
    return do.reshape(found, call.shape, call.name)
