"""The best proven bounds of the supremum of a gap so far, with their evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

from tropnet.checker import LowerEvidence, UpperEvidence
from tropnet.checker.certificate import Method
from tropnet.equivalence.problem import Problem
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.exact.fraction import decimal_text


@final
class Bracket:
    """lower ≤ sup of the gap ≤ upper, improving as stages find points and proofs.

    The gap is that of the problem's relation: |f − g| unless another one was asked for.

    Args:
        problem: the comparison; its starting point gives the first lower bound.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.lower = LowerEvidence(Fraction(0), problem.start)
        self.upper = UpperEvidence(None, "none")
        #: a point with a finite gap beyond atol, as soon as one is known
        self.witness: tuple[Fraction, ...] | None = None
        #: the other point of the witness, where a gap takes two
        self.other: tuple[Fraction, ...] | None = None
        self._gap = Fraction(-1)
        self._extremes: list[_Extremes] = []
        self.offer_point(problem.start)

    def offer_point(self, point: Iterable[Fraction]) -> Fraction | None:
        """Evaluate both functions exactly at a point and keep it if it is the best so far.

        Returns:
            The gap there; where a gap takes two points, the largest with this one and one offered
            before. None where the point lies outside the domain.
        """
        place = tuple(point)
        if not self.problem.contains(place):
            return None
        gap, other = self._gap_at(place)
        if gap > self._gap:
            self._gap = gap
            if gap > self.problem.atol:
                self.witness, self.other = place, other
            if self.lower.value is not None:
                self.lower = LowerEvidence(gap, place, None, other)
        return gap

    def _gap_at(self, place: tuple[Fraction, ...]) -> tuple[Fraction, tuple[Fraction, ...] | None]:
        """Return the gap at a point, and the other point where it takes two."""
        if not self.problem.relation.takes_two_points:
            return self.problem.gap(place), None
        difference = self.problem.difference(place)
        if not self._extremes:
            self._extremes = [_Extremes(v, place, v, place) for v in difference]
        pairs = [e.farthest(v) for e, v in zip(self._extremes, difference, strict=True)]
        for extremes, value in zip(self._extremes, difference, strict=True):
            extremes.include(value, place)
        return max(pairs)

    @property
    def middles(self) -> list[Fraction] | None:
        """For each output the middle of the values of f − g so far, where a gap takes two points.

        sup|f − g − c| is least for such a constant c. None for the other relations.
        """
        if not self.problem.relation.takes_two_points:
            return None
        return [(e.low + e.high) / 2 for e in self._extremes]

    def offer_direction(
        self, direction: tuple[Fraction, ...], base: tuple[Fraction, ...] | None = None
    ) -> None:
        """Note that the gap grows without bound along a direction of the domain.

        Args:
            direction: of the domain.
            base: where the ray starts, if that matters.
        """
        place = base or self.witness or self.problem.start
        self.lower = LowerEvidence(None, place, direction)

    def offer_upper(self, value: Fraction | None, method: Method, data: Any = None) -> None:
        """Keep a proven upper bound of the gap if it is the best so far.

        Args:
            value: the bound; None is infinite, and ignored.
            method: what the checker replays.
            data: what it needs for that.
        """
        if value is None:
            return
        if self.problem.hull is not None and isinstance(data, dict):
            data = {**data, "hull": self.problem.hull}
        if self.upper.value is None or value < self.upper.value:
            self.upper = UpperEvidence(value, method, data)

    def offer_intervals(self, bounds: IntervalVector, method: Method, data: Any = None) -> None:
        """Keep the upper bound of the gap that proven intervals around f − g give."""
        self.offer_upper(self.problem.relation.above(bounds), method, data)

    def require_consistent(self) -> None:
        """Refuse to answer when the two ends contradict each other: one proof must be wrong.

        Raises:
            CertificateError: they do.
        """
        lower, upper = self.lower.value, self.upper.value
        if upper is not None and (lower is None or lower > upper):
            bounded = self.problem.relation.bounded
            raise CertificateError(
                f"contradiction: {bounded} is proven to be at least {_shown(lower)} and at most "
                f"{_shown(upper)} by {self.upper.method}; this is an error in tropnet, please "
                "report it with both networks"
            )

    @property
    def equivalent(self) -> bool:
        """Whether the upper bound proves equivalence within atol."""
        return self.upper.value is not None and self.upper.value <= self.problem.atol

    @property
    def different(self) -> bool:
        """Whether a point proves a difference beyond atol."""
        return self.witness is not None

    @property
    def decided(self) -> bool:
        """Whether either is proven."""
        return self.equivalent or self.different


@dataclass
class _Extremes:
    """The least and the largest value of an output of f − g so far, with their points."""

    low: Fraction
    low_point: tuple[Fraction, ...]
    high: Fraction
    high_point: tuple[Fraction, ...]

    def farthest(self, value: Fraction) -> tuple[Fraction, tuple[Fraction, ...]]:
        """Return half the distance of a value to the farther end, and the point there."""
        return max(
            (abs(value - self.low) / 2, self.low_point),
            (abs(self.high - value) / 2, self.high_point),
        )

    def include(self, value: Fraction, point: tuple[Fraction, ...]) -> None:
        if value < self.low:
            self.low, self.low_point = value, point
        elif value > self.high:
            self.high, self.high_point = value, point


def _shown(value: Fraction | None) -> str:
    return "inf" if value is None else decimal_text(value)
