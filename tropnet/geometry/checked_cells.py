"""The cells of a network, enumerated and checked once more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import BudgetExceeded
from tropnet.geometry.linear_regions import Engine, enumerate_cells
from tropnet.geometry.polyhedral_complex import PolyhedralComplex

if TYPE_CHECKING:
    from tropnet.network import Network


def checked_cells(
    network: Network, domain: Domain, max_cells: int, time_limit: float | None
) -> PolyhedralComplex:
    """Return the whole complex of a network, in integers where floats left any doubt.

    Raises:
        BudgetExceeded: more than `max_cells` cells, or out of time.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry.checked_cells import checked_cells
        >>> relu = Network.from_dense([[[1]], [[1]]])
        >>> checked_cells(relu, Box([-1], [1]), 10, None).n_cells
        2
    """

    def enumerated(engine: Engine) -> PolyhedralComplex:
        with np.errstate(all="ignore"):  # floats that overflow prove nothing, and are not believed
            return enumerate_cells(
                network, domain, engine=engine, max_cells=max_cells, time_limit=time_limit
            )

    found = enumerated("auto")
    if found.complete and not is_simple(found):
        found = enumerated("exact")
    if not found.complete:
        raise BudgetExceeded(
            f"seconds for the {found.n_cells} joint cells so far",
            math.inf,
            time_limit or math.inf,
            "raise time_limit, or take a smaller domain",
        )
    return found


def is_simple(found: PolyhedralComplex) -> bool:
    """Tell whether a complex made in floats has the faces that those in general position have.

    A vertex at which the float of a unit was zero by chance may end up on both sides of the unit,
    which the sign of the unit there cannot show. Then some edge has one end, some facet has a
    vertex that its unit does not carry, or several units change their signs at one facet.
    """
    if found.record is None or found.record.rows is not None:
        return True  # not made in floats
    lattice = found.record.lattice
    if not (lattice.length[1][: int(lattice.count[1])] == 2).all():
        return False
    facet, vertex = _vertices_of_facets(found)
    carrier = lattice.unit[facet]
    on_it: Any = (lattice.support[vertex] == carrier[:, None]).any(axis=1)
    return bool(on_it.all()) and _crossed_singly(found)


def _vertices_of_facets(found: PolyhedralComplex) -> tuple[Any, Any]:
    """Return pairs of a facet and a vertex of it."""
    assert found.record is not None, "there are faces"
    count = int(found.record.lattice.count[found.n_inputs - 1])
    face = member = np.arange(count, dtype=np.int64)
    for k in range(found.n_inputs - 1, 0, -1):
        indptr, children = found.faces(k)
        lengths = np.diff(indptr)[member]
        place = np.arange(lengths.sum()) + np.repeat(
            indptr[member] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths
        )
        below = int(found.record.lattice.count[k - 1])
        pairs = np.unique(np.repeat(face, lengths) * below + children[place])
        face, member = np.divmod(pairs, below)
    return face, member


def _crossed_singly(found: PolyhedralComplex) -> bool:
    """Tell whether just one unit changes its sign at each facet."""
    pairs = found.facet_cells[found.facet_cells[:, 1] >= 0]
    changes = np.zeros(len(pairs), np.int64)
    for part in found.words:
        flipped = np.bitwise_count(part[pairs[:, 0]] ^ part[pairs[:, 1]])
        changes += flipped.sum(axis=1, dtype=np.int64)
    return bool((changes == 2).all())  # from positive to negative
