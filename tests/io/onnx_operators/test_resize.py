"""Resize and Upsample to the nearest pixel against onnxruntime: equality everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.onnx_operators.cases import (
    Cases,
    assert_like_runtime,
    assert_refused,
    floats,
    ints,
    one,
)
from tropnet.errors import (
    BudgetExceeded,
    FormatError,
    ShapeError,
    TropnetError,
    UnsupportedLayerError,
)
from tropnet.io import load

_IMAGE = (1, 1, 3, 4)
_COORDINATES = (
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
)  # fmt: skip
_ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


def _scaled(*scales: float, x: Any = _IMAGE, opset: int = 19, **rest: Any) -> Any:
    return one("Resize", "x", "", "s", x=x, opset=opset, s=floats(*scales), **rest)


def _sized(*sizes: int, x: Any = _IMAGE, opset: int = 19, **rest: Any) -> Any:
    return one("Resize", "x", "", "", "s", x=x, opset=opset, s=ints(*sizes), **rest)


def _cropped(*roi: float, **rest: Any) -> Any:
    return one(
        "Resize", "x", "r", "", "s", x=_IMAGE, opset=13, r=floats(0, 0, *roi[:2], 1, 1, *roi[2:]),
        s=ints(1, 1, 4, 3), coordinate_transformation_mode="tf_crop_and_resize", **rest,
    )  # fmt: skip


CASES: Cases = {
    "Resize": _scaled(1, 1, 2, 2),
    "Resize of operator set 10": one(
        "Resize", "x", "s", x=_IMAGE, s=floats(1, 1, 2, 1.5), opset=10
    ),
    "Resize of operator set 11": one(
        "Resize", "x", "r", "s", x=_IMAGE, r=floats(), s=floats(1, 1, 2, 3), opset=11
    ),
    "Resize of operator set 13": _scaled(1, 1, 0.5, 2, opset=13),
    "Resize of operator set 18": _sized(1, 1, 5, 2, opset=18),
    "Resize of some axes": _sized(6, 2, axes=[2, 3]),
    "Resize of some axes by scales": _scaled(0.5, axes=[-1]),
    "Resize not larger": _sized(7, 7, axes=[2, 3], keep_aspect_ratio_policy="not_larger"),
    "Resize not smaller": _sized(7, 7, axes=[2, 3], keep_aspect_ratio_policy="not_smaller"),
    "Resize of a region": _cropped(0.25, 0.5, 0.75, 1.0),
    "Resize of a region partly outside": _cropped(-0.5, 0.25, 1.0, 1.5, extrapolation_value=7.5),
    "Resize of a region outside": _cropped(0.5, 0.0, 1.25, 1.0),
    "Upsample": one("Upsample", "x", "s", x=_IMAGE, s=floats(1, 1, 2, 3), opset=9),
    "Upsample by attribute": one("Upsample", x=_IMAGE, scales=[1.0, 1.0, 2.0, 1.5], opset=7),
}


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case])


@pytest.mark.parametrize("coordinates", _COORDINATES)
@pytest.mark.parametrize("rounding", _ROUNDINGS)
def test_coordinates_and_roundings(coordinates: str, rounding: str) -> None:
    modes: dict[str, Any] = {
        "coordinate_transformation_mode": coordinates,
        "nearest_mode": rounding,
    }
    compared = 0
    for height in range(1, 8):
        for width in range(1, 8):
            model = _sized(1, 1, height, width, **modes)
            if not _is_ambiguous(model):
                compared += 1
                assert_like_runtime(model, wide=False)
    assert compared >= (25 if "symmetric" in coordinates else 36)
    for scales in ((2.0, 2.0), (0.5, 3.0), (1.5, 0.75), (2.5, 1.25)):
        model = _scaled(1, 1, *scales, **modes)
        if not _is_ambiguous(model):
            assert_like_runtime(model, wide=False)


def _is_ambiguous(model: Any) -> bool:
    try:
        load(model)
    except UnsupportedLayerError as error:
        return "depends on how the runtime rounds" in str(error)
    return False


def test_it_costs_nothing() -> None:
    assert load(_scaled(1, 1, 2, 2)).layers == ()


def test_what_a_rounding_decides_is_refused() -> None:
    # a third is not a float32: in reals, pixel 3 / (1/3) lies before 9, in float32 on it
    model = _scaled(
        1, 1, 1, 1 / 3, x=(1, 1, 1, 12), coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )  # fmt: skip
    assert_refused(model, UnsupportedLayerError, "how the runtime rounds|a rounding error decides")
    assert_like_runtime(_sized(1, 1, 1, 4, x=(1, 1, 1, 12), nearest_mode="floor",
                               coordinate_transformation_mode="asymmetric"))  # fmt: skip


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (_scaled(1, 1, 2, 2, mode="linear"), UnsupportedLayerError, "its mode is 'linear'"),
        (_scaled(1, 1, 2, 2, mode="cubic"), UnsupportedLayerError, "its mode is 'cubic'"),
        (_scaled(1, 1, 2, 2, nearest_mode="middle"), UnsupportedLayerError, "'middle'"),
        (_scaled(1, 1, 2), FormatError, "needs scales or sizes for 4 axes"),
        (one("Resize", "x", x=_IMAGE, opset=19), FormatError, "needs scales or sizes"),
        (_scaled(1, 1, 0.1, 1), ShapeError, "resized to"),
        (_scaled(1, 1, -1, 1), ShapeError, "resized to"),
        (_sized(1, 1, 2**30, 2**30), BudgetExceeded, "entries of node"),
        (one("Resize", "x", "", "x", x=_IMAGE, opset=19), UnsupportedLayerError,
         "its scales depends on the input"),
        (one("Resize", "x", "s", x=_IMAGE, s=floats(1, 1, 0.6, 0.6), opset=10),
         UnsupportedLayerError, "how the runtime rounds"),
        (one("Upsample", "x", "s", x=_IMAGE, s=floats(1, 1, 2, 3), opset=10), FormatError,
         "operator set 10, which the ONNX model uses, has no Upsample any more"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)


def test_both_scales_and_sizes() -> None:
    model = one("Resize", "x", "", "s", "t", x=_IMAGE, opset=19, s=floats(1, 1, 2, 2),
                t=np.array([1, 1, 6, 8]))  # fmt: skip
    assert_refused(model, FormatError, "needs scales or sizes")
