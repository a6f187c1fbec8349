"""Windows: the padding that auto_pad stands for."""

from __future__ import annotations

import pytest

from tropnet.io.onnx_operators import Call
from tropnet.io.onnx_operators.window import Window
from tropnet.io.operations import Operations


def _window(size: int, kernel: int, stride: int, dilation: int, auto_pad: str) -> Window:
    attributes = {
        "kernel_shape": [kernel],
        "strides": [stride],
        "dilations": [dilation],
        "auto_pad": auto_pad.encode(),
    }
    call = Call("n", "MaxPool", (), attributes, 17, Operations("float32"))
    return Window.of(call, [size])


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("kernel", range(1, 5))
@pytest.mark.parametrize("stride", range(1, 4))
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_gives_as_many_positions_as_it_says(
    size: int, kernel: int, stride: int, dilation: int
) -> None:
    for auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        window = _window(size, kernel, stride, dilation, auto_pad)
        ((low, high),) = window.padding([size])
        reach = dilation * (kernel - 1) + 1
        assert (size + low + high - reach) // stride + 1 == -(-size // stride)
        assert abs(low - high) <= 1
        assert (low <= high) if auto_pad == "SAME_UPPER" else (low >= high)


def test_valid_and_notset_add_nothing() -> None:
    for auto_pad in ("VALID", "NOTSET"):
        assert _window(5, 3, 2, 1, auto_pad).padding([5]) == [(0, 0)]
