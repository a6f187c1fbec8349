"""Tropical algebra the slow way: dictionaries of Fractions, every sum spelled out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise, permutations, product
from typing import Any

Point = tuple[Fraction, ...]
#: exponents → coefficient
Terms = dict[Point, Fraction]


def polynomial(pairs: Iterable[tuple[Sequence[Any], Any]]) -> Terms:
    found: Terms = {}
    for exponents, coefficient in pairs:
        key = tuple(Fraction(value) for value in exponents)
        found[key] = max(found.get(key, Fraction(coefficient)), Fraction(coefficient))
    return found


def add(p: Terms, q: Terms) -> Terms:
    return polynomial([*p.items(), *q.items()])


def multiply(p: Terms, q: Terms) -> Terms:
    return polynomial(
        (tuple(a + b for a, b in zip(left, right, strict=True)), p[left] + q[right])
        for left, right in product(p, q)
    )


def value(p: Terms, point: Sequence[Fraction]) -> Any:
    return max(
        (
            coefficient + sum((a * x for a, x in zip(exponents, point, strict=True)), Fraction(0))
            for exponents, coefficient in p.items()
        ),
        default=-math.inf,
    )


def equal_on_interval(
    f: tuple[Terms, Terms], g: tuple[Terms, Terms], low: Fraction | None, high: Fraction | None
) -> bool:
    """Tell whether two differences of maxima of one variable agree, by all possible kinks.

    Between neighbouring intersections of any two affine pieces both functions are affine, so that
    two points between them, or beyond the last one, decide.
    """
    pieces = [(e[0], c) for part in (*f, *g) for e, c in part.items()]
    kinks = {(d - c) / (a - b) for (a, c), (b, d) in product(pieces, pieces) if a != b}
    ends = [end for end in (low, high) if end is not None]
    marks = sorted(
        x
        for x in {*kinks, *ends, Fraction(0)}
        if (low is None or x >= low) and (high is None or x <= high)
    )
    if low is None:
        marks = [marks[0] - 2, marks[0] - 1, *marks]
    if high is None:
        marks = [*marks, marks[-1] + 1, marks[-1] + 2]
    middles = [(2 * a + b) / 3 for a, b in pairwise(marks)]
    return all(
        value(f[0], [x]) - value(f[1], [x]) == value(g[0], [x]) - value(g[1], [x])
        for x in [*marks, *middles]
    )


def determinant(rows: Sequence[Sequence[Any]]) -> Any:
    """Return the best permutation's sum, trying all."""
    size = range(len(rows))
    return max(sum((rows[i][p[i]] for i in size), Fraction(0)) for p in permutations(size))


def matrix_product(a: Sequence[Sequence[Any]], b: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [
        [max(a[i][k] + b[k][j] for k in range(len(b))) for j in range(len(b[0]))]
        for i in range(len(a))
    ]
