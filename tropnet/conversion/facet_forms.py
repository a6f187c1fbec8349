"""The hyperplanes of facets, exactly, and the proof that functions are convex across them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.conversion.sheets import Sheets

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import IntArray


@final
class FacetForms:
    """For each facet at which a unit switches the lowest such unit, as a linear form in (x, t).

    Args:
        cells: a complete complex.

    Attributes:
        sheets: the switches.
        facets: `(k,)` the facets at which units switch, ascending.
        inside: `(k,)` the cell of each on which the lowest unit is active.
        outside: `(k,)` the other one.
        rows: object `(k, n + 1)` integers: the value of that unit on both cells; positive inside.
    """

    def __init__(self, cells: PolyhedralComplex) -> None:
        self.cells, self.sheets = cells, Sheets.of(cells)
        lowest = np.flatnonzero(self.sheets.first)
        self.facets: IntArray = self.sheets.facet[lowest]
        self.inside, self.outside = self.sheets.cell[lowest], self.sheets.other[lowest]
        self.rows, _ = cells.unit_rows(self.inside, self.sheets.unit[lowest])
        self._pivots = _pivots(self.rows)
        self._values = self.rows[np.arange(len(self.rows)), self._pivots]
        self._places = np.full(len(cells.facet_cells), -1, np.int64)
        self._places[self.facets] = np.arange(len(self.facets))

    def pivots(self, facets: IntArray) -> tuple[IntArray, Any]:
        """Return for each facet the place of an entry of its row that is not zero, and that."""
        places = self._places[facets]
        return self._pivots[places], self._values[places]

    def pivot(self, facet: int) -> tuple[int, Any]:
        """Return the same for one facet."""
        place = self._places[facet]
        return int(self._pivots[place]), self._values[place]

    def first_bend_down(self, forms: Any) -> int | None:
        """Return a facet across which a function is not continuous and convex, or None.

        Across a facet without switches, and on both sides of the others, the function changes by
        a multiple of the row of the facet that is zero or positive.

        Args:
            forms: object `(C, n + 1)` integers, the function on each cell.
        """
        change = forms[self.inside] - forms[self.outside]
        every = np.arange(len(self.facets))
        steps = change[every, self._pivots]
        aligned = change * self._values[:, None] == self.rows * steps[:, None]
        upward = steps * self._values >= 0
        wrong = ~(np.asarray(aligned, np.bool_).all(axis=1) & np.asarray(upward, np.bool_))
        if wrong.any():
            return int(self.facets[wrong.argmax()])
        plain = self.cells.facet_cells[:, 1] >= 0
        plain[self.facets] = False
        left, right = self.cells.facet_cells[plain].T
        unequal = np.asarray(forms[left] != forms[right], np.bool_).any(axis=1)
        return int(np.flatnonzero(plain)[unequal.argmax()]) if unequal.any() else None


def _pivots(rows: Any) -> IntArray:
    nonzero: Any = rows[:, :-1] != 0
    return np.asarray(nonzero.astype(bool).argmax(axis=1))
