"""Regions fine enough to write a function as a maximum of minima, with the proof that they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.conversion.base_region import (
    BaseRegion,
    CellFacets,
    Generator,
    GeneratorTable,
    cut,
)
from tropnet.conversion.value_ranks import integer_rows, value_ranks
from tropnet.errors import BudgetExceeded, DomainError

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import BoolArray, IntArray

#: Pairs of regions looked at in one round of cuts.
_PAIRS: Final = 2_000


@final
class BaseRegions:
    """Convex regions that cover a domain, and which affine pieces lie above and below on each.

    Attributes:
        pieces: object `(k, n + 1)` of integers, over `denominator`: the distinct affine pieces.
        denominator: what they are over.
        regions: the regions; cells to begin with.
        table: their generators.
        cuts: the number of cuts that were made.
    """

    def __init__(
        self,
        pieces: Any,
        denominator: int,
        regions: Sequence[BaseRegion],
        table: GeneratorTable,
        cells: PolyhedralComplex,
    ) -> None:
        self.pieces, self.denominator = pieces, denominator
        self.regions, self.table = list(regions), table
        self.cuts = 0
        self._cells = cells
        self._origin = list(range(len(self.regions)))  # the cell that a region is part of
        self._whole = set(self._origin)  # cells that are not cut yet
        self._ranks = value_ranks(pieces, integer_rows(table.rows))
        count = len(pieces)
        self._above = np.zeros((len(regions), count), np.bool_)
        self._below = np.zeros((len(regions), count), np.bool_)
        self._compare(range(len(self.regions)))

    @staticmethod
    def of(cells: PolyhedralComplex, output: int) -> BaseRegions:
        """Return the cells of a complex with the affine maps of one output, equal ones once.

        Args:
            cells: a complex with faces: none of its cells contains a line.
            output: which output.
        """
        maps, denominator = cells.exact_maps()
        table, names = GeneratorTable(), cells.exact_vertices()
        places = [table.place([int(v) for v in row]) for row in names]
        indptr, indices = cells.cell_vertices
        numbers: dict[tuple[int, ...], int] = {}
        regions = []
        for cell in range(cells.n_cells):
            form = tuple(int(v) for v in maps[cell, output])
            piece = numbers.setdefault(form, len(numbers))
            corners = indices[indptr[cell] : indptr[cell + 1]].tolist()
            regions.append(BaseRegion(piece, tuple(places[k] for k in corners)))
        return BaseRegions(integer_rows(list(numbers)), int(denominator), regions, table, cells)

    @cached_property
    def _facets(self) -> CellFacets:
        return CellFacets(self._cells)

    @property
    def above(self) -> BoolArray:
        """Whether piece j is nowhere less than the function on region r, `(r, k)`."""
        return self._above[: len(self.regions)]

    @property
    def below(self) -> BoolArray:
        """Whether piece j is nowhere greater than the function on region r, `(r, k)`."""
        return self._below[: len(self.regions)]

    def _compare(self, which: Sequence[int]) -> None:
        for index in which:
            region = self.regions[index]
            ranks = self._ranks[list(region.generators)]
            own = ranks[:, [region.piece]]
            self._above[index] = (ranks >= own).all(axis=0)
            self._below[index] = (ranks <= own).all(axis=0)

    # ---- the certificate ------------------------------------------------------------------------

    def refine(self, max_regions: int) -> None:
        """Cut regions until for all i, r some piece lies above on region i and below on region r.

        For points y, x inside them such a piece of the function exists on the segment from y to x,
        by continuity; it is above at y and below at x. Where it is not so on all of region i or r,
        that region is cut along the zero set of its difference from the region's own piece. When
        no difference changes sign inside a region, nothing is left to cut, so this ends.

        Args:
            max_regions: stop with an error beyond this.

        Raises:
            BudgetExceeded: the cuts make more regions.
            DomainError: the pieces are not those of a continuous function on a convex domain.
        """
        failing = self._failing(self.above, self.below)
        while failing.any():
            chosen = self._chosen_cuts(np.argwhere(failing)[:_PAIRS])
            if len(self.regions) + len(chosen) > max_regions:
                raise BudgetExceeded(
                    f"base regions of the lattice form, {len(self.regions) + len(chosen)} or more "
                    f"({len(self.regions) - self.cuts} cells and the cuts that its proof needs)",
                    len(self.regions) + len(chosen),
                    max_regions,
                    "raise max_regions, take a smaller domain, or write P and Q instead",
                )
            failing = self._failing_after(failing, self._cut(chosen))

    @staticmethod
    def _failing(above: BoolArray, below: BoolArray) -> BoolArray:
        # sums of up to 2^24 ones are exact in float32
        shared = above.astype(np.float32) @ below.astype(np.float32).T
        return np.asarray(shared == 0)

    def _failing_after(self, failing: BoolArray, changed: Sequence[int]) -> BoolArray:
        count, grown = len(failing), len(self.regions)
        wider = np.zeros((grown, grown), np.bool_)
        wider[:count, :count] = failing
        wider[changed] = self._failing(self.above[changed], self.below)
        wider[:, changed] = self._failing(self.above, self.below[changed])
        return wider

    def _chosen_cuts(self, pairs: IntArray) -> list[tuple[int, int]]:
        """Choose one cut for some region of each failing pair, those that help most pairs first."""
        options: list[list[tuple[int, int]]] = []
        votes: Counter[tuple[int, int]] = Counter()
        inner = self._inner_ranks(np.unique(pairs).tolist())
        for i, r in pairs.tolist():
            (at_i, own_i), (at_r, own_r) = inner[i], inner[r]
            fit = (at_i >= own_i) & (at_r <= own_r)
            # one cut does where the piece is already right on the other region
            direct = [(r, j) for j in np.flatnonzero(fit & self.above[i]).tolist()]
            direct += [(i, j) for j in np.flatnonzero(fit & self.below[r]).tolist()]
            if not direct:
                direct = [(i, j) for j in np.flatnonzero(fit).tolist()]
            if not direct:
                raise DomainError(
                    f"no affine piece passes between cells {self._origin[i]} and "
                    f"{self._origin[r]}; the cells do not cover a convex domain, or the function "
                    "is not continuous"
                )
            options.append(direct)
            votes.update(direct)
        cuts: dict[int, int] = {}
        for (_, r), choice in zip(pairs.tolist(), options, strict=True):
            best = max(choice, key=lambda option: (votes[option], option[0] == r, -option[1]))
            if not any(region in cuts for region, _ in choice):
                cuts[best[0]] = best[1]
        return sorted(cuts.items())

    def _inner_ranks(self, which: Sequence[int]) -> dict[int, tuple[IntArray, int]]:
        """Return the ranks of all pieces, and of the own one, at a point inside each region."""
        points = []
        for index in which:
            corners = [self.table.rows[k] for k in self.regions[index].generators]
            points.append(tuple(map(sum, zip(*corners, strict=True))))
        ranks = value_ranks(self.pieces, integer_rows(points))
        return {
            index: (row, int(row[self.regions[index].piece]))
            for index, row in zip(which, ranks, strict=True)
        }

    def _cut(self, chosen: Sequence[tuple[int, int]]) -> list[int]:
        """Cut each of these regions along one piece's zero set; return what changed and is new."""
        known, changed = len(self.table.rows), []
        for index, piece in chosen:
            region = self.regions[index]
            if index in self._whole:
                self._whole.discard(index)
                corners: list[Generator] = [self.table.rows[k] for k in region.generators]
                tight = self._facets.tight(index, corners)
                region = BaseRegion(region.piece, region.generators, tight)
            form = (self.pieces[piece] - self.pieces[region.piece]).tolist()
            self.regions[index], other = cut(region, form, self.table)
            changed += [index, len(self.regions)]
            self.regions.append(other)
            self._origin.append(self._origin[index])
            self.cuts += 1
        fresh = value_ranks(self.pieces, integer_rows(self.table.rows[known:]))
        self._ranks = _with_room(self._ranks, known + len(fresh))
        self._ranks[known : known + len(fresh)] = fresh
        self._above = _with_room(self._above, len(self.regions))
        self._below = _with_room(self._below, len(self.regions))
        self._compare(changed)
        return changed


def _with_room(rows: Any, count: int) -> Any:
    """Return an array of at least so many rows, twice as many where it has to grow."""
    if len(rows) >= count:
        return rows
    grown = np.zeros((2 * count, *rows.shape[1:]), rows.dtype)
    grown[: len(rows)] = rows
    return grown
