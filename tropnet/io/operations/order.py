"""Sorted values and the k largest, as networks of comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.operations.axis import axis_of
from tropnet.io.operations.comparisons import Comparisons
from tropnet.io.tensor import Constant, Value

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations

#: The longest axis that is sorted: it takes 543 comparisons in 21 layers.
MOST_SORTED: Final = 64


def sorted_values(
    do: Operations, x: Value, axis: int = -1, descending: bool = False, name: str = ""
) -> Value:
    """Return the values sorted along an axis.

    Args:
        do: the operations of the model being read.
        x: any value.
        axis: along which to sort.
        descending: whether the largest comes first.
        name: the node, for messages.

    Raises:
        ShapeError: an axis that is not there.
        UnsupportedLayerError: the axis is longer than `MOST_SORTED`.

    Cost: about n·log²(n)/4 ReLU units in log²(n)/2 layers for n values (Batcher's merge sort).

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.order import sorted_values
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 3)])
        >>> do.build([sorted_values(do, x)]).exact([2, 3, 1]).to_floats().tolist()
        [[1.0, 2.0, 3.0]]
    """
    length = x.shape[axis_of(axis, len(x.shape), name)]
    return top_k(do, x, length, axis, descending, name)


def top_k(
    do: Operations, x: Value, k: int, axis: int = -1, largest: bool = True, name: str = ""
) -> Value:
    """Return the k largest values along an axis, the largest first; or the smallest ones.

    Args:
        do: the operations of the model being read.
        x: any value.
        k: how many.
        axis: along which to choose.
        largest: False for the k smallest, the smallest first.
        name: the node, for messages.

    Raises:
        ShapeError: an axis that is not there, or shorter than k.
        UnsupportedLayerError: the axis is longer than `MOST_SORTED`.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.order import top_k
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 4)])
        >>> f = do.build([top_k(do, x, 1)])
        >>> f.exact([3, 1, 4, 2]).to_floats().tolist(), f.n_relu
        ([[4.0]], 3)
    """
    place = axis_of(axis, len(x.shape), name)
    length = x.shape[place]
    if not 0 <= k <= length:
        raise ShapeError(f"{name or 'a top k'}: {k} of the {length} values along axis {axis}")
    if isinstance(x, Constant):
        ordered = np.sort(x.values, axis=place)
        ordered = np.flip(ordered, axis=place) if largest else ordered
        return Constant(np.take(ordered, range(k), axis=place))
    if length > MOST_SORTED:
        raise UnsupportedLayerError(
            name or "a sort", "TopK", f"it sorts {length} values; at most {MOST_SORTED} are read",
            "stop before it",
        )  # fmt: skip
    pairs = Comparisons(do, x, name)
    entries = np.moveaxis(pairs.entries, place, -1)
    lines = entries.reshape(-1, length).copy()
    for step in _needed(_merge_sort(length), k):
        first, second = np.array(step).T
        shape = (len(lines), len(step))
        larger, smaller = (
            found.reshape(shape)
            for found in pairs.compare(lines[:, first].ravel(), lines[:, second].ravel())
        )
        lines[:, first], lines[:, second] = (larger, smaller) if largest else (smaller, larger)
    chosen = lines[:, :k].reshape(*entries.shape[:-1], k)
    return pairs.tensor(np.moveaxis(chosen, -1, place))


def _merge_sort(length: int) -> list[list[tuple[int, int]]]:
    """Return Batcher's odd-even merge sort: in each step, disjoint pairs that are put in order."""
    steps = []
    run = 1
    while run < length:
        gap = run
        while gap >= 1:
            step = [
                (i + j, i + j + gap)
                for j in range(gap % run, length - gap, 2 * gap)
                for i in range(min(gap, length - j - gap))
                if (i + j) // (2 * run) == (i + j + gap) // (2 * run)
            ]
            steps.append(step)
            gap //= 2
        run *= 2
    return steps


def _needed(steps: list[list[tuple[int, int]]], k: int) -> list[list[tuple[int, int]]]:
    """Return the pairs that the first k places depend on."""
    wanted, kept = set(range(k)), []
    for step in reversed(steps):
        pairs = [pair for pair in step if wanted & set(pair)]
        wanted.update(place for pair in pairs for place in pair)
        kept.append(pairs)
    return [pairs for pairs in reversed(kept) if pairs]
