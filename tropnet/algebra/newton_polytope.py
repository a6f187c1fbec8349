"""The Newton polytope of a tropical polynomial: the convex hull of its exponents."""

from __future__ import annotations

from fractions import Fraction

from tropnet.algebra.tropical_polynomial import TropicalPolynomial


def newton_vertices(polynomial: TropicalPolynomial) -> tuple[tuple[Fraction, ...], ...]:
    """Return the vertices of the Newton polytope, in lexicographic order, exactly.

    An exponent is a vertex where some direction singles it out, that is, where its term is
    essential once all coefficients are 0.

    Args:
        polynomial: any number of variables; without terms there are no vertices.

    Cost: that of the essential terms.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial, newton_vertices
        >>> p = TropicalPolynomial([[0, 0], [1, 0], [2, 0], [0, 1]], [0, 9, 0, 0])
        >>> [tuple(map(int, vertex)) for vertex in newton_vertices(p)]
        [(0, 0), (0, 1), (2, 0)]
    """
    flat = TropicalPolynomial(
        [term.exponents for term in polynomial.terms()], [0] * polynomial.k, polynomial.n
    )
    return tuple(term.exponents for term in flat.essential().terms())
