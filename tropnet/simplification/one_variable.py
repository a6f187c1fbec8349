"""The least P ⊘ Q of a function of one variable."""

from __future__ import annotations

from fractions import Fraction

from tropnet.algebra import TropicalPolynomial, TropicalRational, roots


def one_variable_form(f: TropicalRational) -> TropicalRational:
    """Return P ⊘ Q where P has the convex bends of a function of one variable, Q the concave ones.

    No other P ⊘ Q of the function has fewer terms, in P or in Q; up to an affine function that P
    and Q share it is the only one without a bend in common. Where P and Q have none in common
    already, they are returned.

    Args:
        f: P and Q with essential terms only, in one variable.

    Example:
        >>> from tropnet.algebra import parse
        >>> from tropnet.simplification.one_variable import one_variable_form
        >>> print(one_variable_form(parse("max(0, 2*x1 - 2) - max(0, x1 - 1)")))
        max(0, -1 + x₁)
    """
    bends: dict[Fraction, Fraction] = {}
    for sign, part in ((1, f.numerator), (-1, f.denominator)):
        for point, jump in roots(part):
            bends[point] = bends.get(point, Fraction(0)) + sign * jump
    convex = sum(jump > 0 for jump in bends.values())
    concave = sum(jump < 0 for jump in bends.values())
    if (convex + 1, concave + 1) == f.k:
        return f
    first, last = next(iter(f.numerator.terms())), next(iter(f.denominator.terms()))
    slope, constant = first.exponents[0] - last.exponents[0], first.coefficient - last.coefficient
    above, below = {(slope,): constant}, {(Fraction(0),): Fraction(0)}
    for point in sorted(bends):
        jump = bends[point]
        terms = above if jump > 0 else below
        if jump:
            (exponent,), height = next(reversed(terms.items()))
            terms[(exponent + abs(jump),)] = height - abs(jump) * point
    return TropicalRational(
        TropicalPolynomial.from_terms(above, 1), TropicalPolynomial.from_terms(below, 1)
    )
