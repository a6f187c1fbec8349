"""Conv and ConvTranspose."""

from __future__ import annotations

from collections.abc import Sequence

from tropnet.errors import ShapeError
from tropnet.io.onnx_operators.registry import Call, operator
from tropnet.io.onnx_operators.window import Window
from tropnet.io.operations.convolution import convolve, transposed_convolve
from tropnet.io.tensor import Value


@operator("Conv")
def conv(call: Call) -> Value:
    """Conv(X, W, B) along any number of axes; W is constant."""
    value, kernel = call.value(0), call.constant(1, "kernel")
    spatial = value.shape[2:]
    window = _window(call, spatial, kernel.shape)
    result = convolve(
        call.operations, value, kernel,
        strides=window.strides, padding=window.padding(spatial), dilations=window.dilations,
        groups=call.integer("group", 1), name=call.name,
    )  # fmt: skip
    return _shifted(call, result)


@operator("ConvTranspose")
def conv_transpose(call: Call) -> Value:
    """ConvTranspose(X, W, B) along any number of axes; W is constant."""
    value, kernel = call.value(0), call.constant(1, "kernel")
    spatial = value.shape[2:]
    window = _window(call, spatial, kernel.shape)
    more = call.integers("output_padding") or [0] * len(spatial)
    if len(more) != len(spatial) or min(more) < 0:
        raise ShapeError(f"node {call.name!r} (ConvTranspose): output_padding {more}")
    result = transposed_convolve(
        call.operations, value, kernel,
        strides=window.strides, padding=_cut(call, window, spatial, more), output_padding=more,
        dilations=window.dilations, groups=call.integer("group", 1), name=call.name,
    )  # fmt: skip
    return _shifted(call, result)


def _window(call: Call, spatial: Sequence[int], kernel: Sequence[int]) -> Window:
    if 0 in kernel:
        raise ShapeError(f"node {call.name!r} ({call.op}) has a kernel of shape {kernel}")
    return Window.of(call, spatial, kernel[2:])


def _cut(
    call: Call, window: Window, spatial: Sequence[int], more: Sequence[int]
) -> list[tuple[int, int]]:
    """Return what is cut off the result before and after each axis; below zero, added.

    Where the padding follows from `output_shape`, its odd entry is cut at the beginning, unless
    auto_pad is SAME_UPPER; a larger `output_shape` adds zeros at the end.
    """
    wanted, same = call.integers("output_shape"), window.auto_pad.startswith("SAME")
    if wanted is None and not same:
        return list(window.stated)
    if wanted is None:
        wanted = [size * stride for size, stride in zip(spatial, window.strides, strict=True)]
    if len(wanted) != len(spatial):
        raise ShapeError(
            f"node {call.name!r} (ConvTranspose): output_shape {wanted} for {len(spatial)} axes"
        )
    cuts = []
    parts = zip(spatial, window.strides, window.reaches, more, wanted, strict=True)
    for size, stride, reach, extra, length in parts:
        total = (size - 1) * stride + reach + extra - length
        if total < 0 and same:
            raise call.unsupported(
                f"auto_pad {window.auto_pad} leaves open where {-total} zeros are added", "pads"
            )
        if total < 0:
            cuts.append((0, total))
        elif same:
            cuts.append(window.halves(total))
        else:
            cuts.append((total - total // 2, total // 2))
    return cuts


def _shifted(call: Call, result: Value) -> Value:
    """Return the result plus one bias a channel."""
    bias = call.optional(2)
    if bias is None:
        return result
    if bias.shape != result.shape[1:2]:
        raise ShapeError(
            f"node {call.name!r} ({call.op}) has a bias of shape {bias.shape} for "
            f"{result.shape[1]} channels"
        )
    do = call.operations
    column = do.reshape(bias, (1, -1, *[1] * (len(result.shape) - 2)), call.name)
    return do.add(result, column, call.name)
