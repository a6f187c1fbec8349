"""The decision boundary of a network: where its largest output changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import BudgetExceeded
from tropnet.exact import RationalMatrix
from tropnet.geometry.linear_regions import enumerate_cells
from tropnet.geometry.polyhedral_complex import PolyhedralComplex
from tropnet.network import Affine, Layer, Network
from tropnet.network.fold import folded

if TYPE_CHECKING:
    from tropnet.typing import IntArray

#: The most pairs of outputs that are held against each other.
MAX_PAIRS: Final = 300


@final
@dataclass(frozen=True, eq=False)
class DecisionBoundary:
    """The cells of a network, cut where two outputs are equal, and the facets between decisions.

    Attributes:
        complex: the complex of the network and of one more unit for each pair of outputs, in a last
            layer that nothing reads.
        decisions: `(C,)` for each cell the output that is largest there, the first of several; for
            a network of one output its sign.
        facets: `(k,)` the facets between cells of different decisions: the boundary, as numbers in
            `complex.facet_cells`.
    """

    complex: PolyhedralComplex = field(repr=False)
    decisions: IntArray
    facets: IntArray

    @property
    def cells(self) -> IntArray:
        """The cells on both sides of the boundary, `(k, 2)`."""
        found: IntArray = self.complex.facet_cells[self.facets]
        return found


def decision_boundary(
    network: Network,
    domain: Domain = None,
    *,
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
) -> DecisionBoundary:
    """Return the decision boundary of a network on a domain, exactly.

    With several outputs the decision is the largest of them, with one its sign.

    `tropnet.decision_boundary` tells of arguments and errors; here it is of a network.

    Raises:
        BudgetExceeded: also for more than `MAX_PAIRS` pairs of outputs.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.geometry import decision_boundary
        >>> found = decision_boundary(Network.from_dense([[[1, 0], [0, 1], [0, 0]]]))
        >>> sorted(found.decisions.tolist()), len(found.facets)
        ([0, 0, 1, 1, 2, 2], 3)
    """
    m = network.n_outputs
    pairs = list(combinations(range(m), 2))
    if len(pairs) > MAX_PAIRS:
        raise BudgetExceeded(
            "pairs of outputs",
            len(pairs),
            MAX_PAIRS,
            "leave out outputs that are never the largest",
        )
    plain = folded(network)
    rows = RationalMatrix.from_rows(
        [[int(k == i) - int(k == j) for k in range(m)] for i, j in pairs] or [[1]]
    )
    terms: dict[int, Any] = {s: rows @ weights.exact for s, weights in plain.output.terms}
    cuts = Layer(Affine(terms, rows @ plain.output.bias.exact), True, "decisions")
    cells = enumerate_cells(
        replace(plain, layers=(*plain.layers, cuts)),
        domain,
        max_cells=max_cells,
        time_limit=time_limit,
    )
    if not cells.complete:
        raise BudgetExceeded("units to cut", cells.circuit.n_units, cells.n_done, "allow more time")
    signs = cells.signs[:, -max(len(pairs), 1) :].astype(np.int64)
    decisions = _largest(signs, pairs, m) if pairs else signs[:, 0]
    owners = cells.facet_cells
    inner = owners[:, 1] >= 0
    differ = decisions[owners[:, 0]] != decisions[np.maximum(owners[:, 1], 0)]
    return DecisionBoundary(cells, decisions, np.flatnonzero(inner & differ))


def _largest(signs: IntArray, pairs: list[tuple[int, int]], m: int) -> IntArray:
    """Return for each row of signs of f_i − f_j the first output that is at least all others."""
    beaten = np.zeros((len(signs), m), np.bool_)
    for column, (i, j) in enumerate(pairs):
        beaten[:, j] |= signs[:, column] >= 0  # a tie goes to the first
        beaten[:, i] |= signs[:, column] < 0
    result: IntArray = np.argmin(beaten, axis=1)
    return result
