"""Rounding the weights of a network to a shorter format, with a proven bound of the change."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.checker.gap import Norm
from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.exact.fraction import decimal_text
from tropnet.network import Linear, Network, linear
from tropnet.network.network import Dtype
from tropnet.simplification.approximation import SECONDS, Approximation, Question, Told
from tropnet.simplification.step import Step
from tropnet.simplification.stored_weights import layer_name, stored_weights, with_weights

if TYPE_CHECKING:
    from tropnet.typing import FloatArray


@final
@dataclass(frozen=True, slots=True)
class Format:
    """A binary floating-point format.

    Attributes:
        name: as messages call it.
        bits: of the significand, the leading one included.
        least: the exponent of the smallest normal number; None for no end.
        largest: the largest number; None for no end.
        dtype: an arithmetic whose numbers these are; None for that of the network.
    """

    name: str
    bits: int
    least: int | None = None
    largest: Fraction | None = None
    dtype: Dtype | None = None

    def quantum(self, exponent: int) -> int:
        """Return the exponent of the last place of numbers in [2^exponent, 2^(exponent + 1))."""
        if self.least is not None:
            exponent = max(exponent, self.least)
        return exponent - self.bits + 1

    def nearest(self, value: Fraction) -> Fraction:
        """Return the nearest number of the format, that with an even last place of two.

        Numbers beyond the largest are rounded as if there were no end.

        Example:
            >>> from fractions import Fraction
            >>> from tropnet.simplification.round_weights import FORMATS
            >>> FORMATS["float16"].nearest(Fraction(2049))
            Fraction(2048, 1)
        """
        if not value:
            return value
        exponent = value.numerator.bit_length() - value.denominator.bit_length()
        if abs(value) < Fraction(2) ** exponent:
            exponent -= 1
        place = Fraction(2) ** self.quantum(exponent)
        return round(value / place) * place

    def nearest_floats(self, values: FloatArray) -> FloatArray:
        """Return the nearest numbers to float64s, in integer arithmetic on their bits."""
        if self.bits > _FLOAT64_BITS:
            return values
        fractions, exponents = np.frexp(values)
        mantissas = np.ldexp(fractions, _FLOAT64_BITS).astype(np.int64)
        last = exponents.astype(np.int64) - 1
        if self.least is not None:
            last = np.maximum(last, self.least)
        last += 1 - self.bits
        shift = np.clip(last - (exponents.astype(np.int64) - _FLOAT64_BITS), 0, _MOST_SHIFT)
        whole, rest = mantissas >> shift, mantissas & ((1 << shift) - 1)
        twice, unit = 2 * rest, np.left_shift(1, shift)
        up = (twice > unit) | ((twice == unit) & (whole & 1 == 1))
        rounded = np.ldexp((whole + up).astype(np.float64), last.astype(np.int32))
        return np.where(mantissas == 0, 0.0, rounded)


_FLOAT64_BITS: Final = 53
#: A shift by so many bits leaves nothing of a mantissa of 53 bits.
_MOST_SHIFT: Final = 60

#: The formats that have names.
FORMATS: Final[dict[str, Format]] = {
    "float16": Format("float16", 11, -14, Fraction(65504), "float16"),
    "bfloat16": Format("bfloat16", 8, -126, Fraction(255 * 2**120), "float32"),
    "float32": Format("float32", 24, -126, Fraction((2**24 - 1) * 2**104), "float32"),
}


def round_weights(
    network: Network,
    format: str | int,  # noqa: A002 - what it is
    domain: Domain = None,
    *,
    norm: Norm = "inf",
    atol: Any = 0,
    time_limit: float = SECONDS,
    seed: int = 0,
    progress: Told | None = None,
) -> Approximation:
    """Round all weights and biases to a shorter format, and prove how much the function changes.

    Each is rounded on its own to the nearest number of the format, of two to the even one, exactly.
    The bounds are for the function of the rounded weights over the real numbers; how far a run in
    float16 is from that, `result.enclosure(points, "float16")` bounds.

    Args:
        network: the network.
        format: `"float16"`, `"bfloat16"` or `"float32"`, with their ranges and subnormal numbers;
            or how many bits the significand shall have, with exponents of any size.
        domain: where the bounds shall hold: a `Box`, a `Polyhedron`, or None for all of R^n, where
            the change is mostly unbounded.
        norm: the norm on the outputs: `"inf"`, `"1"` or `"2"`.
        atol: where positive, stop as soon as the change is proven to be at most this, or more.
        time_limit: seconds for the bounds.
        seed: of the random searches.
        progress: called now and then with a word on what goes on, and the share done, if known.

    Returns:
        The `Approximation`. Its result runs in float16 where that is the format, in float32 for
        bfloat16 and float32, and else in the arithmetic of the network.

    Raises:
        DomainError: an unknown format, or a weight beyond its range, named in the message.
        ShapeError: a domain of another dimension.

    Cost: one exact pass of intervals; then the bounds are narrowed while the time allows.

    Example:
        >>> import tropnet
        >>> from tropnet.simplification.round_weights import round_weights
        >>> f = tropnet.Network.from_dense([[[2049]], [[1]]])
        >>> found = round_weights(f, "float16", tropnet.Box([0], [3]))
        >>> found.bound, found.result.dtype
        (Fraction(3, 1), 'float16')
    """
    start = time.perf_counter()
    chosen = _format(format)
    weights, biases, steps = [], [], []
    changed = [0] * len(network.affines)
    for stored in stored_weights(network):
        rounded, count = _rounded(stored.matrix, chosen)
        where = layer_name(network, stored.layer)
        source = f" from layer {stored.source}" if stored.source else " from the input"
        _require_range(stored.matrix, rounded, chosen, f"a weight of {where}{source}")
        weights.append(rounded)
        changed[stored.layer] += count
    for k, affine in enumerate(network.affines):
        rounded, count = _rounded(affine.bias, chosen)
        where = layer_name(network, k)
        _require_range(affine.bias, rounded, chosen, f"a bias of {where}")
        biases.append(rounded)
        changed[k] += count
        if changed[k]:
            detail = f"{changed[k]:,} numbers changed to the nearest {chosen.name}"
            steps.append(Step("round", where, 0, detail))
    note = f"rounded: weights and biases are the nearest {chosen.name}" if steps else None
    near = with_weights(network, weights, biases, dtype=chosen.dtype, note=note)
    verdict = Question(domain, norm, atol, time_limit, seed, progress).measured(network, near)
    seconds = time.perf_counter() - start
    return Approximation(network, near, near, domain, verdict, tuple(steps), None, seconds)


def _format(name: Any) -> Format:
    if isinstance(name, int) and not isinstance(name, bool) and name >= 1:
        return Format(f"number of {name} bits", name)
    if isinstance(name, str) and name in FORMATS:
        return FORMATS[name]
    raise DomainError(
        f"format is {name!r}; give one of {', '.join(FORMATS)}, or the number of bits of the "
        "significand, such as 8"
    )


def _rounded(matrix: Linear, chosen: Format) -> tuple[Linear, int]:
    """Return the rounded entries, and how many of them are others than before."""
    if matrix.rounding is None:
        with np.errstate(over="ignore"):
            floats = chosen.nearest_floats(matrix.values)
        if np.isfinite(floats).all():
            return linear(floats), int(np.count_nonzero(floats != matrix.values))
    before = matrix.exact.to_fractions()
    after = [[chosen.nearest(v) for v in row] for row in before]
    count = sum(
        u != v for r, s in zip(before, after, strict=True) for u, v in zip(r, s, strict=True)
    )
    return linear(after), count


def _require_range(before: Linear, after: Linear, chosen: Format, what: str) -> None:
    if chosen.largest is None or not (np.abs(after.values) > float(chosen.largest)).any():
        return
    row, column = np.argwhere(np.abs(after.values) > float(chosen.largest))[0].tolist()
    value = before.exact[row, column]
    place = f"[{row}]" if what.startswith("a bias") else f"[{row}, {column}]"
    raise DomainError(
        f"{what}, {place} = {decimal_text(value)}, is beyond the largest {chosen.name}, "
        f"{decimal_text(chosen.largest)}; scale the network or take a format with a larger range"
    )
