"""Sums, means, maxima and minima over axes, and norms that are piecewise linear."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tropnet.io.operations.piecewise import absolute
from tropnet.io.operations.reduction import largest, mean, smallest, total
from tropnet.io.tensor import Constant, Tensor, Value
from tropnet.io.torch_operators.pooling import places
from tropnet.io.torch_operators.registry import AtenCall, Unread, aten


@aten("sum.default", "sum.dim_IntList")
def sum_over(call: AtenCall) -> Value:
    """Return the sums over some axes."""
    return total(call.operations, _floating(call), _axes(call), _kept(call), call.name)


@aten("mean.default", "mean.dim")
def mean_over(call: AtenCall) -> Value:
    """Return the means over some axes."""
    return mean(call.operations, _floating(call), _axes(call), _kept(call), call.name)


@aten("amax.default", "max.default")
def largest_over(call: AtenCall) -> Value:
    """Return the maxima over some axes."""
    return largest(call.operations, call.value("self"), _axes(call), _kept(call), call.name)


@aten("amin.default", "min.default")
def smallest_over(call: AtenCall) -> Value:
    """Return the minima over some axes."""
    return smallest(call.operations, call.value("self"), _axes(call), _kept(call), call.name)


@aten("max.dim")
def largest_along(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the maxima along an axis; their places are not read."""
    return [largest_over(call), places(call)]


@aten("min.dim")
def smallest_along(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the minima along an axis; their places are not read."""
    return [smallest_over(call), places(call)]


@aten("aminmax.default")
def both(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the minima and the maxima."""
    return [smallest_over(call), largest_over(call)]


@aten("linalg_vector_norm.default")
def norm(call: AtenCall) -> Value:
    """Return the sum or the maximum of absolute values."""
    order, do = float(call["ord"]), call.operations
    if order not in (1.0, math.inf):
        raise call.unsupported(f"the norm of order {order:g} is not piecewise linear", "order 1")
    reduce = total if order == 1.0 else largest
    sizes = absolute(do, call.value("self"), call.name)
    return reduce(do, sizes, _axes(call), _kept(call), call.name)


@aten("cumsum.default", in_place=True)
def running_sum(call: AtenCall) -> Value:
    """Return the sums of the entries up to each, along an axis."""
    do, value = call.operations, call.value("self")
    if not value.shape:
        return value
    axis, size = call.integers("dim")[0], value.shape[call.integers("dim")[0]]
    upper = Constant(np.triu(np.ones((size, size))))
    order = list(range(len(value.shape)))
    order[axis], order[-1] = order[-1], order[axis]
    product = do.matmul(do.transpose(value, order, call.name), upper, call.name, "cumsum")
    return do.transpose(product, order, call.name)


def _axes(call: AtenCall) -> list[int] | None:
    """Return the axes to go; None for all, as an empty list is meant."""
    found = call.given.get("dim")
    value = call.value("self")
    return None if found in (None, []) or not value.shape else call.integers("dim")


def _kept(call: AtenCall) -> bool:
    return bool(call.given.get("keepdim", False))


def _floating(call: AtenCall) -> Value:
    value, target = call.value("self"), call.given.get("dtype")
    if isinstance(value, Tensor) and target is not None and not target.is_floating_point:
        raise call.unsupported(f"it casts to {target}, which is not continuous", "float models")
    return value
