"""Points of a domain: drawn in float64, handed on as rationals that lie in it exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.heights import heights
from tropnet.equivalence.problem import Problem
from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: On R^n, points are drawn at these scales.
_SCALES: Final = 2.0 ** np.arange(-6, 11, 2)
#: In a box, points are also drawn at these fractions of it around the origin.
_FRACTIONS: Final = 2.0 ** np.arange(-24, 0, 2)
#: Corners of a box among the points drawn, at most.
_CORNERS: Final = 256
#: Points on kinks of units among the points drawn.
_KINKS: Final = 256
_HALVINGS: Final = 26
#: The largest coordinate that is drawn.
_LARGEST: Final = 2.0**1000


@final
class Sampler:
    """Draws float points of a problem's domain and turns floats into points of it.

    Args:
        problem: the comparison.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rng = problem.rng(3)
        self.dimension = problem.a.n_inputs
        ends = problem.box.ends()
        self.low = np.array([-np.inf if v is None else _float(v) for v, _ in ends])
        self.high = np.array([np.inf if v is None else _float(v) for _, v in ends])
        self._ray_cast = (
            _RayCast(problem.domain, problem.start)
            if isinstance(problem.domain, Polyhedron)
            else None
        )

    def draw(self, count: int) -> FloatArray:
        """Return `(count or more, n)` finite float points in or near the domain, some on kinks."""
        with np.errstate(all="ignore"):
            drawn = self.scatter(count)
            return np.vstack([self._short(drawn), self._finite(self._on_kinks(drawn))])

    def scatter(self, count: int) -> FloatArray:
        """Return `(count or more, n)` finite float points in or near the domain."""
        with np.errstate(all="ignore"):
            if isinstance(self.problem.domain, Box):
                drawn = self._in_box(count)
            elif isinstance(self.problem.domain, Polyhedron):
                drawn = self._between_vertices(count)
            else:
                scale = self.rng.choice(_SCALES, size=(count, 1))
                drawn = scale * self.rng.standard_normal((count, self.dimension))
            return self._finite(drawn)

    def _in_box(self, count: int) -> FloatArray:
        def weighted(weights: FloatArray) -> FloatArray:
            # not low + (high − low)·w: the difference may overflow
            return np.asarray(self.low * (1 - weights) + self.high * weights)

        def some() -> FloatArray:
            return self.rng.random((self.problem.batch(_CORNERS), self.dimension))

        inside = weighted(self.rng.random((count, self.dimension)))
        corners = weighted(np.round(some()))
        mixed = np.where(some() < 0.5, corners, weighted(some()))
        # a large box may hide all that matters near the origin
        middle = np.clip(0.0, self.low, self.high)
        fraction = self.rng.choice(_FRACTIONS, size=(len(corners), 1))
        near = middle * (1 - fraction) + weighted(some()) * fraction
        return np.vstack([inside, corners, mixed, near])

    def _between_vertices(self, count: int) -> FloatArray:
        corners = np.array([[_float(v) for v in vertex] for vertex in self.problem.vertices])
        weights = self.rng.exponential(size=(count, len(corners))) ** 3
        return np.asarray(weights / weights.sum(axis=1, keepdims=True) @ corners)

    def _on_kinks(self, points: FloatArray) -> FloatArray:
        """Return points where a unit is at zero, on segments between two points."""
        count = self.problem.batch(_KINKS, _HALVINGS)
        pairs = self.rng.integers(0, len(points), size=(count, 2))
        start, end = points[pairs[:, 0]], points[pairs[:, 1]]
        low, high = np.zeros(count), np.ones(count)
        units = self.rng.integers(0, 2**31, size=count)
        at_start = self._signs(start, units)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            same = self._signs(start + middle[:, None] * (end - start), units) == at_start
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return np.asarray(start + high[:, None] * (end - start))

    def _signs(self, points: FloatArray, units: object) -> FloatArray:
        """Return the sign of one unit for each point, every other one of the second network."""
        half = len(points) // 2
        joined = [
            np.hstack(heights(network, part))
            for network, part in (
                (self.problem.a, points[:half]),
                (self.problem.b, points[half:]),
            )
        ]
        found = [
            values[np.arange(len(values)), chosen % values.shape[1]]
            for values, chosen in zip(joined, np.split(np.asarray(units), [half]), strict=True)
        ]
        return np.asarray(np.sign(np.concatenate(found)))

    def widths(self, points: FloatArray) -> FloatArray:
        """Return the length of a first step from each point, `(batch, n)`."""
        if self.problem.bounded:
            return np.broadcast_to(self.high / 2 - self.low / 2, points.shape)
        size = np.abs(points).max(axis=1, keepdims=True)
        return np.broadcast_to(np.where(size > 0, size, 1.0), points.shape)

    def pull(self, points: FloatArray) -> FloatArray:
        """Return the points moved into the box around the domain, all of them finite."""
        return self._finite(np.clip(points, self.low, self.high))

    def limits(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return bounds for a search around a point: those of the box, or far away."""
        far = 2048.0 * (1.0 + np.abs(point))
        return np.maximum(self.low, point - far), np.minimum(self.high, point + far)

    def _finite(self, points: FloatArray) -> FloatArray:
        return np.clip(np.nan_to_num(points, nan=0.0), -_LARGEST, _LARGEST)

    def _short(self, points: FloatArray) -> FloatArray:
        """Return the points with 24 significant bits where the domain is wide enough for that.

        Exact evaluation is cheaper there.
        """
        mantissas, exponents = np.frexp(points)
        short = np.ldexp(np.round(mantissas * 2.0**24) * 2.0**-24, exponents)
        near = np.abs(short - points) <= 2.0**-12 * (self.high - self.low)
        return np.where(near, short, points)

    def rational(self, point: FloatArray) -> tuple[Fraction, ...]:
        """Return a rational point of the domain at or near a float point.

        In a box, coordinates beyond a bound, or at the float nearest to it, become the bound. In a
        polyhedron a point outside is replaced by the last point inside on the way to it from the
        starting point. Coordinates that are not finite become those of the starting point.
        """
        ends = self.problem.box.ends()
        place = []
        for i, (low, high) in enumerate(ends):
            value = float(point[i])
            exact = Fraction(value) if np.isfinite(value) else self.problem.start[i]
            if low is not None and (value == self.low[i] or exact < low):
                exact = low
            elif high is not None and (value == self.high[i] or exact > high):
                exact = high
            place.append(exact)
        return tuple(place) if self._ray_cast is None else self._ray_cast(place)


@final
class _RayCast:
    """Moves points into a polyhedron, along the way from a point of its relative interior."""

    def __init__(self, domain: Polyhedron, start: tuple[Fraction, ...]) -> None:
        self.A = domain.A
        self.start = RationalMatrix.of([list(start)])
        self.slack = (domain.b - domain.A @ self.start.T).to_fractions()
        # what is tight at a point of the relative interior is tight everywhere
        tight = [r for r, (value,) in enumerate(self.slack) if value == 0]
        self.span = domain.A.rows(tight).kernel() if tight else None

    def __call__(self, point: list[Fraction]) -> tuple[Fraction, ...]:
        step = self._along(RationalMatrix.of([point]) - self.start)
        share = Fraction(1)
        for (slack,), (move,) in zip(self.slack, self.A @ step.T, strict=True):
            if move > 0:
                share = min(share, slack / move)
        return tuple((self.start + step * share).to_fractions()[0])

    def _along(self, step: RationalMatrix) -> RationalMatrix:
        """Return the step, projected to the affine hull of the polyhedron where that is flat."""
        if self.span is None:
            return step
        if not len(self.span):
            return RationalMatrix.zeros(*step.shape)
        basis, target = self.span.to_floats(), step.to_floats()[0]
        if not (np.isfinite(basis).all() and np.isfinite(target).all()):
            return RationalMatrix.zeros(*step.shape)
        with np.errstate(all="ignore"):
            sizes = np.abs(basis).max(axis=1, keepdims=True)
            scaled = np.linalg.lstsq((basis / sizes).T, target, rcond=None)[0]
            weights = np.nan_to_num(scaled / sizes[:, 0], nan=0.0, posinf=0.0, neginf=0.0)
        return RationalMatrix.from_floats(weights[None, :]) @ self.span


def _float(value: Fraction) -> float:
    """Return the nearest float that is not beyond the largest coordinate drawn."""
    if abs(value) >= _LARGEST:
        return _LARGEST if value > 0 else -_LARGEST
    return float(value)
