"""Where the germ of a piecewise-linear function changes, dimension by dimension.

`docs/explanation/canonical_form.md` says what the strata are and proves that they depend on the
function and its domain alone, and determine both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.geometry.affine_subspace import (
    Subspace,
    intersection,
    pivots,
    primitive_form,
    ray_forms,
)
from tropnet.geometry.face_generators import (
    face_generators,
    generators_outside,
    require_closed_faces,
)
from tropnet.geometry.sides import exact_signs
from tropnet.geometry.start import primitive

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import IntArray

#: A germ: the number of its subspace, and the pairs of germs one dimension above that meet there.
Germ: TypeAlias = tuple[int, ...]


@final
@dataclass(frozen=True, slots=True)
class GermStratum:
    """All germs of one dimension k < n.

    Attributes:
        dimension: k.
        subspaces: for k > 0 the forms that vanish on each subspace, in ascending order; for k = 0 a
            single row each, the point (x, t), where t = 0 for directions.
        germs: in ascending order of their lengths, then of their entries; germ number i + 1 is
            `(subspace, plus, minus, plus, minus, …)`, where plus and minus are the numbers of the
            germs of dimension k + 1 on both sides in one subspace, 0 for none.
    """

    dimension: int
    subspaces: tuple[Subspace, ...]
    germs: tuple[Germ, ...]


@dataclass(eq=False)
class _Level:
    """The faces of one dimension: number of the germ (0 for none) and of the subspace of each."""

    germ: IntArray
    subspace: IntArray
    forms: tuple[Subspace, ...]
    pivots: IntArray


def germ_strata(
    cells: PolyhedralComplex,
    maps: IntArray,
    max_incidences: int,
    pulse: Callable[[], None] = lambda: None,
) -> tuple[GermStratum, ...]:
    """Return the germs of dimensions n − 1 … 0 of the function on the cells of a complex.

    Args:
        cells: pointed cells.
        maps: `(C,)` the number of the map of each cell, from 1.
        max_incidences: refuse complexes with more pairs of a face and a facet of it.
        pulse: called now and then; it may raise.

    Raises:
        BudgetExceeded: the complex is larger.
    """
    n = cells.n_inputs
    incidences = sum(len(cells.faces(k)[1]) for k in range(1, n + 1))
    if incidences > max_incidences:
        raise BudgetExceeded(
            "pairs of a face and a facet of it in the complex",
            incidences,
            max_incidences,
            "raise max_incidences, or take a smaller domain",
        )
    pulse()
    require_closed_faces(cells)
    pulse()
    generators = face_generators(cells)
    points = cells.exact_vertices(pulse)
    whole = np.zeros(cells.pieces.n_cells, np.int64)
    level = _Level(maps, whole, ((),), np.zeros(1, np.int64))
    found = []
    for k in range(n - 1, -1, -1):
        pulse()
        step = _Step(cells, k, level, generators, points, pulse)
        level, stratum = step.below()
        found.append(stratum)
    return tuple(found)


@final
class _Step:
    """From the germs of dimension k + 1 to those of dimension k."""

    def __init__(
        self, cells: PolyhedralComplex, k: int, above: _Level, generators: Any, points: Any,
        pulse: Callable[[], None],
    ) -> None:  # fmt: skip
        self.cells, self.k, self.above, self.pulse = cells, k, above, pulse
        self.generators, self.points = generators, points
        indptr, children = cells.faces(k + 1)
        owner = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        kept = above.germ[owner] > 0
        owner, children = owner[kept], children[kept].astype(np.int64)
        spaces = above.subspace[owner]
        order = np.lexsort((spaces, children))
        self.large, self.small, self.space = owner[order], children[order], spaces[order]
        # a group: the one or two faces on both sides of a face in one subspace
        new = np.ones(len(order), bool)
        new[1:] = (np.diff(self.small) != 0) | (np.diff(self.space) != 0)
        self.group = np.cumsum(new) - 1
        self.first = np.flatnonzero(new)

    def below(self) -> tuple[_Level, GermStratum]:
        """Return the germs of dimension k, of each face and all different ones in order."""
        changing = self._changing()
        rows = np.flatnonzero(changing[self.group])
        faces = np.unique(self.small[rows])
        if len(faces) == 0:
            return self._nothing()
        if self.k == 0:
            self._require_ends(rows)
        forms, of_face = self._subspaces(faces)
        if self.k:
            lines = _stacked(forms, self.cells.n_inputs + 1)
        else:
            lines = ray_forms(_stacked(forms, self.cells.n_inputs + 1)[:, 0])
        bits = pivots(lines)
        where = np.full(self._count(), -1, np.int64)
        where[faces] = of_face
        self.pulse()
        sides = self._sides(rows, where, lines, bits)
        pairs = np.zeros((len(self.first), 2), np.int64)
        column = (sides < 0).astype(np.int64)
        if (np.bincount(2 * self.group[rows] + column) > 1).any():
            raise RuntimeError("the complex is not face to face: two faces on one side of a third")
        pairs[self.group[rows], column] = self.above.germ[self.large[rows]]
        chosen = np.flatnonzero(changing)
        germs, numbers = _numbered(self.small[self.first[chosen]], pairs[chosen], where)
        germ = np.zeros(self._count(), np.int64)
        germ[faces] = numbers
        return _Level(germ, where, forms, bits), GermStratum(self.k, forms, germs)

    def _nothing(self) -> tuple[_Level, GermStratum]:
        none = np.zeros(self._count(), np.int64)
        return _Level(none, none - 1, (), none[:0]), GermStratum(self.k, (), ())

    def _count(self) -> int:
        return len(self.generators[self.k][0]) - 1

    def _changing(self) -> Any:
        """Tell of each group whether the germs on both sides differ, one of them being none."""
        sizes = np.diff(np.append(self.first, len(self.group)))
        if (sizes > 2).any():
            raise RuntimeError("the complex is not face to face: three faces side by side")
        germ = self.above.germ[self.large]
        last = np.minimum(self.first + 1, max(len(germ) - 1, 0))
        return (sizes == 1) | (germ[self.first] != germ[last])

    def _sides(self, rows: IntArray, where: IntArray, lines: Any, bits: IntArray) -> Any:
        """Return on which side of the small face the large one lies, for some rows: ±1.

        The reduced rows of a subspace have one pivot more than those of a subspace around it; the
        row of that pivot does not vanish on the larger one, so its sign tells the side.
        """
        large, small = self.large[rows], self.small[rows]
        beyond = generators_outside(
            self.generators[self.k + 1], self.generators[self.k], (large, small), len(self.points)
        )
        own = where[small]
        extra = bits[own] & ~self.above.pivots[self.space[rows]]
        if (extra & (extra - 1)).any() or not extra.all():
            raise RuntimeError(
                "the complex is inconsistent: a face in a subspace that is not around"
            )
        place = _ones(bits[own] & (extra - 1))
        flat = lines.reshape(-1, lines.shape[-1])
        signs = exact_signs(flat, self.points, (own * lines.shape[1] + place, beyond))
        if not signs.all():
            raise RuntimeError("the complex is inconsistent: a vertex in the plane of a face apart")
        return signs

    def _require_ends(self, rows: IntArray) -> None:
        """Refuse edges that do not end where the complex says: a vertex off the line."""
        lines = _stacked(self.above.forms, self.cells.n_inputs + 1)
        pairs = np.unique(np.column_stack([self.space[rows], self.small[rows]]), axis=0)
        values = (lines[pairs[:, 0]] * self.points[pairs[:, 1]][:, None]).sum(axis=2)
        if values.any():
            raise RuntimeError("the complex is inconsistent: an edge does not reach its end")

    def _subspaces(self, faces: IntArray) -> tuple[tuple[Subspace, ...], IntArray]:
        """Return the subspaces that faces span, in order, and the number of that of each face."""
        n = self.cells.n_inputs
        names: list[Subspace]
        if self.k == 0:
            names = [(tuple(primitive(row)),) for row in self.points[faces].tolist()]
        elif self.k == n - 1:
            names = self._hyperplanes(faces)
        else:
            names = self._intersections(faces)
        ordered = sorted(set(names))
        rank = {name: i for i, name in enumerate(ordered)}
        return tuple(ordered), np.array([rank[name] for name in names], np.int64)

    def _intersections(self, faces: IntArray) -> list[Subspace]:
        """Name faces by two subspaces around that carry germs; the proof says why there are two."""
        around_of = self.small[self.first]
        begin = np.searchsorted(around_of, faces)
        second = np.minimum(begin + 1, len(around_of) - 1)
        if (around_of[second] != faces).any():
            raise RuntimeError(
                "the complex is inconsistent: a germ changes along a single subspace"
            )
        spaces = self.space[self.first]
        pairs, of_face = np.unique(
            np.column_stack([spaces[begin], spaces[second]]), axis=0, return_inverse=True
        )
        forms = self.above.forms
        met = []
        for i, (a, b) in enumerate(pairs.tolist()):
            if i % 1024 == 0:
                self.pulse()
            met.append(intersection(forms[a], forms[b]))
        return [met[i] for i in of_face.reshape(-1).tolist()]

    def _hyperplanes(self, faces: IntArray) -> list[Subspace]:
        """Name facets by the gap of the maps on both sides, or by the domain's inequality."""
        cells = self.cells
        numerators, _ = cells.exact_maps()
        rows = np.searchsorted(self.small, faces)
        after = np.minimum(rows + 1, len(self.small) - 1)
        inner = (self.small[after] == faces) & (after > rows)
        gap = numerators[self.large[rows]] - numerators[self.large[after]]
        # of several outputs any one that bends names the hyperplane
        output = np.argmax((gap != 0).any(axis=2), axis=1)
        forms = gap[np.arange(len(faces)), output]
        finite = np.logical_or.reduceat(
            (self.points[:, -1] != 0)[self.generators[self.k][1]],
            self.generators[self.k][0][:-1],
        )
        number = np.cumsum(finite) - 1  # facets at infinity are not in `facet_unit`
        outer = _inequality_forms(cells)
        names: list[Subspace] = []
        for face, within, form in zip(faces.tolist(), inner.tolist(), forms.tolist(), strict=True):
            if within:
                names.append((primitive_form(form),))
            elif finite[face]:
                names.append((outer[_inequality(cells.facet_unit[number[face]])],))
            else:
                names.append(((*[0] * cells.n_inputs, 1),))
        return names


def _inequality(carrier: int) -> int:
    """Return which inequality of the domain carries a facet on its boundary."""
    if carrier >= 0:
        raise RuntimeError("the complex is inconsistent: a facet on the boundary is a unit's")
    return -1 - int(carrier)


def _inequality_forms(cells: PolyhedralComplex) -> list[Any]:
    """Return the forms of the hyperplanes of the domain's inequalities."""
    if cells.domain is None:
        return []
    matrix, bound = cells.domain.inequalities()
    forms = []
    for row, (height,) in zip(matrix.to_fractions(), bound.to_fractions(), strict=True):
        scale = np.lcm.reduce(np.array([v.denominator for v in (*row, height)], object))
        entries = [int(v * scale) for v in (*row, -height)]
        forms.append(primitive_form(entries) if any(entries) else None)
    return forms


def _stacked(forms: tuple[Subspace, ...], width: int) -> Any:
    """Return subspaces as object integers `(k, c, n + 1)`."""
    stack = np.empty((len(forms), len(forms[0]) if forms else 0, width), object)
    for i, rows in enumerate(forms):
        for j, row in enumerate(rows):
            stack[i, j] = row
    return stack


def _ones(bits: Any) -> Any:
    """Return the number of ones of integers below 2^8."""
    return np.unpackbits(bits.astype(np.uint8)[:, None], axis=1).sum(axis=1).astype(np.int64)


def _numbered(faces: Any, pairs: Any, where: Any) -> tuple[tuple[Germ, ...], Any]:
    """Number the germs of faces.

    Args:
        faces: `(k,)` ascending, a face for each pair of germs that meet there.
        pairs: `(k, 2)`.
        where: the number of the subspace of each face.

    Returns:
        The germs in order, and the number of that of each face, from 1.
    """
    order = np.lexsort((pairs[:, 1], pairs[:, 0], faces))
    pairs = pairs[order]
    begin = np.flatnonzero(np.diff(faces, prepend=-1))
    lengths = np.diff(np.append(begin, len(faces)))
    own = where[faces[begin]]
    germs: list[Germ] = []
    numbers = np.zeros(len(begin), np.int64)
    for length in np.unique(lengths).tolist():
        chosen = np.flatnonzero(lengths == length)
        entries = pairs[begin[chosen][:, None] + np.arange(length)].reshape(len(chosen), -1)
        table = np.column_stack([own[chosen], entries])
        different, inverse = np.unique(table, axis=0, return_inverse=True)
        numbers[chosen] = len(germs) + 1 + inverse.reshape(-1)
        germs.extend(map(tuple, different.tolist()))
    return tuple(germs), numbers
