"""Polynomials in one variable: roots with multiplicities, the split form."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.errors import DomainError, ShapeError

if TYPE_CHECKING:
    from tropnet.algebra.tropical_polynomial import Term


class Root(NamedTuple):
    """A tropical root: a point where the slope jumps, and by how much."""

    point: Fraction
    multiplicity: Fraction


def roots(polynomial: TropicalPolynomial) -> tuple[Root, ...]:
    """Return the tropical roots of a polynomial in one variable, in increasing order.

    The roots are the kinks of the function; the multiplicity is the jump of the slope. They are the
    negated slopes of the upper hull of the points (exponent, coefficient).

    Args:
        polynomial: with n = 1 and at least one term.

    Raises:
        ShapeError: several variables.
        DomainError: no terms.

    Cost: linear in the terms, exact.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial, roots
        >>> found = roots(TropicalPolynomial([0, 1, 3], [1, 4, 0]))
        >>> [(str(root.point), str(root.multiplicity)) for root in found]
        [('-3', '1'), ('2', '2')]
    """
    hull = _upper_hull(polynomial)
    return tuple(
        Root(
            (left.coefficient - right.coefficient) / (right.exponents[0] - left.exponents[0]),
            right.exponents[0] - left.exponents[0],
        )
        for left, right in pairwise(hull)
    )


def split_form(polynomial: TropicalPolynomial) -> TropicalPolynomial:
    """Return the same function with the largest possible coefficient at every integer exponent.

    It is the product of one linear factor for each root, counted with its multiplicity.

    Args:
        polynomial: with n = 1, at least one term and integer exponents.

    Raises:
        ShapeError: several variables.
        DomainError: no terms, or a fractional exponent.

    Cost: linear in the degree.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial, split_form
        >>> print(split_form(TropicalPolynomial([0, 1, 3], [1, 4, 0])))
        max(1, 4 + x₁, 2 + 2*x₁, 3*x₁)
    """
    hull = _upper_hull(polynomial)
    if any(term.exponents[0].denominator != 1 for term in hull):
        raise DomainError("the split form needs integer exponents; substitute x ** m for x first")
    terms = {hull[0].exponents[0]: hull[0].coefficient}
    for left, right in pairwise(hull):
        start, stop = left.exponents[0], right.exponents[0]
        slope = (right.coefficient - left.coefficient) / (stop - start)
        for step in range(1, int(stop - start) + 1):
            terms[start + step] = left.coefficient + step * slope
    return TropicalPolynomial.from_terms([([e], c) for e, c in terms.items()])


def _upper_hull(polynomial: TropicalPolynomial) -> list[Term]:
    """Return the vertices of the upper hull of (exponent, coefficient), from left to right."""
    if polynomial.n != 1:
        raise ShapeError(f"a polynomial in {polynomial.n} variables; roots are for one variable")
    if polynomial.is_zero():
        raise DomainError("the tropical zero polynomial (−∞) has every point as a root")
    hull: list[Term] = []
    for term in polynomial.terms():
        while len(hull) > 1 and not _turns_down(hull[-2], hull[-1], term):
            hull.pop()
        hull.append(term)
    return hull


def _turns_down(first: Term, middle: Term, last: Term) -> bool:
    rise = (middle.coefficient - first.coefficient) * (last.exponents[0] - middle.exponents[0])
    fall = (last.coefficient - middle.coefficient) * (middle.exponents[0] - first.exponents[0])
    return rise > fall
