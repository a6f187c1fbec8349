"""Operators that move values or cast them, against onnxruntime: equality everywhere."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from tests.io.models import assert_within_bound, onnx_model, points_and_kinks, run_onnx
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
from tropnet.errors import DomainError, FormatError, ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io import load

_CUBE = (2, 3, 2)

CASES: Cases = {
    "Identity": one("Identity"),
    "Identity of operator set 14": one("Identity", opset=14),
    "Flatten": one("Flatten", x=("N", 2, 3)),
    "Flatten axis 0": one("Flatten", x=(1, 2, 3), axis=0),
    "Flatten axis from the end": one("Flatten", x=(1, 2, 3), axis=-1, opset=11),
    "Flatten of operator set 7": one("Flatten", x=(2, 2, 3), axis=2, opset=7),
    "Reshape": one("Reshape", "x", "s", x=("N", 2, 3), s=ints(0, -1)),
    "Reshape allowzero": one("Reshape", "x", "s", s=ints(3, 1), allowzero=1),
    "Reshape of operator set 7": one("Reshape", "x", "s", x=_CUBE, s=ints(-1, 0, 2), opset=7),
    "Cast": one("Cast", to=TensorProto.FLOAT),
    "Cast of a constant": chain(
        [node("Cast", "i", out="c", to=TensorProto.FLOAT), node("Add", "x", "c")],
        i=ints(1, -2, 3),
    ),
    "Cast to integers and back": chain(
        [
            node("Cast", "f", out="i", to=TensorProto.INT32),
            node("Cast", "i", out="c", to=TensorProto.FLOAT),
            node("Add", "x", "c"),
        ],
        f=floats(1.75, -2.25, -0.5),
    ),
    "Cast to booleans and back": chain(
        [
            node("Cast", "f", out="i", to=TensorProto.BOOL),
            node("Cast", "i", out="c", to=TensorProto.FLOAT),
            node("Add", "x", "c"),
        ],
        f=floats(1.75, 0, -0.5),
    ),
    "CastLike": one("CastLike", "x", "f", f=floats(1)),
    "CastLike of a constant": chain(
        [node("CastLike", "i", "x", out="c"), node("Add", "x", "c")], i=ints(1, -2, 3)
    ),
    "Squeeze": one("Squeeze", "x", "a", x=(2, 1, 3, 1), a=ints(1, -1)),
    "Squeeze all": one("Squeeze", x=(1, 1, 3, 1)),
    "Squeeze by attribute": one("Squeeze", x=(2, 1, 3), axes=[1], opset=11),
    "Squeeze all of operator set 7": one("Squeeze", x=(2, 1, 3), opset=7),
    "Unsqueeze": one("Unsqueeze", "x", "a", x=(2, 3), a=ints(0, -1)),
    "Unsqueeze by attribute": one("Unsqueeze", x=(2, 3), axes=[0, 3], opset=7),
    "Transpose": one("Transpose", x=_CUBE),
    "Transpose perm": one("Transpose", x=_CUBE, perm=[1, 2, 0], opset=7),
    "Concat": chain(
        [node("Relu", "x", out="r"), node("Concat", "x", "r", "c", axis=1)], (2, 3),
        c=weights(2, 3),
    ),
    "Concat axis 0": chain(
        [node("Relu", "x", out="r"), node("Concat", "r", "x", axis=0)], (2, 3), opset=7
    ),
    "Concat from the end": chain(
        [node("Relu", "x", out="r"), node("Concat", "r", "x", axis=-1)], (2, 3), opset=11
    ),
    "view(x.size(0), -1) as exported": chain(
        [
            node("Shape", "x", out="s"),
            node("Gather", "s", "zero", out="n", axis=0),
            node("Unsqueeze", "n", "axes", out="n1"),
            node("Concat", "n1", "rest", out="shape", axis=0),
            node("Reshape", "x", "shape"),
        ],
        ("N", 2, 3),
        zero=np.array(0, np.int64), axes=ints(0), rest=ints(-1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case])


def _cast(to: int, dtype: str = "float32") -> Any:
    nodes = [node("Cast", "x", out="c", to=to), node("Relu", "c")]
    return onnx_model(nodes, dtype=dtype)


@pytest.mark.parametrize(
    ("dtype", "to", "arithmetic"),
    [
        ("float32", TensorProto.FLOAT16, "float16"),
        ("float64", TensorProto.FLOAT, "float32"),
        ("float16", TensorProto.FLOAT, "float16"),
        ("float64", TensorProto.FLOAT16, "float16"),
    ],
)
def test_casts_between_floats(dtype: str, to: int, arithmetic: str) -> None:
    model = _cast(to, dtype)
    model.graph.output[0].type.tensor_type.elem_type = to
    f = load(model)
    assert f.dtype == arithmetic
    assert any("casts" in note for note in f.notes)
    points = np.clip(points_and_kinks(f), -1000, 1000)
    found = run_onnx(model, points)
    assert_within_bound(f, points, found)


def test_a_cast_like_another_value_counts_as_a_cast() -> None:
    f = load(one("CastLike", "x", "h", h=np.ones(1, np.float16)))
    assert f.dtype == "float16"
    assert any("casts" in note for note in f.notes)


def test_float16_constants_are_exact() -> None:
    nodes = [node("Cast", "h", out="c", to=TensorProto.FLOAT), node("Mul", "x", "c")]
    f = load(chain(nodes, (1, 1), h=np.array([0.1], np.float16)))
    assert float(f.exact([1])[0, 0]) == float(np.float16(0.1))


def test_constants_of_several_kinds_stay_exact_one_after_the_other() -> None:
    nodes = [
        node("Reciprocal", "a", out="r"),
        node("Concat", "r", "b", out="c", axis=0),
        node("Mul", "c", "s", out="d"),
        node("Add", "x", "d"),
    ]
    f = load(chain(nodes, (1, 2), a=floats(3), b=floats(0.1), s=floats(1e30)))
    tenth, large = (Fraction(float(np.float32(v))) for v in (0.1, 1e30))
    assert f.exact([0, 0]).to_fractions()[0] == [large / 3, tenth * large]


def test_a_constant_is_rounded_as_it_is_cast() -> None:
    nodes = [node("Cast", "d", out="c", to=TensorProto.FLOAT), node("Mul", "x", "c")]
    f = load(chain(nodes, (1, 1), d=np.array([0.1])))
    assert float(f.exact([1])[0, 0]) == float(np.float32(0.1))


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (one("Reshape", "x", "s", s=ints(2, 2)), ShapeError, "do not take the shape"),
        (one("Reshape", "x", "s", s=ints(-1, -1)), ShapeError, "do not take the shape"),
        (one("Reshape", "x", "s", s=ints(1, 3, 0)), ShapeError, "copies axes of"),
        (one("Reshape", "x", "x"), UnsupportedLayerError, "its shape depends on the input"),
        (one("Reshape", "x", "s", s=floats(3)), FormatError, "its shape is not of integers"),
        (one("Cast", to=TensorProto.INT64), UnsupportedLayerError,
         "casts what depends on the input to INT64"),
        (one("Cast", to=TensorProto.BFLOAT16), UnsupportedLayerError, "to BFLOAT16"),
        (one("Cast", to=99), UnsupportedLayerError, "to element type 99"),
        (one("Cast", "f", to=TensorProto.INT8, f=floats(1000)), DomainError, "exceeds int8"),
        (one("CastLike", "x", "i", i=ints(1)), UnsupportedLayerError, "to INT64"),
        (one("Flatten", axis=3), ShapeError, "axis 3"),
        (one("Transpose", perm=[0, 0]), ShapeError, "no permutation"),
        (one("Concat", "x", "x"), FormatError, "lacks its axis"),
        (one("Concat", "x", "c", axis=0, c=weights(2, 2)), ShapeError, "do not fit together"),
        (one("Squeeze", "x", "a", a=ints(1)), ShapeError, "cannot squeeze axes"),
        (one("Squeeze", "x", "a", a=ints()), UnsupportedLayerError, "its list of axes is empty"),
        (one("Unsqueeze", "x", "a", a=ints(0, 0)), ShapeError, "repeat"),
        (one("Unsqueeze", "x", ""), FormatError, "lacks its axes"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)
