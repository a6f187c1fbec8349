"""How many cells a network has, guessed from a sample that is split unit by unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from tropnet.algebra.cell_search import split_cells
from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.exact.linear_program import interior_point

if TYPE_CHECKING:
    from tropnet.network import Affine
    from tropnet.typing import BoolArray, FloatArray, IntArray


@final
@dataclass(frozen=True, eq=False)
class CellSample:
    """A uniform random sample of the cells of the units seen so far, each with a point inside.

    Every unit cuts the cells that it crosses in two. When there are more than `size` pieces, as
    many are drawn; each then stands for more cells. The expected `estimate` is the number of cells,
    and it is the number itself as long as nothing had to be drawn. Floats throughout: this plans,
    it proves nothing.

    Args:
        size: the largest number of cells kept.
        weight: how many cells each stands for.
        points: `(cells, n)`, a point inside each.
        a: `(cells, n, M)`, the sides of each cell, a·x + b < 0, as columns.
        b: `(cells, M)`.
        count: `(cells,)`, the columns in use.
        values: for each source the affine forms of its units, `(cells, width, n + 1)`.

    Source: Knuth, "Estimating the efficiency of backtrack programs" (1975), with a population in
        place of single descents.
    """

    size: int
    weight: float
    points: FloatArray
    a: FloatArray
    b: FloatArray
    count: IntArray
    values: tuple[FloatArray, ...]

    @staticmethod
    def of(directions: FloatArray, domain: Domain, size: int) -> CellSample:
        """Return the sample before the first unit: one cell, the interior of the domain.

        Args:
            directions: `(inputs, n)`, a basis of the subspace to look at, all with a domain.
            domain: a domain, or None.
            size: the largest number of cells to keep.

        Raises:
            DomainError: the domain has no interior points.
        """
        n = directions.shape[1]
        sides, point = np.zeros((0, n + 1)), np.zeros(n)
        if domain is not None:
            a, b = domain.inequalities()
            inside = interior_point(a, b)
            if inside is None or inside.interior_is_empty:
                raise DomainError(
                    f"the domain {domain!r} has no interior points; take a fuller one"
                )
            point = inside.point.to_floats()[0]
            rows = np.hstack([a.to_floats(), -b.to_floats()])
            rows = rows[np.abs(rows[:, :n]).max(axis=1) > 0]
            sides = rows / np.abs(rows[:, :n]).max(axis=1, keepdims=True)
        room = len(sides) + 8
        columns_a, columns_b = np.zeros((1, n, room)), np.zeros((1, room))
        columns_a[0, :, : len(sides)], columns_b[0, : len(sides)] = sides[:, :n].T, sides[:, n]
        inputs = np.concatenate([directions, np.zeros((len(directions), 1))], axis=1)[None]
        return CellSample(
            size, 1.0, point[None], columns_a, columns_b, np.array([len(sides)]), (inputs,)
        )

    @property
    def estimate(self) -> float:
        """The estimated number of cells."""
        return self.weight * len(self.points)

    def forms(self, affine: Affine) -> FloatArray:
        """Return the affine forms of an affine function of earlier values in each cell."""
        n = self.points.shape[1]
        total = np.zeros((len(self.points), affine.size, n + 1))
        total[:, :, n] = affine.bias.values[:, 0]
        for source, weights in affine.terms:
            total += weights.values @ self.values[source]
        return bounded(total)

    def generic_count(self, affine: Affine, units: IntArray) -> float | None:
        """Return how many cells as many hyperplanes in general position have, if that applies.

        It does while nothing has been cut: m hyperplanes whose normals have rank r make between 2^r
        and Σ_{i ≤ r} C(m, i) cells, and generic ones the latter (Schläfli).
        """
        if len(self.points) > 1 or self.count[0] or not len(units):
            return None
        normals = self.forms(affine)[0][units, :-1]
        rank = int(np.linalg.matrix_rank(normals))
        cells = sum(math.comb(len(units), i) for i in range(rank + 1))
        return float(cells) if cells.bit_length() < 1000 else math.inf

    def cut(
        self, affine: Affine, units: Iterable[int], rng: np.random.Generator, limit: float
    ) -> tuple[CellSample, FloatArray, BoolArray]:
        """Cut the cells by the zero sets of some pre-activations.

        Args:
            affine: all pre-activations of a layer.
            units: the units to cut by, in this order.
            rng: draws the cells that are kept.
            limit: stop once the estimate exceeds this.

        Returns:
            The finer sample, the forms of all units in its cells, and which units cut anything.
        """
        sample, forms = self, self.forms(affine)
        cutting = np.zeros(affine.size, dtype=np.bool_)
        for unit in units:
            if sample.estimate > limit:
                break
            sample, origin, cut = sample._halve(forms[:, unit], rng)
            cutting[unit] = cut
            forms = forms[origin]
        return sample, forms, cutting

    def after(self, forms: FloatArray, relu: BoolArray) -> CellSample:
        """Return the sample with a layer's values, once its units have cut the cells."""
        lifted = np.concatenate([self.points, np.ones((len(self.points), 1))], axis=1)
        active = np.einsum("cuk,ck->cu", forms, lifted) > 0
        values = np.where((active | ~relu)[:, :, None], forms, 0.0)
        return self._with(range(len(self.points)), values=(*self.values, values))

    def _with(
        self, cells: Sequence[int] | IntArray, values: tuple[FloatArray, ...] | None = None
    ) -> CellSample:
        chosen = np.asarray(cells, dtype=np.int64)
        kept = tuple(v if len(v) == 1 else v[chosen] for v in self.values)
        return CellSample(
            self.size,
            self.weight,
            self.points[chosen],
            self.a[chosen],
            self.b[chosen],
            self.count[chosen],
            kept if values is None else values,
        )

    def _halve(
        self, forms: FloatArray, rng: np.random.Generator
    ) -> tuple[CellSample, IntArray, bool]:
        """Cut each cell by its hyperplane; return also the parent of each new cell."""
        room = self.b.shape[1]
        a, b = self.a, self.b
        if int(self.count.max()) + 1 >= room:
            a = np.concatenate([a, np.zeros_like(a)], axis=2)
            b = np.concatenate([b, np.zeros_like(b)], axis=1)
        crossed, others, own = split_cells(
            a, b, self.count, np.ascontiguousarray(forms), self.points
        )
        cut = np.flatnonzero(crossed)
        origin = np.concatenate([np.arange(len(crossed)), cut])
        points = np.concatenate([own, others[cut]])
        # the search left the other side in the column after the last: the old side is its opposite
        count = self.count + crossed
        last = self.count[cut]
        near_a, near_b = np.array(a), np.array(b)
        near_a[cut, :, last] *= -1
        near_b[cut, last] *= -1
        whole = CellSample(
            self.size,
            self.weight,
            points,
            np.concatenate([near_a, a[cut]]),
            np.concatenate([near_b, b[cut]]),
            count[origin],
            tuple(v if len(v) == 1 else v[origin] for v in self.values),
        )
        if len(points) <= self.size:
            return whole, origin, bool(len(cut))
        drawn = np.sort(rng.choice(len(points), self.size, replace=False))
        thinned = whole._with(drawn)
        weight = self.weight * len(points) / self.size
        thinned = CellSample(
            self.size, weight, thinned.points, thinned.a, thinned.b, thinned.count, thinned.values
        )
        return thinned, origin[drawn], bool(len(cut))


def bounded(values: FloatArray) -> FloatArray:
    """Return the array with infinities and huge values cut to ±1e100, and NaN to zero."""
    return np.asarray(np.clip(np.nan_to_num(values, nan=0.0), -1e100, 1e100))
