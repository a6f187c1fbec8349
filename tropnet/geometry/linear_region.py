"""Linear regions: maximal connected unions of cells with one affine map."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.network import AffineMap
    from tropnet.typing import IntArray


@final
@dataclass(frozen=True, eq=False)
class LinearRegion:
    """A linear region of a network: cells with one affine map, connected through facets.

    It may be non-convex, and two regions may have the same map.

    Attributes:
        complex: the complex that it is part of.
        index: its number there.
        cells: `(k,)` its cells.
    """

    complex: PolyhedralComplex = field(repr=False)
    index: int
    cells: IntArray

    @property
    def map(self) -> AffineMap:
        """The exact affine map."""
        return self.complex.exact_map(int(self.cells[0]))

    @property
    def facets(self) -> IntArray:
        """The facets of its cells that bound it, numbers into `complex.facet_cells`."""
        owners = self.complex.facet_cells
        inside = np.isin(owners, self.cells)
        found: IntArray = np.flatnonzero(inside[:, 0] != inside[:, 1])
        return found

    @property
    def neighbours(self) -> IntArray:
        """The regions that share a facet with it."""
        owners = self.complex.facet_cells[self.facets]
        both = owners[owners[:, 1] >= 0]
        ids = np.unique(self.complex.region_ids[both])
        found: IntArray = ids[ids != self.index]
        return found


def connected(count: int, pairs: Any) -> IntArray:
    """Return for each of `count` items the number of its connected component."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    data = np.ones(len(pairs), np.int8)
    graph = coo_array((data, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    result: IntArray = labels.astype(np.int64)
    return result
