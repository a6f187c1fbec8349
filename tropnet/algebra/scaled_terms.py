"""Terms as float64 columns of about size one, whatever the size of the rationals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray

#: Columns whose largest entry lies within 2^±this are scaled after rounding to float64: what
#: underflows there is below the rounding of the largest entry.
_SAFE_EXPONENT: Final = 900


@final
@dataclass(frozen=True, eq=False)
class ScaledTerms:
    """The terms of several polynomials on the same space, rounded to float64 columns.

    Coordinates and values are measured in powers of two: x_k = x̂_k · 2^(value − column_k), so that
    the largest exponent in each coordinate and the largest coefficient lie in [1/2, 1). Each entry
    is within u = 2^-53, relative to itself or to the largest of its column, of the exact one.

    Args:
        a: `(n, N)`, exponents as columns.
        b: `(N,)`, coefficients.
        column: `(n,)`, the power of two taken out of each coordinate of the exponents.
        value: the power of two taken out of the coefficients.
    """

    a: FloatArray
    b: FloatArray
    column: IntArray
    value: int

    @staticmethod
    def of(
        polynomials: Sequence[tuple[RationalMatrix, RationalMatrix]],
        domain: tuple[RationalMatrix, RationalMatrix] | None = None,
    ) -> ScaledTerms:
        """Round the terms of polynomials, then the inequalities of a domain.

        Args:
            polynomials: exponents `(k, n)` and coefficients `(k, 1)` of each.
            domain: (A, b) of A x ≤ b without zero rows; row r becomes the term A_r x − b_r, over a
                power of two, which the term 0 beats inside.

        Cost: about 0.3 µs an entry.
        """
        pieces = [_rounded(a) for a, _ in polynomials]
        columns = np.max([exponent for _, exponent in pieces], axis=0)
        columns = np.where(columns == _NOTHING, 0, columns)
        a = [
            _rescaled(matrix, *piece, columns)
            for (matrix, _), piece in zip(polynomials, pieces, strict=True)
        ]
        sides = [_rounded(b) for _, b in polynomials]
        value = int(max(exponent[0] for _, exponent in sides))
        value = 0 if value == _NOTHING else value
        shift = np.array([value], dtype=np.int64)
        b = [
            _rescaled(matrix, *side, shift)
            for (_, matrix), side in zip(polynomials, sides, strict=True)
        ]
        if domain is not None:
            rows = RationalMatrix.stack_columns([domain[0], -domain[1]])
            scales = [_power(value - int(k)) for k in columns] + [Fraction(1)]
            inequalities = rows @ RationalMatrix.diagonal(scales)
            sizes = [_exponent_of(max(map(abs, row[:-1]))) for row in inequalities]
            inequalities = RationalMatrix.of(
                [
                    [v * _power(-size) for v in row]
                    for row, size in zip(inequalities, sizes, strict=True)
                ]
            )
            floats = inequalities.to_floats()
            a.append(floats[:, :-1])
            b.append(floats[:, -1:])
        return ScaledTerms(
            np.ascontiguousarray(np.concatenate(a).T), np.concatenate(b)[:, 0], columns, value
        )

    @property
    def usable(self) -> bool:
        """Whether all entries are finite; where not, only exact arithmetic helps."""
        return bool(np.isfinite(self.a).all() and np.isfinite(self.b).all())

    def point(self, scaled: FloatArray) -> tuple[Fraction, ...]:
        """Return the exact point that scaled float coordinates stand for."""
        pairs = zip(scaled.tolist(), self.column.tolist(), strict=True)
        return tuple(Fraction(x) * _power(self.value - k) for x, k in pairs)


#: The exponent of a column of zeros.
_NOTHING: Final = -(1 << 40)


def _rounded(matrix: RationalMatrix) -> tuple[FloatArray | None, IntArray]:
    """Return the floats, or None where they are unsafe, and the exponent of each column's size."""
    floats = matrix.to_floats()
    sizes = np.abs(floats).max(axis=0, initial=0.0)
    exponents = np.where(sizes > 0, np.frexp(sizes)[1], _NOTHING).astype(np.int64)
    safe = np.isfinite(sizes).all() and (np.abs(exponents[sizes > 0]) <= _SAFE_EXPONENT).all()
    if safe and (sizes > 0).all():
        return floats, exponents
    columns = zip(*matrix.to_fractions(), strict=True)
    largest = [max(map(abs, column), default=Fraction(0)) for column in columns]
    exact = [_exponent_of(size) if size else _NOTHING for size in largest]
    if safe and all((e == _NOTHING) == (s == 0) for e, s in zip(exact, sizes, strict=True)):
        return floats, exponents
    return None, np.array(exact, dtype=np.int64)


def _rescaled(
    matrix: RationalMatrix, floats: FloatArray | None, _: IntArray, shift: IntArray
) -> FloatArray:
    if floats is not None and (np.abs(shift) <= _SAFE_EXPONENT).all():
        scaled: FloatArray = np.ldexp(floats, -shift)
        return scaled
    scales = RationalMatrix.diagonal([_power(-int(k)) for k in shift])
    return (matrix @ scales).to_floats()


def _exponent_of(size: Fraction) -> int:
    return size.numerator.bit_length() - size.denominator.bit_length()


def _power(exponent: int) -> Fraction:
    return Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)
