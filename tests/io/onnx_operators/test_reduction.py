"""Reductions against onnxruntime: bounds at all points, equality at integers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.io.onnx_operators.cases import (
    Cases,
    assert_like_runtime,
    assert_refused,
    chain,
    ints,
    node,
    one,
)
from tropnet.errors import ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io import load

_CUBE = (2, 3, 2)
#: The operator set from which the axes are an input.
_MOVED = {"ReduceSum": 13, "ReduceMean": 18, "ReduceMax": 18, "ReduceMin": 18, "ReduceL1": 18}


def _cases(op: str, moved: int) -> Cases:
    return {
        f"{op}": one(op, "x", "a", x=_CUBE, a=ints(1), opset=moved),
        f"{op} of two axes": one(op, "x", "a", x=_CUBE, a=ints(0, -1), opset=moved, keepdims=0),
        f"{op} of all axes": one(op, x=_CUBE, opset=moved),
        f"{op} of no axes": one(op, "x", "a", x=_CUBE, a=ints(), opset=moved, keepdims=0),
        f"{op} of no axes, no operation": one(
            op, "x", "a", x=_CUBE, a=ints(), opset=moved, noop_with_empty_axes=1
        ),
        f"{op} by attribute": one(op, x=_CUBE, axes=[-2], opset=moved - 1, keepdims=0),
        f"{op} of all axes of operator set 7": one(op, x=_CUBE, opset=7),
    }


CASES: Cases = {
    **{
        name: model
        for op, moved in _MOVED.items()
        for name, model in _cases(op, moved).items()
        if name != "ReduceL1 of no axes, no operation"
    },
    "ReduceMax of operator set 20": one("ReduceMax", "x", "a", a=ints(1), opset=20),
}


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case], exact="Mean" not in case)


def test_means_are_rational() -> None:
    assert load(one("ReduceMean", x=(1, 7))).exact([1] + [0] * 6)[0, 0] == Fraction(1, 7)


@pytest.mark.parametrize(
    ("op", "wanted"), [("ReduceSum", 9), ("ReduceMax", 5), ("ReduceMin", 1), ("ReduceProd", 15)]
)
def test_integers(op: str, wanted: int) -> None:
    axes = {"axes": [0]} if op != "ReduceSum" else {}
    nodes = [
        node(op, "a", out="c", keepdims=0, **axes),
        node("Cast", "c", out="f", to=1),
        node("Add", "x", "f"),
    ]
    model = chain(nodes, (1, 1), a=ints(1, 3, 5))
    assert load(model).exact([0]).to_floats().tolist() == [[wanted]]
    assert_like_runtime(model)


def test_means_of_integers_are_refused() -> None:
    nodes = [
        node("ReduceMean", "a", out="m"),
        node("Cast", "m", out="f", to=1),
        node("Add", "x", "f"),
    ]
    with pytest.raises(UnsupportedLayerError, match=r"\(ReduceMean\).* a mean of integers"):
        load(chain(nodes, a=np.array([[1, 2]], np.int64)))


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (one("ReduceSum", "x", "a", a=ints(2)), ShapeError, "axis 2"),
        (one("ReduceMax", axes=[-3]), ShapeError, "axis -3"),
        (one("ReduceSum", "x", "x"), UnsupportedLayerError, "its axes depends on the input"),
        (one("ReduceL1", "x", "a", a=ints(), opset=18, noop_with_empty_axes=1),
         UnsupportedLayerError, "told to reduce no axes"),
        (one("ReduceProd"), UnsupportedLayerError, "not piecewise linear"),
        (one("ReduceL2"), UnsupportedLayerError, "not piecewise linear"),
        (one("ReduceLogSumExp"), UnsupportedLayerError, "not piecewise linear"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)
