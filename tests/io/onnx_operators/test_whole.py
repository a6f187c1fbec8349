"""Whole numbers from fractions: refused where a rounding error could decide."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest

from tropnet.errors import UnsupportedLayerError
from tropnet.io.onnx_operators import Call
from tropnet.io.onnx_operators.whole import whole
from tropnet.io.operations import Operations


def _call(kind: int = 1) -> Call:
    return Call("n", "Floor", (), {}, 17, Operations("float32"), kinds=(kind,))


@pytest.mark.parametrize(
    ("rounding", "number", "wanted"),
    [
        (math.floor, Fraction(5, 2), 2),
        (math.floor, Fraction(3), 3),
        (math.ceil, Fraction(-3), -3),
        (math.trunc, Fraction(-7, 3), -2),
        (math.trunc, Fraction(1, 2**30), 0),  # no jump at zero
        (round, Fraction(5, 2), 2),
        (round, Fraction(2) + Fraction(1, 2**30), 2),
    ],
)
def test_what_is_clear(rounding: Callable[[Fraction], int], number: Fraction, wanted: int) -> None:
    assert whole(_call(), number, rounding) == wanted


@pytest.mark.parametrize(
    ("rounding", "number"),
    [
        (math.floor, Fraction(3) - Fraction(1, 2**21)),
        (math.floor, Fraction(3) + Fraction(1, 2**21)),
        (math.ceil, Fraction(-3) - Fraction(1, 2**21)),
        (math.trunc, Fraction(-2) + Fraction(1, 2**21)),
        (round, Fraction(5, 2) + Fraction(1, 2**21)),
        (math.floor, Fraction(10) * Fraction(0.7)),
    ],
)
def test_what_a_rounding_error_decides(
    rounding: Callable[[Fraction], int], number: Fraction
) -> None:
    with pytest.raises(UnsupportedLayerError, match=r"a rounding error decides.*fixed shapes"):
        whole(_call(), number, rounding)


def test_float16_rounds_more() -> None:
    number = Fraction(7) - Fraction(1, 2**7)
    assert whole(_call(), number, math.floor) == 6
    with pytest.raises(UnsupportedLayerError):
        whole(_call(10), number, math.floor)
