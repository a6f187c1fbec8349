"""P ⊘ Q of a function that bends along rays from one point: one ray balances both."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cmp_to_key
from typing import TYPE_CHECKING

from tropnet.algebra import TropicalPolynomial, TropicalRational

if TYPE_CHECKING:
    from tropnet.simplification.common_cells import CommonCells

Vector = tuple[Fraction, Fraction]
Form = tuple[Fraction, ...]


def central_form(cells: CommonCells) -> TropicalRational | None:
    """Return the canonical P ⊘ Q of a function whose bends all start at one point of the plane.

    P bends along the rays along which the function is convex, Q along those along which it is
    concave; neither closes up around the point. One more ray, along which both bend alike, closes
    both. The plane is that of two variables, or of all variables modulo the lines along which
    nothing changes.

    Args:
        cells: of P and Q.

    Returns:
        The quotient; None where the bends do not all start at one point inside the domain, or where
        no ray is missing.

    Source: Tran, Wang, "Minimal representations of tropical rational functions" (2024), for two
        variables; Brandenburg, Grillo, Hertrich, "Decomposition polyhedra of piecewise linear
        functions" (2024).

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.simplification.central_form import central_form
        >>> from tropnet.simplification.common_cells import CommonCells
        >>> x, y = TropicalPolynomial.variables(2)
        >>> saddle = CommonCells.of((0 + x) * (0 + y), 0 + x + y)  # max(0, min(x, y))
        >>> central_form(saddle).k
        (3, 2)
    """
    if len(cells.columns) != 2 or len(cells.ridges) != 1:
        return None
    ridge = cells.ridges[0]
    if len(ridge.rows) != len(cells.facets):
        return None
    convex: list[Vector] = []
    concave: list[Vector] = []
    for index, alpha, beta in ridge.rows:
        facet = cells.facets[index]
        bend = facet.bend_p - facet.bend_q
        if bend > 0:
            convex.append((bend * alpha, bend * beta))
        elif bend < 0:
            concave.append((-bend * alpha, -bend * beta))
    open_end = (
        -sum((a for a, _ in convex), Fraction(0)),
        -sum((b for _, b in convex), Fraction(0)),
    )
    if not any(open_end):
        return None
    above = _sectors([*convex, open_end], ridge.forms)
    below = _sectors([*concave, open_end], ridge.forms)
    # f is their difference up to an affine function, to be read off one cell, beside the new ray
    high, low = next(
        (tops[0][0], tops[1][0])
        for tops in (_tops((above, below), cells, weight) for weight in range(1, 5))
        if len(tops[0]) == len(tops[1]) == 1
    )
    p, q = cells.cells[0]
    shift = tuple(
        Fraction(u - v, cells.denominator) - s + t
        for u, v, s, t in zip(cells.p[p], cells.q[q], high, low, strict=True)
    )
    return TropicalRational(
        polynomial([tuple(u + v for u, v in zip(row, shift, strict=True)) for row in above]),
        polynomial(below),
    )


def polynomial(rows: Sequence[Form]) -> TropicalPolynomial:
    """Return the polynomial of affine functions, each n + 1 numbers, the constant last."""
    return TropicalPolynomial.from_terms([(row[:-1], row[-1]) for row in dict.fromkeys(rows)])


def _sectors(jumps: Sequence[Vector], forms: tuple[Sequence[int], Sequence[int]]) -> list[Form]:
    """Return the affine functions between rays, crossing them in the order of their angles."""
    row = tuple(Fraction(0) for _ in forms[0])
    found: list[Form] = []
    last: Vector | None = None
    for jump in sorted(jumps, key=cmp_to_key(_before)):
        row = tuple(w + jump[0] * u + jump[1] * v for w, u, v in zip(row, *forms, strict=True))
        if last is not None and _before(last, jump) == 0:
            found.pop()  # two jumps along one ray
        found.append(row)
        last = jump
    return found


def _before(one: Vector, other: Vector) -> int:
    """Compare the angles of two vectors, from 0 up to 2π."""
    halves = [(v < 0 or (v == 0 and u < 0)) for u, v in (one, other)]
    if halves[0] != halves[1]:
        return -1 if halves[1] else 1
    turn = one[0] * other[1] - one[1] * other[0]
    return -1 if turn > 0 else int(turn < 0)


def _tops(parts: Sequence[list[Form]], cells: CommonCells, weight: int) -> list[list[Form]]:
    """Return the largest affine functions of some parts at a point inside the first cell."""
    members = sorted(cells.members[0])
    place = [
        sum(weight**k * cells.generators[g][c] for k, g in enumerate(members))
        for c in range(len(cells.columns) + 1)
    ]
    columns = (*cells.columns, -1)
    found = []
    for rows in parts:
        values = [
            sum((row[c] * v for c, v in zip(columns, place, strict=True)), Fraction(0))
            for row in rows
        ]
        largest = max(values)
        found.append([row for row, v in zip(rows, values, strict=True) if v == largest])
    return found
