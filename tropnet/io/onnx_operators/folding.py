"""Operators that are read of constants alone: they calculate shapes and scales.

What has no exact rational result is refused, and so is all of it where it meets the input.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.io.onnx_operators.foldable import integer_arrays
from tropnet.io.onnx_operators.reduction import reduced_axes
from tropnet.io.onnx_operators.registry import Call, operator
from tropnet.io.onnx_operators.whole import whole
from tropnet.io.tensor import Constant, Value

if TYPE_CHECKING:
    from tropnet.typing import AnyArray


@operator("Floor", "Ceil", "Round")
def rounded(call: Call) -> Value:
    """Floor(X), Ceil(X), Round(X) to even, of constants."""
    rounding: Callable[[Fraction], int] = {"Floor": math.floor, "Ceil": math.ceil}.get(
        call.op, round
    )
    return _each(call, lambda v: Fraction(whole(call, v, rounding)))


@operator("Sign")
def sign(call: Call) -> Value:
    """Sign(X) of constants."""
    return _each(call, lambda v: Fraction((v > 0) - (v < 0)))


@operator("Reciprocal")
def reciprocal(call: Call) -> Value:
    """Reciprocal(X) = 1/X of constants, exactly."""
    return _each(call, lambda v: 1 / v if v else None)


@operator("Sqrt")
def sqrt(call: Call) -> Value:
    """Sqrt(X) of constants that are squares of rationals."""
    return _each(call, _root)


@operator("Exp", "Log")
def transcendental(call: Call) -> Value:
    """Exp(0) and Log(1), the rational ones."""
    at, result = (0, 1) if call.op == "Exp" else (1, 0)
    return _each(call, lambda v: Fraction(result) if v == at else None)


@operator("Pow")
def power(call: Call) -> Value:
    """Pow(X, Y): X itself where Y is one; else of constants, with whole exponents."""
    exponents = call.value(1)
    if not isinstance(exponents, Constant):
        raise call.refused()
    base = call.value(0)
    try:
        shape = np.broadcast_shapes(base.shape, exponents.shape)
    except ValueError:
        raise ShapeError(
            f"node {call.name!r} (Pow): shapes {base.shape} and {exponents.shape} do not fit "
            "together"
        ) from None
    if (exponents.values == 1).all() and shape == base.shape:
        return base
    if not isinstance(base, Constant):
        raise call.refused()
    pairs = zip(
        np.broadcast_to(base.fractions(), shape).reshape(-1),
        np.broadcast_to(exponents.fractions(), shape).reshape(-1),
        strict=True,
    )
    return _shaped(call, [_power(b, e) for b, e in pairs], shape, base)


@operator("Mod")
def remainder(call: Call) -> Value:
    """Mod(A, B) of constant integers: the sign of B, with fmod that of A."""
    a, b = (call.value(k) for k in range(2))
    if not isinstance(a, Constant) or not isinstance(b, Constant):
        raise call.refused()
    if not (a.is_integer and b.is_integer):
        raise call.unsupported("it divides reals with a rest", "integers")
    require_divisors(call, b)
    rest = np.fmod if call.integer("fmod", 0) else np.mod
    return Constant(np.asarray(rest(*(integer_arrays(a, b) or ()))))


@operator("NonZero")
def nonzero(call: Call) -> Value:
    """NonZero(X): the places of the values that are not zero, of constants."""
    value = call.value(0)
    if not isinstance(value, Constant):
        raise call.refused()
    places = np.nonzero(np.atleast_1d(value.values != 0))
    return Constant(np.array(places, dtype=np.int64).reshape(len(value.shape), -1))


@operator("ReduceProd")
def product(call: Call) -> Value:
    """ReduceProd(X) of constant integers, such as the sizes of a tensor."""
    value = call.value(0)
    if not isinstance(value, Constant):
        raise call.refused()
    if not value.is_integer:
        raise call.unsupported("it multiplies reals", "integers")
    axes = reduced_axes(call)
    if axes == []:
        return value
    chosen = None if axes is None else tuple(axes)
    keep = bool(call.integer("keepdims", 1))
    found = np.prod(value.values, axis=chosen, keepdims=keep, dtype=value.values.dtype)
    return Constant(np.asarray(found))


def require_divisors(call: Call, divisors: Constant) -> None:
    """Refuse to divide constants by zero.

    Raises:
        DomainError: a divisor is zero.
    """
    if not divisors.values.astype(bool).all():
        raise DomainError(f"node {call.name!r} ({call.op}) divides by zero")


def _each(call: Call, function: Callable[[Fraction], Fraction | None]) -> Value:
    value = call.value(0)
    if not isinstance(value, Constant):
        raise call.refused()
    found = [function(v) for v in value.fractions().reshape(-1)]
    return _shaped(call, found, value.shape, value)


def _shaped(
    call: Call, found: list[Fraction | None], shape: tuple[int, ...], like: Constant
) -> Value:
    entries = np.empty(len(found), dtype=object)
    for k, number in enumerate(found):
        if number is None:
            raise call.unsupported(
                "its value is no rational number of moderate size", "the value stored instead"
            )
        entries[k] = number
    result: AnyArray = entries.reshape(shape)
    if like.is_integer:
        limits: Any = np.iinfo(like.values.dtype)
        if any(not limits.min <= v <= limits.max for v in found if v is not None):
            raise DomainError(f"node {call.name!r} ({call.op}): a constant exceeds {limits.dtype}")
        return Constant(result.astype(like.values.dtype))
    floats = result.astype(np.float64)
    if (floats == result).all():
        return Constant(floats)
    return Constant(result)


def _root(number: Fraction) -> Fraction | None:
    if number < 0:
        return None
    top, bottom = math.isqrt(number.numerator), math.isqrt(number.denominator)
    return Fraction(top, bottom) if Fraction(top, bottom) ** 2 == number else None


#: Bits of a power; a float64 and its reciprocal have at most 1075.
_MOST_BITS: Final = 2**14


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent == Fraction(1, 2):
        return _root(base)
    bits = max(abs(base.numerator).bit_length(), base.denominator.bit_length())
    if exponent.denominator != 1 or abs(exponent) * bits > _MOST_BITS:
        return None
    if base == 0 and exponent < 0:
        return None
    return Fraction(base ** int(exponent))
