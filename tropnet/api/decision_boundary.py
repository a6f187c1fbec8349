"""`decision_boundary`: where the largest output of a model changes."""

from __future__ import annotations

from typing import Any

from tropnet.api.as_network import as_network
from tropnet.domains import Domain
from tropnet.geometry import decision_boundary as boundary_of
from tropnet.geometry.decision_boundary import DecisionBoundary


def decision_boundary(
    f: Any,
    domain: Domain = None,
    *,
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
) -> DecisionBoundary:
    """Return the decision boundary of a model on a domain, exactly.

    With several outputs the decision is the largest of them, with one its sign.

    Args:
        f: a Network, a TropicalMap, or anything that `load` reads.
        domain: a box, a polyhedron, or None for all of R^n.
        max_cells: refuse more cells than this.
        time_limit: seconds for the cells.

    Raises:
        BudgetExceeded: too many cells, too little time, or too many pairs of outputs.
        DomainError: an empty or flat domain.
        TropnetError: the model cannot be loaded.

    Example:
        >>> import tropnet
        >>> found = tropnet.decision_boundary("examples:moons_a", tropnet.Box.cube(2))
        >>> len(found.facets) > 0
        True
    """
    return boundary_of(as_network(f), domain, max_cells=max_cells, time_limit=time_limit)
