"""Piecewise-linear operators against onnxruntime: bounds at all points, equality at integers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.io.models import onnx_model
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
from tropnet.errors import DomainError, ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io import load

_SCALAR: Any = {name: np.array(v, np.float32) for name, v in {"low": -1.5, "high": 2.25}.items()}

CASES: Cases = {
    "Relu": one("Relu"),
    "Relu of operator set 7": one("Relu", opset=7),
    "Relu of a constant": chain(
        [node("Relu", "b", out="r"), node("Add", "x", "r")], b=weights(3)
    ),
    "LeakyRelu": one("LeakyRelu", alpha=0.25),
    "LeakyRelu with its default": one("LeakyRelu", opset=7),
    "LeakyRelu with a negative slope": one("LeakyRelu", alpha=-0.5),
    "LeakyRelu with a steep slope": one("LeakyRelu", alpha=3.0),
    "LeakyRelu of all bits": one("LeakyRelu", alpha=0.1),
    "PRelu": one("PRelu", "x", "s", x=(1, 3, 2, 2), s=weights(3, 1, 1)),
    "PRelu of one slope": one("PRelu", "x", "s", s=floats(-1.5)),
    "PRelu of a slope each": one("PRelu", "x", "s", x=(2, 3), s=weights(2, 3), opset=7),
    "ThresholdedRelu at zero": one("ThresholdedRelu", alpha=0.0),
    "Shrink": one("Shrink", bias=1.5, lambd=1.5),
    "Shrink by nothing": one("Shrink", bias=0.0, lambd=0.0),
    "Clip": one("Clip", "x", "low", "high", **_SCALAR),
    "Clip from below": one("Clip", "x", "low", low=_SCALAR["low"]),
    "Clip from above": one("Clip", "x", "", "high", high=_SCALAR["high"]),
    "Clip of nothing": one("Clip", "x"),
    "Clip with bounds crossed": one(
        "Clip", "x", "low", "high", low=_SCALAR["high"], high=_SCALAR["low"], opset=13
    ),
    "Clip to six": one(
        "Clip", "x", "low", "high", low=np.array(0, np.float32), high=np.array(6, np.float32)
    ),
    "Clip by attributes": one("Clip", opset=7, min=-1.0, max=1.5),
    "Clip by an attribute": one("Clip", opset=10, max=0.5),
    "HardSigmoid": one("HardSigmoid", alpha=0.25, beta=0.5),
    "HardSigmoid with its defaults": one("HardSigmoid", opset=7),
    "HardSigmoid falling": one("HardSigmoid", alpha=-0.5, beta=0.25, opset=22),
    "Abs": one("Abs"),
    "Abs of operator set 7": one("Abs", opset=7),
    "Max": one("Max", "x", "b", b=weights(3)),
    "Max of one": one("Max", opset=8),
    "Max of three, broadcast": chain(
        [node("Neg", "x", out="n"), node("Max", "x", "n", "b")], b=weights(2, 3)
    ),
    "Max of operator set 7": one("Max", "x", "b", b=weights(1, 3), opset=7),
    "Min": one("Min", "x", "b", b=weights(3)),
    "Min of three": chain([node("Neg", "x", out="n"), node("Min", "x", "n", "b")], b=weights(3)),
    "Min of the input with itself": one("Min", "x", "x"),
    "Dropout": one("Dropout"),
    "Dropout by attribute": one("Dropout", ratio=0.25, opset=7),
    "Dropout of operator set 13": one(
        "Dropout", "x", "r", "t", r=np.array(0.5, np.float32), t=np.array(False), opset=13
    ),
}  # fmt: skip
_ROUNDED = {
    "LeakyRelu with its default", "LeakyRelu of all bits", "HardSigmoid with its defaults",
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case], exact=case not in _ROUNDED)


@pytest.mark.parametrize("op", ["PRelu", "Max", "Min"])
def test_weights_of_all_bits(op: str) -> None:
    assert_like_runtime(one(op, "x", "w", w=real(3)), exact=False)


def test_defaults_are_those_of_float32() -> None:
    f = load(one("LeakyRelu", x=(1, 1)))
    assert f.exact([-1])[0, 0] == -Fraction(float(np.float32(0.01)))
    f = load(onnx_model([node("LeakyRelu", "x")], {}, {"x": [1, 1]}, dtype="float64"))
    assert f.exact([-1])[0, 0] == -Fraction(float(np.float32(0.01)))
    f = load(onnx_model([node("LeakyRelu", "x", alpha=0.1)], {}, {"x": [1, 1]}, dtype="float16"))
    assert f.exact([-1])[0, 0] == -Fraction(float(np.float32(0.1)))


def test_clipping_at_the_ends_of_float32_costs_no_unit() -> None:
    largest = float(np.finfo(np.float32).max)
    f = load(one("Clip", opset=7, min=0.0, max=largest))
    assert f.n_relu == 3
    assert load(one("Clip", opset=7)).n_relu == 0


@pytest.mark.parametrize(
    ("op", "a", "b", "wanted"),
    [("Max", [3, -7], [4, -8], [4, -7]), ("Min", [3, -7], [4, -8], [3, -8])],
)
def test_integers(op: str, a: Any, b: Any, wanted: Any) -> None:
    nodes = [node(op, "a", "b", out="c"), node("Cast", "c", out="f", to=1), node("Add", "x", "f")]
    model = chain(nodes, (1, 2), a=np.array(a, np.int64), b=np.array(b, np.int64))
    assert load(model).exact([0, 0]).to_floats()[0].tolist() == wanted


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (one("ThresholdedRelu"), UnsupportedLayerError,
         "it is not continuous: it jumps from 0 to 1 where its input passes 1; try: Relu"),
        (one("ThresholdedRelu", alpha=-0.5), UnsupportedLayerError, "not continuous"),
        (one("Shrink", bias=0.0, lambd=0.5), UnsupportedLayerError,
         "not continuous: bias is 0, lambd is 0.5"),
        (one("Shrink", bias=-0.5, lambd=-0.5), UnsupportedLayerError, "not continuous"),
        (one("PRelu", "x", "x"), UnsupportedLayerError, "its slope depends on the input"),
        (one("PRelu", "x", "s", s=weights(2, 3)), ShapeError, r"slopes of shape \(2, 3\)"),
        (one("LeakyRelu", alpha=float("nan")), DomainError, "has alpha nan"),
        (one("Clip", "x", "low", low=floats(1, 2, 3)), ShapeError, r"its min has shape \(3,\)"),
        (one("Max", "x", "b", b=weights(2)), ShapeError, "do not fit together"),
        (one("Dropout", "x", "r", "t", r=np.array(0.5, np.float32), t=np.array(True)),
         UnsupportedLayerError, "training mode; try: an export in evaluation mode"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)


def test_an_infinite_bound_is_told_from_a_weight() -> None:
    model = one("Clip", "x", "low", x=(1, 2), low=np.array(-np.inf, "float32"), opset=13)
    with pytest.raises(DomainError, match=r"'low' has -inf at .*leave out a bound that binds noth"):
        load(model)
