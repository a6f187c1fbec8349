"""Images made larger or smaller by choosing the nearest entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tropnet.io.tensor import MOST_VALUES, Value, require_room, size_of
from tropnet.io.torch_operators.registry import AtenCall, aten

if TYPE_CHECKING:
    from tropnet.typing import IntArray

_NAMES = [
    f"{word}{axes}d.{overload}"
    for word in ("upsample_nearest", "_upsample_nearest_exact")
    for axes in (1, 2, 3)
    for overload in ("default", "vec")
]


@aten(*_NAMES)
def nearest(call: AtenCall) -> Value:
    """Return the nearest entries, as torch finds them in the arithmetic of the call."""
    name = "input" if "input" in call.given else "self"
    value = call.value(name)
    require_room(size_of(call.shape), f"the result of {call.name}", MOST_VALUES)
    places = np.arange(size_of(value.shape)).reshape(value.shape)
    return call.operations.pick(value, places[np.ix_(*_indices(call, name, value))])


def _indices(call: AtenCall, name: str, value: Value) -> Iterator[IntArray]:
    """Yield for each axis which entry of the input each entry of the result is."""
    import torch

    batch, channels, *sizes = value.shape
    yield np.arange(batch)
    yield np.arange(channels)
    rest = [given for key, given in call.given.items() if key != name]
    for k, size in enumerate(sizes):
        # places are counted in the arithmetic of the call, since torch computes them in it
        shape = [1, 1, *(size if j == k else 1 for j in range(len(sizes)))]
        kind = call.kind if size <= 2048 else torch.float64
        numbers = torch.arange(size, dtype=kind).reshape(shape).expand(1, 1, *sizes)
        found = call.function(numbers.contiguous(), *rest)
        line = found[(0, 0, *(slice(None) if j == k else 0 for j in range(len(sizes))))]
        yield np.rint(line.double().numpy()).astype(np.int64)
