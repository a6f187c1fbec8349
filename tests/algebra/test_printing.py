from __future__ import annotations

import pytest

from tropnet.algebra import TropicalPolynomial, TropicalRational
from tropnet.algebra.printing import html_table

X, Y = TropicalPolynomial.variables(2)
MANY = TropicalPolynomial([[i, i * i] for i in range(10_000)], range(10_000))


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (TropicalPolynomial.zero(2), "-∞"),
        (TropicalPolynomial.one(2), "0"),
        (X, "x₁"),
        (-3 * X**-1 * Y ** "3/2", "-3 - x₁ + 3/2*x₂"),
        (X**-1 * Y, "-x₁ + x₂"),
        (2 * X + Y**2 + 0, "max(0, 2*x₂, 2 + x₁)"),
        (X / 1, "x₁ ⊘ 1"),
        ((X + 0) / (2 * Y), "max(0, x₁) ⊘ (2 + x₂)"),
        (X / (Y + 0), "x₁ ⊘ max(0, x₂)"),
        (X**-1 / (Y + 0), "(-x₁) ⊘ max(0, x₂)"),
        (TropicalRational(X), "x₁"),
        (TropicalPolynomial.variable(11, 12), "x₁₂"),
    ],
)
def test_texts(function: TropicalPolynomial | TropicalRational, text: str) -> None:
    assert str(function) == text
    assert function.to_text() == text
    assert repr(function) == f"{type(function).__name__}({text!r})"


def test_ten_thousand_terms_stay_readable() -> None:
    text = str(MANY)
    assert text.startswith("max(0, 1 + x₁ + x₂, 2 + 2*x₁ + 4*x₂, ")
    assert text.endswith(", … (10000 terms))")
    assert len(text) < 400
    assert len(MANY._repr_html_()) < 1000
    latex = MANY._repr_latex_()
    assert len(latex) < 1000
    assert r"\dots\;\text{(10000 terms)}" in latex
    assert MANY.to_text().count(",") == 9999
    assert MANY.to_latex().count(r"\;") == 9999
    assert len(str(MANY / MANY)) < 800


def test_long_numbers_and_long_terms_are_shortened_and_marked() -> None:
    third = TropicalPolynomial([[0.1]], ["1/3"])
    assert str(third) == "≈ 1/3 + 0.1*x₁"
    assert third.to_text() == "1/3 + 3602879701896397/36028797018963968*x₁"
    assert str(TropicalPolynomial([[10**400]], [0])) == "≈ 1.00000e+400*x₁"
    assert "≈" in str(TropicalPolynomial([["1e-400"]], [0]))
    wide = TropicalPolynomial([[1] * 784], [0])
    assert str(wide).endswith("x₁₆ + … (768 more)")
    assert wide.to_text().endswith("x₇₈₄")


def test_latex() -> None:
    f = (X ** "1/2" + 3) / (2 * Y)
    assert f.to_latex() == (
        r"\max\left(3,\; \tfrac{1}{2}\,x_{1}\right) \oslash \left(2 + x_{2}\right)"
    )
    assert f._repr_latex_() == f"${f.to_latex()}$"
    assert TropicalPolynomial.zero().to_latex() == r"-\infty"
    latex = TropicalPolynomial([[10**400]], [0])._repr_latex_()
    assert latex == r"$\approx 1.00000\cdot 10^{400}\,x_{1}$"


def test_html_is_escaped() -> None:
    assert "<script>" not in html_table("<script>", [("<script>", "<script>")])
    assert "terms" in (X / Y)._repr_html_()
