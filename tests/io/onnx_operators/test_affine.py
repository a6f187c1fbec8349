"""Affine operators against onnxruntime: bounds at all points, equality at integers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.io.models import assert_within_bound, onnx_model, points_and_kinks, run_onnx
from tests.io.onnx_operators.cases import (
    Cases,
    assert_like_runtime,
    assert_refused,
    chain,
    floats,
    node,
    one,
    real,
    weights,
)
from tropnet.errors import (
    BudgetExceeded,
    DomainError,
    FormatError,
    ShapeError,
    TropnetError,
    UnsupportedLayerError,
)
from tropnet.io import load

_W, _V = weights(3, 4), weights(4, 3, seed=1)
_B, _C = weights(4, seed=2), weights(3, seed=3)
_BIG = np.full(3, 1e6, np.float32)

CASES: Cases = {
    "MatMul": one("MatMul", "x", "W", W=_W),
    "MatMul from the left": one("MatMul", "W", "x", x=(2, 3), W=_V[:, :2].copy()),
    "MatMul of several rows": one("MatMul", "x", "W", x=(2, 3), W=_W),
    "MatMul of a vector": one("MatMul", "x", "W", x=(3,), W=_W),
    "MatMul with a vector": one("MatMul", "x", "w", w=_C),
    "MatMul of a stack": one("MatMul", "W", "x", x=(2, 2, 3), W=_V[:, :2].copy()),
    "MatMul with a stack": one("MatMul", "x", "W", x=(1, 2, 3), W=weights(2, 3, 4)),
    "Gemm": one("Gemm", "x", "W", "b", W=_W, b=_B),
    "Gemm without C": one("Gemm", "x", "W", W=_W),
    "Gemm alpha beta": one("Gemm", "x", "W", "b", W=_W, b=_B, alpha=0.5, beta=-1.75),
    "Gemm transB": one("Gemm", "x", "V", "b", V=_V, b=_B, transB=1),
    "Gemm transA": one("Gemm", "x", "W", x=(3, 1), W=_W, transA=1),
    "Gemm constant A": one("Gemm", "V", "x", x=(2, 3), V=_V[:, :2].copy(), alpha=0.25),
    "Gemm scalar C": one("Gemm", "x", "W", "b", W=_W, b=np.array(0.25, np.float32), beta=3.0),
    "Gemm C from the input": chain(
        [node("Gemm", "x", "W", out="z"), node("Gemm", "x", "W", "z", beta=0.75)], W=_W
    ),
    "Gemm of operator set 7": one("Gemm", "x", "W", "b", opset=7, W=_W, b=_B),
    "Einsum": one("Einsum", "x", "W", W=_W, equation="ij,jk->ik"),
    "Einsum with a diagonal": one("Einsum", "x", x=(3, 3), equation="ii->i"),
    "Einsum with an ellipsis": one(
        "Einsum", "x", "W", x=(2, 2, 3), W=_W, equation="...j,jk->...k"
    ),
    "Add": one("Add", "x", "b", b=_C),
    "Add constant first": one("Add", "b", "x", b=_C),
    "Add broadcasts the input": one("Add", "x", "b", b=_V),
    "Add of two values": chain([node("Relu", "x", out="r"), node("Add", "x", "r")]),
    "Add of one value twice": one("Add", "x", "x"),
    "Add of constants": chain(
        [node("Add", "b", "c", out="d"), node("Add", "x", "d")], b=_C, c=_B[1:].copy()
    ),
    "Add of cancelling constants": chain(
        [node("Add", "x", "b", out="z"), node("Sub", "z", "b")], b=_BIG
    ),
    "Sub": one("Sub", "x", "b", b=_C),
    "Sub constant first": one("Sub", "b", "x", b=_C),
    "Sub of two values": chain([node("Relu", "x", out="r"), node("Sub", "r", "x")]),
    "Sub of nearly equal affine values": chain(
        [
            node("Gemm", "x", "W", "b", out="z"),
            node("Gemm", "x", "W", "c", out="u"),
            node("Sub", "z", "u"),
        ],
        W=_W,
        b=np.full(4, 1e4, np.float32),
        c=np.full(4, 1e4 + 0.5, np.float32),
    ),
    "Mul": one("Mul", "x", "b", b=_C),
    "Mul constant first, broadcast": one("Mul", "b", "x", b=_V),
    "Mul by a channel": one("Mul", "x", "b", x=(1, 3, 2, 2), b=_C.reshape(3, 1, 1)),
    "Mul of constants": chain(
        [node("Mul", "b", "c", out="d"), node("Mul", "x", "d")], b=_C, c=_B[1:].copy()
    ),
    "Div": one("Div", "x", "b", b=floats(2, -4, 0.5)),
    "Div by a third": one("Div", "x", "b", b=floats(3, -7, 0.1)),
    "Neg": one("Neg"),
    "Neg of operator set 7": one("Neg", opset=7),
    "Sum": one("Sum", "x", "b", "x", "c", b=_C, c=_V),
    "Sum of one": one("Sum", opset=7),
    "Mean": one("Mean", "x", "b", b=_C),
    "Mean of three": chain(
        [node("Relu", "x", out="r"), node("Mean", "x", "r", "b")], b=_C
    ),
    "CumSum": one("CumSum", "x", "a", x=(2, 3), a=np.array(1, np.int64)),
    "CumSum exclusive": one(
        "CumSum", "x", "a", x=(2, 3), a=np.array(-2, np.int32), exclusive=1, opset=14
    ),
    "CumSum reverse": one("CumSum", "x", "a", x=(2, 3), a=np.array(1, np.int64), reverse=1,
                          opset=11),
}  # fmt: skip
_ROUNDED = {"Div by a third", "Mean of three"}


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case], exact=case not in _ROUNDED)


@pytest.mark.parametrize("op", ["MatMul", "Gemm", "Add", "Sub", "Mul", "Div"])
def test_weights_of_all_bits(op: str) -> None:
    shape = (3, 4) if op in ("MatMul", "Gemm") else (3,)
    assert_like_runtime(one(op, "x", "w", w=real(*shape)), exact=False)


def test_the_measure_can_fail() -> None:
    f = load(CASES["Gemm"])
    points = points_and_kinks(f)
    wrong = run_onnx(CASES["Gemm without C"], points)
    with pytest.raises(AssertionError, match="off by"):
        assert_within_bound(f, points, wrong)


def test_alpha_is_the_float32_of_the_file_and_its_product_is_exact() -> None:
    model = one("Gemm", "x", "w", w=floats(0.3, 0, 0).reshape(3, 1), alpha=0.1)
    exact = Fraction(float(np.float32(0.1))) * Fraction(float(np.float32(0.3)))
    assert load(model).exact([1, 0, 0])[0, 0] == exact


def test_an_attribute_of_a_float64_model_is_the_float32_of_the_file() -> None:
    w = np.array([[1.0]])
    model = onnx_model(
        [node("Gemm", "x", "w", alpha=0.1)], {"w": w}, {"x": [1, 1]}, dtype="float64"
    )
    assert load(model).exact([1])[0, 0] == Fraction(float(np.float32(0.1)))


def test_a_dense_layer_needs_no_layer_of_identity_units() -> None:
    nodes = [
        node("Sub", "x", "zero", out="c"),
        node("MatMul", "c", "W", out="m"),
        node("Add", "m", "b", out="z"),
        node("Relu", "z"),
    ]
    assert load(chain(nodes, zero=np.zeros(3, np.float32), W=_W, b=_B)).widths == (4,)


def test_two_biases_keep_their_roundings_apart() -> None:
    # in float32, (x + 1e8) - 1e8 loses x; merged into x + 0, the bound would deny that
    big = np.full(3, 1e8, np.float32)
    f = load(chain([node("Add", "x", "b", out="z"), node("Sub", "z", "b")], b=big))
    assert f.exact([1, 2, 3]).to_floats().tolist() == [[1, 2, 3]]
    assert (f.enclosure([[1, 2, 3]], "float32").errors > 1).all()


def test_quotients_and_means_are_rational() -> None:
    f = load(one("Div", "x", "b", x=(1, 1), b=floats(3)))
    assert f.exact([1])[0, 0] == Fraction(1, 3)
    nodes = [node("Relu", "x", out="r"), node("Mean", "x", "r", "b")]
    f = load(chain(nodes, x=(1, 1), b=floats(0)))
    assert f.exact([1])[0, 0] == Fraction(2, 3)


@pytest.mark.parametrize(
    ("op", "a", "b", "wanted"),
    [
        ("Div", [7, -7, 7, -7], [2, 2, -2, -2], [3, -3, -3, 3]),
        ("Mul", [3], [-4], [-12]),
        ("Add", [3], [-4], [-1]),
        ("Sub", [3], [-4], [7]),
    ],
)
def test_integers_calculate_as_onnx_says(op: str, a: Any, b: Any, wanted: Any) -> None:
    nodes = [node(op, "a", "b", out="c"), node("Cast", "c", out="f", to=1), node("Add", "x", "f")]
    model = chain(nodes, (1, len(a)), a=np.array(a, np.int64), b=np.array(b, np.int64))
    assert load(model).exact([0] * len(a)).to_floats()[0].tolist() == wanted
    assert_like_runtime(model)


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (one("MatMul", "x", "x", x=(3, 3)), UnsupportedLayerError,
         "multiplies two values that depend on the input"),
        (one("Mul", "x", "x"), UnsupportedLayerError,
         "multiplies two values that depend on the input"),
        (one("Div", "b", "x", b=_C), UnsupportedLayerError, "its divisor depends on the input"),
        (one("Div", "x", "b", b=floats(1, 0, 2)), DomainError, "a divisor is zero"),
        (one("Einsum", "x", "x", equation="ij,ij->i"), UnsupportedLayerError,
         "depend on the input"),
        (one("Einsum", "x", equation="i->i"), TropnetError, "Einsum"),
        (one("MatMul", "x", "V", V=_V), ShapeError, "3 columns meet 4 rows"),
        (one("Add", "x", "b", b=_B), ShapeError, "do not fit together"),
        (one("Gemm", "x", "W", "V", W=_W, V=_V), ShapeError, "do not fit together"),
        (one("Gemm", "x", "W", "c", W=_W, c=np.zeros((5, 4), np.float32)), ShapeError,
         "does not broadcast"),
        (one("Gemm", "x", "W", W=_W, alpha=float("nan")), DomainError, "alpha nan"),
        (one("Gemm", "x", "W", W=_W, beta=float("inf")), DomainError, "beta inf"),
        (one("Gemm", "x", "b", b=_B), ShapeError, "not a matrix"),
        (one("Gemm", "x", "W", opset=7, W=_W), FormatError, "has 2 inputs, not 3"),
        (one("MatMul", "x", "W", W=floats(np.nan, 1, 2).reshape(3, 1)), DomainError,
         "'W' has nan at"),
        (one("Add", "x", "b", b=floats(1, np.inf, 2)), DomainError, "'b' has inf at"),
        (one("Add", "x"), FormatError, "has 1 inputs, not 2"),
        (one("Add", "x", ""), FormatError, "lacks its input 1"),
        (one("Gemm", "x", "W", W=_W, transB="no"), FormatError, "transB is not of type INT"),
        (one("CumSum", "x", "a", a=np.array(5, np.int64)), ShapeError, "axis 5"),
        (one("CumSum", "x", "x"), UnsupportedLayerError, "its axis depends on the input"),
        (one("Add", "x", "b", x=(1, 30000), b=np.zeros((30000, 1), np.float32)), BudgetExceeded,
         "entries of the sum"),
        (one("MatMul", "x", "W", x=(20000, 2), W=np.zeros((2, 20000), np.float32)),
         BudgetExceeded, "entries of the product"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)
