"""Windows: the padding that auto_pad stands for."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from tests.io.models import run_onnx
from tests.io.onnx_operators.cases import one
from tropnet.errors import UnsupportedLayerError
from tropnet.io import load
from tropnet.io.onnx_operators import Call
from tropnet.io.onnx_operators.window import Window
from tropnet.io.operations import Operations


def _window(
    size: int, kernel: int, stride: int, dilation: int, auto_pad: str, op: str = "MaxPool"
) -> Window:
    attributes = {
        "kernel_shape": [kernel],
        "strides": [stride],
        "dilations": [dilation],
        "auto_pad": auto_pad.encode(),
    }
    call = Call("n", op, (), attributes, 17, Operations("float32"))
    return Window.of(call, [size])


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("kernel", range(1, 5))
@pytest.mark.parametrize("stride", range(1, 4))
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_gives_as_many_positions_as_it_says(
    size: int, kernel: int, stride: int, dilation: int
) -> None:
    reach = dilation * (kernel - 1) + 1
    total = (size - 1) // stride * stride + reach - size
    for auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        if kernel > 1 and dilation > 1:
            with pytest.raises(UnsupportedLayerError, match="out of account"):
                _window(size, kernel, stride, dilation, auto_pad)
            continue
        if total < 0:
            # onnxruntime skips entries at both ends, or refuses; ONNX's text has them at one
            with pytest.raises(UnsupportedLayerError, match="leaves open which entries"):
                _window(size, kernel, stride, dilation, auto_pad)
            continue
        window = _window(size, kernel, stride, dilation, auto_pad)
        ((low, high),) = window.padding([size])
        assert (size + low + high - reach) // stride + 1 == -(-size // stride)
        assert abs(low - high) <= 1
        assert (low <= high) if auto_pad == "SAME_UPPER" else (low >= high)


def test_a_convolution_may_skip_one_entry() -> None:
    # as of one with stride 2 on an even number: all runtimes skip the last one
    window = _window(4, 1, 2, 1, "SAME_UPPER", "Conv")
    assert window.padding([4]) == [(0, 0)]
    with pytest.raises(UnsupportedLayerError, match="leaves open which entries"):
        _window(4, 1, 4, 1, "SAME_UPPER", "Conv")


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "Conv"])
@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER"])
def test_same_is_as_onnxruntime_has_it_or_refused(op: str, auto_pad: str) -> None:
    dilations = (1,) if op == "Conv" else (1, 2)  # onnxruntime itself refuses others
    for size, kernel, stride, dilation in product(range(2, 7), (1, 2, 3), (1, 2, 3, 4), dilations):
        shape: dict[str, Any] = {"strides": [stride], "dilations": [dilation], "auto_pad": auto_pad}
        if op == "Conv":
            model = one(op, "x", "w", x=(1, 1, size), w=np.ones((1, 1, kernel), "float32"), **shape)
        else:
            model = one(op, x=(1, 1, size), kernel_shape=[kernel], opset=19, **shape)
        x = 2.0 ** np.arange(size, dtype=np.float32)[None]
        try:
            f = load(model)
        except UnsupportedLayerError:
            continue
        assert np.allclose(f(x), run_onnx(model, x))


def test_valid_and_notset_add_nothing() -> None:
    for auto_pad in ("VALID", "NOTSET"):
        assert _window(5, 3, 2, 1, auto_pad).padding([5]) == [(0, 0)]
