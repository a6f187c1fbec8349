from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.io.query_decimal import Decimals

_ANY = st.builds(
    lambda n, d, k: Fraction(n, d) * Fraction(10) ** k,
    st.integers(-(10**30), 10**30),
    st.integers(1, 10**12),
    st.integers(-60, 60),
)


@given(_ANY | st.floats(-1e30, 1e30).map(Fraction), st.sampled_from([-1, 1]))
@settings(max_examples=200, deadline=None)
def test_decimals_lie_on_their_side_and_near(value: Fraction, direction: int) -> None:
    write = Decimals()
    text = write.towards(value, direction)  # type: ignore[arg-type]
    assert set(text) <= set("-.0123456789")
    assert text.count(".") == 1
    found = Fraction(text)
    assert (found - value) * direction >= 0
    assert abs(found - value) <= abs(value) / 10**17
    assert (found != value) == bool(write.rounded)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.0"),
        ("-3", "-3.0"),
        ("1e30", "1" + "0" * 30 + ".0"),
        ("-0.05", "-0.05"),
        ("1e-100", "0." + "0" * 99 + "1"),
        (0.1, "0.1000000000000000055511151231257827021181583404541015625"),
    ],
)
def test_what_is_exact(value: str | float, text: str) -> None:
    write = Decimals()
    for direction in (-1, 1):
        assert write.towards(Fraction(value), direction) == text
    assert write.rounded == 0


def test_tiny_numbers_keep_their_digits() -> None:
    write = Decimals()
    assert Fraction(write.towards(Fraction(1, 10**200), -1)) == Fraction(1, 10**200)
    assert 0 < Fraction(write.towards(Fraction(1, 3 * 10**300), -1)) < Fraction(1, 3 * 10**300)
