from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.checker.gap import NORMS, norm_above, norm_below
from tropnet.errors import DomainError
from tropnet.testing.strategies import rationals

VECTORS = st.lists(rationals(9, (1, 2, 3, 7)), max_size=4)


@given(VECTORS)
def test_norms_against_their_definitions(values: list[Fraction]) -> None:
    sizes = [abs(v) for v in values]
    assert norm_below(values, "inf") == norm_above(values, "inf") == max(sizes, default=0)
    assert norm_below(values, "1") == norm_above(values, "1") == sum(sizes)


@given(VECTORS, st.sampled_from([0, 1, 400, -400]))
def test_the_root_is_enclosed_tightly(values: list[Fraction], exponent: int) -> None:
    values = [v * Fraction(2) ** exponent for v in values]
    square = sum((v * v for v in values), Fraction(0))
    below, above = norm_below(values, "2"), norm_above(values, "2")
    assert below**2 <= square <= above**2
    assert above - below <= below * Fraction(1, 2**100)


def test_rational_roots_are_exact() -> None:
    assert norm_below([Fraction(3, 7), Fraction(4, 7)], "2") == Fraction(5, 7)
    assert norm_above([Fraction(3, 7), Fraction(4, 7)], "2") == Fraction(5, 7)


def test_an_unknown_norm_is_refused() -> None:
    for norm_of in (norm_below, norm_above):
        with pytest.raises(DomainError, match="unknown norm '3'; known: inf, 1, 2"):
            norm_of([Fraction(1)], "3")
    assert NORMS == ("inf", "1", "2")
