"""The facets between cells that the tree search found, and those on the domain's boundary."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.geometry.tree.facet_kernels import compiled
from tropnet.geometry.tree.kernels import SIGN
from tropnet.geometry.tree.probe import FOUND, probes_between_looks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tropnet.geometry.tree.certificate import ExactCells, Point, Row
    from tropnet.geometry.tree.kernels import Layers, State
    from tropnet.geometry.tree.problem import TreeProblem
    from tropnet.typing import AnyArray, BoolArray, FloatArray, IntArray, SignArray

#: Probes that a cell takes, about: cells between two looks at the clock are so many fewer.
_PROBES_A_CELL: Final = 20


@final
class FacetSearch:
    """Finds the facets of a complete list of cells.

    Each facet of a cell lies on the zero set of a unit that was a choice on the way to the cell, or
    on the boundary of the domain. Where no other unit vanishes on the boundary of the cell, the
    cell behind it differs in that unit alone, so that only rows with such a cell are tried; where
    one may (the cell is *loose*), exact signs just behind the facet tell which cell it is.

    Args:
        problem: what was searched.
        prepared: its units in floats, and room.
        exact: its rows in rationals.
        signs: `(C, U)` of the units left, ±2 for choices.
        points: `(C', D)` proven inner points of the first cells.
        loose: `(C,)`.
        exact_points: points of the other cells.
        tick: called now and then.
    """

    def __init__(
        self,
        problem: TreeProblem,
        prepared: tuple[Layers, State],
        exact: ExactCells,
        signs: SignArray,
        points: FloatArray,
        loose: BoolArray,
        exact_points: list[Point],
        tick: Callable[[], None],
    ) -> None:
        self.problem, self.exact, self.tick = problem, exact, tick
        self.layers, self.state = prepared
        self.signs, self.points, self.loose = signs, points, loose
        self.exact_points = exact_points
        self.cell_of = {row.tobytes(): k for k, row in enumerate(np.sign(signs))}
        self.pairs: set[tuple[int, int]] = set()
        self.extra: list[tuple[int, int, int]] = []
        #: how many decisions were left to rational arithmetic
        self.decided = 0

    def run(self) -> IntArray:
        """Return `(F, 3)`: see `TreeCells.facets`."""
        parts = []
        for found, points in self._tried():
            sure = found[:, 3] == FOUND
            plain = sure & ((found[:, 1] >= 0) | (found[:, 2] < 0))
            parts.append(found[plain, :3])
            for row, point in zip(found[~plain].tolist(), points[~plain].tolist(), strict=True):
                if row[3] == FOUND:
                    self._decide(row[0], row[2], tuple(map(Fraction, point)))
                else:
                    basis = [] if row[2] < 0 else [int(v) for v in point]
                    self._decide(row[0], row[2], None, basis)
            self.tick()
        for cell in range(len(self.points), len(self.signs)):
            self._all_of(cell)
            self.tick()
        parts.append(np.array(self.extra, np.int64).reshape(-1, 3))
        return self._named(np.concatenate(parts))

    def _tried(self) -> Any:
        """Iterate over what the compiled loop says, in chunks of cells."""
        state, walls = self.state, self.problem.frame.walls
        state.units[:-1, SIGN] = 0
        keys, odd, table = self._table()
        d, p = self.problem.frame.dimension, len(self.problem.frame.rows)
        most = p + self.problem.n_units + 2 * d
        carriers = np.zeros(p + self.problem.n_units, np.int64)
        cells = max(1, probes_between_looks(d) // _PROBES_A_CELL)
        found = np.zeros((cells * most, 4), np.int64)
        places = np.zeros((cells * most, d))
        loop = compiled()["facets"]
        for first in range(0, len(self.points), cells):
            last = min(first + cells, len(self.points))
            count = loop(
                self.layers, state, first, last, self.signs, self.points, self.loose, table, keys,
                odd, walls, carriers, found, places,
            )  # fmt: skip
            yield found[:count], places[:count]

    def _table(self) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Return a hash of each cell's signs, what flipping a unit does to it, and a hash table."""
        rng = np.random.default_rng(0)
        words = rng.integers(-(2**63), 2**63, (self.problem.n_units, 3), np.int64)
        known = np.sign(self.signs)
        keys = np.zeros(len(known), np.int64)
        for unit, triple in enumerate(words):
            keys ^= triple[known[:, unit] + 1]
        table = np.full(1 << (2 * len(known) + 1).bit_length(), -1, np.int64)
        compiled()["fill"](table, keys)
        return keys, words[:, 0] ^ words[:, 2], table

    # ---- in rationals -----------------------------------------------------------------------

    def _inside(self, cell: int) -> Point:
        if cell < len(self.points):
            return tuple(map(Fraction, self.points[cell].tolist()))
        return self.exact_points[cell - len(self.points)]

    def _decide(
        self, cell: int, carrier: int, outside: Point | None, basis: Sequence[int] = ()
    ) -> None:
        """Settle whether a row carries a facet of a cell, and which cell is behind it."""
        known = self.signs[cell].tolist()
        exact, inside = self.exact, self._inside(cell)
        rows = exact.rows(known)
        index = self._place(known, carrier)
        hint = [i - (i > index) for i in exact.hint(basis, len(rows))]
        row = rows.pop(index)
        if outside is None:
            self.decided += 1
            outside = exact.beyond(rows, [-v for v in row], inside, hint).point
        if outside is not None:
            self._record(cell, carrier, row, inside, outside)

    def _place(self, known: list[int], carrier: int) -> int:
        """Return where `ExactCells.rows` has a unit's row or a domain's inequality."""
        exact = self.exact
        path = [unit for unit, sign in enumerate(known) if abs(sign) == 2]
        if carrier >= 0:
            return len(exact.domain) + path.index(carrier)
        inequality = -1 - carrier
        if not self.problem.frame.walls:
            return inequality
        d = exact.dimension  # upper walls first, then lower ones
        wall = 2 * (inequality % d) + (1 if inequality < d else 0)
        return len(exact.domain) + len(path) + wall

    def _all_of(self, cell: int) -> None:
        """Find all facets of a cell in rationals."""
        carriers = [unit for unit, sign in enumerate(self.signs[cell]) if abs(sign) == 2]
        if not self.loose[cell]:
            carriers = [unit for unit in carriers if self._is_due(cell, unit)]
        frame = self.problem.frame
        count = 2 * frame.dimension if frame.walls else len(frame.rows)
        for carrier in [*carriers, *(-1 - k for k in range(count))]:
            self._decide(cell, carrier, None)

    def _is_due(self, cell: int, unit: int) -> bool:
        """Tell whether a unit's row may carry a facet that no other cell is asked about."""
        flipped = np.sign(self.signs[cell])
        flipped[unit] = -flipped[unit]
        other = self.cell_of.get(flipped.tobytes(), -1)
        return other > cell and not self.loose[other]

    def _record(self, cell: int, carrier: int, row: Row, inside: Point, outside: Point) -> None:
        if carrier < 0:
            self.extra.append((cell, -1, carrier))
            return
        behind = self.exact.across(self.signs[cell].tolist(), row, inside, outside)
        other = self.cell_of[behind.tobytes()]  # all cells are there
        pair = min(cell, other), max(cell, other)
        if pair not in self.pairs:
            self.pairs.add(pair)
            self.extra.append((*pair, carrier))

    def _named(self, facets: IntArray) -> IntArray:
        """Name the carriers as the caller knows them: units of the circuit, inequalities."""
        named = facets.copy()
        inner = facets[:, 2] >= 0
        named[inner, 2] = self.problem.first[facets[inner, 2]]
        frame = self.problem.frame
        if not frame.walls and not inner.all():
            named[~inner, 2] = -1 - frame.names[-1 - facets[~inner, 2]]
        return named
