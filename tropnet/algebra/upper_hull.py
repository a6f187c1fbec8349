"""Essential terms in one variable: the upper hull of points in the plane, in integers."""

from __future__ import annotations

from collections.abc import Sequence


def upper_hull(exponents: Sequence[int], coefficients: Sequence[int]) -> list[int]:
    """Return the indices of the vertices of the upper hull of (exponent, coefficient).

    Args:
        exponents: distinct integers.
        coefficients: as many integers.

    Returns:
        Indices by increasing exponent; points on a hull edge, between its ends, are left out.

    Cost: one sort and O(k) integer products; about 1 µs a term.

    Source: Andrew's monotone chain (1979).

    Example:
        >>> from tropnet.algebra.upper_hull import upper_hull
        >>> upper_hull([2, 0, 1, 3], [5, 0, 3, 5])
        [1, 2, 0, 3]
    """
    hull: list[int] = []
    for index in sorted(range(len(exponents)), key=exponents.__getitem__):
        a, b = exponents[index], coefficients[index]
        while len(hull) >= 2:
            left, middle = hull[-2], hull[-1]
            rise = (coefficients[middle] - coefficients[left]) * (a - exponents[left])
            chord = (b - coefficients[left]) * (exponents[middle] - exponents[left])
            if rise > chord:
                break
            hull.pop()
        hull.append(index)
    return hull
