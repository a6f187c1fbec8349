"""Pools against onnxruntime: bounds at all points, equality at integers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.io.models import onnx_model
from tests.io.onnx_operators.cases import Cases, assert_like_runtime, assert_refused, node, one
from tropnet.errors import FormatError, ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io import load

_IMAGE = (1, 2, 5, 4)


def _average(x: Any = _IMAGE, opset: int = 19, **attributes: Any) -> Any:
    return one("AveragePool", x=x, opset=opset, **attributes)


def _max(x: Any = _IMAGE, opset: int = 17, **attributes: Any) -> Any:
    return one("MaxPool", x=x, opset=opset, **attributes)


CASES: Cases = {
    "AveragePool": _average(kernel_shape=[2, 2]),
    "AveragePool of nine": _average(kernel_shape=[3, 3], strides=[1, 1]),
    "AveragePool of operator set 7": _average(opset=7, kernel_shape=[2, 2], strides=[2, 2]),
    "AveragePool of operator set 22": _average(opset=22, kernel_shape=[2, 2]),
    "AveragePool with padding": _average(kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 2]),
    "AveragePool that counts padding": _average(
        kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 2], count_include_pad=1
    ),
    "AveragePool with ceil_mode": _average(
        opset=10, kernel_shape=[2, 3], strides=[2, 2], ceil_mode=1
    ),
    "AveragePool with ceil_mode that counts padding": _average(
        kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1
    ),
    "AveragePool with dilations": _average(kernel_shape=[2, 2], dilations=[2, 3]),
    "AveragePool SAME_UPPER": _average(kernel_shape=[2, 3], strides=[2, 2], auto_pad="SAME_UPPER"),
    "AveragePool SAME_LOWER": _average(
        (1, 1, 5, 6), kernel_shape=[2, 3], strides=[2, 2], auto_pad="SAME_LOWER"
    ),
    "AveragePool VALID": _average(kernel_shape=[2, 3], strides=[2, 2], auto_pad="VALID"),
    "AveragePool of one axis": _average((1, 2, 7), kernel_shape=[3], strides=[2]),
    "AveragePool of three axes": _average((1, 1, 3, 3, 3), kernel_shape=[2, 2, 2]),
    "MaxPool": _max(kernel_shape=[2, 2]),
    "MaxPool of nine": _max(kernel_shape=[3, 3], strides=[2, 1]),
    "MaxPool of operator set 7": _max(opset=7, kernel_shape=[2, 2], strides=[2, 2]),
    "MaxPool of operator set 8, by columns": _max(opset=8, kernel_shape=[2, 2], storage_order=1),
    "MaxPool of operator set 22": _max(opset=22, kernel_shape=[2, 2]),
    "MaxPool with padding": _max(kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 2]),
    "MaxPool of a window larger than the values": _max(
        opset=12, kernel_shape=[5, 6], strides=[3, 3], ceil_mode=1
    ),
    "AveragePool of a window larger than the values": _average(
        kernel_shape=[5, 6], strides=[3, 4], ceil_mode=1
    ),
    "MaxPool with ceil_mode": _max(opset=10, kernel_shape=[2, 2], strides=[2, 3], ceil_mode=1),
    "MaxPool with dilations": _max(opset=11, kernel_shape=[2, 2], dilations=[2, 3]),
    "MaxPool SAME_UPPER": _max(kernel_shape=[2, 3], strides=[2, 2], auto_pad="SAME_UPPER"),
    "MaxPool SAME_LOWER": _max((1, 1, 5, 6), kernel_shape=[2, 3], strides=[2, 2],
                               auto_pad="SAME_LOWER"),
    "MaxPool VALID": _max(kernel_shape=[2, 3], strides=[2, 2], auto_pad="VALID"),
    "MaxPool of one axis": _max((1, 2, 7), kernel_shape=[3], strides=[2]),
    "MaxPool of three axes": _max((1, 1, 3, 2, 3), kernel_shape=[2, 2, 2]),
    "GlobalAveragePool": one("GlobalAveragePool", x=(1, 2, 3, 3)),
    "GlobalAveragePool of one axis": one("GlobalAveragePool", x=(1, 2, 5), opset=22),
    "GlobalMaxPool": one("GlobalMaxPool", x=(1, 2, 3, 3)),
    "GlobalMaxPool of two items": one("GlobalMaxPool", x=(2, 2, 2, 2), opset=22),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case], exact="Max" in case)


def test_averages_are_rational() -> None:
    f = load(_average((1, 1, 3), kernel_shape=[3]))
    assert f.exact([1, 0, 0])[0, 0] == Fraction(1, 3)
    f = load(one("GlobalAveragePool", x=(1, 1, 7)))
    assert f.exact([1] + [0] * 6)[0, 0] == Fraction(1, 7)


def test_an_unread_index_does_no_harm_and_a_read_one_is_refused() -> None:
    pool = node("MaxPool", "x", kernel_shape=[2])
    pool.output.append("places")
    model = onnx_model([pool], {}, {"x": [1, 1, 4]})
    assert load(model).exact([1, 3, 2, 0]).to_floats().tolist() == [[3, 3, 2]]
    model = onnx_model([pool], {}, {"x": [1, 1, 4]}, ("y", "places"))
    with pytest.raises(
        UnsupportedLayerError, match=r"'MaxPool of y' \(MaxPool\).* reads its output 'places'"
    ):
        load(model)


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (_average(), FormatError, "lacks its kernel_shape"),
        (_max((1, 4), kernel_shape=[2]), ShapeError, "at least one axis more"),
        (_max(kernel_shape=[2]), ShapeError, r"kernel_shape \[2\], where 2 numbers"),
        (_max(kernel_shape=[6, 2]), ShapeError, "does not fit into 5"),
        (_max(kernel_shape=[2, 2], pads=[2, 2, 0, 0]), UnsupportedLayerError, "padding alone"),
        (_average(kernel_shape=[2, 2], pads=[2, 2, 0, 0]), UnsupportedLayerError,
         "a window of padding alone"),
        (_average(kernel_shape=[2, 3], strides=[2, 2], auto_pad="VALID", ceil_mode=1),
         UnsupportedLayerError, "VALID with ceil_mode leaves the size"),
        (one("GlobalMaxPool", x=(1, 4)), ShapeError, "at least one axis more"),
        (one("LpPool", x=_IMAGE, kernel_shape=[2, 2]), UnsupportedLayerError,
         "not piecewise linear"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)
