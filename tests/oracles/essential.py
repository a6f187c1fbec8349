"""Essential terms the slow way: a second opinion in Fractions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

from tropnet.domains import Domain
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, maximize

Row = Sequence[Fraction]


def essential_by_simplices(exponents: Sequence[Row], coefficients: Row) -> list[int]:
    """Return the essential terms of a tiny polynomial with distinct exponents.

    A term is redundant when at most n + 1 others have a convex combination with its exponents and
    at least its coefficient (Carathéodory): try them all.
    """
    return [i for i in range(len(exponents)) if not _is_dominated(i, exponents, coefficients)]


def _is_dominated(i: int, exponents: Sequence[Row], coefficients: Row) -> bool:
    others = [j for j in range(len(exponents)) if j != i]
    for size in range(1, len(exponents[i]) + 2):
        for chosen in itertools.combinations(others, size):
            columns = [[*exponents[j], Fraction(1)] for j in chosen]
            weights = solve_unique(columns, [*exponents[i], Fraction(1)])
            if weights is None or min(weights) < 0:
                continue
            value = sum(w * coefficients[j] for w, j in zip(weights, chosen, strict=True))
            if value >= coefficients[i]:
                return True
    return False


def essential_by_programs(
    exponents: RationalMatrix, coefficients: RationalMatrix, domain: Domain = None
) -> tuple[int, ...]:
    """One exact linear program a term, over all other terms; distinct exponents."""
    kept = []
    n = exponents.shape[1]
    terms = RationalMatrix.stack_columns([exponents, coefficients]).to_fractions()
    sides = []
    if domain is not None:
        a, b = domain.inequalities()
        sides = [[*row, *side] for row, side in zip(a, b, strict=True) if any(row)]
    for i, own in enumerate(terms):
        others = [row for j, row in enumerate(terms) if j != i]
        rows = [
            [v - w for v, w in zip(row[:n], own, strict=False)] + [Fraction(1)] for row in others
        ]
        rows += [[*row[:n], Fraction(1)] for row in sides] + [[Fraction(0)] * n + [Fraction(1)]]
        right = [own[n] - row[n] for row in others] + [row[n] for row in sides] + [Fraction(1)]
        best = maximize(
            RationalMatrix.of([[0] * n + [1]]),
            RationalMatrix.of(rows),
            RationalMatrix.of([[v] for v in right]),
        )
        assert isinstance(best, Optimal)
        if best.value > 0:
            kept.append(i)
    return tuple(kept)


def solve_unique(columns: Sequence[Row], target: Row) -> list[Fraction] | None:
    """Solve Σ x_c columns_c = target by elimination; None without exactly one solution.

    Equations are scaled to integers and never divided, several times faster than in Fractions.
    """
    rows = [_integers([column[r] for column in columns] + [target[r]]) for r in range(len(target))]
    pivots: list[int] = []
    for c in range(len(columns)):
        found = next((r for r in range(len(pivots), len(rows)) if rows[r][c] != 0), None)
        if found is None:
            return None
        place = len(pivots)
        rows[place], rows[found] = rows[found], rows[place]
        pivot = rows[place]
        for r, row in enumerate(rows):
            if r != place and row[c] != 0:
                rows[r] = [v * pivot[c] - row[c] * w for v, w in zip(row, pivot, strict=True)]
        pivots.append(c)
    if any(row[-1] != 0 for row in rows[len(pivots) :]):
        return None
    return [Fraction(rows[r][-1], rows[r][r]) for r in range(len(columns))]


def _integers(row: Row) -> list[int]:
    scale = math.lcm(*(v.denominator for v in row))
    return [v.numerator * (scale // v.denominator) for v in row]
