"""`plan`: the size of a conversion, before the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tropnet.api.as_network import as_network
from tropnet.domains import Domain

if TYPE_CHECKING:
    from tropnet.conversion import Plan


def plan(network: Any, domain: Domain = None) -> Plan:
    """Predict how large the tropical form of a model is, without computing it.

    Args:
        network: a Network, or anything that `load` reads.
        domain: a `Box`, a `Polyhedron`, or None for all of R^n.

    Returns:
        The plan; it prints as a table, a line for each layer.

    Raises:
        TropnetError: the model cannot be loaded.

    Cost: milliseconds.

    Example:
        >>> import tropnet
        >>> print(tropnet.plan("examples:moons_a"))  # doctest: +SKIP
    """
    from tropnet.conversion import plan as predict

    return predict(as_network(network), domain)
