"""The regular triangulation of exponents in two or three variables: qhull proposes, proofs decide.

The terms (a_i, b_i) of a polynomial, seen as points, have an upper hull; its facets are dual to the
points where the polynomial bends most. Once they are known, exactly, everything is: the essential
terms, the dual subdivision, and for each redundant term the terms above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.algebra.simplex_forms import forms_of, walls_of
from tropnet.algebra.term_location import locate
from tropnet.algebra.triangulation_proof import PLANE, prove
from tropnet.algebra.upper_facets import upper_facets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tropnet.algebra.rational_array import RationalArray
    from tropnet.algebra.triangulation_proof import Proof
    from tropnet.typing import AnyArray, BoolArray, FloatArray, IntArray

#: Dimensions that the formulas below are written for.
DIMENSIONS: Final = (2, 3)
#: At most this many pairs of a simplex and a vertex.
_MOST: Final = 1 << 28
#: So few terms are decided one by one.
_FEW: Final = 16
#: At most this many ties are looked at in pairs.
_CROWD: Final = 64


@final
@dataclass(frozen=True, eq=False)
class RegularTriangulation:
    """Simplices of exponents that cover the Newton polytope, each below no term.

    Over each simplex the affine function through its lifted vertices (a_i, b_i) is at least b_k at
    a_k for every vertex k. A term that is no vertex lies in a simplex, no higher than the weighted
    mean of its vertices, hence is redundant; and so no term is above any of the planes.

    Args:
        exponents: integers `(k, n)`, over `scale` times what the coefficients are over.
        coefficients: integers `(k,)`.
        scale: positive; points of the integer problem times this are points of the given one.
        simplices: `(m, n + 1)`, indices of terms.
        outer: `(m, n + 1)`, whether the facet opposite to a vertex is part of the polytope's
            boundary.
        ties: `(t, 2)`, pairs of a simplex and a vertex of others that is as large at its point.
        owners: `(k,)`, for each term that is no vertex a simplex that holds it, −1 for vertices.
    """

    exponents: AnyArray
    coefficients: AnyArray
    scale: Fraction
    simplices: IntArray
    outer: BoolArray
    ties: IntArray
    owners: IntArray

    @staticmethod
    def find(exponents: RationalArray, coefficients: RationalArray) -> RegularTriangulation | None:
        """Return a triangulation, proven; None where floats do not find one.

        Args:
            exponents: `(k, n)`, distinct rows, n = 2 or 3.
            coefficients: `(k,)`.

        Returns:
            None where the exponents span less than R^n, where terms are too close for qhull, and
            where signs would be too many.

        Cost: qhull on k points, .1 µs a term, and 1 ns for each pair of a simplex and a vertex: .4
            ms for 1,000 terms of which 40 matter.

        Source: Gelfand, Kapranov, Zelevinsky, *Discriminants, Resultants, and Multidimensional
            Determinants* (1994), chapter 7, for regular triangulations. That the simplices cover
            the hull of all vertices: a segment from inside one to an uncovered point would leave
            the union through the inside of a ridge; but each ridge either has a simplex on its
            other side or no vertex there.

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
        scale = Fraction(exponents.denominator, coefficients.denominator)
        for simplices, neighbors in upper_facets(columns, heights):
            found = _proven(a, b, (columns, heights), (simplices, neighbors))
            if found is not None:
                return RegularTriangulation(a, b, scale, *found)
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
        flat, missing = self.exponents.shape[1] == 2, found & ~known
        single = (ties == 1) & missing[self.simplices].any(axis=1)
        if single.any() and not (flat and missing.sum() <= _FEW):
            rows = np.flatnonzero(single)
            corners = self.simplices[rows]
            walls = walls_of(self.exponents, corners)[0]
            tied = np.empty(len(self.simplices), np.int64)
            tied[self.ties[:, 0]] = self.ties[:, 1]
            place = self.exponents[tied[rows]]
            values = (walls[:, :, :-1] * place[:, None]).sum(axis=2) + walls[:, :, -1]
            # tie = Σ w_j vertex_j; vertex j is a mean of the rest if it alone has w_j > 0
            positive = values > 0
            inner = positive & (positive.sum(axis=1) == 1)[:, None]
            known[corners] = True
            essential[corners[~inner]] = True
        missing = found & ~known
        if flat and missing.any():
            terms = np.flatnonzero(missing)
            known[terms], essential[terms] = self._corners(terms)
        return np.flatnonzero(essential), np.flatnonzero(found & ~known)

    def _corners(self, terms: IntArray) -> tuple[list[bool], list[bool]]:
        """Tell which vertices of triangles are corners of the polygons of all that is tied there.

        Returns:
            Whether that is known, and whether they are.
        """
        owner = np.zeros(len(self.exponents), np.int64)
        owner[self.simplices] = np.arange(len(self.simplices))[:, None]
        chosen = owner[terms]
        ties = self.ties[np.argsort(self.ties[:, 0], kind="stable")]
        low = np.searchsorted(ties[:, 0], chosen, side="left").tolist()
        high = np.searchsorted(ties[:, 0], chosen, side="right").tolist()
        groups = [
            [*simplex, *ties[first:last, 1].tolist()]
            for simplex, first, last in zip(self.simplices[chosen].tolist(), low, high, strict=True)
        ]
        places = iter(self.exponents[[i for group in groups for i in group]].tolist())
        known, corners = [], []
        for term, group in zip(terms.tolist(), groups, strict=True):
            points = list(islice(places, len(group)))
            known.append(len(group) <= _CROWD)
            corners.append(known[-1] and _is_corner(points, group.index(term)))
        return known, corners

    def cells(self) -> list[tuple[tuple[Fraction, ...], tuple[int, ...]]]:
        """Return the points where n + 1 affinely independent terms are largest.

        Returns:
            Each point, with all vertices that are largest there, increasing: all terms, if all are
            essential.
        """
        more: dict[int, list[int]] = {}
        for simplex, term in self.ties.tolist():
            more.setdefault(simplex, []).append(term)
        # simplices of the same cell have the same terms
        cells: dict[tuple[int, ...], int] = {}
        for simplex, terms in enumerate(self.simplices.tolist()):
            cells.setdefault(tuple(sorted([*terms, *more.get(simplex, ())])), simplex)
        chosen = self.simplices[list(cells.values())]
        planes = forms_of(self.exponents, self.coefficients, chosen)[0].tolist()
        up, down = self.scale.numerator, self.scale.denominator
        points = [
            tuple(Fraction(v * up, height * down) for v in place) for *place, height, _ in planes
        ]
        return list(zip(points, cells, strict=True))

    def witnesses(self, terms: Sequence[int]) -> list[tuple[Fraction, ...]]:
        """Return points where essential terms should be the largest alone.

        The mean of the points of a term's simplices, moved outward where the term is on the
        boundary of the polytope, lies inside the cell of the term. It is computed in floats here,
        so that it proves nothing by itself.
        """
        planes, walls = forms_of(self.exponents, self.coefficients, self.simplices)
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
        """Return for terms that are no vertices the vertices of a simplex that holds each."""
        return self.simplices[self.owners[list(terms)]]


def _is_corner(points: list[list[int]], place: int) -> bool:
    """Tell whether a point of the plane is no mean of others."""
    x0, y0 = points[place]
    ways = [(x - x0, y - y0) for j, (x, y) in enumerate(points) if j != place]
    for x, y in ways:
        for u, v in ways:
            turn = x * v - y * u
            if turn < 0 or (turn == 0 and x * u + y * v <= 0):
                break
        else:
            # all others lie left of the way to this one, or on it ahead
            return True
    return False


def _proven(
    a: AnyArray,
    b: AnyArray,
    floats: tuple[FloatArray, FloatArray],
    proposed: tuple[IntArray, IntArray],
) -> tuple[IntArray, BoolArray, IntArray, IntArray] | None:
    """Prove what qhull proposes, by floats where their errors allow it, else in integers.

    Returns:
        Simplices, outer walls, ties and owners; None where something is not so.
    """
    columns, heights = floats
    simplices, neighbors = proposed
    marks = np.zeros(len(b), np.bool_)
    marks[simplices] = True
    vertices, others = np.flatnonzero(marks), np.flatnonzero(~marks)
    if not 0 < len(simplices) * len(vertices) <= _MOST:
        return None
    names = np.empty(len(b), np.int64)
    names[vertices] = np.arange(len(vertices))
    inner = np.ascontiguousarray(columns[:, vertices])
    proof = prove(inner, heights[vertices], names[simplices], neighbors)
    if proof is None or not proof.full.any():
        return None
    ties: IntArray | None = proof.ties
    if len(proof.open):
        ties = _settled(a[vertices], b[vertices], names[simplices], proof)
    located = locate(columns, heights, simplices, neighbors, others)
    if ties is None or located is None:
        return None
    places, fine = located
    if not fine.all() and not _held(a, b, simplices[places[~fine]], others[~fine]):
        return None
    owners = np.full(len(b), -1)
    owners[others] = places
    ties[:, 1] = vertices[ties[:, 1]]
    if proof.full.all():
        return simplices, proof.outer, ties, owners
    # a term in a flat simplex would not be held
    names = np.append(np.cumsum(proof.full) - 1, -1)
    ties[:, 0], owners = names[ties[:, 0]], names[owners]
    return simplices[proof.full], proof.outer[proof.full], ties, owners


def _held(a: AnyArray, b: AnyArray, simplices: IntArray, terms: IntArray) -> bool:
    """Tell whether each term lies in its simplex and not above it, in integers."""
    planes, walls = forms_of(a.astype(object), b.astype(object), simplices)
    if not (planes[:, -2] > 0).all():
        return False
    inside = (walls[:, :, :-1] * a[terms, None]).sum(axis=2) + walls[:, :, -1]
    return bool((inside >= 0).all()) and bool((_above(planes, a[terms], b[terms]) <= 0).all())


def _above(planes: AnyArray, a: AnyArray, b: AnyArray) -> AnyArray:
    """Return by how much terms lie above planes, each times a positive factor."""
    values: AnyArray = (planes[:, :-2] * a).sum(axis=1) + planes[:, -2] * b + planes[:, -1]
    return values


def _settled(a: AnyArray, b: AnyArray, simplices: IntArray, proof: Proof) -> IntArray | None:
    """Settle in integers what a proof left open: return all ties; None where something fails."""
    owner, form, term = proof.open.T
    used, place = np.unique(owner, return_inverse=True)
    planes, walls = forms_of(a.astype(object), b.astype(object), simplices[used])
    values = (walls[place, form, :-1] * a[term]).sum(axis=1) + walls[place, form, -1]
    on_plane = form == PLANE
    if (values[~on_plane] < 0).any():
        return None
    place, term, owner = place[on_plane], term[on_plane], owner[on_plane]
    values = _above(planes[place], a[term], b[term])
    if (values > 0).any():
        return None
    zero = (values == 0).astype(np.bool_)
    return np.concatenate([proof.ties, np.column_stack([owner[zero], term[zero]])])
