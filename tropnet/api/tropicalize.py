"""`tropicalize`: from a model to a tropical rational function for each output."""

from __future__ import annotations

from typing import Any, Literal

from tropnet.algebra import TropicalMap
from tropnet.api.as_network import as_network
from tropnet.domains import Domain


def tropicalize(
    network: Any,
    domain: Domain = None,
    *,
    method: Literal["auto", "layers", "regions"] = "auto",
    max_terms: int = 100_000,
    time_limit: float | None = None,
) -> TropicalMap:
    """Convert a model to tropical rational functions P ⊘ Q, one for each output, exactly.

    Args:
        network: a Network, or anything that `load` reads.
        domain: a `Box` or a `Polyhedron`: the map then stands for the model only there, which it
            carries as `domain` and prints. None for all of R^n.
        method: "layers" multiplies P and Q out layer by layer, on R^n; "regions" enumerates the
            cells of the model on the domain and reads P and Q off them: at most one term for each
            cell, with an exact proof that P and Q are convex; "auto" takes layers for small results
            and more than six inputs, else regions.
        max_terms: refuse, before the work or during it, polynomials of more terms than this.
        time_limit: seconds after which to give up.

    Returns:
        The map; `f.exact(points)` equals `network.exact(points)` everywhere on the domain. All
        terms are essential.

    Raises:
        BudgetExceeded: `plan` predicts too many terms and cells, or too many turned up.
        TropnetError: the model cannot be loaded, or the time limit was reached.
        DomainError: an empty or flat domain, or an unknown method.
        ShapeError: the domain lives in another space.

    Cost: see `plan`; by regions 7,000 cells of 192 units take about a second.

    Example:
        >>> import tropnet
        >>> absolute = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> tropnet.tropicalize(absolute)(["-1/3"])
        (Fraction(1, 3),)
        >>> print(tropnet.tropicalize(absolute, tropnet.Box([1], [2]), method="regions"))
        y1 = x₁
        on Box(['1'], ['2']) only
    """
    from tropnet.conversion import tropicalize as convert

    return convert(
        as_network(network), domain, method=method, max_terms=max_terms, time_limit=time_limit
    )
