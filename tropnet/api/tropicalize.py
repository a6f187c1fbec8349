"""`tropicalize`: from a model to a tropical rational function for each output."""

from __future__ import annotations

from typing import Any

from tropnet.algebra import TropicalMap
from tropnet.api.as_network import as_network


def tropicalize(
    network: Any, *, max_terms: int = 100_000, time_limit: float | None = None
) -> TropicalMap:
    """Convert a model to tropical rational functions P ⊘ Q, one for each output, exactly.

    Only essential terms are kept, after every product and every sum.

    Args:
        network: a Network, or anything that `load` reads.
        max_terms: refuse, before the work or during it, polynomials of more terms than this.
        time_limit: seconds after which to give up.

    Returns:
        The map; `f.exact(points)` equals `network.exact(points)` everywhere.

    Raises:
        BudgetExceeded: `plan` predicts too many terms, or too many turned up.
        TropnetError: the model cannot be loaded, or the time limit was reached.

    Cost: see `plan`; tens of units with a handful of inputs take seconds at most.

    Example:
        >>> import tropnet
        >>> absolute = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> tropnet.tropicalize(absolute)(["-1/3"])
        (Fraction(1, 3),)
    """
    from tropnet.conversion import tropicalize as convert

    return convert(as_network(network), max_terms=max_terms, time_limit=time_limit)
