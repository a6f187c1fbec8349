"""Points of a domain where units are positive, and where they are negative."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np

from tropnet.checker.sign_evidence import unit_network
from tropnet.equivalence.linear_cell import farthest, linear_cell
from tropnet.equivalence.sample import Sampler
from tropnet.network import Network
from tropnet.network.gradient import gradient

if TYPE_CHECKING:
    from tropnet.equivalence.problem import Problem
    from tropnet.typing import FloatArray

Point: TypeAlias = tuple[Fraction, ...]

#: Points drawn at first.
_DRAWN: Final = 2048
#: Points that climb together, and steps of one climb.
_CLIMBERS: Final = 48
_STEPS: Final = 40
#: Shares of the way to the corner that the gradient points at.
_WAYS: Final = (1.0, 0.5, 0.2, 0.05)
#: Units of all layers times points that are evaluated at a time.
_VALUES: Final = 2**24


@final
class SignWitnesses:
    """Looks for points where units are positive and negative; exact values decide.

    Args:
        problem: its first network, and the domain.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.network = problem.a
        self.sampler = Sampler(problem)
        self._found: dict[tuple[int, int, int], Point] = {}

    @property
    def complete(self) -> Mapping[tuple[int, int], tuple[Point, Point]]:
        """The units with both points: (layer, unit) → positive there, negative there."""
        return {
            (k, i): (point, self._found[k, i, -1])
            for (k, i, sign), point in self._found.items()
            if sign > 0 and (k, i, -1) in self._found
        }

    def found(self, k: int, unit: int) -> tuple[Point | None, Point | None]:
        """Return the points known for a unit: positive there, negative there."""
        return self._found.get((k, unit, 1)), self._found.get((k, unit, -1))

    def offer(self, k: int, unit: int, sign: int, point: Sequence[Fraction]) -> bool:
        """Keep a point if the unit has this sign there, exactly; tell whether it has."""
        place = tuple(point)
        if (k, unit, sign) in self._found:
            return True
        if not self.problem.contains(place):
            return False
        value = unit_network(self.network, k, unit, sign).exact([list(place)])[0, 0]
        if value <= 0:
            return False
        self._found[k, unit, sign] = place
        return True

    def offer_floats(self, k: int, unit: int, sign: int, point: FloatArray) -> bool:
        """Keep a point near one in floats if the unit has this sign there; tell whether it has."""
        if not np.isfinite(point).all():
            return False
        with np.errstate(all="ignore"):
            near = self.sampler.pull(point[None, :])[0]
            height = float(sign * _before(self.network, k)(near[None, :])[0, unit])
        return bool(height > 0) and self._offer(k, unit, sign, near)

    def find(self, units: Sequence[tuple[int, int]], seconds: float, each: float) -> None:
        """Look for points of both signs for some units.

        Args:
            units: (layer, unit).
            seconds: after which to stop.
            each: seconds of climbing for each unit and sign.
        """
        until = min(time.monotonic() + seconds, self.problem.deadline)
        with np.errstate(all="ignore"):
            self._draw(units)
            for k, unit in units:
                for sign in (1, -1):
                    if time.monotonic() > until or self.problem.stop.is_set():
                        return
                    if (k, unit, sign) not in self._found:
                        self._climb(k, unit, sign, min(until, time.monotonic() + each))

    # ---- drawing ------------------------------------------------------------------------------

    def _draw(self, units: Sequence[tuple[int, int]]) -> None:
        """Evaluate all units at the same points, and keep the extremes."""
        count = max(16, min(_DRAWN, _VALUES // max(1, self.problem.n_values)))
        points = self.sampler.pull(self.sampler.scatter(count))
        exact: dict[int, Point] = {}
        for k in sorted({k for k, _ in units}):
            values = _before(self.network, k)(points)
            for unit in (i for layer, i in units if layer == k):
                column = values[:, unit]
                for sign, row in ((1, int(np.argmax(column))), (-1, int(np.argmin(column)))):
                    if sign * column[row] > 0:
                        if row not in exact:
                            exact[row] = tuple(self.sampler.rational(points[row]))
                        self.offer(k, unit, sign, exact[row])

    # ---- climbing -----------------------------------------------------------------------------

    def _climb(self, k: int, unit: int, sign: int, until: float) -> None:
        own = unit_network(self.network, k, unit, sign)
        while time.monotonic() < until:
            points = self.sampler.pull(self.sampler.scatter(4 * _CLIMBERS))
            heights = _finite(own(points)[:, 0])
            best = np.argsort(-heights)[:_CLIMBERS]
            points, heights = points[best], heights[best]
            for _ in range(_STEPS):
                points, heights, rose = self._step(own, points, heights)
                top = int(np.argmax(heights))
                if heights[top] > 0 and self._offer(k, unit, sign, points[top]):
                    return
                if not rose or time.monotonic() > until:
                    break
            top = int(np.argmax(heights))
            if self._jump(own, points[top], (k, unit, sign), until):
                return

    def _step(
        self, own: Network, points: FloatArray, heights: FloatArray
    ) -> tuple[FloatArray, FloatArray, bool]:
        """Move each point towards the corner that its gradient points at, where that is higher."""
        slopes = gradient(own, points, np.ones((len(points), 1)))
        rose = False
        for way in _WAYS:
            moved = self.sampler.pull(self._towards(points, slopes, way))
            higher = _finite(own(moved)[:, 0])
            better = higher > heights
            points = np.where(better[:, None], moved, points)
            heights = np.where(better, higher, heights)
            rose |= bool(better.any())
        flipped = self._flipped(points, slopes)
        higher = _finite(own(flipped)[:, 0])
        better = higher > heights
        rose |= bool(better.any())
        return (
            np.where(better[:, None], flipped, points), np.where(better, higher, heights), rose
        )  # fmt: skip

    def _towards(self, points: FloatArray, slopes: FloatArray, way: float) -> FloatArray:
        low, high = self.sampler.limits(points)
        far = np.where(np.isfinite(high), high, points + 1 + np.abs(points))
        near = np.where(np.isfinite(low), low, points - 1 - np.abs(points))
        ends = np.where(slopes > 0, far, np.where(slopes < 0, near, points))
        return np.asarray(points + way * (ends - points))

    def _flipped(self, points: FloatArray, slopes: FloatArray) -> FloatArray:
        """Move some coordinates of each point to an end, chosen at random."""
        low, high = self.sampler.limits(points)
        rng = self.sampler.rng
        share = rng.choice([0.02, 0.05, 0.2], size=(len(points), 1))
        chosen = rng.random(points.shape) < share
        up = rng.random(points.shape) < np.where(slopes > 0, 0.7, 0.3)
        ends = np.where(up, high, low)
        return np.where(chosen & np.isfinite(ends), ends, points)

    def _jump(
        self, own: Network, point: FloatArray, target: tuple[int, int, int], until: float
    ) -> bool:
        """Go to the highest vertex of the linear cell of a point, and on from there."""
        slopes, values = linear_cell(own, point)
        units = (np.vstack(slopes), np.concatenate(values)) if slopes else None
        height = gradient(own, point[None, :], np.ones((1, 1)))[0]
        if units is None or len(units[0]) * own.n_inputs > _VALUES or not height.any():
            return False
        found = farthest(self.sampler, point, height, units, until)
        if found is None or not np.isfinite(found).all():
            return False
        return bool(own(found)[0] > 0) and self._offer(*target, found)

    def _offer(self, k: int, unit: int, sign: int, point: FloatArray) -> bool:
        return self.offer(k, unit, sign, tuple(self.sampler.rational(point)))


def _before(network: Network, k: int) -> Network:
    """Return the pre-activations of a layer as a network."""
    return Network(network.n_inputs, network.layers[: k - 1], network.layers[k - 1].affine)


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, -np.inf)
