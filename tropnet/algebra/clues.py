"""What a decision about essential terms leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, final

from tropnet.algebra.scaled_terms import ScaledTerms

if TYPE_CHECKING:
    from tropnet.algebra.regular_triangulation import RegularTriangulation
    from tropnet.typing import FloatArray, IntArray


@final
@dataclass(frozen=True, eq=False)
class Clues:
    """What a decision leaves behind for the evidence.

    Args:
        bases: for each term the terms (and, from k on, the rows of the domain) of a basis, −1 where
            there is none.
        witnesses: exact witness points of some essential terms.
        points: scaled float witness points of the others, `(k, n)`.
        scaled: the scale of these points.
        triangulation: says all of it, when asked.
    """

    bases: IntArray | None = None
    witnesses: dict[int, tuple[Fraction, ...]] = field(default_factory=dict)
    points: FloatArray | None = None
    scaled: ScaledTerms | None = None
    triangulation: RegularTriangulation | None = None

    def witness(self, i: int) -> tuple[Fraction, ...]:
        """Return the exact witness of an essential term."""
        if i in self.witnesses:
            return self.witnesses[i]
        assert self.scaled is not None
        assert self.points is not None
        return self.scaled.point(self.points[i])
