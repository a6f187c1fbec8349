"""Comparisons and Where against onnxruntime, and the refusal of what jumps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from tests.io.onnx_operators.cases import (
    Cases,
    assert_like_runtime,
    assert_refused,
    chain,
    floats,
    ints,
    node,
    one,
    weights,
)
from tropnet.errors import ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io import load

_TRUTHS = np.array([True, False, True])


def _folded(op: str, a: Any, b: Any = None, opset: int = 17) -> Any:
    stored = {"a": a} if b is None else {"a": a, "b": b}
    nodes = [
        node(op, *stored, out="r"),
        node("Cast", "r", out="f", to=TensorProto.FLOAT),
        node("Add", "x", "f"),
    ]
    return chain(nodes, (1, 3), opset, **stored)


def _where(op: str, a: str, b: str, *, then: Any = None, opset: int = 17, **stored: Any) -> Any:
    """Return Where(op(x, c), a, b) after the nodes `then`."""
    nodes = [*(then or []), node(op, "x", "c", out="t"), node("Where", "t", a, b)]
    return chain(nodes, (1, 3), opset, **{"c": np.array(0, np.float32), **stored})


_SHIFTED = [node("Sub", "x", "c", out="d")]
_HALVED = [node("Mul", "x", "h", out="d")]

CASES: Cases = {
    "Equal": _folded("Equal", ints(1, 2, 3), ints(1, 5, 3)),
    "Equal of operator set 7": _folded("Equal", ints(1, 2, 3), ints(2), 7),
    "Equal of booleans": _folded("Equal", _TRUTHS, ~_TRUTHS, 11),
    "Greater": _folded("Greater", floats(1, 2, 3), floats(2)),
    "Greater of operator set 7": _folded("Greater", floats(1, 2, 3), floats(2), 7),
    "GreaterOrEqual": _folded("GreaterOrEqual", floats(1, 2, 3), floats(2), 12),
    "Less": _folded("Less", ints(1, 2, 3), ints(2), 9),
    "Less of operator set 7": _folded("Less", floats(1, 2, 3), floats(2), 7),
    "LessOrEqual": _folded("LessOrEqual", floats(1, 2, 3), floats(2), 16),
    "Not": _folded("Not", _TRUTHS, None, 7),
    "And": _folded("And", _TRUTHS, np.array([True]), 7),
    "Or": _folded("Or", _TRUTHS, np.array([False, True, False]), 7),
    "Xor": _folded("Xor", _TRUTHS, np.array([True]), 7),
    "Where of a constant": one("Where", "t", "x", "c", t=_TRUTHS, c=weights(2, 3)),
    "Where of a constant, the input second": one(
        "Where", "t", "c", "x", t=_TRUTHS, c=np.array(2.5, np.float32), opset=9
    ),
    "Where of constants": chain(
        [node("Where", "t", "a", "b", out="c"), node("Mul", "x", "c")],
        t=_TRUTHS, a=weights(3), b=weights(3, seed=1),
    ),
    "Where of a constant and two values": chain(
        [node("Neg", "x", out="n"), node("Where", "t", "x", "n")], t=_TRUTHS[:, None]
    ),
    "Where positive": _where("Greater", "x", "c"),
    "Where of operator set 9": _where("Greater", "x", "c", opset=9),
    "Where leaky": _where("Greater", "x", "d", then=_HALVED, h=np.array(0.5, np.float32)),
    "Where less": _where("Less", "c", "x", c=np.array(1.5, np.float32)),
    "Where at least": _where("GreaterOrEqual", "x", "c", opset=12, c=weights(3)),
    "Where at most": _where("LessOrEqual", "c", "x", c=weights(3)),
    "Where not": chain(
        [
            node("Less", "x", "c", out="t"),
            node("Not", "t", out="n"),
            node("Where", "n", "x", "c"),
        ],
        c=np.array(0.5, np.float32),
    ),
    "Where of a shifted value": _where(
        "Greater", "d", "zero", then=_SHIFTED, c=np.array(0.75, np.float32),
        zero=np.array(0, np.float32),
    ),
    "Where of two values": chain(
        [
            node("Neg", "x", out="n"),
            node("Greater", "x", "n", out="t"),
            node("Where", "t", "x", "n"),
        ]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case])


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (_where("Greater", "x", "zero", c=floats(1), zero=floats(0)), UnsupportedLayerError,
         "it may jump where its condition changes"),
        (_where("Greater", "one", "c", one=floats(1)), UnsupportedLayerError, "it may jump"),
        (_where("Greater", "d", "c", then=_SHIFTED, c=floats(1)), UnsupportedLayerError,
         "it may jump"),
        (_where("Equal", "x", "one", one=floats(1)), UnsupportedLayerError, "it may jump"),
        (one("Where", "x", "x", "x"), UnsupportedLayerError, "its condition depends on the input"),
        (one("Where", "t", "x", "c", t=_TRUTHS, c=weights(4)), ShapeError, "do not fit together"),
        (one("Not", "x"), UnsupportedLayerError, "its condition depends on the input"),
        (one("And", "t", "c", t=_TRUTHS, c=floats(1)), UnsupportedLayerError,
         "joins values that are no truths"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)


def _compared(*then: Any) -> Any:
    return chain([node("Greater", "x", "c", out="t"), *then], c=floats(0))


@pytest.mark.parametrize(
    ("model", "node_name", "text"),
    [
        (_compared(node("Cast", "t", to=1)), "Cast of y", "truth of a comparison, which jumps"),
        (_compared(node("Cast", "t", out="f", to=1), node("Mul", "x", "f")), "Cast of f", "jumps"),
        (_compared(node("Reshape", "t", "c")), "Reshape of y", "jumps"),
        (_compared(node("And", "t", "t")), "And of y", "joins comparisons that depend"),
        (_compared(node("Identity", "t")), "Identity of y", "an output of the model, jumps"),
    ],
)
def test_other_uses_of_a_comparison_jump(model: Any, node_name: str, text: str) -> None:
    with pytest.raises(UnsupportedLayerError, match=text) as caught:
        load(model)
    assert caught.value.node == node_name


def test_a_comparison_that_nothing_needs_does_no_harm() -> None:
    assert load(_compared(node("Relu", "x"))).n_relu == 3
