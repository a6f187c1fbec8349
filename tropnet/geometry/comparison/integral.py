"""Integrals of the difference of two networks: floats with proven error bounds, and rationals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import flint
import numpy as np

from tropnet.exact.fraction import fraction_text
from tropnet.geometry.comparison.gap_values import GapValues
from tropnet.geometry.volume import balanced_sum, exact_simplices, exact_volumes, weighed

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

_U: Final = 2.0**-53
_SLACK: Final = 1 + 2.0**-20
_TINY: Final = 2.0**-900
#: Exact values longer than this are shown as floats.
_SHOWN: Final = 24


@final
@dataclass(frozen=True, slots=True, repr=False)
class Amount:
    """A number ≥ 0 that was computed: between `lower` and `upper`, or exact.

    Attributes:
        value: the float64 nearest to what was computed; infinity where the number is infinite.
        error: a proven bound of |value − the number|.
        exact: the number itself where exact arithmetic was asked for and it is finite.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.geometry.comparison.integral import Amount
        >>> Amount(0.5, 1e-12), Amount.of(Fraction(1, 3)), Amount(float("inf"))
        (0.5 ± 1e-12, 1/3, inf)
    """

    value: float
    error: float = 0.0
    exact: Fraction | None = None

    @staticmethod
    def of(exact: Fraction) -> Amount:
        """Return an exact amount."""
        try:
            value = exact.numerator / exact.denominator  # correctly rounded, whatever the size
        except OverflowError:
            return Amount(math.inf, math.inf, exact)
        return Amount(value, math.ulp(value), exact)

    @property
    def lower(self) -> float:
        """A number that is not larger."""
        if math.isinf(self.error):
            return 0.0
        return max(0.0, math.nextafter(self.value - self.error, -math.inf))

    @property
    def upper(self) -> float:
        """A number that is not smaller."""
        return math.nextafter(self.value + self.error, math.inf)

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        if self.exact is not None and len(text := fraction_text(self.exact)) <= _SHOWN:
            return text
        if not math.isfinite(self.value):
            return f"{self.value}"
        if self.exact is not None:
            return f"{self.value:.12g} (rounded; the rational is in `exact`)"
        return f"{self.value:.12g} ± {self.error:.1g}"

    def root(self) -> Amount:
        """Return the square root; exact only where that is rational."""
        if self.exact is not None:
            above, below = (math.isqrt(v) for v in (self.exact.numerator, self.exact.denominator))
            if Fraction(above * above, below * below) == self.exact:
                return Amount.of(Fraction(above, below))
        value = math.sqrt(self.value)
        if math.isinf(value):
            return Amount(value)
        low, high = math.sqrt(self.lower), math.sqrt(self.upper)
        return Amount(value, 2 * max(value - low, high - value, math.ulp(value)))


@final
@dataclass(frozen=True, eq=False)
class CellIntegrals:
    """Integrals over the bounded cells of a joint complex, with bounds of their errors.

    Attributes:
        volume, volume_error: `(C,)`.
        first, first_error: `(C, m)` the integrals of f_i − g_i.
        square, square_error: `(C,)` the integrals of Σ (f_i − g_i)².
    """

    volume: FloatArray
    volume_error: FloatArray
    first: FloatArray
    first_error: FloatArray
    square: FloatArray
    square_error: FloatArray


def cell_integrals(gaps: GapValues) -> CellIntegrals:
    """Integrate f − g and its square over all bounded cells.

    Over a simplex of volume V an affine h with values h_0 … h_n at the vertices has the integrals
    V Σ h_i / (n + 1) and V ((Σ h_i)² + Σ h_i²) / ((n + 1) (n + 2)).

    Cost: about 1 µs a simplex.
    """
    values, errors = gaps.floats
    c, m = gaps.complex.n_cells, values.shape[1]
    volume, volume_error, counts = np.zeros(c), np.zeros(c), np.zeros(c)
    first, first_error, mass = np.zeros((c, m)), np.zeros((c, m)), np.zeros((c, m))
    square, square_error = np.zeros(c), np.zeros(c)
    for cells, corners, sizes, spread in weighed(gaps.complex, gaps.vertices):
        volume += np.bincount(cells, sizes, c)
        volume_error += np.bincount(cells, spread, c)
        counts += np.bincount(cells, minlength=c)
        for i in range(m):
            with np.errstate(all="ignore"):
                parts = _moments(values[corners, i], errors[corners, i], sizes, spread)
            for held, part in zip(
                (first[:, i], mass[:, i], first_error[:, i], square, square_error),
                parts,
                strict=True,
            ):
                held += np.bincount(cells, part, c)
    grain, least = (counts + 8) * _U, counts * _TINY
    return CellIntegrals(
        *_sound(volume, volume_error + grain * volume),
        *_sound(first, first_error + grain[:, None] * mass + least[:, None]),
        *_sound(square, square_error + grain * square + least),
    )


def _moments(
    h: FloatArray, e: FloatArray, sizes: FloatArray, spread: FloatArray
) -> tuple[FloatArray, ...]:
    """Integrate h, |h| (a bound), the error of the first, h², and its error over simplices.

    Args:
        h: `(s, n + 1)` the values at the vertices.
        e: bounds of their errors.
        sizes: `(s,)` the volumes.
        spread: bounds of their errors.
    """
    count = h.shape[1]
    rounding = 4 * (count + 3) * _U
    whole, size = h.sum(axis=1), np.abs(h).sum(axis=1)
    off = e.sum(axis=1) + rounding * size
    upper = sizes + spread
    both = whole * whole + (h * h).sum(axis=1)
    # (|w| + o)² − w² and the same for each h_i, o being at least the error of each
    lost = 2 * (off * (2 * off + size + np.abs(whole))) + rounding * size * size
    below = count * (count + 1)
    return (
        sizes * whole / count,
        sizes * size / count,
        (upper * off + spread * size) / count,
        sizes * both / below,
        (upper * lost + spread * both) / below,
    )


def _sound(values: FloatArray, errors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Say nothing where something overflowed: zero, with an infinite error."""
    known = np.isfinite(values) & np.isfinite(errors)
    return np.where(known, values, 0.0), np.where(known, _SLACK * errors, np.inf)


def total(values: Iterable[float], errors: Iterable[float]) -> Amount:
    """Return the sum of numbers with error bounds."""
    value, error = math.fsum(values), math.fsum(errors)
    return Amount(value, (error + math.ulp(value)) * _SLACK)


def balanced_total(values: Sequence[Any]) -> Fraction:
    """Return the sum of many big rationals (fmpq) as a Fraction."""
    return _fraction(balanced_sum(values))


def exact_first(gaps: GapValues) -> list[list[Any]]:
    """Return the integrals of f_i − g_i over all bounded cells as fmpq, `[cell][output]`."""
    m, n = gaps.joint.size, gaps.complex.n_inputs
    values = _exact_values(gaps)
    found = [[flint.fmpq(0)] * m for _ in range(gaps.complex.n_cells)]
    for cell, corners, size in exact_simplices(gaps.complex):
        part = size / (n + 1)
        for i in range(m):
            found[cell][i] += part * sum((values[v][i] for v in corners), flint.fmpq(0))
    return found


def exact_square(gaps: GapValues) -> Fraction:
    """Return the integral of Σ (f_i − g_i)² over the bounded cells."""
    n = gaps.complex.n_inputs
    values = _exact_values(gaps)
    parts: dict[int, Any] = {}
    for cell, corners, size in exact_simplices(gaps.complex):
        found = flint.fmpq(0)
        for i in range(gaps.joint.size):
            h = [values[v][i] for v in corners]
            whole = sum(h, flint.fmpq(0))
            found += whole * whole + sum((v * v for v in h), flint.fmpq(0))
        parts[cell] = parts.get(cell, flint.fmpq(0)) + size * found / ((n + 1) * (n + 2))
    return balanced_total(list(parts.values()))


def exact_total(gaps: GapValues, cells: Any) -> Fraction:
    """Return the volume of some bounded cells together."""
    sizes = exact_volumes(gaps.complex)
    chosen = [sizes[c] for c in np.asarray(cells).tolist()]
    return balanced_total([flint.fmpq(v.numerator, v.denominator) for v in chosen if v is not None])


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _exact_values(gaps: GapValues) -> list[list[Any]]:
    every = np.arange(len(gaps.complex.generators))
    _, values = gaps.exact(every)
    return [[flint.fmpq(v.numerator, v.denominator) for v in row] for row in values]
