"""Resize and Upsample to the nearest pixel: choices of entries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import FormatError, ShapeError
from tropnet.io.onnx_operators.foldable import require_made
from tropnet.io.onnx_operators.registry import Call, operator
from tropnet.io.onnx_operators.whole import whole
from tropnet.io.operations import axis_of
from tropnet.io.operations.choice import pick_or_fill
from tropnet.io.tensor import Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.typing import IntArray

_HALF: Final = Fraction(1, 2)
_COORDINATES: Final = (
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
    "tf_crop_and_resize",
)  # fmt: skip
#: Those of which runtimes calculate the terms in different orders.
_LONG: Final = ("half_pixel_symmetric", "tf_crop_and_resize")
#: Coordinates are calculated one by one.
_LONGEST: Final = 2**14
_CLOSE: Final = Fraction(1, 2**16)
_AMBIGUOUS: Final = "the nearest pixel depends on how the runtime rounds coordinates"
_ROUNDINGS: Final[dict[str, Callable[[Any], Any]]] = {
    "round_prefer_floor": lambda v: math.ceil(v - type(v)(0.5)),
    "round_prefer_ceil": lambda v: math.floor(v + type(v)(0.5)),
    "floor": math.floor,
    "ceil": math.ceil,
}


@final
@dataclass(frozen=True)
class _Axis:
    """How one axis is resized.

    Attributes:
        old: its length before.
        new: its length after.
        scale: the factor between them, as stated or as it follows from the lengths.
        start: where the region of interest begins, in parts of the axis.
        end: where it ends.
    """

    old: int
    new: int
    scale: Fraction
    start: Fraction = Fraction(0)
    end: Fraction = Fraction(1)


@operator("Resize", "Upsample")
def resized(call: Call) -> Value:
    """Resize(X) and Upsample(X) in mode nearest, for all coordinate transformations."""
    value = call.value(0)
    if call.text("mode", "nearest") != "nearest":
        raise call.unsupported(
            f"its mode is {call.text('mode', '')!r}, whose weights a runtime rounds on the way",
            f"mode nearest, or stop_before={call.name!r}",
        )
    modern = call.op == "Resize" and call.opset >= 11
    coordinates, rounding = "asymmetric", "floor"
    if modern:
        coordinates = call.text("coordinate_transformation_mode", "half_pixel", _COORDINATES)
        rounding = call.text("nearest_mode", "round_prefer_floor", tuple(_ROUNDINGS))
    axes = _axes(call, modern, coordinates)
    require_made(call, size_of(tuple(a.new for a in axes)), value)
    require_room(max(a.new for a in axes), f"an axis of node {call.name!r} ({call.op})", _LONGEST)
    chosen = [_places(call, a, coordinates, rounding) for a in axes]
    if not modern and any(a.scale < 1 for a in axes):
        _require_same(call, chosen, [_places(call, a, coordinates, "ceil") for a in axes])
    return _picked(call, value, chosen)


def _axes(call: Call, modern: bool, coordinates: str) -> list[_Axis]:
    shape = call.value(0).shape
    rank = len(shape)
    places = [axis_of(a, rank, call.name) for a in call.integers("axes") or range(rank)]
    lengths: list[int] | None = None
    scales: list[Fraction] | None = None
    if "scales" in call.attributes:
        scales = [Fraction(v) for v in call.attributes["scales"]]
    elif not modern:
        scales = _numbers(call, 1, "scales")
    else:
        scales = _numbers(call, 2, "scales") or None
        lengths = None if call.held(3) is None else call.whole_numbers(3, "sizes") or None
    given = lengths if scales is None else scales
    if given is None or (lengths is not None and scales is not None) or len(given) != len(places):
        raise FormatError(
            f"node {call.name!r} ({call.op}) needs scales or sizes for {len(places)} axes"
        )
    regions = [(Fraction(0), Fraction(1))] * len(places)
    if coordinates == "tf_crop_and_resize":
        roi = _numbers(call, 1, "region")
        if len(roi) != 2 * len(places):
            raise FormatError(f"node {call.name!r} ({call.op}) lacks a region of interest")
        regions = list(zip(roi[: len(places)], roi[len(places) :], strict=True))
    axes = [_Axis(size, size, Fraction(1)) for size in shape]
    if scales is not None:
        for place, scale, (start, end) in zip(places, scales, regions, strict=True):
            new = whole(call, shape[place] * (end - start) * scale, math.floor)
            axes[place] = _Axis(shape[place], new, scale, start, end)
    elif lengths is not None:
        for place, length, factor, region in zip(
            places, *_stretched(call, shape, places, lengths), regions, strict=True
        ):
            axes[place] = _Axis(shape[place], length, factor, *region)
    if any(a.new < 1 or a.scale <= 0 for a in axes):
        raise ShapeError(
            f"node {call.name!r} ({call.op}): {shape} resized to {[a.new for a in axes]}"
        )
    return axes


def _stretched(
    call: Call, shape: tuple[int, ...], places: list[int], lengths: list[int]
) -> tuple[list[int], list[Fraction]]:
    """Return the lengths and factors that the stated lengths stand for."""
    policy = call.text(
        "keep_aspect_ratio_policy", "stretch", ("stretch", "not_larger", "not_smaller")
    )
    if any(shape[p] < 1 for p in places):
        raise ShapeError(f"node {call.name!r} ({call.op}) resizes the empty shape {shape}")
    factors = [Fraction(n, shape[p]) for n, p in zip(lengths, places, strict=True)]
    if policy == "stretch" or not factors:
        return lengths, factors
    factor = min(factors) if policy == "not_larger" else max(factors)
    return [math.floor(factor * shape[p] + _HALF) for p in places], [factor] * len(places)


def _places(call: Call, axis: _Axis, coordinates: str, rounding: str) -> IntArray:
    """Return the entry that each entry of a resized axis shows; −1 for what lies outside.

    Runtimes calculate coordinates in float32. Next to where the rounding jumps, that has to lead to
    the same entry; where the formula is long, so that they calculate in different orders, it has to
    be exact there.

    Raises:
        UnsupportedLayerError: it does not, or is not.
    """
    if coordinates != "tf_crop_and_resize" and axis.scale == 1 and axis.old == axis.new:
        return np.arange(axis.old)
    stated = coordinates == "tf_crop_and_resize"  # in terms of lengths, without the scale
    dyadic = stated or Fraction(float(np.float32(float(axis.scale)))) == axis.scale
    chosen = np.empty(axis.new, dtype=np.int64)
    for x in range(axis.new):
        exact = _coordinate(axis, x, coordinates, Fraction)
        held = _coordinate(axis, x, coordinates, np.float32)
        chosen[x] = _entry(axis, exact, coordinates, rounding)
        same = chosen[x] == _entry(axis, held, coordinates, rounding)
        if coordinates in _LONG and not (Fraction(float(held)) == exact and dyadic):
            slack = _CLOSE * max(abs(exact), Fraction(1))
            ends = (_entry(axis, exact + s, coordinates, rounding) for s in (-slack, slack))
            same = all(end == chosen[x] for end in ends)
        if not same:
            raise call.unsupported(_AMBIGUOUS, "sizes instead of scales, or factors that are whole")
    return chosen


def _coordinate(axis: _Axis, x: int, coordinates: str, kind: Callable[[Any], Any]) -> Any:
    """Return the place in the original axis that an entry of the resized one shows."""
    old, new, scale, start, end, half, place = (
        kind(v) if kind is Fraction else kind(float(v))
        for v in (axis.old, axis.new, axis.scale, axis.start, axis.end, _HALF, x)
    )
    if coordinates == "align_corners":
        return place * (old - 1) / (new - 1) if axis.new > 1 else kind(0)
    if coordinates == "asymmetric":
        return place / scale
    if coordinates == "tf_crop_and_resize":
        if axis.new > 1:
            return start * (old - 1) + place * (end - start) * (old - 1) / (new - 1)
        return half * (start + end) * (old - 1)
    if coordinates == "pytorch_half_pixel" and axis.new == 1:
        return kind(0)
    found = (place + half) / scale - half
    if coordinates == "half_pixel_symmetric":
        return old / 2 * (1 - new / (scale * old)) + found
    return found


def _entry(axis: _Axis, coordinate: Any, coordinates: str, rounding: str) -> int:
    if coordinates == "tf_crop_and_resize" and not 0 <= coordinate <= axis.old - 1:
        return -1
    return int(min(max(_ROUNDINGS[rounding](coordinate), 0), axis.old - 1))


def _require_same(call: Call, chosen: list[IntArray], others: list[IntArray]) -> None:
    if not all(np.array_equal(a, b) for a, b in zip(chosen, others, strict=True)):
        raise call.unsupported(_AMBIGUOUS, "a later operator set")


def _picked(call: Call, value: Value, chosen: list[IntArray]) -> Value:
    do, shape = call.operations, value.shape
    strides = [size_of(shape[k + 1 :]) for k in range(len(shape))]
    grids = np.ix_(*chosen)
    places: Any = sum(g * s for g, s in zip(grids, strides, strict=True))
    outside: Any = np.logical_or.reduce(np.broadcast_arrays(*[g < 0 for g in grids]))
    if not outside.any():
        return do.pick(value, places)
    fill = np.full(places.shape, Fraction(call.real("extrapolation_value", 0.0)))
    return pick_or_fill(do, value, np.where(outside, -1, places), fill, call.name)


def _numbers(call: Call, position: int, meaning: str) -> list[Fraction]:
    if call.held(position) is None:
        return []
    return list(call.constant(position, meaning).fractions().reshape(-1))
