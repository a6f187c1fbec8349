from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies.tropical import polynomials, tropical_rationals
from tropnet.algebra import TropicalPolynomial, TropicalRational
from tropnet.errors import DomainError, ShapeError
from tropnet.testing.strategies import points, rationals

X = TropicalPolynomial.variable(0)


@given(tropical_rationals(2, huge=True), tropical_rationals(2), points(2))
def test_operators_act_on_the_functions(f: TropicalRational, g: TropicalRational, x: Any) -> None:
    assert f(x) == f.numerator(x) - f.denominator(x)
    assert (f + g)(x) == max(f(x), g(x))
    assert (f * g)(x) == f(x) + g(x)
    assert (f / g)(x) == f(x) - g(x)
    assert f.inverse()(x) == -f(x)


@settings(max_examples=50)
@given(tropical_rationals(2), tropical_rationals(2), tropical_rationals(2))
def test_semifield_laws_hold_as_functions(
    f: TropicalRational, g: TropicalRational, h: TropicalRational
) -> None:
    assert f + g == g + f
    assert f * g == g * f
    assert (f + g).equals(g + f)
    assert (f * (g + h)).equals(f * g + f * h)
    assert (f / f).equals(0)
    assert ((f + g) + h).equals(f + (g + h))


@given(tropical_rationals(1, most=3), rationals(), st.integers(-3, 3), points(1))
def test_powers(f: TropicalRational, factor: Fraction, n: int, x: Any) -> None:
    assert f.power(factor)(x) == factor * f(x)
    assert (f**n)(x) == n * f(x)


@given(tropical_rationals(1), polynomials(1), rationals(), points(1))
def test_polynomials_and_numbers_mix_in(
    f: TropicalRational, p: TropicalPolynomial, c: Fraction, x: Any
) -> None:
    assert (f + p)(x) == (p + f)(x) == max(f(x), p(x))
    assert (c * f)(x) == c + f(x)
    assert (c / f)(x) == c - f(x)
    if not p.is_zero():
        assert (p / f)(x) == p(x) - f(x) == -(f / p)(x)


def test_a_common_denominator_is_not_squared() -> None:
    q = X + 1
    assert (X / q + 2 / q).denominator == q


def test_zero_divisors_and_wrong_spaces_are_refused() -> None:
    with pytest.raises(DomainError, match="division by the tropical zero"):
        TropicalRational(X, TropicalPolynomial.zero())
    with pytest.raises(DomainError, match="division by the tropical zero"):
        (X / 1) / -math.inf
    with pytest.raises(ShapeError, match="P has 1 variables, Q has 2"):
        TropicalRational(X, TropicalPolynomial.one(2))
    with pytest.raises(ShapeError, match="a function of 2 variables where 1 are expected"):
        X / 1 + TropicalPolynomial.one(2)
    with pytest.raises(DomainError, match="a list is not a tropical rational"):
        TropicalRational.of([1])
    with pytest.raises(DomainError, match="formal power 1/2 does not exist"):
        (X / 1) ** "1/2"
    with pytest.raises(DomainError, match="the denominator has 2 terms"):
        (X / (X + 0)).to_polynomial()


def test_minus_infinity_above_is_minus_infinity() -> None:
    f = TropicalRational(TropicalPolynomial.zero(), X)
    assert f(3) == -math.inf
    assert f.evaluate([[3.0]]).tolist() == [-math.inf]
    with pytest.raises(DomainError, match="division by the tropical zero"):
        f.inverse()


def test_overflowing_differences_are_exact() -> None:
    f = TropicalRational(TropicalPolynomial([[2]], [1]), TropicalPolynomial([[2]], [0]))
    assert f.evaluate([[1e308], [-1e308]]).tolist() == [1.0, 1.0]


def test_gradients_subtract() -> None:
    f = (X + 1) / (X**2 + 0)
    assert f.gradient(np.array([[2.0], [0.5], [-1.0]])).ravel().tolist() == [-1.0, -2.0, 0.0]
    assert f.exact_gradient("1/2") == (Fraction(-2),)
    with pytest.raises(DomainError, match="tie"):
        f.exact_gradient(1, ties="refuse")


def test_it_pickles_and_is_immutable() -> None:
    f = X / (X + "1/3")
    assert pickle.loads(pickle.dumps(f)) == f
    assert hash(f) == hash(X / (X + "1/3"))
    with pytest.raises(AttributeError, match="TropicalRational is immutable"):
        f.numerator = X
    with pytest.raises(TypeError, match="no truth value"):
        bool(f)


@given(st.lists(st.tuples(st.tuples(rationals(), rationals()), rationals()), min_size=1), points(2))
def test_min_plus_functions(pairs: Any, x: Any) -> None:
    rows, values = [row for row, _ in pairs], [value for _, value in pairs]
    f = TropicalRational.from_min_plus(rows, values)
    expected = min(
        c + sum((a * v for a, v in zip(row, x, strict=True)), Fraction(0))
        for row, c in zip(rows, values, strict=True)
    )
    assert f(x) == expected
    with pytest.raises(DomainError, match="division by the tropical zero"):
        TropicalRational.from_min_plus([[1]], [math.inf])
