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

#: Columns whose largest entry lies within 2^±this are scaled after rounding to float64; what
#: underflow took from an entry is then still below 2^-875 (cell_search counts it in).
_SAFE_EXPONENT: Final = 200


@final
@dataclass(frozen=True, eq=False)
class ScaledTerms:
    """The terms of several polynomials on the same space, rounded to float64 columns.

    Polynomials after the first may carry a positive factor of their own, which moves no cells.
    Coordinates and values are measured in powers of two: x_k = x̂_k · 2^(value − column_k), so that
    the largest exponent in each coordinate and the largest coefficient lie in [1/2, 2). Each entry
    is within 2^-53 of its size, or within 2^-875, of the exact one.

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
        leveled, powers = _leveled(polynomials)
        pieces = [_rounded(a) for a, _ in leveled]
        columns = np.max([exponents for _, exponents in pieces], axis=0)
        columns = np.where(columns == _NOTHING, 0, columns)
        sides = [_rounded(b) for _, b in leveled]
        value = int(max(exponents[0] for _, exponents in sides))
        shift = np.array([0 if value == _NOTHING else value], dtype=np.int64)
        a, b = [], []
        for (left, right), piece, side, power in zip(leveled, pieces, sides, powers, strict=True):
            a.append(np.ldexp(_rescaled(left, piece[0], columns), power))
            b.append(np.ldexp(_rescaled(right, side[0], shift), power))
        value = int(shift[0])
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


#: The exponent of a column of zeros, and a distance between exponents that is none.
_NOTHING: Final = -(1 << 40)
_FAR: Final = 1 << 39


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


def _leveled(
    polynomials: Sequence[tuple[RationalMatrix, RationalMatrix]],
) -> tuple[Sequence[tuple[RationalMatrix, RationalMatrix]], list[int]]:
    """Bring polynomials of very different sizes closer, exactly, and say what powers of two remain.

    A positive factor moves none of a polynomial's cells. The largest entry of each, in the common
    scale of the columns, shall have size one; powers up to 200 are left to the floats.
    """
    if len(polynomials) == 1:
        return polynomials, [0]
    sizes = [np.concatenate([_rounded(part)[1] for part in pair]) for pair in polynomials]
    top = np.max(sizes, axis=0)
    missing = [int(np.min(top - size, where=size != _NOTHING, initial=_FAR)) for size in sizes]
    missing = [0 if power == _FAR else power for power in missing]
    leveled = [
        (a, b) if power <= _SAFE_EXPONENT else (a * (1 << power), b * (1 << power))
        for (a, b), power in zip(polynomials, missing, strict=True)
    ]
    return leveled, [power if power <= _SAFE_EXPONENT else 0 for power in missing]


def _rescaled(matrix: RationalMatrix, floats: FloatArray | None, shift: IntArray) -> FloatArray:
    if floats is not None and (np.abs(shift) <= _SAFE_EXPONENT).all():
        scaled: FloatArray = np.ldexp(floats, -shift)
        return scaled
    scales = RationalMatrix.diagonal([_power(-int(k)) for k in shift])
    return (matrix @ scales).to_floats()


def _exponent_of(size: Fraction) -> int:
    return size.numerator.bit_length() - size.denominator.bit_length()


def _power(exponent: int) -> Fraction:
    return Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)
