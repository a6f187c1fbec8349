from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import tropical as oracle
from tests.strategies.tropical import polynomials, tropical_rationals
from tropnet.algebra import TropicalPolynomial, TropicalRational
from tropnet.domains import Box, Polyhedron
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.testing.strategies import points, rationals

X = TropicalPolynomial.variable(0)


def as_terms(f: TropicalRational) -> tuple[oracle.Terms, oracle.Terms]:
    return (
        {t.exponents: t.coefficient for t in f.numerator.terms()},
        {t.exponents: t.coefficient for t in f.denominator.terms()},
    )


def assert_right(
    f: TropicalRational, g: TropicalRational, domain: Any, low: Any, high: Any
) -> None:
    expected = oracle.equal_on_interval(as_terms(f), as_terms(g), low, high)
    assert f.equals(g, domain) is expected
    point = f.difference_point(g, domain)
    if expected:
        assert point is None
    else:
        assert point is not None
        assert f(point) != g(point)
        assert domain is None or domain.contains(point)


@settings(max_examples=150)
@given(tropical_rationals(1), tropical_rationals(1), rationals(), rationals(), st.data())
def test_one_variable_agrees_with_all_kinks(
    f: TropicalRational, g: TropicalRational, low: Any, high: Any, data: st.DataObject
) -> None:
    low, high = sorted([low, high])
    kind = data.draw(st.sampled_from(["space", "box", "ray"]))
    if kind == "space":
        assert_right(f, g, None, None, None)
    elif kind == "box":  # often flat: the sides are few
        assert_right(f, g, Box([low], [high]), low, high)
    else:
        assert_right(f, g, Polyhedron([[-1]], [-low]), low, None)


@settings(max_examples=150)
@given(polynomials(1, most=3, least=1), rationals(), rationals(), rationals(), rationals())
def test_functions_that_agree_on_a_part_only(
    p: TropicalPolynomial, slope: Any, height: Any, low: Any, high: Any
) -> None:
    low, high = sorted([low, high])
    f = TropicalRational(p)
    g = TropicalRational(p + TropicalPolynomial.affine([slope], height))
    assert_right(f, g, Box([low], [high]), low, high)
    assert_right(f, g, None, None, None)


@settings(max_examples=60)
@given(tropical_rationals(2, most=3), tropical_rationals(2, most=2), points(2))
def test_disguises_are_seen_through(f: TropicalRational, g: TropicalRational, x: Any) -> None:
    p = g.numerator
    disguised = TropicalRational(f.numerator * p, f.denominator * p)
    assert f.equals(disguised)
    assert f.equals(f + f)
    assert ((f + g) * (f + g)).equals(f * f + g * g)
    raised = f + (f(x) + 1)
    point = f.difference_point(raised)
    assert point is not None
    assert f(point) != raised(point)


@settings(max_examples=60)
@given(tropical_rationals(2, most=3), tropical_rationals(2, most=3), st.data())
def test_a_flat_domain_is_a_domain(
    f: TropicalRational, g: TropicalRational, data: st.DataObject
) -> None:
    height = data.draw(rationals())
    segment = Box([-2, height], [2, height])
    line = TropicalPolynomial.variable(0, 1)
    along = [line, TropicalPolynomial.constant(height)]
    expected = oracle.equal_on_interval(
        as_terms(f.compose(*along)), as_terms(g.compose(*along)), Fraction(-2), Fraction(2)
    )
    assert f.equals(g, segment) is expected
    rows = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    assert f.equals(g, Polyhedron(rows, [2, 2, height, -height])) is expected


def test_a_needle_is_found() -> None:
    # a bump of half-width and height 10^-6 at 1000, which no sampling would meet
    center, width = Fraction(1000), Fraction(1, 10**6)
    bump = (X + (center - width)) * (X + (center + width)) / (X + center) ** 2
    point = bump.difference_point(0)
    assert point is not None
    assert abs(point[0] - center) < width
    assert bump.equals(0, Box([-1000], [999]))
    assert not bump.equals(0, Box([999], [1001]))


def test_one_ulp_is_a_difference() -> None:
    p = TropicalPolynomial([[0.1, 1], [0, 0]], [0, 0])
    q = TropicalPolynomial([[0.1 + 2**-56, 1], [0, 0]], [0, 0])
    assert not p.equals(q)
    assert p.equals(q, Box([0, -1], [0, 1]))


def test_minus_infinity_is_another_function() -> None:
    zero = TropicalPolynomial.zero()
    assert zero.equals(zero)
    assert zero.equals(float("-inf"))
    assert zero.difference_point(X) == (Fraction(0),)
    assert X.difference_point(zero, Box([1], [2])) == (Fraction(3, 2),)
    assert TropicalRational(zero, X + 0).equals(zero)


def test_on_an_empty_domain_everything_agrees() -> None:
    nowhere = Polyhedron([[1], [-1]], [0, -1])
    assert X.equals(5, nowhere)
    assert not X.equals(5, Polyhedron([[1], [-1]], [0, 0]))


def test_a_single_point_is_a_domain() -> None:
    assert X.equals(5, Box([5], [5]))
    assert not X.equals(5, Box([4], [4]))


def test_polyhedra_without_vertices() -> None:
    x, y = TropicalPolynomial.variables(2)
    half_plane = Polyhedron([[1, -1]], [0])  # x ≤ y
    assert (x + y).equals(y, half_plane)
    point = (x + y).difference_point(x, half_plane)
    assert point is not None
    assert point[0] < point[1]
    assert (x + y).equals(x / 1 * 1, Polyhedron([[1, -1], [-1, 1]], [0, 0]))


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="a function of 2 variables where 1 are expected"):
        X.equals(TropicalPolynomial.one(2))
    with pytest.raises(ShapeError, match="the domain has 2 coordinates"):
        X.equals(X + 1, Box.cube(2))
    with pytest.raises(DomainError, match="not a tropical rational function"):
        X.equals([1])
    big = TropicalPolynomial(range(100), [-i * i for i in range(100)])
    with pytest.raises(BudgetExceeded, match="100 by 2 terms"):
        (big / (big * (0 + X))).equals(0 / (0 + X), max_terms=150)
    assert (big / (big * (0 + X))).equals(0 / (0 + X))
