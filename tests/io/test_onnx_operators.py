"""Each ONNX operator in its variants, against onnxruntime and against exact expectations."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.io.models import assert_within_bound, onnx_model, points_and_kinks, run_onnx
from tropnet.errors import (
    BudgetExceeded,
    DomainError,
    FormatError,
    ShapeError,
    TropnetError,
    UnsupportedLayerError,
)
from tropnet.io import load
from tropnet.io.onnx_operators import supported

_RANDOM = np.random.default_rng(1)
_W = _RANDOM.standard_normal((3, 4)).astype(np.float32)
_V = _RANDOM.standard_normal((4, 3)).astype(np.float32)
_B = _RANDOM.standard_normal(4).astype(np.float32)
_TALL = np.zeros((5, 4), np.float32)
_NAN = np.array([[np.nan], [1], [2]], np.float32)
_ONE = {"x": [1, 3]}
_SQUARE = {"x": [2, 3]}


def _node(op: str, *inputs: str, out: str = "y", **attributes: Any) -> Any:
    return helper.make_node(op, list(inputs), [out], name=f"{op} of {out}", **attributes)


def _ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


_CASES: dict[str, Any] = {
    "MatMul": onnx_model([_node("MatMul", "x", "W")], {"W": _W}),
    "MatMul from the left": onnx_model(
        [_node("MatMul", "W", "x")], {"W": _V[:, :2].copy()}, _SQUARE
    ),
    "MatMul of several rows": onnx_model([_node("MatMul", "x", "W")], {"W": _W}, _SQUARE),
    "MatMul of a vector": onnx_model([_node("MatMul", "x", "W")], {"W": _W}, {"x": [3]}),
    "MatMul with a vector": onnx_model([_node("MatMul", "x", "w")], {"w": _W[:, 0].copy()}),
    "MatMul of a stack from the left": onnx_model(
        [_node("MatMul", "W", "x")], {"W": _V[:, :2].copy()}, {"x": [2, 2, 3]}
    ),
    "Gemm": onnx_model([_node("Gemm", "x", "W", "b")], {"W": _W, "b": _B}),
    "Gemm without C": onnx_model([_node("Gemm", "x", "W")], {"W": _W}),
    "Gemm alpha beta": onnx_model(
        [_node("Gemm", "x", "W", "b", alpha=0.3, beta=-1.7)], {"W": _W, "b": _B}
    ),
    "Gemm transB": onnx_model([_node("Gemm", "x", "V", "b", transB=1)], {"V": _V, "b": _B}),
    "Gemm transA": onnx_model([_node("Gemm", "x", "W", transA=1)], {"W": _W}, {"x": [3, 1]}),
    "Gemm constant A": onnx_model(
        [_node("Gemm", "V", "x", alpha=0.1)], {"V": _V[:, :2].copy()}, _SQUARE
    ),
    "Gemm scalar C": onnx_model(
        [_node("Gemm", "x", "W", "b", beta=3.0)], {"W": _W, "b": np.float32(0.1)}
    ),
    "Gemm C from the input": onnx_model(
        [_node("Gemm", "x", "W", out="z"), _node("Gemm", "x", "W", "z", beta=0.7)], {"W": _W}
    ),
    "Add": onnx_model([_node("Add", "x", "b")], {"b": _B[:3].copy()}),
    "Add constant first": onnx_model([_node("Add", "b", "x")], {"b": _B[:3].copy()}),
    "Add broadcasts the input": onnx_model([_node("Add", "x", "b")], {"b": _V}, _ONE),
    "Add of two values": onnx_model(
        [_node("Relu", "x", out="r"), _node("Add", "x", "r")], {}, _ONE
    ),
    "Add of one value twice": onnx_model([_node("Add", "x", "x")]),
    "Add of constants": onnx_model(
        [_node("Add", "b", "c", out="d"), _node("Add", "x", "d")],
        {"b": _B[:3].copy(), "c": _B[1:].copy()},
    ),
    "Add of cancelling constants": onnx_model(
        [_node("Add", "x", "b", out="z"), _node("Sub", "z", "b")],
        {"b": np.full(3, 1e6, np.float32)},
    ),
    "Sub": onnx_model([_node("Sub", "x", "b")], {"b": _B[:3].copy()}),
    "Sub constant first": onnx_model([_node("Sub", "b", "x")], {"b": _B[:3].copy()}),
    "Sub of two values": onnx_model([_node("Relu", "x", out="r"), _node("Sub", "r", "x")]),
    "Sub of nearly equal affine values": onnx_model(
        [
            _node("Gemm", "x", "W", "b", out="z"),
            _node("Gemm", "x", "W", "c", out="u"),
            _node("Sub", "z", "u"),
        ],
        {"W": _W, "b": np.full(4, 1e4, np.float32), "c": np.full(4, 1e4 + 0.5, np.float32)},
    ),
    "Relu": onnx_model([_node("Relu", "x")]),
    "Relu of a constant": onnx_model(
        [_node("Relu", "b", out="r"), _node("Add", "x", "r")], {"b": _B[:3].copy()}
    ),
    "Flatten": onnx_model([_node("Flatten", "x")], {}, {"x": ["N", 2, 3]}),
    "Flatten axis 0": onnx_model([_node("Flatten", "x", axis=0)], {}, {"x": [1, 2, 3]}),
    "Flatten axis from the end": onnx_model([_node("Flatten", "x", axis=-1)], {}, {"x": [1, 2, 3]}),
    "Reshape": onnx_model([_node("Reshape", "x", "s")], {"s": _ints(0, -1)}, {"x": ["N", 2, 3]}),
    "Reshape allowzero": onnx_model(
        [_node("Reshape", "x", "s", allowzero=1)], {"s": _ints(3, 1)}, {"x": [1, 3]}
    ),
    "Identity": onnx_model([_node("Identity", "x")]),
    "Constant": onnx_model(
        [
            helper.make_node("Constant", [], ["c"], value_floats=[1.0, 2.0, 3.0]),
            _node("Add", "x", "c"),
        ]
    ),
    "Constant number": onnx_model(
        [helper.make_node("Constant", [], ["c"], value_float=0.1), _node("Add", "x", "c")]
    ),
    "Constant tensor": onnx_model(
        [
            helper.make_node(
                "Constant",
                [],
                ["s"],
                value=helper.make_tensor("s", TensorProto.INT64, [2], [3, 1]),
            ),
            _node("Reshape", "x", "s"),
        ],
        {},
        _ONE,
    ),
    "Constant integers": onnx_model(
        [helper.make_node("Constant", [], ["s"], value_ints=[-1]), _node("Reshape", "x", "s")],
        {},
        _ONE,
    ),
    "Cast": onnx_model([_node("Cast", "x", to=TensorProto.FLOAT)]),
    "Cast of a constant": onnx_model(
        [_node("Cast", "i", out="c", to=TensorProto.FLOAT), _node("Add", "x", "c")],
        {"i": _ints(1, -2, 3)},
    ),
    "Squeeze": onnx_model([_node("Squeeze", "x", "a")], {"a": _ints(1, -1)}, {"x": [2, 1, 3, 1]}),
    "Squeeze all": onnx_model([_node("Squeeze", "x")], {}, {"x": [1, 1, 3, 1]}),
    "Squeeze by attribute": onnx_model(
        [_node("Squeeze", "x", axes=[1])], {}, {"x": [2, 1, 3]}, opset=11
    ),
    "Unsqueeze": onnx_model([_node("Unsqueeze", "x", "a")], {"a": _ints(0, -1)}, _SQUARE),
    "Unsqueeze by attribute": onnx_model(
        [_node("Unsqueeze", "x", axes=[0, 3])], {}, _SQUARE, opset=11
    ),
    "Transpose": onnx_model([_node("Transpose", "x")], {}, {"x": [2, 3, 2]}),
    "Transpose perm": onnx_model([_node("Transpose", "x", perm=[1, 2, 0])], {}, {"x": [2, 3, 2]}),
    "Concat": onnx_model(
        [_node("Relu", "x", out="r"), _node("Concat", "x", "r", "c", axis=1)],
        {"c": _V[:2].copy()},
        _SQUARE,
    ),
    "Concat axis 0": onnx_model(
        [_node("Relu", "x", out="r"), _node("Concat", "r", "x", axis=0)], {}, _SQUARE
    ),
    "Gather": onnx_model([_node("Gather", "x", "i", axis=1)], {"i": _ints(2, 0, -1)}, _SQUARE),
    "Dropout": onnx_model([_node("Dropout", "x")]),
    "Dropout by attribute": onnx_model([_node("Dropout", "x", ratio=0.3)], opset=7),
    "view(x.size(0), -1) as exported": onnx_model(
        [
            _node("Shape", "x", out="s"),
            _node("Gather", "s", "zero", out="n", axis=0),
            _node("Unsqueeze", "n", "axes", out="n1"),
            _node("Concat", "n1", "rest", out="shape", axis=0),
            _node("Reshape", "x", "shape"),
        ],
        {"zero": np.array(0, np.int64), "axes": _ints(0), "rest": _ints(-1)},
        {"x": ["N", 2, 3]},
    ),
}


@pytest.mark.parametrize("case", list(_CASES))
def test_matches_onnxruntime(case: str) -> None:
    model = _CASES[case]
    f = load(model)
    points = points_and_kinks(f)
    assert_within_bound(f, points, run_onnx(model, points))


def test_every_operator_has_a_case() -> None:
    tested = {node.op_type for model in _CASES.values() for node in model.graph.node}
    assert tested == set(supported())


def test_the_measure_can_fail() -> None:
    f = load(_CASES["Gemm"])
    points = points_and_kinks(f)
    wrong = run_onnx(_CASES["Gemm without C"], points)
    with pytest.raises(AssertionError, match="off by"):
        assert_within_bound(f, points, wrong)


def test_alpha_is_the_float32_of_the_file_and_its_product_is_exact() -> None:
    model = onnx_model(
        [_node("Gemm", "x", "w", alpha=0.1)], {"w": np.array([[0.3], [0], [0]], np.float32)}
    )
    exact = Fraction(float(np.float32(0.1))) * Fraction(float(np.float32(0.3)))
    assert load(model).exact([1, 0, 0])[0, 0] == exact


def test_a_dense_layer_needs_no_layer_of_identity_units() -> None:
    nodes = [
        _node("Sub", "x", "zero", out="c"),
        _node("MatMul", "c", "W", out="m"),
        _node("Add", "m", "b", out="z"),
        _node("Relu", "z"),
    ]
    f = load(onnx_model(nodes, {"zero": np.zeros(3, np.float32), "W": _W, "b": _B}))
    assert f.widths == (4,)


def test_two_biases_keep_their_roundings_apart() -> None:
    # in float32, (x + 1e8) - 1e8 loses x; merged into x + 0, the bound would deny that
    big = np.full(3, 1e8, np.float32)
    nodes = [_node("Add", "x", "b", out="z"), _node("Sub", "z", "b")]
    f = load(onnx_model(nodes, {"b": big}))
    assert f.exact([1, 2, 3]).to_floats().tolist() == [[1, 2, 3]]
    assert (f.enclosure([[1, 2, 3]], "float32").errors > 1).all()


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (onnx_model([_node("Sigmoid", "x")]), UnsupportedLayerError, "not piecewise linear"),
        (onnx_model([_node("Conv", "x", "W")], {"W": _W}), UnsupportedLayerError, "not read yet"),
        (onnx_model([_node("Blorp", "x")]), UnsupportedLayerError, r"'Blorp of y' \(Blorp\)"),
        (
            onnx_model([_node("MatMul", "x", "x")], {}, {"x": [3, 3]}),
            UnsupportedLayerError,
            "multiplies two values that depend on the input",
        ),
        (onnx_model([_node("MatMul", "x", "V")], {"V": _V}), ShapeError, "3 columns meet 4 rows"),
        (onnx_model([_node("Add", "x", "b")], {"b": _B}), ShapeError, "do not fit together"),
        (
            onnx_model([_node("Gemm", "x", "W", "V")], {"W": _W, "V": _V}),
            ShapeError,
            "do not fit together",
        ),
        (
            onnx_model([_node("Gemm", "x", "W", "c")], {"W": _W, "c": _TALL}),
            ShapeError,
            "does not broadcast",
        ),
        (
            onnx_model([_node("Gemm", "x", "W", alpha=float("nan"))], {"W": _W}),
            DomainError,
            "alpha nan",
        ),
        (onnx_model([_node("Gemm", "x", "b")], {"b": _B}), ShapeError, "not a matrix"),
        (
            onnx_model([_node("MatMul", "x", "W")], {"W": _NAN}),
            DomainError,
            "'W' has nan at",
        ),
        (
            onnx_model([_node("Add", "x", "b")], {"b": np.array([1, np.inf, 2], np.float32)}),
            DomainError,
            "'b' has inf at",
        ),
        (
            onnx_model([_node("Reshape", "x", "s")], {"s": _ints(2, 2)}),
            ShapeError,
            "do not take the shape",
        ),
        (
            onnx_model([_node("Reshape", "x", "s")], {"s": _ints(-1, -1)}),
            ShapeError,
            "do not take the shape",
        ),
        (onnx_model([_node("Reshape", "x", "x")]), UnsupportedLayerError, "depends on the input"),
        (onnx_model([_node("Cast", "x", to=7)]), UnsupportedLayerError, "casts to element type 7"),
        (onnx_model([_node("Flatten", "x", axis=3)]), ShapeError, "axis 3"),
        (onnx_model([_node("Transpose", "x", perm=[0, 0])]), ShapeError, "no permutation"),
        (onnx_model([_node("Concat", "x", "x")]), FormatError, "lacks its axis"),
        (onnx_model([_node("Add", "x")]), FormatError, "has 1 inputs"),
        (onnx_model([_node("Add", "x", "")]), FormatError, "lacks its input 1"),
        (onnx_model([_node("Gemm", "x", "W", transB="no")], {"W": _W}), FormatError, "transB"),
        (
            onnx_model([_node("Gather", "x", "i", axis=1)], {"i": _ints(3)}),
            ShapeError,
            "indices 3 to 3 into 3",
        ),
        (
            onnx_model(
                [_node("Dropout", "x", "r", "t")],
                {"r": np.float32(0.5), "t": np.array(True)},
            ),
            UnsupportedLayerError,
            "training mode",
        ),
        (
            onnx_model([_node("Add", "x", "b")], {"b": np.zeros((30000, 1), np.float32)},
                       {"x": [1, 30000]}),
            BudgetExceeded,
            "entries of the sum",
        ),
        (
            onnx_model([_node("MatMul", "x", "W")], {"W": np.zeros((2, 20000), np.float32)},
                       {"x": [20000, 2]}),
            BudgetExceeded,
            "entries of the product",
        ),
    ],
)  # fmt: skip
def test_refusals_name_node_and_reason(model: Any, error: type[TropnetError], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        load(model)
    assert "\n" not in str(caught.value)
