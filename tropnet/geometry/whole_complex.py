"""The whole complex of a network, or an error when the time is up before."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tropnet.domains import Domain
from tropnet.errors import BudgetExceeded
from tropnet.geometry.linear_regions import enumerate_cells
from tropnet.geometry.polyhedral_complex import PolyhedralComplex

if TYPE_CHECKING:
    from tropnet.network import Network


def whole_complex(
    network: Network, domain: Domain, max_cells: int, time_limit: float | None
) -> PolyhedralComplex:
    """Return the complex of a network, cut by all of its units.

    Raises:
        BudgetExceeded: more than `max_cells` cells, or out of time.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry.whole_complex import whole_complex
        >>> relu = Network.from_dense([[[1]], [[1]]])
        >>> whole_complex(relu, Box([-1], [1]), 10, None).n_cells
        2
    """
    found = enumerate_cells(network, domain, max_cells=max_cells, time_limit=time_limit)
    if not found.complete:
        raise BudgetExceeded(
            f"seconds for the {found.n_cells} joint cells so far",
            math.inf,
            time_limit or math.inf,
            "raise time_limit, or take a smaller domain",
        )
    return found
