"""Nodes that their operator set does not allow."""

from __future__ import annotations

from typing import Any

import pytest
from onnx import helper

from tropnet.errors import FormatError
from tropnet.io.onnx_operators.signature import require_signature


def _node(op: str, inputs: int = 1, outputs: int = 1, **attributes: Any) -> Any:
    return helper.make_node(op, list("abcdefgh"[:inputs]), list("yz"[:outputs]), **attributes)


@pytest.mark.parametrize(
    ("node", "opset"),
    [
        (_node("Relu"), 7),
        (_node("Clip", min=0.0), 10),
        (_node("Clip", 3), 11),
        (_node("Concat", 8, axis=0), 13),
        (_node("Where", 3), 9),
        (_node("Upsample", 2), 9),
        (_node("MaxPool", 1, 2, kernel_shape=[2]), 8),
    ],
)
def test_what_is_allowed(node: Any, opset: int) -> None:
    require_signature(node, "n", opset)


@pytest.mark.parametrize(
    ("node", "opset", "text"),
    [
        (_node("Where", 3), 8, "operator set 8, which the ONNX model uses, has no Where; export"),
        (_node("Upsample", 2), 10, "has no Upsample any more"),
        (_node("Blorp"), 17, "has no Blorp"),
        (_node("Clip", min=0.0), 11, "operator set 11 gives Clip no attribute 'min'"),
        (_node("Clip", 3), 10, "has 3 inputs, not 1"),
        (_node("Concat", 2), 13, "lacks its axis"),
        (_node("Conv", 1), 13, "has 1 inputs, not 2 to 3"),
        (_node("Relu", 1, 2), 13, "has 2 outputs, not 1"),
        (_node("Relu", 1, 0), 13, "has 0 outputs, not 1"),
        (_node("LeakyRelu", alpha=1), 13, "attribute alpha is not of type FLOAT"),
        (_node("MaxPool", kernel_shape=2), 13, "attribute kernel_shape is not of type INTS"),
        (_node("BatchNormalization", 5, spatial=1), 9, "no attribute 'spatial'"),
    ],
)
def test_what_is_not(node: Any, opset: int, text: str) -> None:
    with pytest.raises(FormatError, match=text) as caught:
        require_signature(node, "n", opset)
    assert str(caught.value).startswith(f"node 'n' ({node.op_type})")


def test_an_attribute_that_refers_to_a_function_is_refused() -> None:
    node = _node("LeakyRelu", alpha=0.5)
    node.attribute[0].ref_attr_name = "slope"
    with pytest.raises(FormatError, match="attribute alpha"):
        require_signature(node, "n", 17)
