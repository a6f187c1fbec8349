"""Convolutions against onnxruntime: bounds at all points, equality at integers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.onnx_operators.cases import (
    Cases,
    assert_like_runtime,
    assert_refused,
    chain,
    node,
    one,
    real,
    weights,
)
from tropnet.errors import FormatError, ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io import load

_W = weights(4, 2, 3, 3)
_T = weights(2, 3, 3, 2, seed=1)
_IMAGE = (1, 2, 5, 4)


def _conv(x: Any = _IMAGE, w: Any = _W, **attributes: Any) -> Any:
    return one("Conv", "x", "W", x=x, W=w, **attributes)


def _transposed(x: Any = (1, 2, 3, 4), w: Any = _T, **attributes: Any) -> Any:
    return one("ConvTranspose", "x", "W", x=x, W=w, **attributes)


CASES: Cases = {
    "Conv": _conv(),
    "Conv of operator set 7": _conv(opset=7, pads=[1, 0, 0, 2]),
    "Conv of operator set 22": _conv(opset=22),
    "Conv with a bias": one("Conv", "x", "W", "b", x=_IMAGE, W=_W, b=weights(4, seed=5)),
    "Conv with everything": one(
        "Conv", "x", "W", "b", x=(1, 4, 7, 6), W=_W, b=weights(4, seed=5), group=2,
        strides=[2, 1], pads=[1, 2, 0, 1], dilations=[2, 1], kernel_shape=[3, 3],
    ),
    "Conv of each channel": _conv((1, 3, 4, 4), weights(6, 1, 2, 2), group=3),
    "Conv of one axis": _conv((1, 2, 6), weights(3, 2, 3), strides=[2], pads=[1, 1]),
    "Conv of three axes": _conv((1, 1, 3, 4, 3), weights(2, 1, 2, 2, 3)),
    "Conv of one by one": _conv((1, 3, 1, 1), weights(4, 3, 1, 1)),
    "Conv of two images": _conv((2, 2, 3, 3)),
    "Conv SAME_UPPER": _conv((1, 2, 6, 5), strides=[2, 2], auto_pad="SAME_UPPER"),
    "Conv SAME_LOWER": _conv((1, 2, 6, 5), strides=[2, 2], auto_pad="SAME_LOWER"),
    "Conv SAME with few rests": _conv((1, 2, 7, 7), weights(1, 2, 1, 2), strides=[3, 3],
                                      auto_pad="SAME_UPPER"),
    "Conv VALID": _conv(auto_pad="VALID", strides=[2, 2]),
    "Conv NOTSET": _conv(auto_pad="NOTSET", pads=[1, 1, 1, 1]),
    "Conv and Relu twice": chain(
        [
            node("Conv", "x", "W", "b", out="c", pads=[1, 1, 1, 1]),
            node("Relu", "c", out="r"),
            node("Conv", "r", "V", out="d"),
            node("Relu", "d"),
        ],
        x=(1, 2, 4, 4), W=_W, b=weights(4, seed=6), V=weights(2, 4, 2, 2, seed=7),
    ),
    "ConvTranspose": _transposed(),
    "ConvTranspose of operator set 7": _transposed(opset=7, strides=[2, 1]),
    "ConvTranspose of operator set 22": _transposed(opset=22),
    "ConvTranspose with a bias": one(
        "ConvTranspose", "x", "W", "b", x=(1, 2, 3, 3), W=_T, b=weights(3, seed=5)
    ),
    "ConvTranspose with everything": _transposed(
        (1, 4, 3, 4), weights(4, 3, 3, 2), group=2, strides=[2, 3], pads=[1, 0, 0, 1],
        dilations=[2, 1], output_padding=[1, 2],
    ),
    "ConvTranspose of one axis": _transposed((1, 2, 4), weights(2, 2, 3), strides=[2]),
    "ConvTranspose of three axes": _transposed((1, 1, 2, 2, 2), weights(1, 2, 2, 1, 2)),
    "ConvTranspose to a shape": _transposed(strides=[3, 2], output_shape=[8, 6]),
    "ConvTranspose to a larger shape": _transposed(strides=[3, 2], output_shape=[10, 9]),
    "ConvTranspose to an odd shape": _transposed(strides=[2, 2], output_shape=[6, 7]),
    "ConvTranspose to a shape, SAME_UPPER": _transposed(
        strides=[2, 2], output_shape=[6, 7], auto_pad="SAME_UPPER"
    ),
    "ConvTranspose to a shape with output_padding": _transposed(
        strides=[3, 2], output_shape=[8, 7], output_padding=[1, 0]
    ),
    "ConvTranspose SAME_UPPER": _transposed(
        (1, 2, 3, 3), weights(2, 1, 4, 3), strides=[3, 2], auto_pad="SAME_UPPER"
    ),
    "ConvTranspose SAME_LOWER": _transposed(
        (1, 2, 3, 3), weights(2, 1, 4, 3), strides=[3, 2], auto_pad="SAME_LOWER"
    ),
    "ConvTranspose VALID": _transposed(strides=[2, 2], auto_pad="VALID"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case])


def test_weights_of_all_bits() -> None:
    assert_like_runtime(_conv(w=real(4, 2, 3, 3)), exact=False)
    assert_like_runtime(_transposed(w=real(2, 3, 3, 2)), exact=False)


def test_a_kernel_of_a_large_image_is_shared() -> None:
    f = load(_conv((1, 2, 64, 64), pads=[1, 1, 1, 1]))
    assert f.n_outputs == 4 * 64 * 64
    assert f.layers == ()


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (one("Conv", "x", "x", x=(2, 2, 2, 2)), UnsupportedLayerError,
         "its kernel depends on the input"),
        (_conv(w=weights(4, 3, 3, 3)), ShapeError, "do not fit a kernel of shape"),
        (_conv(w=weights(4, 2, 3)), ShapeError, "kernel"),
        (_conv((1, 3), weights(4, 3)), ShapeError, "at least one axis more"),
        (_conv(group=2), ShapeError, "in 2 groups do not fit"),
        (_conv(group=0), ShapeError, "in 0 groups"),
        (_conv(kernel_shape=[2, 3]), FormatError, r"kernel_shape \[2, 3\] but a kernel of \[3,"),
        (_conv(strides=[0, 1]), ShapeError, r"strides \[0, 1\]"),
        (_conv(strides=[1]), ShapeError, r"strides \[1\], where 2 numbers from 1 on"),
        (_conv(pads=[1, 1]), ShapeError, r"pads \[1, 1\], where 4 numbers from 0 on"),
        (_conv(pads=[-1, 0, 0, 0]), ShapeError, r"pads \[-1, 0, 0, 0\]"),
        (_conv(pads=[1, 0, 0, 0], auto_pad="VALID"), FormatError, "both pads .* and auto_pad"),
        (_conv(auto_pad="SAME"), UnsupportedLayerError, "its auto_pad is 'SAME'"),
        (_conv((1, 2, 2, 2)), ShapeError, "does not fit into 2"),
        (one("Conv", "x", "W", "b", x=_IMAGE, W=_W, b=weights(3)), ShapeError,
         r"a bias of shape \(3,\) for 4 channels"),
        (_transposed(output_shape=[3]), ShapeError, r"output_shape \[3\] for 2 axes"),
        (_transposed(output_padding=[1]), ShapeError, r"output_padding \[1\]"),
        (_transposed(w=weights(2, 1, 1, 1), strides=[2, 2], auto_pad="SAME_UPPER"),
         UnsupportedLayerError, "leaves open where 1 zeros are added"),
        (one("ConvTranspose", "x", "x", x=(2, 2, 2, 2)), UnsupportedLayerError,
         "its kernel depends on the input"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)


def test_a_hostile_window_is_refused_before_memory_is_taken() -> None:
    with pytest.raises(TropnetError):
        load(_conv(pads=[2**40, 2**40, 0, 0]))
    with pytest.raises(TropnetError):
        load(_transposed(strides=[2**50, 1]))
    with pytest.raises(TropnetError):
        load(_transposed(output_shape=[2**40, 3]))
