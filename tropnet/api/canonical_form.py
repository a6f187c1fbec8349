"""`canonical_form`: the function of a model on a domain, in its canonical form."""

from __future__ import annotations

import time
from typing import Any

from tropnet.api.linear_regions import linear_regions
from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.geometry.canonical_form import CanonicalForm
from tropnet.geometry.canonical_form import canonical_form as form_of


def canonical_form(
    f: Any,
    domain: Domain = None,
    *,
    max_cells: int = 1_000_000,
    max_incidences: int = 10_000_000,
    time_limit: float | None = None,
) -> CanonicalForm:
    """Return the canonical form of a model's function on a domain.

    Two models have the same form if and only if they compute the same function there, whatever
    their architecture; `canonical_hash` is its digest.

    Args:
        f: a Network, a TropicalMap, or anything that `load` reads, with at most 6 inputs.
        domain: a box, a polyhedron, or None for all of R^n.
        max_cells: refuse models of more cells than this.
        max_incidences: refuse complexes with more pairs of a face and a facet of it.
        time_limit: seconds for the cells, half of them at most, and for the form; looked at
            between its steps, each of some 50 µs a cell for n = 4.

    Raises:
        BudgetExceeded: more cells or faces than that.
        DomainError: an empty or flat domain, more than 6 inputs, or the time was up.
        ShapeError: a domain of another dimension.
        TropnetError: the model cannot be loaded.

    Cost: 200 to 500 µs a cell for n = 2 and n = 3, about 900 µs for n = 4, 3 ms for n = 5.

    Example:
        >>> import tropnet
        >>> form = tropnet.canonical_form("examples:moons_a")
        >>> form == tropnet.canonical_form("examples:moons_a_permuted")
        True
    """
    started = time.monotonic()

    def pulse() -> None:
        if time_limit is not None and time.monotonic() - started > time_limit:
            raise DomainError(
                f"time_limit={time_limit} was up while the form of {cells.n_cells} cells was "
                "found; allow more time, or take a smaller domain"
            )

    cells = linear_regions(f, domain, max_cells=max_cells, time_limit=time_limit)
    if not cells.complete:
        raise DomainError(
            f"time_limit={time_limit} was up after {cells.n_done} of {len(cells.units)} units; the "
            "canonical form needs all of them: allow more time, or take a smaller domain"
        )
    return form_of(cells, max_incidences=max_incidences, pulse=pulse)
