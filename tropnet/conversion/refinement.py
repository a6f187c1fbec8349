"""Sums of convex functions with as many terms as their cells have overlaps, and no more."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, final

import flint
import numpy as np

from tropnet.algebra.open_cells import open_cells
from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, BoolArray, IntArray

#: Pairs of terms compared at once: bounds the memory of a product.
_PAIRS: Final = 4_000_000


@final
@dataclass(frozen=True, eq=False)
class Atom:
    """A convex function max_i (terms[i] · (x, 1)) all of whose terms are essential.

    Args:
        terms: `(k, n + 1)`, exponents and, last, the coefficient, in lexicographic order.
        known: `(k, number of earlier atoms)`: where term i is the maximum, atom m is at its term
            `known[i, m]`; −1 where the term does not tell.
    """

    terms: RationalMatrix
    known: IntArray

    @cached_property
    def integers(self) -> AnyArray:
        """The numerators of the terms, as an array of Python ints."""
        return _integers(self.terms)

    @cached_property
    def shape_key(self) -> tuple[tuple[int, ...], ...]:
        """The terms up to a positive factor and an added affine function."""
        return tuple(map(tuple, (self._shifted // self._content).tolist()))

    @cached_property
    def scale(self) -> Fraction:
        """The factor between the terms and `shape_key`."""
        return Fraction(self._content, self.terms.denominator)

    @cached_property
    def _shifted(self) -> AnyArray:
        return self.integers - self.integers[:1]

    @cached_property
    def _content(self) -> int:
        return math.gcd(*self._shifted.ravel().tolist())


@final
@dataclass(frozen=True, eq=False)
class Refinement:
    """The common refinement of the cells of some atoms: the terms of their sum.

    A sum of the atoms with any positive factors has one essential term for each cell.

    Args:
        support: indices of the atoms, increasing.
        choice: `(cells, len(support))`, the term of each atom in each cell.
        known: `(cells, number of atoms)`, the term of each atom, −1 where the cell does not tell.
        terms: `(cells, n + 1)`, the terms of the plain sum of the atoms.
    """

    support: tuple[int, ...]
    choice: IntArray
    known: IntArray
    terms: RationalMatrix

    def __len__(self) -> int:
        return len(self.choice)

    @staticmethod
    def everything(n: int) -> Refinement:
        """Return the refinement of no atoms: one cell, R^n."""
        empty = np.zeros((1, 0), dtype=np.int64)
        return Refinement((), empty, empty, RationalMatrix.zeros(1, n + 1))

    def with_atom(
        self,
        index: int,
        atom: Atom,
        *,
        limit: Callable[[int], None],
        pulse: Callable[[], None],
    ) -> Refinement:
        """Return the common refinement with one more atom.

        Pairs of a cell and a term that put some earlier atom at two different terms are left out
        at once; whether the others overlap in an open set, `open_cells` decides exactly.

        Args:
            index: of the atom, larger than all in the support that it is built on.
            atom: the atom.
            limit: called with the number of cells so far; raises when there are too many.
            pulse: called now and then; raises when time is up.
        """
        cells, terms = [], []
        step = max(1, _PAIRS // max(1, len(atom.terms)))
        for first in range(0, len(self), step):
            possible = _consistent(self.known[first : first + step], atom.known)
            row, term = np.nonzero(possible)
            keep = possible.sum(axis=1)[row] == 1
            open_pairs = np.stack([row + first, term], axis=1)[~keep]
            keep[~keep] = open_cells([self.terms, atom.terms], open_pairs, pulse=pulse)
            cells.append(row[keep] + first)
            terms.append(term[keep])
            limit(sum(map(len, cells)))
        cell, term = np.concatenate(cells), np.concatenate(terms)
        place = int(np.searchsorted(self.support, index))
        choice = np.insert(self.choice[cell], place, term, axis=1)
        support = (*self.support[:place], index, *self.support[place:])
        known = _joined(self.known[cell], atom.known[term], index, term)
        refined = Refinement(support, choice, known, self.terms)
        parts = [(_integers(self.terms), self.terms.denominator, cell)]
        parts.append((atom.integers, atom.terms.denominator, term))
        return replace(refined, terms=_sum(parts))

    def onto(self, support: tuple[int, ...], atoms: Sequence[Atom]) -> Refinement:
        """Return the coarser refinement of some of the atoms."""
        columns = [self.support.index(m) for m in support]
        choice = np.unique(self.choice[:, columns], axis=0)
        known = np.full((len(choice), self.known.shape[1]), -1, dtype=np.int64)
        for column, m in enumerate(support):
            known = _joined(known, atoms[m].known[choice[:, column]], m, choice[:, column])
        found = Refinement(support, choice, known, self.terms)
        terms = found.combination(dict.fromkeys(support, Fraction(1)), atoms)
        return Refinement(support, choice, known, terms)

    def combination(self, factors: Mapping[int, Fraction], atoms: Sequence[Atom]) -> RationalMatrix:
        """Return the terms of Σ factor · atom, `(cells, n + 1)`, one for each cell."""
        if not self.support:
            return RationalMatrix.zeros(len(self), self.terms.shape[1])
        parts = []
        for column, m in enumerate(self.support):
            atom, factor = atoms[m], factors[m]
            numerators = atom.integers * factor.numerator
            denominator = atom.terms.denominator * factor.denominator
            parts.append((numerators, denominator, self.choice[:, column]))
        return _sum(parts)


def _integers(matrix: RationalMatrix) -> AnyArray:
    entries = np.array([int(v) for v in matrix.numerators.entries()], dtype=object)
    return entries.reshape(matrix.shape)


def _sum(parts: Sequence[tuple[AnyArray, int, IntArray]]) -> RationalMatrix:
    """Return the sum of chosen rows of integer arrays, each over its own denominator."""
    common = math.lcm(*(denominator for _, denominator, _ in parts))
    total: Any = 0
    for numerators, denominator, rows in parts:
        total = total + (numerators * (common // denominator))[rows]
    rows, columns = total.shape
    return RationalMatrix(flint.fmpz_mat(rows, columns, total.ravel().tolist()), common)


@cache
def _compiled() -> Any:
    from numba import njit

    return njit(cache=True)(_agreement)


def _agreement(cells: IntArray, terms: IntArray) -> BoolArray:
    possible = np.ones((len(cells), len(terms)), dtype=np.bool_)
    for i in range(len(cells)):
        for j in range(len(terms)):
            for m in range(min(cells.shape[1], terms.shape[1])):
                if cells[i, m] != terms[j, m] and cells[i, m] >= 0 and terms[j, m] >= 0:
                    possible[i, j] = False
                    break
    return possible


def _consistent(cells: IntArray, terms: IntArray) -> BoolArray:
    """Tell which cells and which terms agree on every atom that both know about."""
    found: BoolArray = _compiled()(np.ascontiguousarray(cells), np.ascontiguousarray(terms))
    return found


def _joined(cells: IntArray, terms: IntArray, index: int, term: IntArray) -> IntArray:
    """Return what cells know once they know an atom's term, and what that term knows."""
    width = max(cells.shape[1], terms.shape[1], index + 1)
    joined = np.full((len(cells), width), -1, dtype=np.int64)
    joined[:, : cells.shape[1]] = cells
    part = joined[:, : terms.shape[1]]
    joined[:, : terms.shape[1]] = np.where(part >= 0, part, terms)
    joined[:, index] = term
    return joined
