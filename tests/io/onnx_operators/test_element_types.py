"""Element types of the values of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tropnet.io.onnx_operators.element_types import element_types

_F, _H, _D, _I, _B = (
    TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.INT64,
    TensorProto.BOOL,
)  # fmt: skip
_KNOWN = {"x": _F, "h": _H, "i": _I, "t": _B}


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (helper.make_node("Relu", ["x"], ["y"]), [_F]),
        (helper.make_node("Add", ["h", "h"], ["y"]), [_H]),
        (helper.make_node("Cast", ["x"], ["y"], to=_D), [_D]),
        (helper.make_node("CastLike", ["x", "h"], ["y"]), [_H]),
        (helper.make_node("Shape", ["x"], ["y"]), [_I]),
        (helper.make_node("Greater", ["x", "x"], ["y"]), [_B]),
        (helper.make_node("Where", ["t", "h", "h"], ["y"]), [_H]),
        (helper.make_node("DequantizeLinear", ["i", "h"], ["y"]), [_H]),
        (helper.make_node("DequantizeLinear", ["i", "h"], ["y"], output_dtype=_F), [_F]),
        (helper.make_node("TopK", ["h", "i"], ["y", "z"]), [_H, _I]),
        (helper.make_node("MaxPool", ["x"], ["y", "z"]), [_F, _I]),
        (helper.make_node("Dropout", ["x"], ["y", "z"]), [_F, _B]),
        (helper.make_node("Split", ["h"], ["y", "z"]), [_H, _H]),
        (helper.make_node("Constant", [], ["y"], value_float=1.0), [_F]),
        (helper.make_node("Constant", [], ["y"], value_ints=[1]), [_I]),
        (
            helper.make_node(
                "Constant", [], ["y"], value=numpy_helper.from_array(np.ones(1, np.float16))
            ),
            [_H],
        ),
        (helper.make_node("ConstantOfShape", ["i"], ["y"]), [_F]),
        (helper.make_node("Relu", ["nobody"], ["y"]), [0]),
        (helper.make_node("Blorp", [], ["y"]), [0]),
    ],
)
def test_types(node: Any, wanted: list[int]) -> None:
    types = element_types([node], _KNOWN)
    assert [types[name] for name in node.output] == wanted


def test_types_follow_the_graph() -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], to=_H),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Concat", ["b", "b"], ["c"], axis=0),
    ]
    assert element_types(nodes, _KNOWN)["c"] == _H
