"""Sorted values; where they came from is not continuous, and not read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tropnet.io.operations.order import sorted_values, top_k
from tropnet.io.tensor import Value
from tropnet.io.torch_operators.pooling import places
from tropnet.io.torch_operators.registry import AtenCall, Unread, aten


@aten("sort.default", "sort.stable")
def sort(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the entries in order along an axis."""
    return [_sorted(call, descending=bool(call["descending"])), places(call)]


@aten("msort.default")
def sort_first(call: AtenCall) -> Value:
    """Return the entries in ascending order along the first axis."""
    value = call.value("self")
    return sorted_values(call.operations, value, 0, False, call.name) if value.shape else value


@aten("topk.default")
def topk(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the k largest or smallest entries along an axis, in order."""
    value, k = call.value("self"), call.integers("k")[0]
    if not value.shape:
        return [value, places(call)]
    if not call["sorted"] and k > 1:
        raise call.unsupported("the order of its results is not defined", "sorted=True")
    axis, largest = call.integers("dim")[0], bool(call["largest"])
    return [top_k(call.operations, value, k, axis, largest, call.name), places(call)]


@aten("median.dim", "nanmedian.dim")
def median(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the lower of the middle entries along an axis."""
    value = call.value("self")
    length = value.shape[call.integers("dim")[0]] if value.shape else 1
    return [_ranked(call, (length - 1) // 2), places(call)]


@aten("median.default", "nanmedian.default")
def median_of_all(call: AtenCall) -> Value:
    """Return the lower of the middle entries."""
    do, value = call.operations, call.value("self")
    flat = do.reshape(value, (-1,), call.name)
    found = sorted_values(do, flat, 0, False, call.name)
    return do.gather(found, np.asarray((flat.shape[0] - 1) // 2), 0, call.name)


@aten("kthvalue.default")
def kth(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the k-th smallest entry along an axis."""
    return [_ranked(call, call.integers("k")[0] - 1), places(call)]


def _sorted(call: AtenCall, *, descending: bool) -> Value:
    value = call.value("self")
    if not value.shape:
        return value
    return sorted_values(call.operations, value, call.integers("dim")[0], descending, call.name)


def _ranked(call: AtenCall, rank: int) -> Value:
    do, found = call.operations, _sorted(call, descending=False)
    if not found.shape:
        return found
    axis = call.integers("dim")[0]
    indices = np.asarray([rank] if call["keepdim"] else rank)
    return do.gather(found, indices, axis, call.name)
