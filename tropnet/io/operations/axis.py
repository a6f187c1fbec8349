"""Axes counted from either end, and the places of entries along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tropnet.errors import ShapeError
from tropnet.io.tensor import Shape, size_of

if TYPE_CHECKING:
    from tropnet.typing import IntArray


def axis_of(axis: int, rank: int, name: str) -> int:
    """Return an axis counted from the front; negative ones count from the end.

    Raises:
        ShapeError: there is no such axis.

    Example:
        >>> from tropnet.io.operations.axis import axis_of
        >>> axis_of(-1, 3, "node")
        2
    """
    if not -rank <= axis < rank:
        raise ShapeError(f"{name or 'a node'}: axis {axis} of a tensor with {rank} axes")
    return axis % rank


def places_of(shape: Shape) -> IntArray:
    """Return the entries of a shape, counted in row-major order, in that shape.

    Example:
        >>> from tropnet.io.operations.axis import places_of
        >>> places_of((2, 2)).tolist()
        [[0, 1], [2, 3]]
    """
    return np.arange(size_of(shape)).reshape(shape)
