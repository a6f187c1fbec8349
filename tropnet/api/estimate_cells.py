"""`estimate_cells`: how many cells a model has, before they are enumerated."""

from __future__ import annotations

from typing import Any

from tropnet.api.as_network import as_network
from tropnet.domains import Domain
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.tree.estimate import CellEstimate
from tropnet.geometry.tree.estimate import estimate_cells as estimate_of


def estimate_cells(
    f: Any, domain: Domain = None, *, descents: int = 1000, seed: int = 0
) -> CellEstimate:
    """Estimate the number of cells of a model by random descents (Knuth's estimator).

    The expectation is the number of cells; the spread is large where it is.

    Args:
        f: a Network, a TropicalMap, or anything that `load` reads.
        domain: a box, a polyhedron, or None for all of R^n; with an interior.
        descents: how many descents.
        seed: of the random choices.

    Raises:
        DomainError: the domain is empty or flat, or there is no descent.
        ShapeError: the domain has another dimension.
        TropnetError: the model cannot be loaded.

    Cost: one linear program of 1–10 µs for each unit and descent.

    Source: D. E. Knuth, "Estimating the efficiency of backtrack programs", Mathematics of
    Computation 29 (1975).

    Example:
        >>> import tropnet
        >>> tropnet.estimate_cells("examples:moons_a", tropnet.Box.cube(2)).mean > 10
        True
    """
    return estimate_of(Circuit.of(as_network(f)), domain, descents=descents, seed=seed)
