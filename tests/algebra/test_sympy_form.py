from __future__ import annotations

import time
from typing import Any

import pytest
import sympy
from hypothesis import given, settings

from tests.strategies.tropical import polynomials, tropical_rationals
from tropnet.algebra import TropicalPolynomial, TropicalRational, from_sympy, to_sympy
from tropnet.errors import FormatError, ShapeError
from tropnet.testing.strategies import points

NAMES = ["x1", "x2"]


@settings(max_examples=50)
@given(polynomials(2, huge=True))
def test_polynomials_go_there_and_back(p: TropicalPolynomial) -> None:
    assert from_sympy(to_sympy(p), NAMES) == p


@settings(max_examples=50)
@given(tropical_rationals(2, most=3), points(2))
def test_quotients_go_there_and_back(f: TropicalRational, x: Any) -> None:
    expression = to_sympy(f)
    back = TropicalRational.of(from_sympy(expression, NAMES))
    assert back.equals(f)
    values = dict(zip(sympy.symbols("x1 x2", real=True), map(sympy.Rational, x), strict=True))
    assert expression.subs(values).doit() == sympy.Rational(f(x))


def test_other_operations() -> None:
    x, y = sympy.symbols("x y")
    assert from_sympy(sympy.Min(x, y) - sympy.Abs(x))(3, 1) == -2
    assert (
        from_sympy(sympy.Max(x, 2 * y, evaluate=False) * sympy.Rational(1, 2))(3, 1).numerator == 3
    )
    assert from_sympy(sympy.Float(0.5) * x)(1) == 0.5
    assert from_sympy(3)(0) == 3
    assert from_sympy(x - y, [y, x])(1, 5) == 4
    x2, x10 = sympy.symbols("x2 x10")
    assert from_sympy(x2 - x10)(1, 5) == -4


def test_what_is_not_piecewise_linear_is_refused() -> None:
    x, y = sympy.symbols("x y")
    with pytest.raises(FormatError, match="is a product of functions"):
        from_sympy(x * y)
    with pytest.raises(FormatError, match=r"Pow in 'x\*\*2' is not piecewise linear"):
        from_sympy(x**2)
    with pytest.raises(FormatError, match=r"the expression uses \['y'\], the symbols are \['x'\]"):
        from_sympy(x + y, [x])
    with pytest.raises(
        FormatError, match="a str is not a sympy expression; texts are read by parse"
    ):
        from_sympy("x + y")
    with pytest.raises(ShapeError, match="1 symbols for 2 variables"):
        to_sympy(TropicalPolynomial.one(2), ["x"])


def test_many_terms_are_not_compared_pairwise() -> None:
    p = TropicalPolynomial([[i, i * i] for i in range(500)], range(500))
    start = time.perf_counter()
    expression = to_sympy(p)
    assert len(expression.args) == 500
    assert from_sympy(expression, NAMES) == p
    assert time.perf_counter() - start < 10
