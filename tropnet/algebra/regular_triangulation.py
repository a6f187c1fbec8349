"""The regular triangulation of exponents in two or three variables: qhull proposes, proofs decide.

The terms (a_i, b_i) of a polynomial, seen as points, have an upper hull; its facets are dual to the
points where the polynomial bends most. Once they are known, exactly, everything is: the essential
terms, the dual subdivision, and for each redundant term the terms above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.algebra.triangulation_proof import PLANE, prove

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tropnet.algebra.rational_array import RationalArray
    from tropnet.algebra.triangulation_proof import Proof
    from tropnet.typing import AnyArray, BoolArray, FloatArray, IntArray

#: Dimensions that the formulas below are written for.
DIMENSIONS: Final = (2, 3)
#: Integers below this stay in int64.
_SAFE: Final = 1 << 62
#: How far below a point is put, where all others lie between −1 and 1.
_FAR_BELOW: Final = 100.0
#: At most this many pairs of a simplex and a term.
_MOST: Final = 1 << 28
#: At most this many ties are looked at in pairs.
_CROWD: Final = 64
#: At most this many pairs of a simplex and a term at once.
_CHUNK: Final = 1 << 20


@final
@dataclass(frozen=True, eq=False)
class RegularTriangulation:
    """Simplices of exponents that cover the Newton polytope, each below no term.

    Over each simplex the affine function through its lifted vertices (a_i, b_i) is at least b_k at
    a_k for every term k. So a term that is no vertex lies below the weighted mean of the vertices
    of a simplex that contains it, hence is redundant.

    Args:
        exponents: integers `(k, n)`, over `scale` times what the coefficients are over.
        coefficients: integers `(k,)`.
        scale: positive; points of the integer problem times this are points of the given one.
        simplices: `(m, n + 1)`, indices of terms.
        outer: `(m, n + 1)`, whether the facet opposite to a vertex is part of the polytope's
            boundary.
        ties: `(t, 2)`, pairs of a simplex and a further term that is as large at its point.
    """

    exponents: AnyArray
    coefficients: AnyArray
    scale: Fraction
    simplices: IntArray
    outer: BoolArray
    ties: IntArray

    @staticmethod
    def find(exponents: RationalArray, coefficients: RationalArray) -> RegularTriangulation | None:
        """Return a triangulation, proven; None where floats do not find one.

        Args:
            exponents: `(k, n)`, distinct rows, n = 2 or 3.
            coefficients: `(k,)`.

        Returns:
            None where the exponents span less than R^n, where terms are too close for qhull, and
            where signs would be too many.

        Cost: qhull on k points, and 1 ns for each pair of a simplex and a term: .5 ms for 1,000
            terms of which 40 matter.

        Source: Gelfand, Kapranov, Zelevinsky, *Discriminants, Resultants, and Multidimensional
            Determinants* (1994), chapter 7, for regular triangulations. That the simplices cover
            the polytope: a segment from inside one to an uncovered point would leave the union
            through the inside of a ridge; but each ridge either has a simplex on its other side or
            no term there.

        Example:
            >>> from tropnet.algebra.rational_array import RationalArray
            >>> from tropnet.algebra.regular_triangulation import RegularTriangulation
            >>> a = RationalArray.of([[0, 0], [1, 0], [0, 1], [1, 1]])
            >>> b = RationalArray.from_fractions([0, 0, 0, -1])
            >>> found = RegularTriangulation.find(a, b)
            >>> sorted(map(sorted, found.simplices.tolist()))
            [[0, 1, 2], [1, 2, 3]]
        """
        a, b = exponents.numerators, coefficients.numerators
        if a.shape[1] not in DIMENSIONS or len(a) <= a.shape[1]:
            return None
        try:
            columns, heights = np.ascontiguousarray(a.T, np.float64), b.astype(np.float64)
        except OverflowError:
            return None
        for simplices, neighbors in _proposed(columns, heights):
            if not 0 < len(simplices) * len(b) <= _MOST:
                continue
            proof = prove(columns, heights, simplices, neighbors)
            ties = None if proof is None else _settled(a, b, simplices, proof)
            if proof is None or ties is None or not proof.full.any():
                continue
            scale = Fraction(exponents.denominator, coefficients.denominator)
            full, outer = proof.full, proof.outer
            if not full.all():
                ties[:, 0] = (np.cumsum(full) - 1)[ties[:, 0]]
                simplices, outer = simplices[full], outer[full]
            return RegularTriangulation(a, b, scale, simplices, outer, ties)
        return None

    # ---- what it says -----------------------------------------------------------------------

    def essential(self) -> tuple[IntArray, IntArray]:
        """Return terms that are essential, and terms that may be; all others are redundant.

        At the point of a simplex, let the terms T be largest. One of them is essential just when
        its exponent is no mean of the others': near the point nothing else matters. So where T is
        the vertices alone, they all are; with one tie, signs of barycentric coordinates tell; in
        the plane, with more, a look at each pair.
        """
        ties = np.bincount(self.ties[:, 0], minlength=len(self.simplices))
        found, known, essential = np.zeros((3, len(self.exponents)), np.bool_)
        found[self.simplices] = True
        strict = self.simplices[ties == 0]
        known[strict] = essential[strict] = True
        single = (ties == 1) & ~known[self.simplices].all(axis=1)
        if single.any():
            rows = np.flatnonzero(single)
            corners = self.simplices[rows]
            walls = _forms(self.exponents, self.coefficients, corners)[1]
            tied = np.empty(len(self.simplices), np.int64)
            tied[self.ties[:, 0]] = self.ties[:, 1]
            place = self.exponents[tied[rows]]
            values = (walls[:, :, :-1] * place[:, None]).sum(axis=2) + walls[:, :, -1]
            # tie = Σ w_j vertex_j; vertex j is a mean of the rest if it alone has w_j > 0
            positive = values > 0
            inner = positive & (positive.sum(axis=1) == 1)[:, None]
            known[corners] = True
            essential[corners[~inner]] = True
        if self.exponents.shape[1] == 2:
            for term in np.flatnonzero(found & ~known).tolist():
                simplex = int((self.simplices == term).any(axis=1).argmax())
                if ties[simplex] <= _CROWD:
                    known[term], essential[term] = True, self._is_corner(term, simplex)
        return np.flatnonzero(essential), np.flatnonzero(found & ~known)

    def _is_corner(self, term: int, simplex: int) -> bool:
        """Tell whether a vertex of a triangle is a corner of the polygon of all that is tied."""
        more = self.ties[self.ties[:, 0] == simplex, 1].tolist()
        own = self.exponents[term].tolist()
        others = [i for i in [*self.simplices[simplex].tolist(), *more] if i != term]
        ways = [(x - own[0], y - own[1]) for x, y in self.exponents[others].tolist()]
        # it is one where all others lie left of the way to one of them, or on it ahead
        return any(
            all(x * v - y * u > 0 or (x * v == y * u and x * u + y * v > 0) for u, v in ways)
            for x, y in ways
        )

    def cells(self) -> list[tuple[tuple[Fraction, ...], tuple[int, ...]]]:
        """Return the points where n + 1 affinely independent terms are largest.

        Returns:
            Each point, with all terms that are largest there, increasing.
        """
        more: dict[int, list[int]] = {}
        for simplex, term in self.ties.tolist():
            more.setdefault(simplex, []).append(term)
        cells: dict[tuple[Fraction, ...], tuple[int, ...]] = {}
        planes = _forms(self.exponents, self.coefficients, self.simplices)[0].tolist()
        up, down = self.scale.numerator, self.scale.denominator
        for simplex, terms in enumerate(self.simplices.tolist()):
            *place, height, _ = planes[simplex]
            point = tuple(Fraction(v * up, height * down) for v in place)
            cells[point] = tuple(sorted([*terms, *more.get(simplex, ())]))
        return list(cells.items())

    def witnesses(self, terms: Sequence[int]) -> list[tuple[Fraction, ...]]:
        """Return points where essential terms should be the largest alone.

        The mean of the points of a term's simplices, moved outward where the term is on the
        boundary of the polytope, lies inside the cell of the term. It is computed in floats here,
        so that it proves nothing by itself.
        """
        planes, walls = _forms(self.exponents, self.coefficients, self.simplices)
        try:
            points = (planes[:, :-2] / planes[:, -2:-1]).astype(np.float64)
        except OverflowError:
            # points beyond the range of floats: no help
            return [(Fraction(0),) * (planes.shape[1] - 2)] * len(terms)
        normals = walls[:, :, :-1]
        outward = -(normals / np.abs(normals).max(axis=2, keepdims=True)).astype(np.float64)
        outward *= float(np.ptp(points, axis=0).max()) or float(np.abs(points).max()) or 1.0
        k, d = len(self.exponents), self.simplices.shape[1]
        sums, counts = np.zeros((k, d - 1)), np.zeros((k, 1))
        np.add.at(sums, self.simplices, points[:, None])
        np.add.at(counts, self.simplices, 1)
        means = sums / np.maximum(counts, 1)
        for j in range(d):
            on_wall = self.simplices[:, [i for i in range(d) if i != j]]
            chosen = self.outer[:, j]
            np.add.at(means, on_wall[chosen], outward[chosen, j, None])
        rows = means[list(terms)].tolist()
        return [tuple(Fraction(v) * self.scale for v in row) for row in rows]

    def above(self, terms: Sequence[int]) -> IntArray:
        """Return for each term the vertices of a simplex that contains it, as floats see it."""
        corners = self.exponents[self.simplices].astype(np.float64)
        sides = corners[:, 1:] - corners[:, :1]
        inverses = np.linalg.inv(sides)
        found = np.empty(len(terms), np.int64)
        step = max(1, _CHUNK // len(self.simplices))
        places = self.exponents[list(terms)].astype(np.float64)
        for first in range(0, len(terms), step):
            part = places[first : first + step]
            # barycentric coordinates (m, part, n) of the vertices after the first
            weights = (part[None] - corners[:, :1]) @ inverses
            least = np.minimum(weights.min(axis=2), 1 - weights.sum(axis=2))
            found[first : first + step] = least.argmax(axis=0)
        return self.simplices[found]


def _proposed(a: FloatArray, b: FloatArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the upper facets of the hull of the lifted points, and their neighbours.

    Args:
        a: `(n, k)`.
        b: `(k,)`.
    """
    from scipy.spatial import ConvexHull, QhullError

    n, k = a.shape
    # the last point lies far below, so that qhull wastes no time on the lower hull
    lifted = np.empty((n + 1, k + 1))
    lifted[:n, :k], lifted[n, :k], lifted[:, k] = a, b, 0
    lifted[:, :k] -= lifted[:, :k].mean(axis=1, keepdims=True)
    sizes = np.abs(lifted).max(axis=1, keepdims=True)
    if not np.isfinite(sizes).all() or not sizes[:n].all():
        return
    # heights may all be equal
    lifted /= np.where(sizes > 0, sizes, 1)
    lifted[n, k] = -_FAR_BELOW
    points = lifted.T
    # without merging (Q0) qhull is faster, and fails where points are nearly on a common facet
    for options in ("Q0 Pp", "Qt Pp"):
        try:
            hull = ConvexHull(points, qhull_options=options)
        except QhullError:
            continue
        upper = (hull.equations[:, n] > 0) & (hull.simplices < k).all(axis=1)
        names = np.where(upper, np.cumsum(upper) - 1, -1)
        yield hull.simplices[upper].astype(np.int64), names[hull.neighbors[upper]]


def _settled(a: AnyArray, b: AnyArray, simplices: IntArray, proof: Proof) -> IntArray | None:
    """Settle in integers what a proof left open: return all ties; None where something fails."""
    if not len(proof.open):
        return proof.ties
    owner, form, term = proof.open.T
    used, place = np.unique(owner, return_inverse=True)
    planes, walls = _forms(a.astype(object), b.astype(object), simplices[used])
    values = (walls[place, form, :-1] * a[term]).sum(axis=1) + walls[place, form, -1]
    on_plane = form == PLANE
    if (values[~on_plane] < 0).any():
        return None
    place, term, owner = place[on_plane], term[on_plane], owner[on_plane]
    below = planes[place]
    values = (below[:, :-2] * a[term]).sum(axis=1) + below[:, -2] * b[term] + below[:, -1]
    if (values > 0).any():
        return None
    zero = (values == 0).astype(np.bool_)
    return np.concatenate([proof.ties, np.column_stack([owner[zero], term[zero]])])


def _forms(a: AnyArray, b: AnyArray, simplices: IntArray) -> tuple[AnyArray, AnyArray]:
    """Return the affine forms that are zero on the facets of lifted simplices, exactly.

    Args:
        a: `(k, n)` integers.
        b: `(k,)`.
        simplices: `(m, n + 1)`, none of them flat.

    Returns:
        For each simplex the form over (a, b, 1) that is zero at its lifted vertices and negative
        below, `(m, n + 2)`: numerators and denominator of the point where these terms are equal,
        and minus their value times the denominator. And forms over (a, 1), `(m, n + 1, n + 1)`, one
        for each vertex: positive there, zero at the others.
    """
    n = a.shape[1]
    wide, high = 2 * _largest(a), 2 * _largest(b)
    # no sum below exceeds this
    if 8 * (n + 2) * 6 * wide**n * high >= _SAFE:
        a, b = a.astype(object), b.astype(object)
    origin = a[simplices[:, 0]]
    sides = a[simplices[:, 1:]] - origin[:, None]
    falls = b[simplices[:, :1]] - b[simplices[:, 1:]]
    normals = np.empty((len(simplices), n + 1, n), a.dtype)
    for j in range(n):
        normals[:, j + 1] = _normal(*(sides[:, (j + k) % n] for k in range(1, n)))
    determinant = (sides[:, 0] * normals[:, 1]).sum(axis=1)
    if n == 2:
        # the second of two sides is turned the other way
        normals[:, 2] *= -1
    sign = np.where(determinant > 0, 1, -1)
    determinant = determinant * sign
    normals[:, 1:] *= sign[:, None, None]
    normals[:, 0] = -normals[:, 1:].sum(axis=1)
    numerators = (falls[:, :, None] * normals[:, 1:]).sum(axis=1)
    top = (origin * numerators).sum(axis=1) + b[simplices[:, 0]] * determinant
    offsets = -(normals * origin[:, None]).sum(axis=2)
    offsets[:, 0] += determinant
    planes = np.column_stack([numerators, determinant, -top])
    return planes, np.concatenate([normals, offsets[:, :, None]], axis=2)


def _normal(u: AnyArray, v: AnyArray | None = None) -> AnyArray:
    """Return the vectors orthogonal to u in the plane, or to u and v in space."""
    if v is None:
        return np.stack([u[:, 1], -u[:, 0]], axis=1)
    parts = [u[:, j] * v[:, k] - u[:, k] * v[:, j] for j, k in ((1, 2), (2, 0), (0, 1))]
    return np.stack(parts, axis=1)


def _largest(integers: AnyArray) -> int:
    return max(int(integers.max()), -int(integers.min()), 1)
