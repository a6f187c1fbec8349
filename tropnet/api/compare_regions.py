"""`compare_regions`: two models of few inputs, compared cell by cell."""

from __future__ import annotations

from typing import Any

from tropnet.api.as_network import as_network
from tropnet.domains import Domain
from tropnet.geometry.comparison.region_comparison import RegionComparison
from tropnet.geometry.comparison.region_comparison import compare_regions as compare_networks


def compare_regions(
    first: Any,
    second: Any,
    domain: Domain = None,
    *,
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
) -> RegionComparison:
    """Compare two models of few inputs by the cells of both together.

    On each joint cell both functions are affine, so that extrema, integrals, volumes and relations
    can be computed cell by cell: no sampling, no tolerance.

    Args:
        first: f, a Network, a TropicalMap, or anything that `load` reads.
        second: g, likewise, with as many inputs and outputs; any architecture.
        domain: a box, a polyhedron, or None for all of R^n; n ≤ 6.
        max_cells: refuse more joint cells than this.
        time_limit: seconds for each enumeration of cells (some questions cut the cells further).

    Raises:
        BudgetExceeded: more than `max_cells` cells, or out of time.
        DomainError: an empty or flat domain, or too many inputs.
        ShapeError: shapes that do not fit.
        TropnetError: a model cannot be loaded.

    Cost: the enumeration of the joint cells; what is asked for is computed when it is.

    Example:
        >>> import tropnet
        >>> found = tropnet.compare_regions(
        ...     "examples:moons_a", "examples:moons_a_permuted", tropnet.Box.cube(2)
        ... )
        >>> bool(found.equal)
        True
    """
    return compare_networks(
        as_network(first), as_network(second), domain, max_cells=max_cells, time_limit=time_limit
    )
