"""All terms that a function bears: the same function, and no coefficient can be larger."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tropnet.algebra import TropicalPolynomial, split_form
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.simplification.least_coefficient_form import least_coefficient_form

X, Y = TropicalPolynomial.variables(2)


@pytest.mark.parametrize("n", [2, 3])
def test_the_same_function_and_no_larger_coefficient(n: int) -> None:
    rng = np.random.default_rng(n)
    seen = 0
    for _ in range(8):
        rows = rng.integers(0, 4, size=(7, n))
        p = TropicalPolynomial(rows, rng.integers(-6, 7, size=7))
        if np.linalg.matrix_rank(rows[1:] - rows[0]) < n:
            continue
        try:
            full = least_coefficient_form(p)
        except DomainError:  # the essential terms span less
            continue
        seen += 1
        assert full.equals(p)
        assert p.essential().support <= full.support
        terms = list(full.terms())
        for i, term in enumerate(terms):
            raised = [
                (t.exponents, t.coefficient + Fraction(int(i == j), 1000))
                for j, t in enumerate(terms)
            ]
            assert not TropicalPolynomial.from_terms(raised).equals(p), term
        outside = TropicalPolynomial.from_terms([([9] * n, -100)])
        assert not (full + outside).equals(p)
    assert seen > 3


def test_equal_functions_have_equal_forms() -> None:
    p = 0 + X**2 + Y**2
    q = p + X * Y * -3
    assert p != q
    assert least_coefficient_form(p) == least_coefficient_form(q)


def test_one_variable_is_the_split_form() -> None:
    p = TropicalPolynomial([0, 1, 3], [1, 4, 0])
    assert least_coefficient_form(p) == split_form(p)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        (TropicalPolynomial.zero(2), "−∞"),
        (0 + X, "do not span"),
        (X, "do not span"),
        (0 + X + Y.power("1/2"), "integer exponents"),
    ],
)
def test_what_is_refused(p: TropicalPolynomial, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        least_coefficient_form(p)


def test_too_many_points() -> None:
    with pytest.raises(BudgetExceeded, match="lattice points"):
        least_coefficient_form(0 + X**999 + Y**999, max_points=1000)
