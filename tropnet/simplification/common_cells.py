"""The cells on which P and Q are both affine, their facets, and how bends balance around faces."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.simplification.double_description import Row, bits_of, extreme_rays

if TYPE_CHECKING:
    from tropnet.algebra import TropicalPolynomial
    from tropnet.domains import Domain


@final
@dataclass(frozen=True, slots=True)
class CommonFacet:
    """A facet between two cells, inside the domain.

    Attributes:
        cells: the cells on both sides; `form` is positive on the first one.
        form: primitive integers on (x, 1) that vanish on the facet.
        bend_p: P on the first cell less P on the second is bend_p · form.
        bend_q: the same of Q.
        members: the generators on it.
    """

    cells: tuple[int, int]
    form: Row
    bend_p: Fraction
    bend_q: Fraction
    members: frozenset[int]


@final
@dataclass(frozen=True, slots=True)
class Ridge:
    """A face of dimension n − 2 inside the domain, and the facets around it.

    A function that bends by t_F · form_F at the facets is continuous around the face just when
    Σ t_F α_F = Σ t_F β_F = 0.

    Attributes:
        forms: two forms that vanish on the face.
        rows: for each facet (facet, α, β): α · one form + β · other is its form, with the sign with
            which it is positive on the left, seen from the face along the facet.
    """

    forms: tuple[Row, Row]
    rows: tuple[tuple[int, Fraction, Fraction], ...]


@final
@dataclass(frozen=True, eq=False)
class CommonCells:
    """The common refinement of the cells of P and of the cells of Q on a convex domain.

    Attributes:
        p: the terms of P, then 1, as integers over `denominator`, `(k, n + 1)`.
        q: the terms of Q.
        denominator: what all of them are over.
        columns: coordinates that tell points apart as far as P, Q and the domain do; the others
            are 0 at all generators.
        generators: primitive integers over `columns` and, last, t: the vertex x/t, or the ray x.
        tight: for each generator the terms of P, the terms of Q and the inequalities that are
            tight there, as bits in this order.
        cells: for each cell its term of P and its term of Q.
        members: the generators of each cell.
    """

    p: tuple[Row, ...]
    q: tuple[Row, ...]
    denominator: int
    columns: tuple[int, ...]
    generators: tuple[Row, ...]
    tight: tuple[int, ...]
    cells: tuple[tuple[int, int], ...]
    members: tuple[frozenset[int], ...]

    @staticmethod
    def of(
        p: TropicalPolynomial,
        q: TropicalPolynomial,
        domain: Domain = None,
        *,
        seed: int = 0,
        max_rays: int = 50_000,
        pulse: Callable[[], None] = lambda: None,
    ) -> CommonCells:
        """Find them.

        Args:
            p: with essential terms only.
            q: likewise, in the same variables.
            domain: with interior points, or None for all of R^n.
            seed: of the order in which terms are taken up; the result does not depend on it.
            max_rays: refuse more vertices than this.
            pulse: called now and then; it may raise.

        Raises:
            BudgetExceeded: more vertices.

        Cost: about .3 ms a term for n = 2 and 2 ms for n = 3.

        Source: the polyhedron {(x, y, z) : y ≥ P(x), z ≥ Q(x), x in the domain}, whose faces that
            are bounded in y and z are the cells and their faces.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> from tropnet.simplification.common_cells import CommonCells
            >>> x, y = TropicalPolynomial.variables(2)
            >>> found = CommonCells.of(0 + x, 0 + y)
            >>> found.cells, len(found.facets), len(found.ridges)
            (((0, 0), (0, 1), (1, 0), (1, 1)), 4, 1)
        """
        (above, below), denominator = _integers(p, q)
        sides = _sides(domain)
        columns = _columns(above, below, sides)
        rows = [_lifted(row, columns, (1, 0)) for row in above]
        rows += [_lifted(row, columns, (0, 1)) for row in below]
        rows += [_lifted(row, columns, (0, 0)) for row in sides]
        rows.append((0,) * len(columns) + (1, 0, 0))
        rays, tight = extreme_rays(rows, seed=seed, max_rays=max_rays, pulse=pulse)
        # rays that go up in y or z only are tight for no term of P, or of Q
        mask_p, mask_q = _masks(len(above), len(below))
        chosen = [k for k, bits in enumerate(tight) if bits & mask_p and bits & mask_q]
        infinity = 1 << (len(rows) - 1)
        bits = tuple(tight[k] & ~infinity for k in chosen)
        generators = tuple(rays[k][: len(columns) + 1] for k in chosen)
        cells, members = _cells(generators, bits, len(above), len(below), pulse)
        return CommonCells(
            tuple(above), tuple(below), denominator, columns, generators, bits, cells, members
        )

    def at(self, row: Row, generator: int) -> int:
        """Return the value of a form on (x, 1) at a generator (x, t), times t."""
        place = self.generators[generator]
        return sum(row[c] * v for c, v in zip((*self.columns, -1), place, strict=True))

    @cached_property
    def facets(self) -> tuple[CommonFacet, ...]:
        """The facets between two cells."""
        found = []
        for a, b, shared in self._neighbours():
            facet = self._facet(a, b, shared)
            if facet is not None:
                found.append(facet)
        return tuple(found)

    def _neighbours(self) -> list[tuple[int, int, frozenset[int]]]:
        """Return the pairs of cells with as many common generators as a facet has, and these."""
        from scipy.sparse import csr_array

        if not self.members:
            # a flat domain has no cells
            return []
        lengths = [len(own) for own in self.members]
        indices = np.concatenate([np.array(sorted(own)) for own in self.members])
        shape = (len(self.cells), len(self.generators))
        table = csr_array(
            (np.ones(len(indices), np.int32), indices, np.cumsum([0, *lengths])), shape
        )
        joint = (table @ table.T).tocoo()
        enough = (joint.row < joint.col) & (joint.data >= len(self.columns))
        pairs = zip(joint.row[enough].tolist(), joint.col[enough].tolist(), strict=True)
        return [(a, b, self.members[a] & self.members[b]) for a, b in sorted(pairs)]

    def _facet(self, a: int, b: int, shared: frozenset[int]) -> CommonFacet | None:
        (i, j), (k, m) = self.cells[a], self.cells[b]
        first = len(self.p)
        wanted = (1 << i) | (1 << k) | (1 << (first + j)) | (1 << (first + m))
        if not self._finite(shared) or self.common(shared) != wanted:
            return None
        rises = [
            [u - v for u, v in zip(rows[left], rows[right], strict=True)]
            for rows, left, right in ((self.p, i, k), (self.q, j, m))
        ]
        divisors = [math.gcd(*rise) for rise in rises]
        lead = 0 if divisors[0] else 1
        form = tuple(v // divisors[lead] for v in rises[lead])
        if all(divisors) and tuple(v // divisors[1] for v in rises[1]) != form:
            return None
        bend_p, bend_q = (Fraction(divisor, self.denominator) for divisor in divisors)
        return CommonFacet((a, b), form, bend_p, bend_q, shared)

    def common(self, generators: frozenset[int]) -> int:
        """Return what is tight at all of some generators, as bits."""
        found = -1
        for generator in generators:
            found &= self.tight[generator]
        return found

    def _finite(self, generators: frozenset[int]) -> bool:
        return any(self.generators[g][-1] for g in generators)

    @cached_property
    def ridges(self) -> tuple[Ridge, ...]:
        """The faces of dimension n − 2 inside the domain."""
        around: dict[int, set[int]] = {}
        shared_by: dict[int, frozenset[int]] = {}
        own: list[list[int]] = [[] for _ in self.cells]
        for index, facet in enumerate(self.facets):
            for cell in facet.cells:
                own[cell].append(index)
        inner = (1 << (len(self.p) + len(self.q))) - 1
        for facets in own:
            for left, right in combinations(facets, 2):
                shared = self.facets[left].members & self.facets[right].members
                if len(shared) < len(self.columns) - 1 or not self._finite(shared):
                    continue
                bits = self.common(shared)
                if bits & ~inner or not self._is_ridge(bits, left, right):
                    continue
                around.setdefault(bits, set()).update((left, right))
                shared_by[bits] = shared
        return tuple(self._balance(sorted(facets)) for facets in around.values())

    def _is_ridge(self, bits: int, left: int, right: int) -> bool:
        """Tell whether all that is tight leaves a face of two dimensions less, not fewer."""
        tight = bits_of(bits)
        above = [self.p[k] for k in tight if k < len(self.p)]
        below = [self.q[k - len(self.p)] for k in tight if k >= len(self.p)]
        if len(above) + len(below) == 4:
            return True
        forms = (self.facets[left].form, self.facets[right].form)
        differences = [
            tuple(u - v for u, v in zip(row, rows[0], strict=True))
            for rows in (above, below)
            for row in rows[1:]
        ]
        return all(_in_plane(forms, row) for row in differences)

    def _balance(self, facets: list[int]) -> Ridge:
        one = self.facets[facets[0]].form
        other = next(
            self.facets[k].form for k in facets if self.facets[k].form not in (one, _minus(one))
        )
        rows = []
        for index in facets:
            facet = self.facets[index]
            alpha, beta = _coordinates((one, other), facet.form)
            inside = [(self.at(one, g), self.at(other, g)) for g in facet.members]
            u, v = sum(pair[0] for pair in inside), sum(pair[1] for pair in inside)
            sign = 1 if -v * alpha + u * beta > 0 else -1
            rows.append((index, sign * alpha, sign * beta))
        return Ridge((one, other), tuple(rows))


def _integers(
    p: TropicalPolynomial, q: TropicalPolynomial
) -> tuple[tuple[list[Row], list[Row]], int]:
    joint = RationalMatrix.stack_rows(
        RationalMatrix.stack_columns([part.exponents, part.coefficients]) for part in (p, q)
    ).reduced()
    table: list[list[Any]] = joint.numerators.tolist()
    rows = [tuple(map(int, row)) for row in table]
    return (rows[: p.k], rows[p.k :]), int(joint.denominator)


def _sides(domain: Domain) -> list[Row]:
    """Return integers (−a, b) for each inequality a · x ≤ b, as terms are (exponents, coefficient).

    They are negated once more with the terms.
    """
    if domain is None:
        return []
    a, b = domain.inequalities()
    rows = []
    for row, side in zip(a.to_fractions(), b.to_fractions(), strict=True):
        scale = math.lcm(*(v.denominator for v in (*row, *side)))
        rows.append(tuple(int(v * scale) for v in (*row, -side[0])))
    return [row for row in rows if any(row[:-1])]


def _columns(above: list[Row], below: list[Row], sides: list[Row]) -> tuple[int, ...]:
    """Return coordinates that span the space modulo the lines along which nothing changes."""
    rows = [list(row[:-1]) for row in sides]
    for terms in (above, below):
        rows += [[u - v for u, v in zip(row, terms[0], strict=True)][:-1] for row in terms[1:]]
    if not rows:
        return ()
    echelon, _, rank = RationalMatrix.of(rows).numerators.rref()
    table: list[list[Any]] = echelon.tolist()
    return tuple(next(k for k, v in enumerate(row) if v != 0) for row in table[:rank])


def _lifted(row: Row, columns: tuple[int, ...], heights: tuple[int, int]) -> Row:
    return (*(-row[c] for c in columns), -row[-1], *heights)


def _masks(above: int, below: int) -> tuple[int, int]:
    return (1 << above) - 1, ((1 << below) - 1) << above


def _cells(
    generators: tuple[Row, ...],
    tight: tuple[int, ...],
    above: int,
    below: int,
    pulse: Callable[[], None],
) -> tuple[tuple[tuple[int, int], ...], tuple[frozenset[int], ...]]:
    """Return the pairs of terms that win together on an open set, and the generators of each."""
    of_p: list[set[int]] = [set() for _ in range(above)]
    of_q: list[set[int]] = [set() for _ in range(below)]
    mask_p, mask_q = _masks(above, below)
    pairs: set[tuple[int, int]] = set()
    for index, bits in enumerate(tight):
        left, right = bits_of(bits & mask_p), [k - above for k in bits_of(bits & mask_q)]
        for i in left:
            of_p[i].add(index)
        for j in right:
            of_q[j].add(index)
        if generators[index][-1]:
            pairs.update((i, j) for i in left for j in right)
    cells, members = [], []
    for number, (i, j) in enumerate(sorted(pairs)):
        if number % 256 == 0:
            pulse()
        shared = of_p[i] & of_q[j]
        common = -1
        for index in shared:
            common &= tight[index]
        if common == (1 << i) | (1 << (above + j)):
            cells.append((i, j))
            members.append(frozenset(shared))
    return tuple(cells), tuple(members)


def _minus(row: Row) -> Row:
    return tuple(-v for v in row)


def _minor(forms: tuple[Row, Row]) -> tuple[int, int, int]:
    """Return two places at which two independent forms have a determinant, and that."""
    one, other = forms
    for a, b in combinations(range(len(one)), 2):
        found = one[a] * other[b] - one[b] * other[a]
        if found:
            return a, b, found
    raise AssertionError("two facets of one cell lie in one hyperplane")


def _coordinates(forms: tuple[Row, Row], row: Row) -> tuple[Fraction, Fraction]:
    """Return α and β with row = α · one + β · other."""
    (one, other), (a, b, minor) = forms, _minor(forms)
    return (
        Fraction(row[a] * other[b] - row[b] * other[a], minor),
        Fraction(one[a] * row[b] - one[b] * row[a], minor),
    )


def _in_plane(forms: tuple[Row, Row], row: Row) -> bool:
    """Tell whether a form is a combination of two others."""
    (one, other), (a, b, minor) = forms, _minor(forms)
    alpha, beta = row[a] * other[b] - row[b] * other[a], one[a] * row[b] - one[b] * row[a]
    return all(alpha * u + beta * v == minor * w for u, v, w in zip(one, other, row, strict=True))
