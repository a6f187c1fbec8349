from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import as_fraction, as_fractions
from tropnet.exact.fraction import fraction_text, shortened
from tropnet.testing.strategies import nasty_floats

sympy, mpmath = import_module("sympy"), import_module("mpmath")

THIRD = Fraction(1, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, Fraction(7)),
        (10**400, Fraction(10**400)),
        (np.int8(-7), Fraction(-7)),
        (np.uint64(2**64 - 1), Fraction(2**64 - 1)),
        (0.1, Fraction(3602879701896397, 2**55)),
        (-0.0, Fraction(0)),
        (5e-324, Fraction(1, 2**1074)),
        (np.float16(0.1), Fraction(819, 2**13)),
        (np.float32(0.1), Fraction(13421773, 2**27)),
        (np.float64(0.1), Fraction(3602879701896397, 2**55)),
        (np.array(0.5), Fraction(1, 2)),
        (np.array(3), Fraction(3)),
        (Decimal("0.1"), Fraction(1, 10)),
        (Decimal("-1E+3"), Fraction(-1000)),
        (Decimal("-0"), Fraction(0)),
        (flint.fmpz(-5), Fraction(-5)),
        (flint.fmpq(-2, 6), Fraction(-1, 3)),
        (sympy.Integer(4), Fraction(4)),
        (sympy.Rational(1, 3), THIRD),
        (sympy.Float("0.25"), Fraction(1, 4)),
        (mpmath.mpf(-3) / 8, Fraction(-3, 8)),
        (mpmath.mpf(0), Fraction(0)),
        ("1/3", THIRD),
        (" -1 / 3 ", -THIRD),
        ("1/-3", -THIRD),
        ("0.1/0.3", THIRD),
        ("1e-3", Fraction(1, 1000)),
        ("+.5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("1_000", Fraction(1000)),
        ("１２", Fraction(12)),  # digits of another script, as Python's own int reads them
        ("1e20000", Fraction(10**20000)),
    ],
)
def test_every_kind_of_number_keeps_its_exact_value(value: Any, expected: Fraction) -> None:
    found = as_fraction(value)
    assert type(found) is Fraction
    assert found == expected


def test_a_long_double_is_not_rounded_on_the_way() -> None:
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("this machine's long double is no longer than a double")
    assert as_fraction(np.longdouble(1) + np.longdouble(2) ** -60) == 1 + Fraction(1, 2**60)
    assert as_fraction(np.longdouble(2) ** 5000) == 2**5000
    with pytest.raises(DomainError, match="x is inf, which has no rational value"):
        as_fraction(np.longdouble("inf"), "x")


@pytest.mark.parametrize("digits", [20, 50, 200])
def test_floats_of_many_digits_are_not_rounded(digits: int) -> None:
    value = as_fraction(sympy.Float("-0.1", digits))
    assert 0 < abs(value + Fraction(1, 10)) < Fraction(1, 10**digits)
    with mpmath.workdps(digits):
        assert as_fraction(-mpmath.mpf(1) / 10) == value


@given(nasty_floats())
def test_floats_agree_with_pythons_own_ratio(value: float) -> None:
    assert as_fraction(value) == Fraction(*value.as_integer_ratio())
    assert as_fraction(np.float64(value)) == as_fraction(value)
    assert as_fraction(repr(value)) == Fraction(repr(value))
    assert as_fraction(Decimal(value)) == as_fraction(value)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), -float("inf"), np.float32("nan"), np.float16("inf"),
        np.array(np.nan), Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), "nan", "inf",
        "-Infinity", "snan", "1/inf", sympy.oo, sympy.nan, sympy.zoo, mpmath.inf, mpmath.nan,
        sympy.Float("inf"), mpmath.mpf("1e99999999"), mpmath.mpf(2) ** -99999999,
    ],
)  # fmt: skip
def test_what_has_no_finite_value_is_refused(value: Any) -> None:
    with pytest.raises(DomainError, match=r"^weight "):
        as_fraction(value, "weight")


@pytest.mark.parametrize(
    "value",
    ["", " ", "/", "1/", "/2", "1/0", "0/0", "1/2/3", "1,5", "0x10", "one", "1 2", "1e", "--1",
     "1e999999999", "1e-999999999", "0e99999999", "1e9999999999999999999999999", "1/1e-99999999"],
)  # fmt: skip
def test_texts_that_spell_no_number_are_refused(value: str) -> None:
    with pytest.raises(DomainError, match=r"^x is "):
        as_fraction(value, "x")


@pytest.mark.parametrize(
    "value",
    [True, np.True_, np.array(False), 1j, np.complex64(1), np.clongdouble(1), None, b"1", [1], (1,),
     np.ones(1), np.ones((2, 2)), sympy.Symbol("x"), sympy.pi, sympy.I, object(), float],
)  # fmt: skip
def test_what_is_no_number_is_refused_in_one_line(value: Any) -> None:
    with pytest.raises(DomainError) as caught:
        as_fraction(value, "x")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 150


def test_messages_name_the_value_and_the_next_step() -> None:
    with pytest.raises(DomainError) as caught:
        as_fractions([0, float("nan")], "bias")
    assert str(caught.value) == (
        "bias[1] is nan, which has no rational value; remove NaN and infinities first"
    )
    with pytest.raises(DomainError) as caught:
        as_fraction("1e999999999")
    assert str(caught.value) == (
        "value is '1e999999999', whose exponent is beyond 20000; it is probably garbled"
    )
    with pytest.raises(DomainError) as caught:
        as_fraction("x" * 10**6)
    assert str(caught.value) == (
        f"value is the text '{'x' * 37}...', not a finite number such as '1/3' or '0.25'"
    )
    with pytest.raises(DomainError) as caught:
        as_fraction(True)
    assert str(caught.value) == "value is the boolean True, not a number; pass 0 or 1 if meant"


@pytest.mark.parametrize("values", ["12", b"12", {1, 2}, {1: 2}, 3, 0.5, Fraction(1)])
def test_a_text_or_a_number_is_no_sequence(values: Any) -> None:
    with pytest.raises(ShapeError, match="not a sequence of numbers; put them in a list"):
        as_fractions(values)


@pytest.mark.parametrize("make", [list, tuple, iter, np.array])
def test_vectors_of_any_kind(make: Callable[[list[float]], Any]) -> None:
    assert as_fractions(make([0.5, 2.0])) == (Fraction(1, 2), Fraction(2))
    assert as_fractions(make([])) == ()


@given(st.fractions())
def test_texts_of_fractions_read_back(value: Fraction) -> None:
    assert fraction_text(value) == str(value)
    assert as_fraction(fraction_text(value)) == value


def test_texts_of_fractions_have_no_limit_of_digits() -> None:
    huge = Fraction(3**20000, 2**20001)
    assert sys.get_int_max_str_digits() < 10000
    assert as_fraction(fraction_text(huge)) == huge


def test_shortened_texts_have_one_line() -> None:
    assert shortened("a\n  b\tc") == "a b c"
    assert shortened("x" * 50, 10) == "xxxxxxx..."
