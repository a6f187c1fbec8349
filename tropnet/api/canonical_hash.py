"""`canonical_hash`: a name for the function that a model computes."""

from __future__ import annotations

from typing import Any

from tropnet.api.as_network import as_network
from tropnet.domains import Domain
from tropnet.errors import DomainError


def canonical_hash(
    f: Any,
    domain: Domain = None,
    *,
    max_cells: int = 1_000_000,
    max_incidences: int = 10_000_000,
    time_limit: float | None = None,
) -> str:
    """Return a hash that is the same for all models of one function on a domain.

    Permuted, rescaled, dead, doubled or split units, another architecture, float32 or float64
    storage, redundant inequalities of the domain: none of them changes it. The smallest change of
    the function does. The hash is taken of exact rationals, nothing is rounded.

    Args:
        f: a Network, a TropicalMap, or anything that `load` reads, with at most 6 inputs.
        domain: a box, a polyhedron, or None for all of R^n. It is part of what is hashed.
        max_cells: refuse models of more cells than this.
        max_incidences: refuse complexes with more pairs of a face and a facet of it.
        time_limit: seconds for the search for the cells.

    Returns:
        64 hexadecimal digits: the SHA-256 of the canonical form.

    Raises:
        BudgetExceeded: more cells or faces than that.
        DomainError: an empty or flat domain, more than 6 inputs, or the time was up.
        ShapeError: a domain of another dimension.
        TropnetError: the model cannot be loaded.

    Cost: some 300 µs a cell for n = 2 and n = 3, about 5 ms for n = 5.

    Example:
        >>> import tropnet
        >>> from tropnet.api.canonical_hash import canonical_hash
        >>> box = tropnet.Box.cube(2)
        >>> names = "moons_a", "moons_a_permuted", "moons_b"
        >>> a, permuted, other = (canonical_hash(f"examples:{name}", box) for name in names)
        >>> a == permuted, a == other
        (True, False)
    """
    from tropnet.geometry.canonical_form import canonical_hash as hash_of
    from tropnet.geometry.linear_regions import enumerate_cells

    cells = enumerate_cells(as_network(f), domain, max_cells=max_cells, time_limit=time_limit)
    if not cells.complete:
        raise DomainError(
            f"time_limit={time_limit} was up after {cells.n_done} of {len(cells.units)} units; "
            "a hash needs all of them: allow more time, or take a smaller domain"
        )
    return hash_of(cells, max_incidences=max_incidences)
