"""Products of powers of polynomials: exact, in normal form, and cancelled before expansion."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.algebra import Factored, TropicalPolynomial
from tropnet.errors import BudgetExceeded, DomainError, ShapeError

X, Y = TropicalPolynomial.variables(2)
numbers = st.fractions(min_value=-4, max_value=4, max_denominator=3)


@st.composite
def polynomials(draw: st.DrawFn) -> TropicalPolynomial:
    size = draw(st.integers(1, 4))
    terms = draw(
        st.lists(st.tuples(numbers, numbers, numbers), min_size=size, max_size=size,
                 unique_by=lambda t: t[:2])
    )  # fmt: skip
    return TropicalPolynomial.from_terms([([a, b], c) for a, b, c in terms])


points = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4)


@given(polynomials(), polynomials(), numbers, points)
@settings(max_examples=40)
def test_operators_are_those_of_functions(
    p: TropicalPolynomial, q: TropicalPolynomial, e: Fraction, at: list[Any]
) -> None:
    f, g = Factored.of(p), Factored.of(q)
    values = list(zip(p.exact(at), q.exact(at), strict=True))
    assert f.exact(at) == [u for u, _ in values]
    assert (f * g).exact(at) == [u + v for u, v in values]
    assert (f / g).exact(at) == [u - v for u, v in values]
    assert f.power(e).exact(at) == [e * u for u, _ in values]
    assert (f * g).to_rational().exact(at) == [u + v for u, v in values]
    assert (f / g).to_rational().exact(at) == [u - v for u, v in values]


@given(polynomials(), polynomials())
@settings(max_examples=30)
def test_what_is_common_cancels(p: TropicalPolynomial, q: TropicalPolynomial) -> None:
    f, g = Factored.of(p), Factored.of(q)
    assert f * g / g == f
    assert not (f / f).factors
    assert (f * g).power(-1) * f * g == Factored(2)
    assert hash(f * g) == hash(g * f)


def test_one_form_for_one_function() -> None:
    assert Factored.of(2 + X**2 * 4) == Factored.of((1 + X * 2).power(2))
    assert Factored.of(0 + X + Y) == Factored.of(0 + X + Y + X * -1)
    assert Factored.of((0 + X) / (0 + Y)) == Factored.of(0 + X) / Factored.of(0 + Y)


def test_common_factors_cancel_before_anything_is_multiplied_out() -> None:
    # 2^40 products of terms if they were expanded
    factors = [k + X**k + Y ** (k + 1) for k in range(1, 41)]
    quotient = Factored.product(factors) / Factored.product(factors[1:])
    assert quotient == Factored.of(factors[0])
    assert quotient.predicted_terms() == (3, 1)
    assert quotient.to_rational().k == (3, 1)
    with pytest.raises(BudgetExceeded, match="terms of a product"):
        Factored.product(factors).to_rational(max_terms=50)


def test_numbers_and_monomials() -> None:
    assert Factored.of("1/2", 2).exact([[0, 9]]) == [Fraction(1, 2)]
    assert Factored.of(X * Y * 3).factors == {}
    assert str(Factored.of(X * Y * 3)) == "(3 + x₁ + x₂)"
    assert str(Factored(2)) == "0"
    assert str(Factored.of(0 + X).power("-1/2")) == "max(0, x₁)^(-1/2)"
    assert (2 * Factored.of(0 + X)).coefficient == 2


def test_what_is_refused() -> None:
    with pytest.raises(DomainError, match="no factors"):
        Factored.of(TropicalPolynomial.zero(2))
    with pytest.raises(ShapeError, match="variables"):
        Factored.of(0 + X) * Factored.of(TropicalPolynomial.variable(0) + 0)
    with pytest.raises(ShapeError, match="coordinates"):
        Factored.of(0 + X).exact([[1]])
    with pytest.raises(ShapeError, match="at least one"):
        Factored(0)
