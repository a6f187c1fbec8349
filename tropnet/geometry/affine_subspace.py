"""Exact names of affine subspaces: reduced rows of integers."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import flint
import numpy as np

#: A linear form of integers on (x, t), divided by its content, its first nonzero entry positive.
Form: TypeAlias = tuple[int, ...]

#: The forms that vanish on an affine subspace, in reduced row echelon form, which is unique.
Subspace: TypeAlias = tuple[Form, ...]


def primitive_form(row: Any) -> Form:
    """Return the positive or negative multiple of a form that names its zero set.

    Args:
        row: integers, not all zero.

    Example:
        >>> from tropnet.geometry.affine_subspace import primitive_form
        >>> primitive_form([0, -2, 4])
        (0, 1, -2)
    """
    divisor = math.gcd(*row)
    if next(v for v in row if v) < 0:
        divisor = -divisor
    return tuple(int(v) // divisor for v in row)


def intersection(first: Subspace, second: Subspace) -> Subspace:
    """Return the subspace in which two subspaces meet.

    Cost: about 20 µs.

    Example:
        >>> from tropnet.geometry.affine_subspace import intersection
        >>> intersection(((1, 0, -1),), ((1, 1, 0),))  # x = 1 and x + y = 0
        ((1, 0, -1), (0, 1, 1))
    """
    reduced, _, rank = flint.fmpz_mat([*first, *second]).rref()
    width = len(first[0])
    entries = [int(v) for v in reduced.entries()[: rank * width]]
    return tuple(primitive_form(entries[k : k + width]) for k in range(0, rank * width, width))


def ray_forms(ray: Any) -> Any:
    """Return the reduced rows `(k, n, n + 1)` of the lines through 0 and `(k, n + 1)` points.

    Args:
        ray: object integers, no row all zero.
    """
    count, width = ray.shape
    last = width - 1 - np.argmax((ray != 0)[:, ::-1], axis=1)
    height = ray[np.arange(count), last]
    rows = np.zeros((count, width - 1, width), object)
    for j in range(width - 1):
        pivot = j + (j >= last)
        here = np.arange(count)
        sign = np.where(height > 0, 1, -1)
        # a common factor does no harm: only the signs and the pivots of these rows are used
        rows[here, j, pivot] = height * sign
        rows[here, j, last] = -ray[here, pivot] * sign
    return rows


def pivots(rows: Any) -> Any:
    """Return the pivots of reduced rows `(k, c, n + 1)` as the bits of `(k,)` integers."""
    if rows.shape[1] == 0:
        return np.zeros(len(rows), np.int64)
    first = np.argmax(rows != 0, axis=2)
    bits: Any = np.left_shift(1, first.astype(np.int64)).sum(axis=1)
    return bits
