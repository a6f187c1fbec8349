"""Walls and planes of simplices with their errors, for compiled code.

Functions of float64 that numba compiles into their callers. Each value comes with its size: the
same expression in absolute values, some units of rounding of which bound the error. Entries are
integers: where the size stays below 2^53 nothing is rounded at all.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_EXACT: Final = 2.0**53
#: A value has at most 24 roundings on any path, those of the entries included: 2 up to a side, 6 up
#: to a normal, 9 up to the sum of normals, 12 up to a plane, and 12 more up to its value. So has
#: its size, which is of second order; the rest is room. Nothing underflows.
_ROUNDING: Final = 40 * 2.0**-53


def extent(a: Any, b: Any) -> Any:
    """Return the largest magnitude of each coordinate, and of the coefficients."""
    widest, highest = np.zeros(len(a)), 0.0
    for i in range(len(b)):
        highest = max(highest, abs(b[i]))
        for c in range(len(a)):
            widest[c] = max(widest[c], abs(a[c, i]))
    return widest, highest


def measure(
    a: Any, simplices: Any, normals: Any, sizes: Any, heights: Any, height_sizes: Any
) -> None:
    """Set, for each simplex, the normals of its walls and its determinant, with their sizes.

    Args:
        a: `(n, k)`, n = 2 or 3: integers, rounded to nearest.
        simplices: `(m, n + 1)`, columns of a.
        normals: `(m, n + 1, n)`, to be set: the wall opposite to a vertex has, at that vertex less
            a point of the wall, the determinant as its value.
        sizes: of the normals, likewise.
        heights: `(m,)`, to be set: determinants.
        height_sizes: of the determinants, likewise.
    """
    n = len(a)
    sides, side_sizes = np.zeros((n, n)), np.zeros((n, n))
    for s in range(len(simplices)):
        first = simplices[s, 0]
        for j in range(n):
            for c in range(n):
                left, right = a[c, simplices[s, j + 1]], a[c, first]
                sides[j, c], side_sizes[j, c] = left - right, abs(left) + abs(right)
        heights[s], height_sizes[s] = _normals(sides, side_sizes, normals[s], sizes[s])


def wall(a: Any, own: int, normal: Any, size: Any, other: int) -> Any:
    """Return the value, and its size, at one term of a wall through another."""
    value, total = 0.0, 0.0
    for c in range(len(a)):
        value += normal[c] * (a[c, other] - a[c, own])
        total += size[c] * (abs(a[c, other]) + abs(a[c, own]))
    return value, total


def plane(b: Any, simplex: Any, normals: Any, sizes: Any, c: int) -> Any:
    """Return the slope along a coordinate of the plane through lifted vertices, and its size.

    The plane is Σ (normal_j · (a − a_0)) (b_0 − b_j) + determinant (b − b_0) = 0.
    """
    slope, size = 0.0, 0.0
    first = b[simplex[0]]
    for j in range(1, len(simplex)):
        other = b[simplex[j]]
        slope += normals[j, c] * (first - other)
        size += sizes[j, c] * (abs(first) + abs(other))
    return slope, size


def error_of(size: float) -> float:
    """Bound the error of a value of this size."""
    return 0.0 if size < _EXACT else _ROUNDING * size


def _normals(sides: Any, side_sizes: Any, normals: Any, sizes: Any) -> Any:
    """Set the normals of the walls, zero on their own wall; return the determinant and its size."""
    n = len(sides)
    if n == 2:
        normals[1, 0], normals[1, 1] = sides[1, 1], -sides[1, 0]
        normals[2, 0], normals[2, 1] = -sides[0, 1], sides[0, 0]
        sizes[1, 0], sizes[1, 1] = side_sizes[1, 1], side_sizes[1, 0]
        sizes[2, 0], sizes[2, 1] = side_sizes[0, 1], side_sizes[0, 0]
    else:
        for j in range(3):
            u, v = (j + 1) % 3, (j + 2) % 3
            for c in range(3):
                p, q = (c + 1) % 3, (c + 2) % 3
                normals[j + 1, c] = sides[u, p] * sides[v, q] - sides[u, q] * sides[v, p]
                sizes[j + 1, c] = (
                    side_sizes[u, p] * side_sizes[v, q] + side_sizes[u, q] * side_sizes[v, p]
                )
    determinant, size = 0.0, 0.0
    for c in range(n):
        determinant += sides[0, c] * normals[1, c]
        size += side_sizes[0, c] * sizes[1, c]
        normals[0, c], sizes[0, c] = 0.0, 0.0
        for j in range(1, n + 1):
            normals[0, c] -= normals[j, c]
            sizes[0, c] += sizes[j, c]
    return determinant, size


#: What a caller has to register with numba.
HELPERS: Final = (_normals, extent, measure, wall, plane, error_of)
