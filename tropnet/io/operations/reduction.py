"""Sums, means, maxima and minima along axes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from tropnet.errors import ShapeError
from tropnet.io.operations.axis import axis_of, places_of
from tropnet.io.operations.comparisons import Comparisons
from tropnet.io.operations.product import whole
from tropnet.io.tensor import Constant, Shape, Value, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import IntArray


def total(
    do: Operations,
    x: Value,
    axes: Sequence[int] | None = None,
    keep: bool = False,
    name: str = "",
) -> Value:
    """Return the sum along axes.

    Args:
        do: the operations of the model being read.
        x: any value.
        axes: None for all; an empty list for none.
        keep: whether the axes stay, with length one.
        name: the node, for messages.

    Raises:
        ShapeError: an axis that is not there or given twice.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.reduction import total
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2, 2)])
        >>> do.build([total(do, x, [0])]).exact([1, 2, 3, 4]).to_floats().tolist()
        [[4.0, 6.0]]
    """
    places, shape = _grouped(x.shape, axes, keep, name)
    if isinstance(x, Constant) and x.is_integer:
        return whole(x.values.astype(object).reshape(-1)[places].sum(axis=1).reshape(shape))
    return _weighted(do, x, places, Fraction(1), shape, name)


def mean(
    do: Operations,
    x: Value,
    axes: Sequence[int] | None = None,
    keep: bool = False,
    name: str = "",
) -> Value:
    """Return the mean along axes, exactly: a ninth is 1/9.

    Args:
        do: the operations of the model being read.
        x: any value.
        axes: None for all; an empty list for none.
        keep: whether the axes stay, with length one.
        name: the node, for messages.

    Raises:
        ShapeError: an axis that is not there or given twice, or a mean of nothing.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.reduction import mean
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 3)])
        >>> do.build([mean(do, x, [1])]).exact([1, 1, 2])
        RationalMatrix([['4/3']])
    """
    places, shape = _grouped(x.shape, axes, keep, name)
    count = _counted(places, x, name, "mean")
    return _weighted(do, x, places, Fraction(1, count), shape, name)


def largest(
    do: Operations,
    x: Value,
    axes: Sequence[int] | None = None,
    keep: bool = False,
    name: str = "",
) -> Value:
    """Return the maximum along axes.

    Args:
        do: the operations of the model being read.
        x: any value.
        axes: None for all; an empty list for none.
        keep: whether the axes stay, with length one.
        name: the node, for messages.

    Raises:
        ShapeError: an axis that is not there or given twice, or a maximum of nothing.

    Cost: a ReLU unit for each entry but one of each maximum.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.reduction import largest
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 3)])
        >>> do.build([largest(do, x)]).exact([1, 5, 2]).to_floats().tolist()
        [[5.0]]
    """
    return _extreme(do, x, axes, keep, name, top=True)


def smallest(
    do: Operations,
    x: Value,
    axes: Sequence[int] | None = None,
    keep: bool = False,
    name: str = "",
) -> Value:
    """Return the minimum along axes.

    Args:
        do: the operations of the model being read.
        x: any value.
        axes: None for all; an empty list for none.
        keep: whether the axes stay, with length one.
        name: the node, for messages.

    Raises:
        ShapeError: an axis that is not there or given twice, or a minimum of nothing.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.reduction import smallest
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 3)])
        >>> do.build([smallest(do, x)]).exact([1, 5, 2]).to_floats().tolist()
        [[1.0]]
    """
    return _extreme(do, x, axes, keep, name, top=False)


def _grouped(
    shape: Shape, axes: Sequence[int] | None, keep: bool, name: str
) -> tuple[IntArray, Shape]:
    """Return the entries that each entry of the result is made of, and the result's shape."""
    rank = len(shape)
    gone = list(range(rank)) if axes is None else [axis_of(a, rank, name) for a in axes]
    if len(set(gone)) < len(gone):
        raise ShapeError(f"{name or 'a reduction'}: axes {gone} repeat")
    kept = [a for a in range(rank) if a not in gone]
    count = size_of(tuple(shape[a] for a in gone))
    rows = size_of(tuple(shape[a] for a in kept))
    places = places_of(shape).transpose([*kept, *gone]).reshape(rows, count)
    if keep:
        return places, tuple(1 if a in gone else d for a, d in enumerate(shape))
    return places, tuple(shape[a] for a in kept)


def _counted(places: IntArray, x: Value, name: str, what: str) -> int:
    if not places.shape[1]:
        raise ShapeError(f"{name or 'a reduction'}: a {what} of nothing, along axes of {x.shape}")
    return int(places.shape[1])


def _weighted(
    do: Operations, x: Value, places: IntArray, weight: Fraction, shape: Shape, name: str
) -> Value:
    rows = np.arange(len(places))
    kernel = np.full((1, places.shape[1]), weight, dtype=object)
    return do.combine(x, kernel, places, np.zeros_like(rows), rows, shape, name)


def _extreme(
    do: Operations, x: Value, axes: Sequence[int] | None, keep: bool, name: str, *, top: bool
) -> Value:
    places, shape = _grouped(x.shape, axes, keep, name)
    _counted(places, x, name, "maximum" if top else "minimum")
    if isinstance(x, Constant):
        groups = x.values.reshape(-1)[places]
        return Constant(
            np.asarray(groups.max(axis=1) if top else groups.min(axis=1)).reshape(shape)
        )
    pairs = Comparisons(do, x, name)
    return pairs.tensor(pairs.extreme(places, largest=top).reshape(shape))
