"""Relations between two networks, decided exactly on their joint complex.

The forms of f and g on all cells are known modulo enough primes to be told apart, so that equality
of maps is exact; the signs of cuts on cells and at vertices are those of the certified complex.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.exact import RationalMatrix
from tropnet.geometry.cell_maps import exact_forms
from tropnet.geometry.comparison.extremum import point_text
from tropnet.geometry.comparison.gap_values import GapValues
from tropnet.geometry.exact_rows import ExactRows
from tropnet.geometry.exact_values import ExactValues
from tropnet.geometry.vertex_bounds import record_of

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, IntArray

#: Sets of outputs are bits of one integer.
_MOST_OUTPUTS: Final = 62

Point = tuple[Fraction, ...]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Relation:
    """Whether a relation holds between f and g on the domain, and why.

    Attributes:
        name: the relation.
        holds: the answer, exact.
        witness: where it does not hold: points that prove it; one or two.
        value: where it holds, what the relation asks for: the constant f − g, the scale f / g, or
            the region of g for each region of f.
        note: more in words.
    """

    name: str
    holds: bool
    witness: tuple[Point, ...] = ()
    value: Any = None
    note: str = ""

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        parts = [f"{self.name}: {'yes' if self.holds else 'no'}"]
        if self.witness:
            parts.append("see " + " and ".join(point_text(p) for p in self.witness))
        if self.note:
            parts.append(self.note)
        return "; ".join(parts)


def joint_forms(gaps: GapValues) -> Any:
    """Return the maps of f, then of g, on the cells, modulo primes: `(C, 2 m, n + 1, primes)`."""
    return exact_forms(ExactRows(gaps.complex.circuit), gaps.complex.active)


def equal(gaps: GapValues, forms: Any) -> Relation:
    """Tell whether f = g on the domain; the witness is a point where they differ."""
    m = gaps.joint.size
    wrong = _cells_where(forms[:, :m] != forms[:, m:])
    if wrong is None:
        return Relation("equal", True)
    points = spanning_points(gaps, wrong)
    for point, (f, g) in zip(points, _values(gaps, points), strict=True):
        if f != g:
            return Relation("equal", False, (point,))
    raise AssertionError("affine functions that agree on a spanning set are equal")


def up_to_constant(gaps: GapValues, forms: Any) -> Relation:
    """Tell whether f − g is one constant vector; the witness are points where it differs."""
    m, n = gaps.joint.size, gaps.complex.n_inputs
    wrong = _cells_where(forms[:, :m, :n] != forms[:, m:, :n])
    points = spanning_points(gaps, 0 if wrong is None else wrong)
    gap = [[u - v for u, v in zip(f, g, strict=True)] for f, g in _values(gaps, points)]
    if wrong is None:
        return Relation("up to constant", True, value=tuple(gap[0]))
    for point, found in zip(points, gap, strict=True):
        if found != gap[0]:
            return Relation("up to constant", False, (points[0], point))
    raise AssertionError("an affine function that is constant on a spanning set is constant")


def up_to_scale(gaps: GapValues, forms: Any) -> Relation:
    """Tell whether f = s · g with one s > 0 for all outputs.

    The witness is one point where g(x) is no positive multiple of f(x), or two with different
    multiples. Zero is every multiple of zero.
    """
    m = gaps.joint.size
    first = _cells_where(forms[:, m:] != 0)
    if first is None:  # g = 0
        wrong = _cells_where(forms[:, :m] != 0)
        if wrong is None:
            return Relation("up to scale", True, value=Fraction(1), note="both are zero")
        return _not_scaled(gaps, [wrong])
    scale = _ratio(gaps, forms[first])
    if scale <= 0:
        return _not_scaled(gaps, [first])
    wrong = _unscaled(gaps, forms, scale)
    if wrong is None:
        return Relation("up to scale", True, value=scale)
    return _not_scaled(gaps, [first, wrong])


def _ratio(gaps: GapValues, form: Any) -> Fraction:
    """Return f / g on one cell by a coefficient of g that is not zero."""
    m = gaps.joint.size
    rows = ExactRows(gaps.complex.circuit)
    integers = rows.integers(form, len(gaps.complex.circuit.blocks)).reshape(2, m, -1)
    i, k = np.argwhere(integers[1] != 0)[0]
    return Fraction(int(integers[0, i, k]), int(integers[1, i, k]))


def _unscaled(gaps: GapValues, forms: Any, scale: Fraction) -> int | None:
    """Return a cell where f is not scale · g; residues refute, integers prove."""
    m, blocks = gaps.joint.size, len(gaps.complex.circuit.blocks)
    rows = ExactRows(gaps.complex.circuit)
    primes = np.array(rows.primes[: forms.shape[-1]], np.int64)
    over = np.array([scale.numerator % p for p in primes.tolist()], np.int64)
    under = np.array([scale.denominator % p for p in primes.tolist()], np.int64)
    wrong = _cells_where((forms[:, :m] * under - forms[:, m:] * over) % primes != 0)
    if wrong is not None:
        return wrong
    flat = forms.reshape(len(forms), -1)
    _, chosen = np.unique(flat, axis=0, return_index=True)
    integers = rows.integers(forms[chosen], blocks)
    unequal = integers[:, :m] * scale.denominator != integers[:, m:] * scale.numerator
    wrong = _cells_where(unequal)
    return None if wrong is None else int(chosen[wrong])


def _not_scaled(gaps: GapValues, cells: list[int]) -> Relation:
    """Return the relation with points that no scale suits."""
    points = [point for cell in cells for point in spanning_points(gaps, cell)]
    known: tuple[Fraction, Point] | None = None
    for point, (f, g) in zip(points, _values(gaps, points), strict=True):
        place = next((k for k, v in enumerate(g) if v), None)
        if place is None:
            if any(f):
                return Relation("up to scale", False, (point,), note="g is zero there, f is not")
            continue
        scale = f[place] / g[place]
        if scale <= 0 or f != [scale * v for v in g]:
            return Relation("up to scale", False, (point,))
        if known is not None and scale != known[0]:
            return Relation("up to scale", False, (known[1], point))
        known = scale, point
    raise AssertionError("one scale fits a spanning set, but not the maps")


def same_bend_locus(gaps: GapValues, forms: Any) -> Relation:
    """Tell whether f and g bend at the same points of the interior of the domain.

    A function bends where it is affine in no neighbourhood. These points are the union of the
    facets between cells on which the maps differ. The witness is a point inside such a facet where
    one of the two functions bends and the other is affine nearby.
    """
    pairs = gaps.complex.facet_cells[gaps.complex.facet_cells[:, 1] >= 0]
    jumps = forms[pairs[:, 0]] != forms[pairs[:, 1]]
    m = gaps.joint.size
    bends = np.column_stack([jumps[:, :m].any(axis=(1, 2, 3)), jumps[:, m:].any(axis=(1, 2, 3))])
    wrong = np.flatnonzero(bends[:, 0] != bends[:, 1])
    if not len(wrong):
        count = int(bends[:, 0].sum())
        return Relation("same bend locus", True, note=f"{count} facets of the joint cells")
    a, b = pairs[wrong[0]].tolist()
    shared = np.intersect1d(_generators(gaps, a), _generators(gaps, b))
    which = "f" if bends[wrong[0], 0] else "g"
    note = f"{which} alone bends there"
    return Relation("same bend locus", False, (inner_point(gaps, shared),), note=note)


def same_argmax(gaps: GapValues) -> Relation:
    """Tell whether the same outputs are largest, at every point of the domain.

    The set {i : f_i(x) = max_j f_j(x)} is compared with that of g at every x, ties included; the
    note says whether they differ on cells, or only on a set of measure zero (at ties).

    Args:
        gaps: a complex with the cuts "argmax". On each of its faces both sets are constant, the
            intersections of those at its generators.
    """
    name = "same argmax"
    if gaps.joint.size == 1:
        return Relation(name, True, note="there is one output")
    cells = argmax_sets(gaps)
    differ = np.flatnonzero(cells[0] != cells[1])
    if len(differ):
        point = inner_point(gaps, _generators(gaps, int(differ[0])))
        first, second = (_named(int(side[differ[0]]), gaps.joint.size) for side in cells)
        note = f"{first} for f, {second} for g there; they differ on {len(differ)} cells"
        return Relation(name, False, (point,), note=note)
    masks = generator_sets(gaps)
    tied = int(sum(bin(int(s)).count("1") > 1 for s in cells[0]))
    for corners in _faces(gaps):
        sides = [int(np.bitwise_and.reduce(side[corners])) for side in masks]
        if sides[0] != sides[1]:
            first, second = (_named(side, gaps.joint.size) for side in sides)
            note = f"{first} for f, {second} for g there; they differ at ties alone (measure zero)"
            return Relation(name, False, (inner_point(gaps, corners),), note=note)
    return Relation(name, True, note=f"tied on {tied} cells" if tied else "")


def argmax_sets(gaps: GapValues) -> tuple[IntArray, IntArray]:
    """Return for f and g the outputs that are largest on each cell, as bits."""
    return _sets(gaps, gaps.joint.cut_signs(gaps.complex))


def generator_sets(gaps: GapValues) -> tuple[IntArray, IntArray]:
    """Return for f and g the outputs that are largest at each generator, as bits."""
    complex_ = gaps.complex
    m = gaps.joint.size
    record, start = record_of(complex_)
    if record.rows is not None:
        values = ExactValues(complex_.circuit).all(record.rows)[-1]
        pairs = gaps.joint.pairs
        gap = [values[:, k + i] - values[:, k + j] for k in (0, m) for i, j in pairs]
        return _sets(gaps, np.column_stack([(g > 0).astype(np.int8) - (g < 0) for g in gap]))
    indptr, members = complex_.cell_vertices
    owner = np.empty(len(complex_.generators), np.int64)
    owner[members] = np.repeat(np.arange(complex_.n_cells), np.diff(indptr))
    signs = gaps.joint.cut_signs(complex_)[owner]
    support = record.lattice.support[: len(owner)] - start.n_constraints
    for r, column in enumerate(gaps.joint.columns.tolist()):
        if column >= 0:
            signs[(support == column).any(axis=1), r] = 0
    # a constant difference counts for nothing along a direction
    signs[np.ix_(~gaps.finite, gaps.joint.columns < 0)] = 0
    return _sets(gaps, signs)


def _sets(gaps: GapValues, signs: Any) -> tuple[IntArray, IntArray]:
    m, pairs = gaps.joint.size, gaps.joint.pairs
    if m > _MOST_OUTPUTS:
        raise BudgetExceeded(
            "outputs whose largest one is asked for", m, _MOST_OUTPUTS, "take some outputs alone"
        )
    both = []
    for k in (0, len(pairs)):
        top = np.ones((len(signs), m), np.bool_)
        for r, (i, j) in enumerate(pairs):
            top[:, i] &= signs[:, k + r] >= 0
            top[:, j] &= signs[:, k + r] <= 0
        both.append((top.astype(np.int64) << np.arange(m)).sum(axis=1))
    return both[0], both[1]


def _named(bits: int, size: int) -> str:
    return "{" + ", ".join(str(k) for k in range(size) if bits >> k & 1) + "}"


def _faces(gaps: GapValues) -> Any:
    """Yield the generators of the faces whose sets may differ though those of the cells do not.

    On a face without directions the set is smallest inside and largest at the vertices, so that
    vertices suffice; faces with directions are looked at one by one.
    """
    for v in np.flatnonzero(gaps.finite):
        yield np.array([v])
    if gaps.finite.all():
        return
    corners = [np.array([v]) for v in range(len(gaps.finite))]
    for k in range(1, gaps.complex.n_inputs):
        indptr, children = gaps.complex.faces(k)
        corners = [
            np.unique(np.concatenate([corners[c] for c in children[a:b]]))
            for a, b in pairwise(indptr.tolist())
        ]
        for found in corners:
            inside = gaps.finite[found]
            if inside.any() and not inside.all():
                yield found


def spanning_points(gaps: GapValues, cell: int) -> list[Point]:
    """Return exact points of a cell on which an affine function is determined."""
    generators = _generators(gaps, cell)
    rows = gaps.exact(generators)[0]
    points = [tuple(Fraction(v, row[-1]) for v in row[:-1]) for row in rows if row[-1]]
    along = [
        tuple(u + v for u, v in zip(points[0], row[:-1], strict=True))
        for row in rows
        if not row[-1]
    ]
    return [*points, *along]


def inner_point(gaps: GapValues, generators: IntArray) -> Point:
    """Return an exact point in the relative interior of the face with these generators."""
    rows = gaps.exact(generators)[0]
    count = sum(1 for row in rows if row[-1])
    n = gaps.complex.n_inputs
    return tuple(
        sum((Fraction(row[k], row[-1] * count if row[-1] else 1) for row in rows), Fraction(0))
        for k in range(n)
    )


def _generators(gaps: GapValues, cell: int) -> IntArray:
    indptr, members = gaps.complex.cell_vertices
    found: IntArray = members[indptr[cell] : indptr[cell + 1]]
    return found


def _values(gaps: GapValues, points: list[Point]) -> list[tuple[list[Fraction], list[Fraction]]]:
    m = gaps.joint.size
    rows = gaps.joint.network.exact(RationalMatrix.from_rows(points)).to_fractions()
    return [(row[:m], row[m:]) for row in rows]


def _cells_where(flags: BoolArray) -> int | None:
    """Return the first cell with any flag."""
    found = flags.reshape(len(flags), -1).any(axis=1)
    return int(np.argmax(found)) if found.any() else None
