"""`prune`: a network without its smallest weights, and how much that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tropnet.api.read_subject import read_subject

if TYPE_CHECKING:
    from tropnet.simplification.approximation import Approximation


def prune(
    model: Any,
    domain: Any = None,
    *,
    fraction: Any = None,
    threshold: Any = None,
    simplify: bool = False,
    **options: Any,
) -> Approximation:
    """Set the smallest weights of a model to zero, and prove how much its function changes.

    Args:
        model: a Network, or anything that `load` reads.
        domain: where the bound shall hold: a `Box`, a `Polyhedron`, or the file of one. On all of
            R^n the change is mostly unbounded.
        fraction: the share of the nonzero weights that go, from 0 to 1.
        threshold: or: all weights go whose absolute value is below this.
        simplify: simplify the result exactly on the domain: units without weights are constant.
        **options: `norm`, `atol`, `time_limit`, `seed` and `progress`, as for `tropnet.compare`.

    Returns:
        The `Approximation`: `result`, and `attained` ≤ sup|f − g| ≤ `bound`, both ends proven.

    Raises:
        DomainError: not exactly one of `fraction` and `threshold`, or one out of range.
        TropnetError: the model or the domain cannot be loaded.

    Cost: one exact pass of intervals; then the bounds are narrowed while the time allows.

    Example:
        >>> import tropnet
        >>> box = tropnet.Box.cube(2, -1, 1)
        >>> found = tropnet.prune("examples:moons_a", box, fraction=0.1, time_limit=2)
        >>> found.attained <= found.bound < 1
        True
    """
    from tropnet.simplification.prune import prune as pruned

    network, domain = read_subject(model, domain)
    return pruned(
        network, domain, fraction=fraction, threshold=threshold, simplify=simplify, **options
    )
