"""The element type of every value of an ONNX graph, as numbers of TensorProto."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

#: TensorProto's numbers of the types that matter here.
_FLOAT, _INT64, _BOOL = 1, 7, 9
_COUNTS: Final = ("Shape", "Size", "ArgMax", "ArgMin", "NonZero")
_TRUTHS: Final = ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Not", "And", "Or",
                  "Xor", "IsNaN", "IsInf")  # fmt: skip
#: The input whose type the first output has, where it is not the first one.
_LIKE: Final = {"Where": 1, "CastLike": 1, "DequantizeLinear": 1}
#: The types of second outputs.
_SECOND: Final = {"MaxPool": _INT64, "TopK": _INT64, "Dropout": _BOOL}


def element_types(nodes: Iterable[Any], known: Mapping[str, int]) -> dict[str, int]:
    """Return the element type of each value, 0 where it is not known.

    Args:
        nodes: `onnx.NodeProto`s, each after those that it reads.
        known: the types of inputs and stored tensors.
    """
    types = dict(known)
    for node in nodes:
        found = _first(node, lambda name: types.get(name, 0))
        for k, output in enumerate(node.output):
            types[output] = found if k == 0 else _SECOND.get(node.op_type, found)
    return types


def _first(node: Any, type_of: Callable[[str], int]) -> int:
    attributes = {a.name: a for a in node.attribute}
    op = node.op_type
    if op in _COUNTS:
        return _INT64
    if op in _TRUTHS:
        return _BOOL
    if op == "Cast" and "to" in attributes:
        return int(attributes["to"].i)
    if op == "DequantizeLinear" and "output_dtype" in attributes and attributes["output_dtype"].i:
        return int(attributes["output_dtype"].i)
    if op in ("Constant", "ConstantOfShape"):
        for word, kind in (("value_int", _INT64), ("value_ints", _INT64)):
            if word in attributes:
                return kind
        if "value" in attributes:
            return int(attributes["value"].t.data_type)
        if "sparse_value" in attributes:
            return int(attributes["sparse_value"].sparse_tensor.values.data_type)
        return _FLOAT
    place = _LIKE.get(op, 0)
    return type_of(node.input[place]) if place < len(node.input) else 0
