"""The bend locus: the facets across which the affine map changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.geometry.polyhedral_complex import PolyhedralComplex, require_complex

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray, SignArray


@final
@dataclass(frozen=True, eq=False)
class BendLocus:
    """The facets of a complex across which the network bends.

    Attributes:
        complex: the complex.
        facets: `(k,)` their numbers in `complex.facet_cells`.
        jumps: `(k, m)` float64: for each output the length of the gradient's jump, positive where
            the output bends upwards (is convex across the facet), negative where downwards, and 0
            where this output does not bend.
        signs: `(k, m)` int8, the exact signs of the jumps.

    Example:
        >>> import tropnet
        >>> from tropnet.geometry import bend_locus, enumerate_cells
        >>> hat = tropnet.Network.from_dense(
        ...     [[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]]
        ... )
        >>> bend_locus(enumerate_cells(hat)).signs.ravel().tolist()
        [1, -1, 1]
    """

    complex: PolyhedralComplex = field(repr=False)
    facets: IntArray
    jumps: FloatArray = field(repr=False)
    signs: SignArray = field(repr=False)

    @property
    def cells(self) -> IntArray:
        """The cells on both sides, `(k, 2)`."""
        found: IntArray = self.complex.facet_cells[self.facets]
        return found


def bend_locus(complex: PolyhedralComplex) -> BendLocus:  # noqa: A002 - the field's word
    """Return the facets at which some output bends.

    Raises:
        DomainError: not a complex, or one that is not complete.

    Cost: the exact affine maps of all cells, and one exact form for each facet that bends.
    """
    require_complex(complex, "bend_locus")
    ids = complex.map_ids
    owners = complex.facet_cells
    inner = owners[:, 1] >= 0
    facets = np.flatnonzero(inner & (ids[owners[:, 0]] != ids[np.maximum(owners[:, 1], 0)]))
    plus, minus = owners[facets, 0], owners[facets, 1]
    numerators, denominator = complex.exact_maps()
    change = numerators[plus] - numerators[minus]
    rows, _ = complex.unit_rows(plus, complex.facet_unit[facets].astype(np.int64))
    # change = factor · row for each output; the unit is positive on the first side
    leading = (rows[:, :-1] != 0).argmax(axis=1)
    at = np.arange(len(facets))
    row_sign = np.where(rows[at, leading] > 0, 1, -1)
    own = change[at, :, leading]
    signs = ((own > 0).astype(np.int8) - (own < 0).astype(np.int8)) * row_sign[:, None]
    lengths = np.linalg.norm(_floats(change[:, :, :-1], denominator), axis=2)
    return BendLocus(complex, facets, signs * lengths, signs.astype(np.int8))


def _floats(numerators: Any, denominator: int) -> FloatArray:
    flat = np.array([v / denominator for v in numerators.ravel()], dtype=np.float64)
    return flat.reshape(numerators.shape)
