"""`circuit_expression`: a model written out, one line a unit."""

from __future__ import annotations

from typing import Any

from tropnet.api.as_network import as_network
from tropnet.conversion.circuit_expression import CircuitExpression
from tropnet.conversion.circuit_expression import circuit_expression as expression_of


def circuit_expression(f: Any, *, max_terms: int = 1_000_000) -> CircuitExpression:
    """Write a model out, one line a unit, exactly its normal form.

    Args:
        f: a Network, a TropicalMap, or anything that `load` reads.
        max_terms: refuse networks with more connections.

    Raises:
        BudgetExceeded: more terms, counted before they are written.
        TropnetError: the model cannot be loaded.

    Cost: about 2 µs a term.

    Example:
        >>> import tropnet
        >>> absolute = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> print(tropnet.circuit_expression(absolute))
        u1_1 = max(0, x1)
        u1_2 = max(0, -x1)
        y1 = u1_1 + u1_2
    """
    return expression_of(as_network(f), max_terms=max_terms)
