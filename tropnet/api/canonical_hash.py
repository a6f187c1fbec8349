"""`canonical_hash`: a name for the function that a model computes."""

from __future__ import annotations

from typing import Any

from tropnet.api.canonical_form import canonical_form
from tropnet.domains import Domain


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
    the function does. The hash is taken of exact rationals, nothing is rounded; the domain is part
    of what is hashed. Arguments, errors and cost are those of `canonical_form`.

    Returns:
        64 hexadecimal digits: the SHA-256 of the canonical form.

    Example:
        >>> import tropnet
        >>> from tropnet.api.canonical_hash import canonical_hash
        >>> box = tropnet.Box.cube(2)
        >>> names = "moons_a", "moons_a_permuted", "moons_b"
        >>> a, permuted, other = (canonical_hash(f"examples:{name}", box) for name in names)
        >>> a == permuted, a == other
        (True, False)
    """
    form = canonical_form(
        f, domain, max_cells=max_cells, max_incidences=max_incidences, time_limit=time_limit
    )
    return form.sha256
