"""The monomial that P and Q share."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from tropnet.algebra import TropicalPolynomial, TropicalRational


def common_monomial(f: TropicalRational) -> TropicalPolynomial | None:
    """Return the monomial by which P and Q are multiplied to cancel one they share, or None.

    Where P or Q is a single term it becomes 0. Else the least exponent of each variable in all
    terms is taken away, and the coefficient that occurs most often, each if fewer numbers other
    than 0 are left.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.simplification.common_monomial import common_monomial
        >>> x, y = TropicalPolynomial.variables(2)
        >>> print(common_monomial((x * y + x) / (x**3 + x)))
        -x₁
    """
    p, q = f.numerator, f.denominator
    if p.is_zero():
        return None
    one = TropicalPolynomial.one(f.n)
    single = q if q.is_monomial() else p if p.is_monomial() else None
    if single is not None:
        return None if single == one else single.power(-1)
    terms = [term for part in (p, q) for term in part.terms()]
    least = [min(column) for column in zip(*(term.exponents for term in terms), strict=True)]
    shifted = [
        tuple(v - low for v, low in zip(term.exponents, least, strict=True)) for term in terms
    ]
    if sum(sum(map(bool, row)) for row in shifted) >= sum(
        sum(map(bool, term.exponents)) for term in terms
    ):
        least = [Fraction(0)] * f.n
    counts = Counter(term.coefficient for term in terms)
    often = max(counts, key=lambda value: (counts[value], value == 0, value))
    if counts[often] < 2:  # longer numbers for a single 0 are no gain
        often = Fraction(0)
    factor = TropicalPolynomial.affine([-v for v in least], -often)
    return None if factor == one else factor


def times(f: TropicalRational, factor: TropicalPolynomial) -> TropicalRational:
    """Return the quotient with P and Q multiplied by a monomial.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.simplification.common_monomial import times
        >>> x = TropicalPolynomial.variable(0)
        >>> print(times((0 + x) / (1 + x), x))
        max(x₁, 2*x₁) ⊘ max(1 + x₁, 2*x₁)
    """
    return TropicalRational(f.numerator * factor, f.denominator * factor)
