"""Points of a domain: drawn in float64, handed on as rationals that lie in it exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.problem import Problem
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, Unbounded, maximize

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: On R^n, points are drawn at these scales.
_SCALES: Final = 2.0 ** np.arange(-6, 11, 2)
#: Vertices of a polyhedron found by linear programs, between which points are drawn.
_VERTICES: Final = 24
#: Corners of a box among the points drawn, at most.
_CORNERS: Final = 256


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
        self._vertices: list[tuple[Fraction, ...]] = []
        if isinstance(problem.domain, Polyhedron):
            self._vertices = _vertices(problem.domain, problem.start, self.rng)

    def draw(self, count: int) -> FloatArray:
        """Return `(count or more, n)` float points in or near the domain."""
        domain = self.problem.domain
        if isinstance(domain, Box):
            low, high = domain.outer_floats()
            inside = low + (high - low) * self.rng.random((count, self.dimension))
            corners = np.where(self.rng.random((_CORNERS, self.dimension)) < 0.5, low, high)
            mixed = np.where(
                self.rng.random((_CORNERS, self.dimension)) < 0.5, corners, inside[:256]
            )
            drawn = np.vstack([inside, corners, mixed])
        elif isinstance(domain, Polyhedron):
            drawn = self._between_vertices(count)
        else:
            scale = self.rng.choice(_SCALES, size=(count, 1))
            drawn = scale * self.rng.standard_normal((count, self.dimension))
        return np.vstack([_short(drawn), self._on_kinks(drawn)])

    def _between_vertices(self, count: int) -> FloatArray:
        corners = np.array([[float(v) for v in vertex] for vertex in self._vertices])
        weights = self.rng.exponential(size=(count, len(corners))) ** 3
        return np.asarray(weights / weights.sum(axis=1, keepdims=True) @ corners)

    def _on_kinks(self, points: FloatArray) -> FloatArray:
        """Return points where a unit is at zero, on segments between two points."""
        pairs = self.rng.integers(0, len(points), size=(256, 2))
        start, end = points[pairs[:, 0]], points[pairs[:, 1]]
        low, high = np.zeros(len(start)), np.ones(len(start))
        unit = self.rng.integers(0, 2**31, size=len(start))
        at_start = self._heights(start, unit)
        for _ in range(30):
            middle = (low + high) / 2
            height = self._heights(start + middle[:, None] * (end - start), unit)
            same = np.sign(height) == np.sign(at_start)
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return np.asarray(start + high[:, None] * (end - start))

    def _heights(self, points: FloatArray, unit: object) -> FloatArray:
        """Return the pre-activation of one unit for each point, of the second network."""
        from tropnet.network.forward import enclose_layers

        values, _ = enclose_layers(self.problem.b, points)
        joined = np.hstack(values)
        return np.asarray(joined[np.arange(len(points)), np.asarray(unit) % joined.shape[1]])

    def widths(self, points: FloatArray) -> FloatArray:
        """Return the length of a first step from each point, `(batch, n)`."""
        if self.problem.bounded:
            low, high = self._ends()
            return np.broadcast_to(high - low, points.shape)
        size = np.abs(points).max(axis=1, keepdims=True)
        return np.broadcast_to(np.where(size > 0, size, 1.0), points.shape)

    def pull(self, points: FloatArray) -> FloatArray:
        """Return the points moved into the box around the domain."""
        low, high = self._ends()
        return np.clip(points, low, high)

    def limits(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return bounds for a search around a point: those of the box, or far away."""
        far = 2.0 * (1.0 + np.abs(point))
        low, high = self._ends()
        return np.maximum(low, point - 1024 * far), np.minimum(high, point + 1024 * far)

    def _ends(self) -> tuple[FloatArray, FloatArray]:
        lower, upper = self.problem.box.lower_ends(), self.problem.box.upper_ends()
        low = [-np.inf if v is None else float(v) for v in lower]
        high = [np.inf if v is None else float(v) for v in upper]
        return np.array(low), np.array(high)

    def rational(self, point: FloatArray) -> tuple[Fraction, ...]:
        """Return a rational point of the domain at or near a float point.

        In a box, coordinates beyond a bound become the bound. In a polyhedron a point outside is
        moved towards the starting point until it lies inside.
        """
        exact = [Fraction(float(v)) for v in point]
        ends = self.problem.box.ends()
        snapped = tuple(
            max(low, v) if low is not None and v < low else min(high, v) if high is not None else v
            for v, (low, high) in zip(exact, ends, strict=True)
        )
        if not isinstance(self.problem.domain, Polyhedron):
            return snapped
        start, weight = self.problem.start, Fraction(1)
        for _ in range(60):
            place = tuple(s + weight * (v - s) for s, v in zip(start, snapped, strict=True))
            if self.problem.contains(place):
                return place
            weight = (
                1 - (1 - weight + Fraction(1, 2**40)) * 4 if weight > Fraction(1, 2) else weight / 4
            )
        return start


def _short(points: FloatArray) -> FloatArray:
    """Return the points with 24 significant bits, so that exact evaluation stays cheap."""
    return points.astype(np.float32).astype(np.float64)


def _vertices(
    domain: Polyhedron, start: tuple[Fraction, ...], rng: np.random.Generator
) -> list[tuple[Fraction, ...]]:
    """Return points of a polyhedron: optima of random objectives, and steps along its rays."""
    found = [start]
    for _ in range(_VERTICES):
        objective = RationalMatrix.of(rng.integers(-9, 10, size=(1, domain.dimension)))
        match maximize(objective, domain.A, domain.b):
            case Optimal(point=point):
                found.append(tuple(point.to_fractions()[0]))
            case Unbounded(point=point, ray=ray):
                scale = Fraction(int(rng.choice([1, 16, 256])))
                far = point + ray * scale
                found.append(tuple(far.to_fractions()[0]))
            case _:
                break
    return list(dict.fromkeys(found))
