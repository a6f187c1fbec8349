"""Means and maxima over windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tropnet.io.operations.pooling import (
    adaptive_average_pool,
    adaptive_max_pool,
    average_pool,
    max_pool,
)
from tropnet.io.tensor import Value
from tropnet.io.torch_operators.registry import AtenCall, Unread, aten


@aten("avg_pool1d.default", "avg_pool2d.default", "avg_pool3d.default")
def average(call: AtenCall) -> Value:
    """Return the means over windows."""
    axes, window, strides, padding = _window(call)
    return average_pool(
        call.operations, call.value("self"), window, strides=strides, padding=padding,
        dilations=[1] * axes, ceil_mode=bool(call["ceil_mode"]),
        count_include_pad=bool(call["count_include_pad"]),
        divisor=call.given.get("divisor_override"), name=call.name,
    )  # fmt: skip


@aten("max_pool1d.default", "max_pool2d.default", "max_pool3d.default")
def largest(call: AtenCall) -> Value:
    """Return the maxima over windows; the padding is −∞."""
    axes, window, strides, padding = _window(call)
    return max_pool(
        call.operations, call.value("self"), window, strides=strides, padding=padding,
        dilations=call.integers("dilation", axes), ceil_mode=bool(call["ceil_mode"]),
        name=call.name,
    )  # fmt: skip


@aten(
    "max_pool1d_with_indices.default", "max_pool2d_with_indices.default",
    "max_pool3d_with_indices.default",
)  # fmt: skip
def largest_with_places(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the maxima over windows; their places are not read."""
    return [largest(call), places(call)]


@aten(
    "adaptive_avg_pool1d.default", "adaptive_avg_pool2d.default", "_adaptive_avg_pool2d.default",
    "adaptive_avg_pool3d.default", "_adaptive_avg_pool3d.default",
)  # fmt: skip
def adaptive_average(call: AtenCall) -> Value:
    """Return the means over as many windows as asked for."""
    return _adaptive(call, adaptive_average_pool)


@aten(
    "adaptive_max_pool1d.default", "adaptive_max_pool2d.default", "adaptive_max_pool3d.default"
)  # fmt: skip
def adaptive_largest(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the maxima over as many windows as asked for; their places are not read."""
    return [_adaptive(call, adaptive_max_pool), places(call)]


def places(call: AtenCall) -> Unread:
    """Return what stands for indices of maxima."""
    return Unread(
        call.unsupported("its indices are used, which are not continuous", "the values alone")
    )


def _adaptive(call: AtenCall, pool: Callable[..., Value]) -> Value:
    axes = int(call.op.partition("pool")[2][0])
    sizes = call.integers("output_size", axes)
    return pool(call.operations, call.value("self"), sizes, name=call.name)


def _window(call: AtenCall) -> tuple[int, list[int], list[int], list[tuple[int, int]]]:
    axes = int(call.op.partition("pool")[2][0])
    window = call.integers("kernel_size", axes)
    strides = call.integers("stride", axes) or window
    return axes, window, strides, [(p, p) for p in call.integers("padding", axes)]
