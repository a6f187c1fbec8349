"""Which output is largest where: cells cut along ties."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.plotting.flat_cells import FlatCells, clipped

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: Values closer than this share of the largest in a cell are drawn as a tie. No answer depends on
#: it: it is far below what a picture can show.
_ALIKE: Final = 1e-11


@final
@dataclass(eq=False)
class ClassPieces:
    """The plane parted by the largest of several functions that are affine on each cell.

    Attributes:
        polygons: convex pieces on which one function is largest.
        classes: which one, for each piece.
        segments: `(2, 2)` pieces of the lines where the largest two tie.
        ties: cells on all of which the largest two tie.
    """

    polygons: list[FloatArray] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    segments: list[FloatArray] = field(default_factory=list)
    ties: list[FloatArray] = field(default_factory=list)

    @staticmethod
    def of(flat: FlatCells, maps: FloatArray) -> ClassPieces:
        """Return the pieces for maps `(C, m, 3)` with m ≥ 2.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.geometry import enumerate_cells
            >>> from tropnet.plotting.class_pieces import ClassPieces
            >>> from tropnet.plotting.flat_cells import FlatCells
            >>> f = Network.from_dense([[[1, 0], [0, 1]], [[1, 0], [0, 1]]])
            >>> flat = FlatCells.of(enumerate_cells(f), window=(-1, 1))
            >>> pieces = ClassPieces.of(flat, flat.complex.maps)
            >>> len(pieces.polygons), sorted(pieces.classes), len(pieces.ties)
            (4, [0, 0, 1, 1], 1)
        """
        pieces = ClassPieces()
        if not len(flat.cells):
            return pieces
        values = flat.values(maps)
        first = flat.starts[:-1]
        scale = np.maximum.reduceat(np.abs(values).max(axis=1), first)
        lag = np.minimum.reduceat(values - values.max(axis=1, keepdims=True), first, axis=0)
        wins = lag >= -_ALIKE * scale[:, None]
        top = np.partition(values, -2, axis=1)
        close = top[:, -1] - top[:, -2] <= _ALIKE * np.repeat(scale, np.diff(flat.starts))
        touched = np.add.reduceat(close, first) >= 2
        for k, polygon in enumerate(flat.polygons()):
            winners = np.flatnonzero(wins[k])
            if len(winners) > 1:
                pieces.ties.append(polygon)
            elif len(winners) == 1 and not touched[k]:
                pieces._add(polygon, int(winners[0]))
            else:
                pieces._cut(polygon, maps[flat.cells[k]], _ALIKE * float(scale[k]))
        return pieces

    def _add(self, polygon: FloatArray, winner: int) -> None:
        self.polygons.append(polygon)
        self.classes.append(winner)

    def _cut(self, polygon: FloatArray, own: FloatArray, alike: float) -> None:
        """Cut one cell into the pieces of its classes, with the lines between them."""
        heights = polygon @ own[:, :2].T + own[:, 2]
        for k in range(len(own)):
            behind = heights[:, [k]] - heights
            if ((behind <= alike).all(axis=0) & (behind < -alike).any(axis=0)).any():
                continue  # another one is at least as large everywhere
            piece = polygon
            for j in range(len(own)):
                gap = own[k] - own[j]
                if j != k and len(piece):
                    piece = clipped(piece, _snapped(piece @ gap[:2] + gap[2], alike))
            if len(piece) < 3:
                continue
            self._add(piece, k)
            gaps = piece @ (own[k] - own)[:, :2].T + (own[k] - own)[:, 2]
            tied = np.abs(gaps) <= 4 * alike
            tied[:, k] = False
            both = tied & np.roll(tied, -1, axis=0)
            for a in np.flatnonzero(both.any(axis=1)):
                self.segments.append(piece[[a, (a + 1) % len(piece)]])


def _snapped(values: FloatArray, alike: float) -> FloatArray:
    return np.where(np.abs(values) <= alike, 0.0, values)
