"""The polynomial with all terms that leave a function as it is."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Final

from tropnet.algebra import TropicalPolynomial, split_form
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.exact import RationalMatrix
from tropnet.simplification.common_cells import CommonCells

#: Lattice points of a bounding box that are looked at.
MAX_POINTS: Final = 200_000


def least_coefficient_form(
    polynomial: TropicalPolynomial, *, max_points: int = MAX_POINTS
) -> TropicalPolynomial:
    """Return the same function with the largest possible coefficient at every lattice point.

    Among all polynomials with integer exponents that are this function it is the one with all
    terms: each lattice point a of the Newton polytope has the coefficient inf_x P(x) − a · x, which
    is attained at a vertex of the hypersurface. In min-plus, where the coefficients are the least,
    it is called the least coefficient polynomial; in one variable it is `split_form`, the product
    of linear factors. Two polynomials are the same function exactly if these forms are equal.

    Args:
        polynomial: at least one term, integer exponents that span R^n.
        max_points: refuse to look at more lattice points than this.

    Raises:
        DomainError: −∞, fractional exponents, or exponents that do not span R^n.
        BudgetExceeded: too many lattice points.

    Cost: the dual cells, and an exact product of their vertices with the lattice points.

    Source: Grigg and Manwaring, "An elementary proof of the fundamental theorem of tropical
        algebra" (2007), for one variable.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.simplification.least_coefficient_form import least_coefficient_form
        >>> x, y = TropicalPolynomial.variables(2)
        >>> print(least_coefficient_form(0 + x**2 + y**2 * 2))
        max(0, 1 + x₂, 2 + 2*x₂, x₁, 1 + x₁ + x₂, 2*x₁)
    """
    if polynomial.n == 1:
        return split_form(polynomial)
    if polynomial.is_zero():
        raise DomainError("the tropical zero polynomial −∞ has no terms to be completed")
    p = polynomial.essential()
    rows = p.exponents.to_fractions()
    if any(v.denominator != 1 for row in rows for v in row):
        raise DomainError("the least coefficient form needs integer exponents; scale the variables")
    sides = [range(int(min(c)), int(max(c)) + 1) for c in zip(*rows, strict=True)]
    count = math.prod(map(len, sides))
    if count > max_points:
        raise BudgetExceeded(
            "lattice points around the exponents", count, max_points, "raise max_points"
        )
    cells = CommonCells.of(p, TropicalPolynomial.one(p.n))
    if p.k == 1 or len(cells.columns) < p.n or not any(g[-1] for g in cells.generators):
        raise DomainError(
            "the exponents of the essential terms do not span the space: no coefficient elsewhere "
            "is bounded; substitute fewer variables"
        )
    points = [[Fraction(v) for v in a] for a in itertools.product(*sides)]
    least: list[Fraction | None] = [None] * count
    inside = [True] * count
    table = RationalMatrix.from_rows(points)
    for *place, scale in cells.generators:
        if scale:
            vertex = [Fraction(v, scale) for v in place]
            top = p.exact([vertex])[0]
        else:  # a direction in which some term has to keep up
            vertex = [Fraction(v) for v in place]
            top = max(sum(u * v for u, v in zip(row, vertex, strict=True)) for row in rows)
        column = RationalMatrix.from_rows([[v] for v in vertex])
        for i, (value,) in enumerate((table @ column).to_fractions()):
            if not scale:
                inside[i] &= value <= top
            elif inside[i]:
                known = least[i]
                least[i] = top - value if known is None else min(known, top - value)
    return TropicalPolynomial.from_terms(
        [(a, c) for a, c, own in zip(points, least, inside, strict=True) if own and c is not None]
    )
