from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.strategies.tropical import polynomials, tropical_rationals
from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.testing.strategies import points

X, Y = TropicalPolynomial.variables(2)


@settings(max_examples=60)
@given(
    polynomials(2, most=3, least=1),
    tropical_rationals(1, most=2),
    tropical_rationals(1, most=2),
    points(1),
)
def test_polynomials_of_quotients(
    p: TropicalPolynomial, f: TropicalRational, g: TropicalRational, x: Any
) -> None:
    assert p(f, g)(x) == p(f(x), g(x))


@settings(max_examples=60)
@given(
    tropical_rationals(2, most=2),
    polynomials(1, most=2, least=1),
    tropical_rationals(1, most=2),
    points(1),
)
def test_quotients_of_mixed_functions(
    h: TropicalRational, p: TropicalPolynomial, g: TropicalRational, x: Any
) -> None:
    assert h(p, g)(x) == h(p(x), g(x))
    assert h.compose(TropicalMap([p, g]))(x) == h(p(x), g(x))


def test_polynomials_of_polynomials_are_polynomials() -> None:
    p = 1 * X + 2 * Y
    assert p(X * Y, X**2) == 1 * X * Y + 2 * X**2
    assert p(X * Y, 5) == 1 * X * Y + 7
    assert p(X, Y) == p
    laurent = X**-1 + Y
    assert isinstance(laurent(2 * X, Y), TropicalPolynomial)
    assert isinstance(laurent(X + 0, Y), TropicalRational)


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="a function of 2 variables composed with 1 functions"):
        (X + Y)(X)
    with pytest.raises(ShapeError, match=r"spaces of dimensions \[1, 2\]"):
        (X + Y)(X, TropicalPolynomial.one(1))
    with pytest.raises(DomainError, match="division by the tropical zero"):
        (X**-1 + Y)(TropicalPolynomial.zero(2), Y)
    wide = TropicalPolynomial([[i, 0] for i in range(60)], [0] * 60)
    with pytest.raises(BudgetExceeded, match="terms of a product"):
        (X * Y).compose(wide, wide, max_terms=1000)
