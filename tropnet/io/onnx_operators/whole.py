"""Whole numbers from real ones: only where no runtime could see another."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from tropnet.io.onnx_operators.registry import Call

#: Relatively this close, a runtime's float may be rounded onto a jump: in float16, else float32.
_CLOSE: Final = {10: Fraction(1, 2**8)}
_CLOSE_IN_FLOAT32: Final = Fraction(1, 2**20)


def whole(call: Call, number: Fraction, rounding: Callable[[Fraction], int]) -> int:
    """Return floor, ceil, trunc or round of an exact number that the graph computes.

    A shape that is computed in floats is not well defined where a rounding error decides it, as in
    floor(10 · 0.7). What lies next to a jump, but not on it, is refused.

    Args:
        call: the node, for the error.
        number: the exact value.
        rounding: a function that is constant between its jumps, which lie at multiples of 1/2.

    Raises:
        UnsupportedLayerError: a rounding error could decide the result.
    """
    found = rounding(number)
    slack = _CLOSE.get(call.kind(0), _CLOSE_IN_FLOAT32) * max(abs(number), Fraction(1))
    nearest = Fraction(round(2 * number), 2)
    around = {rounding(number - slack), found, rounding(number + slack)}
    if number != nearest and abs(number - nearest) <= slack and len(around) > 1:
        raise call.unsupported(
            f"it rounds {float(number):g}, so that a rounding error decides the result",
            "an export with fixed shapes",
        )
    return found
