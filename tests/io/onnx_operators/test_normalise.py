"""BatchNormalization against onnxruntime, in all its versions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.models import onnx_model
from tests.io.onnx_operators.cases import (
    Cases,
    assert_like_runtime,
    assert_refused,
    floats,
    node,
    one,
    weights,
)
from tropnet.errors import DomainError, ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io import load

_STORED = {
    "scale": weights(3),
    "shift": weights(3, seed=1),
    "mean": weights(3, seed=2),
    "variance": floats(0.25, 1.0, 7.3),
}


def _norm(x: Any = (1, 3, 2, 2), opset: int = 17, **rest: Any) -> Any:
    return one("BatchNormalization", "x", *_STORED, x=x, opset=opset, **{**_STORED, **rest})


CASES: Cases = {
    "BatchNormalization": _norm(),
    "BatchNormalization of operator set 7": _norm(opset=7),
    "BatchNormalization of operator set 9": _norm(opset=9),
    "BatchNormalization of operator set 14": _norm(opset=14),
    "BatchNormalization of vectors": _norm((1, 3)),
    "BatchNormalization of one axis": _norm((2, 3, 4), epsilon=0.25),
}


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case], exact=False)


def test_it_is_exact_where_the_root_is_rational() -> None:
    model = _norm((1, 3), variance=floats(0, 3.75, 15.75), epsilon=0.25)
    assert_like_runtime(model, exact=True)
    assert load(model).notes == ()


def test_the_one_rounding_is_noted() -> None:
    (note,) = load(_norm()).notes
    assert "BatchNormalization of y" in note
    assert "rounded to float64" in note


def _trained(opset: int, outputs: int, **attributes: Any) -> Any:
    made = node("BatchNormalization", "x", *_STORED, **attributes)
    made.output.extend(f"more {k}" for k in range(1, outputs))
    return onnx_model([made], _STORED, {"x": [1, 3]}, opset=opset)


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (_trained(7, 5), UnsupportedLayerError, "training mode; try: an export in evaluation"),
        (_trained(9, 5), UnsupportedLayerError, "training mode"),
        (_trained(15, 3, training_mode=1), UnsupportedLayerError, "training mode"),
        (_norm(opset=7, spatial=0), UnsupportedLayerError, "spatial=0"),
        (_norm(scale=weights(2)), ShapeError, r"scale of shape \(2,\) for 3 channels"),
        (_norm(variance=floats(1, -1, 1)), DomainError, r"variance \+ epsilon is -0.99999"),
        (_norm(variance=floats(1, np.nan, 1)), DomainError, "'variance' has nan at"),
        (_norm((3,)), ShapeError, "no channels on axis 1"),
        (one("BatchNormalization", "x", "x", *list(_STORED)[1:], x=(1, 3), **_STORED),
         UnsupportedLayerError, "its scale depends on the input"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)
