"""Values while a text or an expression tree is read: affine forms as long as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational


@dataclass(frozen=True, slots=True)
class AffineForm:
    """constant + Σ slopes[j] · x_j, zero slopes left out."""

    constant: Fraction
    slopes: dict[int, Fraction]


@dataclass(frozen=True, slots=True)
class Expression:
    """What has been read so far: an affine form, or a polynomial or quotient.

    Exactly one of the two fields is set.
    """

    affine: AffineForm | None
    function: TropicalPolynomial | TropicalRational | None = None

    def is_constant(self) -> bool:
        """Tell whether this is a plain number."""
        return self.affine is not None and not self.affine.slopes


@dataclass(frozen=True, slots=True)
class Reading:
    """The space R^n in which expressions are read.

    Args:
        n: the number of variables; with none, results live on R^1.

    Example:
        >>> from tropnet.algebra.term_expression import Reading, total, unite
        >>> space = Reading(2)
        >>> x, y = space.variable(0), space.variable(1)
        >>> print(space.function(unite(space, [total(space, x, y), x])))
        max(x₁, x₁ + x₂)
    """

    n: int

    def constant(self, value: Fraction) -> Expression:
        """Return a number."""
        return Expression(AffineForm(value, {}))

    def variable(self, index: int) -> Expression:
        """Return a coordinate."""
        return Expression(AffineForm(Fraction(0), {index: Fraction(1)}))

    def function_of(self, function: TropicalPolynomial | TropicalRational) -> Expression:
        """Return a polynomial or a quotient as an expression."""
        return Expression(None, function)

    def function(self, value: Expression) -> TropicalPolynomial | TropicalRational:
        """Return the polynomial or quotient that an expression stands for."""
        if value.affine is None:
            assert value.function is not None
            return value.function
        return self._polynomial([value.affine])

    def scaled(self, value: Expression, factor: Fraction) -> Expression:
        """Return factor · value, of any sign."""
        if value.affine is not None:
            slopes = {j: factor * slope for j, slope in value.affine.slopes.items() if factor}
            return Expression(AffineForm(factor * value.affine.constant, slopes))
        function = self.function(value)
        if isinstance(function, TropicalPolynomial) and factor >= 0:
            return Expression(None, function.power(factor))
        return Expression(None, TropicalRational.of(function).power(factor))

    def _polynomial(self, forms: Sequence[AffineForm]) -> TropicalPolynomial:
        size = max(self.n, 1)
        rows = [[form.slopes.get(j, Fraction(0)) for j in range(size)] for form in forms]
        return TropicalPolynomial(rows, [form.constant for form in forms], size)


def negate(reading: Reading, value: Expression) -> Expression:
    """Return −value.

    Example:
        >>> from tropnet.algebra.term_expression import Reading, negate
        >>> space = Reading(1)
        >>> print(space.function(negate(space, space.variable(0))))
        -x₁
    """
    return reading.scaled(value, Fraction(-1))


def total(reading: Reading, left: Expression, right: Expression) -> Expression:
    """Return the classical sum left + right.

    Example:
        >>> from tropnet.algebra.term_expression import Reading, total
        >>> space = Reading(1)
        >>> print(space.function(total(space, space.variable(0), space.variable(0))))
        2*x₁
    """
    if left.affine is not None and right.affine is not None:
        slopes = dict(left.affine.slopes)
        for index, slope in right.affine.slopes.items():
            slopes[index] = slopes.get(index, Fraction(0)) + slope
        kept = {index: slope for index, slope in slopes.items() if slope}
        return Expression(AffineForm(left.affine.constant + right.affine.constant, kept))
    return Expression(None, reading.function(left) * reading.function(right))


def quotient(reading: Reading, left: Expression, right: Expression) -> Expression:
    """Return left ⊘ right with both sides as they are.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.algebra.term_expression import Reading, quotient
        >>> space = Reading(1)
        >>> three = space.constant(Fraction(3))
        >>> print(space.function(quotient(space, space.variable(0), three)))
        x₁ ⊘ 3
    """
    return Expression(None, reading.function(left) / reading.function(right))


def unite(reading: Reading, parts: Sequence[Expression]) -> Expression:
    """Return the maximum of one or more expressions.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.algebra.term_expression import Reading, unite
        >>> space = Reading(1)
        >>> print(space.function(unite(space, [space.variable(0), space.constant(Fraction(3))])))
        max(3, x₁)
    """
    if len(parts) == 1:
        return parts[0]
    forms = [part.affine for part in parts if part.affine is not None]
    functions = [part.function for part in parts if part.function is not None]
    polynomials = [f for f in functions if isinstance(f, TropicalPolynomial)]
    if forms:
        polynomials.append(reading._polynomial(forms))
    quotients = [f for f in functions if isinstance(f, TropicalRational)]
    result: TropicalPolynomial | TropicalRational | None = None
    if polynomials:
        result = TropicalPolynomial.sum_of(polynomials)
    for function in quotients:
        result = function if result is None else function + result
    assert result is not None
    return Expression(None, result)
