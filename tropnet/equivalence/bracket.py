"""The best proven bounds of sup|f − g| so far, with their evidence."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, final

from tropnet.checker import LowerEvidence, UpperEvidence
from tropnet.checker.certificate import Method
from tropnet.equivalence.problem import Problem
from tropnet.errors import CertificateError
from tropnet.exact.fraction import decimal_text


@final
class Bracket:
    """lower ≤ sup|f − g| ≤ upper, improving as stages find points and proofs.

    Args:
        problem: the comparison; its starting point gives the first lower bound.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.lower = LowerEvidence(Fraction(0), problem.start)
        self.upper = UpperEvidence(None, "none")
        #: a point with a finite gap beyond atol, as soon as one is known
        self.witness: tuple[Fraction, ...] | None = None
        self._gap = Fraction(-1)
        self.offer_point(problem.start)

    def offer_point(self, point: Iterable[Fraction]) -> Fraction | None:
        """Evaluate both functions exactly at a point and keep it if it is the best so far.

        Returns:
            |f − g| there; None where the point lies outside the domain.
        """
        place = tuple(point)
        if not self.problem.contains(place):
            return None
        gap = self.problem.gap(place)
        if gap > self._gap:
            self._gap = gap
            if gap > self.problem.atol:
                self.witness = place
            if self.lower.value is not None:
                self.lower = LowerEvidence(gap, place)
        return gap

    def offer_direction(self, direction: tuple[Fraction, ...]) -> None:
        """Note that |f − g| grows without bound along a direction of the domain."""
        place = self.witness or self.problem.start
        self.lower = LowerEvidence(None, place, direction)

    def offer_upper(self, value: Fraction | None, method: Method, data: Any = None) -> None:
        """Keep a proven upper bound if it is the best so far."""
        if value is None:
            return
        if self.problem.hull is not None and isinstance(data, dict):
            data = {**data, "hull": self.problem.hull}
        if self.upper.value is None or value < self.upper.value:
            self.upper = UpperEvidence(value, method, data)

    def require_consistent(self) -> None:
        """Refuse to answer when the two ends contradict each other: one proof must be wrong.

        Raises:
            CertificateError: they do.
        """
        lower, upper = self.lower.value, self.upper.value
        if upper is not None and (lower is None or lower > upper):
            raise CertificateError(
                f"contradiction: sup|f-g| is proven to be at least {_shown(lower)} and at most "
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


def _shown(value: Fraction | None) -> str:
    return "inf" if value is None else decimal_text(value)
