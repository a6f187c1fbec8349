"""AveragePool, MaxPool and their global forms."""

from __future__ import annotations

from tropnet.errors import ShapeError
from tropnet.io.onnx_operators.registry import Call, Result, operator
from tropnet.io.onnx_operators.window import Window
from tropnet.io.operations.pooling import average_pool, max_pool
from tropnet.io.operations.reduction import largest, mean
from tropnet.io.tensor import Value


@operator("AveragePool")
def average(call: Call) -> Value:
    """AveragePool(X): means over windows; padding counts with count_include_pad alone."""
    value = call.value(0)
    spatial = value.shape[2:]
    window = Window.of(call, spatial)
    return average_pool(
        call.operations, value, window.sizes,
        strides=window.strides, padding=window.padding(spatial), dilations=window.dilations,
        ceil_mode=_ceil_mode(call, window, spatial),
        count_include_pad=bool(call.integer("count_include_pad", 0)), name=call.name,
    )  # fmt: skip


@operator("MaxPool")
def maximum(call: Call) -> Result:
    """MaxPool(X): maxima over windows, padding being −∞; its indices are not read."""
    value = call.value(0)
    spatial = value.shape[2:]
    window = Window.of(call, spatial)
    pooled = max_pool(
        call.operations, value, window.sizes,
        strides=window.strides, padding=window.padding(spatial), dilations=window.dilations,
        ceil_mode=_ceil_mode(call, window, spatial), name=call.name,
    )  # fmt: skip
    return (pooled, None)


@operator("GlobalAveragePool")
def global_average(call: Call) -> Value:
    """GlobalAveragePool(X): the mean of each channel."""
    return mean(call.operations, call.value(0), _spatial(call), True, call.name)


@operator("GlobalMaxPool")
def global_maximum(call: Call) -> Value:
    """GlobalMaxPool(X): the maximum of each channel."""
    return largest(call.operations, call.value(0), _spatial(call), True, call.name)


def _spatial(call: Call) -> list[int]:
    rank = len(call.value(0).shape)
    if rank < 3:
        raise ShapeError(
            f"node {call.name!r} ({call.op}) needs a batch, channels and at least one axis more"
        )
    return list(range(2, rank))


def _ceil_mode(call: Call, window: Window, spatial: tuple[int, ...]) -> bool:
    """Tell whether a last window may reach beyond the padding.

    SAME leaves no rest. For VALID, ONNX's text and its runtimes differ where there is one.
    """
    if not call.integer("ceil_mode", 0) or window.auto_pad.startswith("SAME"):
        return False
    parts = zip(spatial, window.reaches, window.strides, strict=True)
    if window.auto_pad == "VALID" and any((size - reach) % step for size, reach, step in parts):
        raise call.unsupported(
            "auto_pad VALID with ceil_mode leaves the size of its result open", "pads instead"
        )
    return True
