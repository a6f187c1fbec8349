"""Where the difference of two networks is largest and smallest, exactly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.exact.fraction import decimal_text, fraction_text, shortened
from tropnet.geometry.comparison.gap_values import GapValues

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: Vertices solved exactly at a time.
_CHUNK: Final = 512

#: What is sought: from the values of f − g to the number to be maximised.
Score = Callable[[list[Fraction]], Fraction]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Extremum:
    """The supremum or infimum of a function, and where it is.

    Attributes:
        value: the exact value, or the float ±infinity.
        point: where it is attained; where it is infinite, a point from which the function grows (or
            falls) without bound along `ray`.
        ray: a direction, None where the value is finite.
    """

    value: Fraction | float
    point: tuple[Fraction, ...]
    ray: tuple[Fraction, ...] | None = None

    @property
    def bounded(self) -> bool:
        """Whether the value is finite."""
        return isinstance(self.value, Fraction)

    def __repr__(self) -> str:
        where = point_text(self.point)
        if isinstance(self.value, Fraction):
            return f"{decimal(self.value)} at {where}"
        return f"{self.value} from {where} along {point_text(self.ray or ())}"


def point_text(point: tuple[Fraction, ...]) -> str:
    """Return a point as text, long rationals as decimals."""
    return f"({', '.join(decimal(v) for v in point)})"


def decimal(value: Fraction) -> str:
    """Return a rational as text, a long one as a decimal."""
    whole = fraction_text(value)
    return whole if len(whole) <= 12 else shortened(decimal_text(value))


def supremum(gaps: GapValues, output: int, sign: int = 1) -> Extremum:
    """Return the supremum of sign · (f − g) in one output over the domain.

    A function that is affine on each cell is largest at a vertex, or grows along a ray. Float
    bounds leave a few vertices; these are solved in rationals.

    Args:
        gaps: the joint complex with the values of f − g.
        output: which output.
        sign: 1; −1 for minus the infimum.
    """
    values, errors = gaps.floats
    return _highest(
        gaps, lambda gap: sign * gap[output], sign * values[:, output], errors[:, output]
    )


def norm_supremum(gaps: GapValues) -> Extremum:
    """Return the supremum of max_i |f_i − g_i|."""
    values, errors = gaps.floats
    sizes = np.abs(values).max(axis=1)
    return _highest(gaps, _norm, sizes, errors.max(axis=1))


def norm_infimum(gaps: GapValues) -> Extremum:
    """Return the infimum of max_i |f_i − g_i|, from a complex with the cuts "norm".

    There the maximum is affine on each cell; it is nowhere negative, so that it is smallest at a
    vertex.
    """
    values, errors = gaps.floats
    sizes = np.abs(values).max(axis=1)
    least = _highest(gaps, lambda gap: -_norm(gap), -sizes, errors.max(axis=1), ever=False)
    return Extremum(-least.value, least.point)


def _norm(gap: list[Fraction]) -> Fraction:
    return max(abs(v) for v in gap)


def _highest(
    gaps: GapValues, score: Score, scores: FloatArray, errors: FloatArray, *, ever: bool = True
) -> Extremum:
    """Return the largest score; `ever` says whether it can grow along a ray."""
    directions = np.flatnonzero(~gaps.finite)
    if ever and len(directions):
        rows, slopes = gaps.exact(directions)
        for k, (row, slope) in enumerate(zip(rows, slopes, strict=True)):
            if score(slope) > 0:
                ray = tuple(Fraction(v) for v in row[:-1])
                return Extremum(math.inf, _base(gaps, int(directions[k])), ray)
    places = np.flatnonzero(gaps.finite)
    upper, lower = scores[places] + errors[places], scores[places] - errors[places]
    upper[np.isnan(upper)] = np.inf
    # sums of floats are rounded: once more the bound of the error covers that
    spread = errors[places] + np.abs(scores[places]) * 2.0**-52
    floor = np.fmax.reduce(lower - spread, initial=-np.inf)
    chosen = places[upper + spread >= floor]
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    best: tuple[Fraction, list[int]] | None = None
    for first in range(0, len(chosen), _CHUNK):
        rows, values = gaps.exact(chosen[first : first + _CHUNK])
        for row, value in zip(rows, values, strict=True):
            found = score(value)
            if best is None or found > best[0]:
                best = found, row
    assert best is not None, "a complex of pointed cells has vertices"
    return Extremum(best[0], _point(best[1]))


def _point(row: list[int]) -> tuple[Fraction, ...]:
    return tuple(Fraction(v, row[-1]) for v in row[:-1])


def _base(gaps: GapValues, direction: int) -> tuple[Fraction, ...]:
    """Return a vertex of a cell that is unbounded in a direction."""
    indptr, members = gaps.complex.cell_vertices
    for entry in np.flatnonzero(members == direction):
        cell = int(np.searchsorted(indptr, entry, side="right")) - 1
        corners: Any = members[indptr[cell] : indptr[cell + 1]]
        finite = corners[gaps.finite[corners]]
        if len(finite):
            return _point(gaps.exact(finite[:1])[0][0])
    raise AssertionError("a direction belongs to a cell with a vertex")
