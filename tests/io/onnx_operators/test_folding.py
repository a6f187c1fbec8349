"""Operators of constants alone: folded as the runtime does, refused where they meet the input."""

from __future__ import annotations

from fractions import Fraction
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
)
from tropnet.errors import BudgetExceeded, DomainError, TropnetError, UnsupportedLayerError
from tropnet.io import load


def _folded(op: str, *arrays: Any, opset: int = 13, **attributes: Any) -> Any:
    """Return the model that puts op(arrays) behind x."""
    stored = dict(zip("abc", arrays, strict=False))
    nodes = [
        node(op, *stored, out="r", **attributes),
        node("Cast", "r", out="f", to=TensorProto.FLOAT),
        node("Reshape", "f", "flat", out="g"),
        node("Reshape", "x", "flat", out="z"),
        node("Concat", "z", "g", axis=0),
    ]
    return chain(nodes, (1, 2), opset, flat=ints(-1), **stored)


_MANY = floats(-2.5, -1.75, -0.5, 0, 0.5, 1.5, 2.5, 3.25)

CASES: Cases = {
    "Floor": _folded("Floor", _MANY),
    "Ceil": _folded("Ceil", _MANY),
    "Round": _folded("Round", _MANY),
    "Sign": _folded("Sign", _MANY),
    "Sign of integers": _folded("Sign", ints(-4, 0, 7), opset=9),
    "Reciprocal": _folded("Reciprocal", floats(2, -0.5, 4)),
    "Sqrt": _folded("Sqrt", floats(0, 1, 2.25, 1024)),
    "Exp": _folded("Exp", floats(0, 0)),
    "Log": _folded("Log", floats(1)),
    "Pow": _folded("Pow", floats(2, -3, 0.5), floats(3, 2, -2)),
    "Pow of roots": _folded("Pow", floats(4, 2.25), floats(0.5)),
    "Pow of integers": _folded("Pow", ints(2, -3), ints(10, 3), opset=12),
    "Pow of the input to one": one("Pow", "x", "e", e=floats(1)),
    "Mod": _folded("Mod", ints(7, -7, 7, -7), ints(4, 4, -4, -4)),
    "Mod with the sign of the first": _folded("Mod", ints(7, -7, 7, -7), ints(4, 4, -4, -4),
                                              fmod=1, opset=10),
    "NonZero": _folded("NonZero", np.array([[0, 1.5, 0], [2, 0, 0]], np.float32)),
    "ReduceProd": _folded("ReduceProd", ints(2, 3, 7), keepdims=0),
    "ReduceProd of operator set 18": _folded(
        "ReduceProd", np.array([[2, 3], [5, 7]]), ints(1), opset=18
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case])


def test_reciprocals_are_rational() -> None:
    nodes = [node("Reciprocal", "a", out="r"), node("Mul", "x", "r")]
    model = chain(nodes, (1, 1), a=floats(3))
    assert load(model).exact([1])[0, 0] == Fraction(1, 3)
    assert_like_runtime(model, exact=False)


def test_sizes_that_an_upsampling_calculates() -> None:
    # torch's interpolate(scale_factor=2), as exporters of older operator sets write it
    nodes = [
        node("Shape", "x", out="s"),
        node("Slice", "s", "two", "four", out="hw"),
        node("Cast", "hw", out="f", to=TensorProto.FLOAT),
        node("Mul", "f", "scale", out="g"),
        node("Floor", "g", out="h"),
        node("Cast", "h", out="i", to=TensorProto.INT64),
        node("Slice", "s", "zero", "two", out="nc"),
        node("Concat", "nc", "i", out="sizes", axis=0),
        node("Resize", "x", "", "", "sizes", mode="nearest", nearest_mode="floor",
             coordinate_transformation_mode="asymmetric"),
    ]  # fmt: skip
    model = chain(nodes, (1, 1, 2, 3), 13, two=ints(2), four=ints(4), zero=ints(0),
                  scale=floats(2, 1.5))  # fmt: skip
    assert load(model).n_outputs == 4 * 4
    assert_like_runtime(model)


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        ("Floor", "not continuous"),
        ("Ceil", "not continuous"),
        ("Round", "not continuous"),
        ("Sign", "not continuous"),
        ("Reciprocal", "not piecewise linear"),
        ("Sqrt", "not piecewise linear"),
        ("Exp", "not piecewise linear"),
        ("Log", "not piecewise linear"),
        ("NonZero", "not continuous"),
        ("ReduceProd", "not piecewise linear"),
    ],
)
def test_the_input_is_refused(op: str, reason: str) -> None:
    assert_refused(one(op), UnsupportedLayerError, reason)


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (one("Pow", "x", "e", e=floats(2)), UnsupportedLayerError, "not piecewise linear"),
        (one("Pow", "e", "x", e=floats(2)), UnsupportedLayerError, "not piecewise linear"),
        (one("Mod", "x", "e", e=floats(2), fmod=1), UnsupportedLayerError, "not continuous"),
        (one("Mod", "e", "e", e=floats(2), fmod=1), UnsupportedLayerError, "divides reals"),
        (one("Mod", "a", "b", a=ints(2), b=ints(0)), DomainError, "divides by zero"),
        (one("Sqrt", "a", a=floats(2)), UnsupportedLayerError, "no rational number"),
        (one("Sqrt", "a", a=floats(-1)), UnsupportedLayerError, "no rational number"),
        (one("Exp", "a", a=floats(1)), UnsupportedLayerError, "no rational number"),
        (one("Log", "a", a=floats(0)), UnsupportedLayerError, "no rational number"),
        (one("Reciprocal", "a", a=floats(0)), UnsupportedLayerError, "no rational number"),
        (one("Pow", "a", "b", a=floats(0), b=floats(-1)), UnsupportedLayerError, "no rational"),
        (one("Pow", "a", "b", a=floats(3), b=floats(1e9)), UnsupportedLayerError, "no rational"),
        (one("Floor", "a", a=floats(2.9999998)), UnsupportedLayerError,
         "it rounds 3, so that a rounding error decides"),
        (one("ReduceProd", "a", a=floats(2)), UnsupportedLayerError, "multiplies reals"),
        (one("Sign", "a", a=np.ones((2**11, 2**10), np.float32)), BudgetExceeded,
         "operations on constants at node"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)
