"""Composition: polynomials and quotients of polynomials and quotients."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tropnet.algebra.points import is_scalar
from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational
from tropnet.errors import ShapeError


def compose_polynomial(
    outer: TropicalPolynomial, inner: tuple[Any, ...], max_terms: int
) -> TropicalPolynomial | TropicalRational:
    """Return outer(inner); see `TropicalPolynomial.compose`.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.algebra.composition import compose_polynomial
        >>> x = TropicalPolynomial.variable(0)
        >>> print(compose_polynomial(0 + x, (x ** 2 * 1,), 100))
        max(0, 1 + 2*x₁)
    """
    functions = _functions(inner, outer.n)
    top, bottom = _over_common_denominator([outer], functions, max_terms)
    plain = not any(isinstance(value, TropicalRational) for value in _flat(inner))
    result = TropicalRational(top[0], bottom)
    return result.to_polynomial() if plain and bottom.is_monomial() else result


def compose_rational(
    outer: TropicalRational, inner: tuple[Any, ...], max_terms: int
) -> TropicalRational:
    """Return outer(inner); see `TropicalRational.compose`.

    P and Q are put over the same denominator, which then cancels.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial, TropicalRational
        >>> from tropnet.algebra.composition import compose_rational
        >>> x = TropicalPolynomial.variable(0)
        >>> print(compose_rational(0 / (0 + x), (TropicalRational(x, x + 1),), 100))
        max(1, x₁) ⊘ max(1, x₁)
    """
    functions = _functions(inner, outer.n)
    top, _ = _over_common_denominator([outer.numerator, outer.denominator], functions, max_terms)
    return TropicalRational(top[0], top[1])


def _flat(inner: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the functions themselves where one map of several outputs was given."""
    if len(inner) == 1 and hasattr(inner[0], "outputs"):
        return tuple(inner[0].outputs)
    return inner


def _functions(inner: tuple[Any, ...], expected: int) -> list[TropicalRational]:
    inner = _flat(inner)
    if len(inner) != expected:
        raise ShapeError(f"a function of {expected} variables composed with {len(inner)} functions")
    spaces = sorted({function.n for function in inner if not is_scalar(function)})
    if len(spaces) != 1:
        raise ShapeError(f"the inner functions live on spaces of dimensions {spaces}")
    return [TropicalRational.of(function, spaces[0]) for function in inner]


def _over_common_denominator(
    outers: list[TropicalPolynomial], functions: list[TropicalRational], max_terms: int
) -> tuple[list[TropicalPolynomial], TropicalPolynomial]:
    """Return numerators N and one denominator D with outer(functions) = N ⊘ D for each outer.

    With f_j = P_j ⊘ Q_j and exponents of x_j in [low_j, high_j] ∋ 0, D is the product of all
    P_j^(−low_j) ⊙ Q_j^(high_j). A term c ⊙ x^a then contributes c and the product of all
    P_j^(a_j − low_j) ⊙ Q_j^(high_j − a_j), whose exponents are ≥ 0: every power is a polynomial.
    """
    n = functions[0].n
    terms = [list(outer.terms()) for outer in outers]
    columns = [[term.exponents[j] for part in terms for term in part] for j in range(outers[0].n)]
    low = [min([Fraction(0), *column]) for column in columns]
    high = [max([Fraction(0), *column]) for column in columns]
    powers: dict[tuple[int, bool, Fraction], TropicalPolynomial] = {}

    def power(index: int, top: bool, exponent: Fraction) -> TropicalPolynomial:
        key = index, top, exponent
        if key not in powers:
            base = functions[index].numerator if top else functions[index].denominator
            powers[key] = base.power(exponent)
        return powers[key]

    def product(constant: Fraction, exponents: list[tuple[Fraction, Fraction]]) -> Any:
        result = TropicalPolynomial.constant(constant, n)
        for index, (above, below) in enumerate(exponents):
            for top, exponent in ((True, above), (False, below)):
                if exponent:
                    result = result.mul(power(index, top, exponent), max_terms=max_terms)
        return result

    numerators = []
    for part in terms:
        parts = [
            product(
                term.coefficient,
                [(a - lo, hi - a) for a, lo, hi in zip(term.exponents, low, high, strict=True)],
            )
            for term in part
        ]
        numerators.append(TropicalPolynomial.sum_of([TropicalPolynomial.zero(n), *parts]))
    return numerators, product(Fraction(0), [(-lo, hi) for lo, hi in zip(low, high, strict=True)])
