"""Optimal assignments: the permutation that a tropical determinant chooses."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray


def best_assignment(values: NDArray[Any]) -> list[int] | None:
    """Return the columns π(0), π(1), … that maximise Σ values[i, π(i)].

    Args:
        values: a square array of Fractions and −∞ (dtype object), or of float64 and −∞.

    Returns:
        The columns, or None where every permutation meets −∞.

    Cost: O(n³). The exact path is the Hungarian method with potentials in Python integers, the
    float path scipy's.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.assignment import best_assignment
        >>> best_assignment(np.array([[1.0, 0.0], [10.0, 5.0]]))
        [1, 0]
    """
    finite = values != -math.inf
    if values.dtype != object:
        from scipy.optimize import linear_sum_assignment

        try:
            _, found = linear_sum_assignment(values, maximize=True)
        except ValueError:  # scipy's "cost matrix is infeasible"
            return None
        return [int(column) for column in found]
    entries = [value for value, known in zip(values.ravel(), finite.ravel(), strict=True) if known]
    scale = math.lcm(*(Fraction(value).denominator for value in entries))
    whole = [[int(v * scale) if v != -math.inf else None for v in row] for row in values.tolist()]
    # worse than any permutation of finite entries could be
    forbidden = 2 * sum(abs(int(value * scale)) for value in entries) + 1
    columns = _hungarian([[forbidden if v is None else -v for v in row] for row in whole])
    if any(whole[row][column] is None for row, column in enumerate(columns)):
        return None
    return columns


def _hungarian(cost: list[list[int]]) -> list[int]:
    """Return the columns of a cheapest assignment, by shortest augmenting paths with potentials.

    Kuhn (1955) in the form of Jonker and Volgenant: rows are added one at a time; potentials u, v
    keep every reduced cost ≥ 0, so that each path search is Dijkstra's.
    """
    size = len(cost)
    u, v = [0] * size, [0] * (size + 1)
    row_of = [-1] * (size + 1)  # the last column is a dummy where the searches start
    for row in range(size):
        row_of[size] = row
        column = size
        distance: list[int | None] = [None] * size
        previous = [size] * size
        used = [False] * (size + 1)
        while row_of[column] >= 0:
            used[column] = True
            current = row_of[column]
            best, following = None, -1
            for j in range(size):
                if used[j]:
                    continue
                reduced = cost[current][j] - u[current] - v[j]
                known = distance[j]
                if known is None or reduced < known:
                    distance[j], previous[j] = reduced, column
                    known = reduced
                if best is None or known < best:
                    best, following = known, j
            assert best is not None
            for j in range(size + 1):
                if used[j]:
                    u[row_of[j]] += best
                    v[j] -= best
                elif j < size:
                    known = distance[j]
                    assert known is not None
                    distance[j] = known - best
            column = following
        while column != size:
            row_of[column] = row_of[previous[column]]
            column = previous[column]
        row_of[size] = -1
    columns = [0] * size
    for j in range(size):
        columns[row_of[j]] = j
    return columns
