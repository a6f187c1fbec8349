"""`merge_units`: one unit for several that are nearly parallel, and how much that changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tropnet.api.read_subject import read_subject

if TYPE_CHECKING:
    from tropnet.simplification.approximation import Approximation


def merge_units(
    model: Any,
    domain: Any = None,
    *,
    units: int | Sequence[int] | None = None,
    tolerance: Any = None,
    **options: Any,
) -> Approximation:
    """Replace units that are nearly multiples of each other by one, with a proven bound.

    Args:
        model: a Network, or anything that `load` reads.
        domain: where the bound shall hold: a `Box`, a `Polyhedron`, or the file of one.
        units: how many ReLU units a layer shall keep: one number for all layers, or one for each.
        tolerance: or: merge while each unit is within this share of its size of a multiple of the
            merged one.
        **options: `norm`, `atol`, `time_limit`, `seed` and `progress`, as for `tropnet.compare`.

    Returns:
        The `Approximation`: `result`, and `attained` ≤ sup|f − g| ≤ `bound`, both ends proven.

    Raises:
        DomainError: not exactly one of `units` and `tolerance`, or one out of range.
        TropnetError: the model or the domain cannot be loaded.

    Cost: O(width³) floats a layer, then as `prune`.

    Source: Smyrnis and Maragos (2020); Misiakos et al. (2022): tropical zonotope reduction.

    Example:
        >>> import tropnet
        >>> box = tropnet.Box.cube(2, -1, 1)
        >>> found = tropnet.merge_units("examples:moons_a", box, units=6, time_limit=2)
        >>> found.result.n_relu <= 12
        True
    """
    from tropnet.simplification.merge_units import merge_units as merged

    network, domain = read_subject(model, domain)
    return merged(network, domain, units=units, tolerance=tolerance, **options)
