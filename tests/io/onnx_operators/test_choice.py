"""Choices of entries against onnxruntime: equality everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.models import onnx_model
from tests.io.onnx_operators.cases import (
    Cases,
    assert_like_runtime,
    assert_refused,
    ints,
    node,
    one,
    weights,
)
from tropnet.errors import (
    BudgetExceeded,
    FormatError,
    ShapeError,
    TropnetError,
    UnsupportedLayerError,
)
from tropnet.io import load

_CUBE = (2, 3, 4)
_LAST = 2**63 - 1


def _sliced(starts: Any, ends: Any, axes: Any = None, steps: Any = None, x: Any = _CUBE) -> Any:
    parts = {"s": starts, "e": ends, "a": axes, "t": steps}
    stored = {k: ints(*v) for k, v in parts.items() if v is not None}
    names = [k if k in stored else "" for k in parts]
    return one("Slice", "x", *names, x=x, opset=13, **stored)


def _split(outputs: int, x: Any = _CUBE, opset: int = 13, sizes: Any = None, **rest: Any) -> Any:
    made = node("Split", "x", *(["s"] if sizes is not None else []), **rest)
    del made.output[:]
    names = [f"y{k}" for k in range(outputs)]
    made.output.extend(names)
    stored = {} if sizes is None else {"s": ints(*sizes)}
    return onnx_model([made], stored, {"x": list(x)}, names, opset=opset)


def _pad(*pads: int, mode: str = "constant", opset: int = 13, **rest: Any) -> Any:
    names = ["p", *(["v", "a"][: 2 if "a" in rest else 1] if "v" in rest or "a" in rest else [])]
    if "a" in rest and "v" not in rest:
        names[1] = ""
    return one("Pad", "x", *names, x=(3, 4), mode=mode, opset=opset, p=ints(*pads), **rest)


CASES: Cases = {
    "Slice": _sliced([1, 0], [2, -1], [1, 2]),
    "Slice of all axes": _sliced([0, 1, 2], [2, 3, 4]),
    "Slice to the end": _sliced([-2], [_LAST], [-1]),
    "Slice backwards": _sliced([_LAST, 2], [-_LAST, 0], [2, 1], [-1, -2]),
    "Slice with steps": _sliced([0], [_LAST], [2], [3]),
    "Slice by int32": one(
        "Slice", "x", "s", "e", x=_CUBE, s=np.array([1], np.int32), e=np.array([2], np.int32),
        opset=11,
    ),
    "Slice by attributes": one("Slice", x=_CUBE, starts=[1, -3], ends=[9, -1], axes=[1, 2],
                               opset=9),
    "Slice by attributes of all axes": one("Slice", x=_CUBE, starts=[0, 1], ends=[1, 2], opset=7),
    "Split": _split(3, axis=1),
    "Split into sizes": _split(2, axis=-1, sizes=[1, 3]),
    "Split by attribute": _split(2, axis=2, split=[3, 1], opset=7),
    "Split of operator set 11": _split(2, opset=11),
    "Split by number": _split(3, opset=18, axis=2, num_outputs=3),
    "Split evenly of operator set 18": _split(2, opset=18, axis=2, num_outputs=2),
    "Pad": _pad(1, 0, 2, 1),
    "Pad with a value": _pad(0, 1, 1, 0, v=np.array(1.5, np.float32)),
    "Pad and crop": _pad(-1, 1, 0, -2),
    "Pad reflect": _pad(2, 1, 1, 3, mode="reflect"),
    "Pad edge": _pad(2, 0, 1, 3, mode="edge"),
    "Pad wrap": _pad(2, 1, 1, 3, mode="wrap", opset=19),
    "Pad of some axes": _pad(1, 2, opset=18, a=ints(-1)),
    "Pad by attribute": one("Pad", x=(3, 4), pads=[1, 0, 0, 2], value=0.5, opset=7),
    "Pad of operator set 21": _pad(1, 0, 2, 1, opset=21),
    "Expand": one("Expand", "x", "s", x=(3, 1), s=ints(2, 1, 4)),
    "Expand by one": one("Expand", "x", "s", x=(3, 2), s=ints(1), opset=8),
    "Tile": one("Tile", "x", "r", x=(2, 3), r=ints(2, 1)),
    "Tile of operator set 7": one("Tile", "x", "r", x=(2, 3), r=ints(1, 3), opset=7),
    "Gather": one("Gather", "x", "i", x=_CUBE, i=ints(2, 0, -1), axis=1),
    "Gather of one": one("Gather", "x", "i", x=_CUBE, i=np.array(1, np.int64), opset=7),
    "Gather of a table": one("Gather", "x", "i", x=_CUBE, i=np.array([[0, 3]], np.int32), axis=-1),
    "GatherElements": one(
        "GatherElements", "x", "i", x=(2, 3), i=np.array([[2, -1], [0, 0]], np.int64), axis=1
    ),
    "GatherElements of operator set 11": one(
        "GatherElements", "x", "i", x=(2, 3), i=np.array([[1, 0, 1]], np.int64), opset=11
    ),
    "GatherND": one("GatherND", "x", "i", x=_CUBE, i=np.array([[1, 2], [-2, 0]], np.int64)),
    "GatherND of entries": one(
        "GatherND", "x", "i", x=_CUBE, i=np.array([[[1, 2, -1]]], np.int64), opset=11
    ),
    "GatherND of batches": one(
        "GatherND", "x", "i", x=_CUBE, i=np.array([[2], [0]], np.int64), batch_dims=1, opset=12
    ),
    "GatherND of two batches": one(
        "GatherND", "x", "i", x=_CUBE, i=np.arange(6).reshape(2, 3, 1) % 4, batch_dims=2
    ),
    "DepthToSpace": one("DepthToSpace", x=(1, 8, 2, 3), blocksize=2),
    "DepthToSpace CRD": one("DepthToSpace", x=(1, 8, 2, 3), blocksize=2, mode="CRD"),
    "DepthToSpace of operator set 7": one("DepthToSpace", x=(1, 9, 1, 2), blocksize=3, opset=7),
    "SpaceToDepth": one("SpaceToDepth", x=(1, 2, 4, 6), blocksize=2),
    "SpaceToDepth of operator set 7": one("SpaceToDepth", x=(2, 1, 3, 3), blocksize=3, opset=7),
    "Trilu": one("Trilu", x=(2, 3, 4)),
    "Trilu lower": one("Trilu", "x", "k", x=(3, 4), k=np.array(1, np.int64), upper=0),
    "Trilu far away": one("Trilu", "x", "k", x=(3, 4), k=np.array(-(2**62), np.int64)),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case])


def test_choices_cost_nothing() -> None:
    for case in ("Slice", "Split", "Pad reflect", "Tile", "Gather", "DepthToSpace"):
        assert load(CASES[case]).layers == ()


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (_sliced([0], [1], [0, 1]), FormatError, "do not fit together"),
        (_sliced([0], [1], [0], [0]), FormatError, r"steps \[0\]"),
        (_sliced([0], [1], [3]), ShapeError, "axis 3"),
        (_sliced([2], [2], [1]), ShapeError, "no output values"),
        (_sliced([0], [_LAST], [1], [-1]), UnsupportedLayerError, "backwards to the largest"),
        (_sliced([2], [2**31 - 1], [1], [-2]), UnsupportedLayerError, "backwards to the largest"),
        (one("Slice", "x", "x", "x"), UnsupportedLayerError, "its starts depends on the input"),
        (one("Slice", starts=[0], opset=9), FormatError, "lacks its ends"),
        (_split(2, axis=1), ShapeError, "3 entries do not fall into 2 outputs"),
        (_split(2, axis=1, sizes=[1, 1]), ShapeError, r"sizes \[1, 1\] of 3 entries"),
        (_split(2, axis=1, sizes=[4, -1]), ShapeError, r"sizes \[4, -1\]"),
        (_split(2, opset=18, axis=2, num_outputs=3), ShapeError, "into 2 outputs"),
        (_split(2, opset=18, axis=2, sizes=[2, 2], num_outputs=2), FormatError, "has both"),
        (_pad(1, 2), FormatError, r"widths \[1, 2\] for the axes"),
        (_pad(1, 2, 1, 2, opset=18, a=ints(0, -2)), FormatError, r"for the axes \[0, -2\]"),
        (_pad(0, 2**40, 0, 0), BudgetExceeded, "entries"),
        (_pad(0, 0, 0, 0, mode="middle"), UnsupportedLayerError, "its mode is 'middle'"),
        (_pad(3, 0, 0, 0, mode="reflect"), TropnetError, "reflect"),
        (one("Expand", "x", "s", s=ints(2, 2)), ShapeError, r"does not expand to \(2, 2\)"),
        (one("Expand", "x", "s", s=ints(10**9, 10**9, 1, 3)), BudgetExceeded, "Expand"),
        (one("Expand", "x", "x"), UnsupportedLayerError, "its shape depends on the input"),
        (one("Tile", "x", "r", r=ints(2)), ShapeError, r"repeats \[2\]"),
        (one("Tile", "x", "r", r=ints(1, -2)), ShapeError, r"repeats \[1, -2\]"),
        (one("Tile", "x", "r", r=ints(2**40, 2**40)), BudgetExceeded, "entries"),
        (one("Gather", "x", "i", axis=1, i=ints(3)), ShapeError, "indices 3 to 3 into 3"),
        (one("Gather", "x", "i", i=weights(2)), FormatError, "indices are not integers"),
        (one("Gather", "x", "x"), UnsupportedLayerError, "its index list depends on the input"),
        (one("GatherElements", "x", "i", axis=1, i=np.array([[3]], np.int64)), ShapeError, "3"),
        (one("GatherND", "x", "i", i=np.array([[0, 3]], np.int64)), ShapeError, "outside of"),
        (one("GatherND", "x", "i", i=np.array([[0, 0, 0]], np.int64)), ShapeError, "indices of"),
        (one("GatherND", "x", "i", i=np.array([0], np.int64), batch_dims=1), ShapeError,
         "with 1 batch axes"),
        (one("DepthToSpace", x=(1, 6, 2, 2), blocksize=2), ShapeError, "blocks of 2 do not fit"),
        (one("SpaceToDepth", x=(1, 6, 2, 3), blocksize=2), ShapeError, "blocks of 2 do not fit"),
        (one("DepthToSpace", x=(4, 2), blocksize=2), ShapeError, "blocks of 2 in a tensor"),
        (one("DepthToSpace", x=(1, 4, 2, 2), blocksize=0), ShapeError, "blocks of 0"),
        (one("Trilu", x=(3,)), ShapeError, "Trilu"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    if "no output values" in text:
        with pytest.raises(error, match=text):
            load(model)
    else:
        assert_refused(model, error, text)
