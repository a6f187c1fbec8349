"""Common monomials: cancelled once, where that leaves less to write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simplification.quotients import quotient
from tropnet.algebra import TropicalPolynomial, TropicalRational
from tropnet.simplification.common_monomial import common_monomial, times


@pytest.mark.parametrize(
    ("p", "q", "after"),
    [
        ("max(x1, x1 + x2)", "max(x1, 3*x1)", "max(0, x₂) ⊘ max(0, 2*x₁)"),
        ("max(3, 3 + x1)", "max(4, 3 + x2)", "max(0, x₁) ⊘ max(1, x₂)"),
        ("max(x1, 2*x1)", "x1 + 5", "max(-5, -5 + x₁)"),
        ("x1 + 5", "max(x1, 2*x1)", "0 ⊘ max(-5, -5 + x₁)"),
        # cancelled exponents would leave more to write, as would cancelled coefficients
        ("max(-x1, 0, x2)", "max(0, x2 + 1)", None),
        ("max(-x1, x1)", "0", None),
        ("max(1/3, x1 + 1/5)", "max(1/7, x2 + 1/11)", None),
    ],
)
def test_cases(p: str, q: str, after: str | None) -> None:
    f = quotient(p, q)
    factor = common_monomial(f)
    if after is None:
        assert factor is None
    else:
        assert factor is not None
        assert str(times(f, factor)) == after


def numbers(f: TropicalRational) -> int:
    terms = [term for part in (f.numerator, f.denominator) for term in part.terms()]
    return sum(bool(v) for term in terms for v in (*term.exponents, term.coefficient))


rows = st.lists(st.tuples(*[st.integers(-2, 2)] * 3), min_size=2, max_size=4)


@settings(max_examples=60, deadline=None)
@given(rows, rows)
def test_fewer_numbers_and_only_once(
    above: list[tuple[int, int, int]], below: list[tuple[int, int, int]]
) -> None:
    f = TropicalRational(
        *(
            TropicalPolynomial.from_terms([(row[:2], row[2]) for row in own])
            for own in (above, below)
        )
    )
    factor = common_monomial(f)
    if factor is not None:
        after = times(f, factor)
        assert f.equals(after)
        assert common_monomial(after) is None
        assert numbers(after) < numbers(f) or 1 in f.k


def test_minus_infinity_has_none() -> None:
    assert common_monomial(TropicalRational(TropicalPolynomial.zero(2))) is None
