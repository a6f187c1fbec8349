from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies.tropical import polynomials, tropical_rationals
from tropnet.algebra import TropicalPolynomial, TropicalRational, parse
from tropnet.errors import BudgetExceeded, FormatError, TropnetError

X, Y = TropicalPolynomial.variables(2)


@given(polynomials(3, huge=True))
def test_what_is_written_is_read_back(p: TropicalPolynomial) -> None:
    assert parse(p.to_text(), n=3, syntax="classical") == p
    assert parse(p.to_text(["b", "c", "a"]), variables=["b", "c", "a"], syntax="classical") == p


@given(tropical_rationals(2, huge=True))
def test_quotients_are_read_back(f: TropicalRational) -> None:
    found = parse(f.to_text(), n=2, syntax="classical")
    assert TropicalRational.of(found) == f


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max(1 + x1, 2*x2)", 1 * X + Y**2),
        ("max(1 + x₁, 2·x₂) − 3", (1 * X + Y**2) * -3),
        ("3 - 2*x1 + x2/4", 3 * X**-2 * Y ** "1/4"),
        ("max(x1, x2) * 1/2", (X + Y).power("1/2")),
        ("1/2*x2 - -0.25e1", "5/2" * Y ** "1/2"),
        ("-(x2 - 2)", 2 * Y**-1),
        ("-x2 - -2", 2 * Y**-1),
        ("relu(x2)", Y + 0),
        ("abs(x2)", Y + Y**-1),
        ("min(x2, 1)", 1 / (Y**-1 * 1 + 0)),
        ("x1 ⊕ x2 ⊕ 3", X + Y + 3),
        ("x1 ⊙ x2", X * Y),
        ("max(x1, x2) ⊘ x1", (X + Y) / X),
        ("max(x1, x2) - max(x1, 0)", (X + Y) / (X + 0)),
        ("max(x2)", Y),
        ("max(x2, -∞)", Y),
        ("x2", Y),
    ],
)
def test_classical_texts(text: str, expected: TropicalPolynomial | TropicalRational) -> None:
    found = parse(text, n=2)
    assert TropicalRational.of(found).equals(expected)
    if isinstance(expected, TropicalPolynomial):
        assert found == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*x1 + x2", 2 * X + Y),
        ("x1^2 * x2 + 3", X**2 * Y + 3),
        ("(x1 + x2)^2", (X + Y) ** 2),
        ("(x1 + x2)**2", (X + Y) ** 2),
        ("x1^-1 + x2^(1/2) + x2^(-3/2)", X**-1 + Y ** "1/2" + Y ** "-3/2"),
        ("-2*x1 + -3", -2 * X + -3),
        ("(x1 + x2) / x1", (X + Y) / X),
        ("2 ⊙ x1 ⊕ x2", 2 * X + Y),
        ("x1 + x2 + x1*x2 + 0", X + Y + X * Y + 0),
    ],
)
def test_tropical_texts(text: str, expected: TropicalPolynomial | TropicalRational) -> None:
    assert parse(text, syntax="tropical", n=2) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "2*x + y",
            r"syntax='classical' reads 2\*x \+ y, syntax='tropical' reads max\(y, 2 \+ x\)",
        ),
        ("x^2", "syntax='classical' fails .*not piecewise linear.* syntax='tropical' reads 2.x"),
        ("x*y", "'x.y' may be meant in two ways: syntax='classical' fails"),
        ("1 + x", r"classical' reads 1 \+ x, syntax='tropical' reads max\(1, x\)"),
        ("3/2", "classical' reads 3/2, syntax='tropical' fails .a ratio of numbers is no fraction"),
        ("x1 ⊕ 2*x2", "may be meant in two ways"),
    ],
)
def test_ambiguity_is_refused(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse(text)


def test_what_is_not_ambiguous_needs_no_syntax() -> None:
    assert parse("x1 ⊙ x2 ⊕ 3") == X * Y + 3
    assert parse("5") == TropicalPolynomial.constant(5)
    assert parse("-1/2 - x1") == "-1/2" * TropicalPolynomial.variable(0) ** -1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a number, a variable or '[(]' is missing before 'the end' [(]at character 1"),
        ("max(x,", "missing before 'the end'"),
        ("max(x y)", r"expected '\)', found 'y' [(]at character 7"),
        ("(x", r"expected '\)', found 'the end'"),
        ("x)", r"'\)' was not expected [(]at character 2"),
        ("2x", "'x' was not expected [(]at character 2"),
        ("x - $", r"unknown sign '\$' at character 5"),
        ("max(x) + max", "'max' is not a variable"),
        ("max(x, y) * max(x, 1)", "not piecewise linear"),
        ("max(x, 1) / x", "not piecewise linear"),
        ("max(x, 1) / 0", "division by zero"),
        ("max(x,1)^2", "a power is not piecewise linear"),
        ("relu(x, y)", "relu takes one argument, not 2"),
        ("x - ∞", "'∞' is not a variable"),
        ("__import__('os')", 'unknown sign "\'"'),
        ("max(1 + x₁, … (12 terms))", "was shortened for display .* to_text"),
        ("-" * 500 + "x", "more than 100 levels"),
        ("(" * 500 + "x", "more than 100 levels"),
    ],
)
def test_bad_texts_are_refused_at_their_place(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse(text, syntax="classical")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max(x, y)", r"max\(…\) belongs to classical syntax"),
        ("x - y", "there is no minus"),
        ("-x", "there is no minus"),
        ("1/2 * x", "a ratio of numbers is no fraction"),
        ("x^y", "an exponent is a number"),
        ("x^(1/0)", "division by zero"),
    ],
)
def test_bad_tropical_texts(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse(text, syntax="tropical")


def test_wrong_arguments() -> None:
    wrong: Any = "minplus"
    with pytest.raises(FormatError, match="syntax is 'minplus'; give"):
        parse("x", syntax=wrong)
    with pytest.raises(FormatError, match=r"the text uses \['z'\]"):
        parse("x - z", variables=["x", "y"])
    with pytest.raises(FormatError, match="list each name once"):
        parse("x", variables=["x", "x"])
    with pytest.raises(FormatError, match="but n = 2"):
        parse("max(x1, x5)", n=2)
    with pytest.raises(BudgetExceeded, match=r"use p\.power"):
        parse("(0 + x + y + z)^99999999", syntax="tropical")


def test_variables_are_placed() -> None:
    assert parse("max(x3)").n == 3
    assert parse("max(x10, x2)").n == 10
    assert parse("max(b, a)")(1, 5) == 5
    assert parse("a - b")(5, 1) == 4
    assert parse("a - b", variables=["b", "a"])(5, 1) == -4
    assert parse("v2 - v10")(7, 1) == 6
    assert parse("max(0)", n=4).n == 4


def test_ten_thousand_terms_are_read() -> None:
    p = TropicalPolynomial([[i, i * i] for i in range(10_000)], [-i for i in range(10_000)])
    assert parse(p.to_text()) == p
    text = " + ".join(f"{i % 7} * x^{i}" for i in range(2000))
    assert parse(text, syntax="tropical") == TropicalPolynomial(
        range(2000), [i % 7 for i in range(2000)]
    )


@given(
    st.text(alphabet="xy12.+-*/^(),⊕⊙⊘ maxin∞e", max_size=25),
    st.sampled_from(["classical", "tropical", None]),
)
def test_any_text_is_read_or_refused(text: str, syntax: Any) -> None:
    try:
        found = parse(text, syntax=syntax)
    except TropnetError:
        return
    assert TropicalRational.of(found).n >= 1


def test_decimals_are_exact() -> None:
    assert parse("0.1 - x")(0) == Fraction(1, 10)
