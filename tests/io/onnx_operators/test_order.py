"""TopK against onnxruntime: equality everywhere, since it only chooses."""

from __future__ import annotations

from typing import Any

import pytest
from onnx import helper

from tests.io.models import assert_within_bound, onnx_model, points_and_kinks, run_onnx
from tests.io.onnx_operators.cases import (
    Cases,
    assert_refused,
    ints,
    node,
)
from tropnet.errors import (
    FormatError,
    ShapeError,
    TropnetError,
    UnsupportedLayerError,
)
from tropnet.exact import RationalMatrix
from tropnet.io import load


def _top(x: Any = (1, 5), k: int = 3, opset: int = 11, **attributes: Any) -> Any:
    made = node("TopK", *(("x", "k") if opset >= 10 else ("x",)), **attributes)
    if opset < 10:
        made.attribute.append(helper.make_attribute("k", k))
    made.output.append("places")
    stored = {"k": ints(k)} if opset >= 10 else {}
    return onnx_model([made], stored, {"x": list(x)}, opset=opset)


def _read(op: str, *inputs: str, **stored: Any) -> Any:
    made = node(op, *inputs)
    made.output.append("places")
    return onnx_model([made], stored)


CASES: Cases = {
    "TopK": _top(),
    "TopK by attribute": _top(opset=7),
    "TopK of operator set 10": _top(opset=10),
    "TopK of all": _top(k=5),
    "TopK smallest": _top(k=2, largest=0),
    "TopK along an axis": _top((3, 2), k=2, axis=0),
    "TopK of one, unsorted": _top(k=1, sorted=0),
}


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    f = load(CASES[case])
    points = points_and_kinks(f)
    found = run_onnx(CASES[case], points)[:, : f.n_outputs]
    assert_within_bound(f, points, found)
    grid = points.round()
    found = run_onnx(CASES[case], grid)[:, : f.n_outputs]
    assert f.exact(grid) == RationalMatrix.from_floats(found)


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (_top(k=6), ShapeError, "6"),
        (_top(k=-1), ShapeError, "-1"),
        (_top(sorted=0), UnsupportedLayerError, "order of its values is left open"),
        (_top((1, 100_000), k=50_000), UnsupportedLayerError, "at most 64 are read"),
        (_top(axis=2), ShapeError, "axis 2"),
        (_read("TopK", "x", "x"), UnsupportedLayerError, "its k depends on the input"),
        (_read("TopK", "x", "two", two=ints(1, 2)), FormatError, "lacks its k"),
    ],
)
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)


def test_read_places_are_refused() -> None:
    model = _top()
    model.graph.output[0].name = "places"
    with pytest.raises(UnsupportedLayerError, match=r"\(TopK\).* reads its output 'places'"):
        load(model)
