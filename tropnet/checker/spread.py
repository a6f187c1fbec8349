"""How far the outputs of a network are known to range, as the measure of a relative tolerance."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import final

from tropnet.network.network import Network


@final
@dataclass(frozen=True, slots=True)
class Spread:
    """Where the tolerance of each output comes from: atol_i + rtol · (spread of f_i).

    The spread of an output is its largest minus its smallest value at the points: a lower bound of
    its range over the domain, so that no tolerance is larger than the range warrants.

    Attributes:
        rtol: the relative tolerance, positive.
        atol: the absolute tolerance of each output, not negative.
        points: points of the domain.
    """

    rtol: Fraction
    atol: tuple[Fraction, ...]
    points: tuple[tuple[Fraction, ...], ...]

    def tolerances(self, network: Network) -> tuple[Fraction, ...]:
        """Return the tolerance of each output, from the exact values of f at the points."""
        spreads = [max(column) - min(column) for column in self._columns(network)]
        return tuple(a + self.rtol * s for a, s in zip(self.atol, spreads, strict=True))

    def _columns(self, network: Network) -> list[tuple[Fraction, ...]]:
        rows = network.exact([list(point) for point in self.points]).to_fractions()
        return list(zip(*rows, strict=True))
