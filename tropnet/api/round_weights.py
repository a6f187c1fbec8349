"""`round_weights`: a network in a shorter format, and how much that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tropnet.api.read_subject import read_subject

if TYPE_CHECKING:
    from tropnet.simplification.approximation import Approximation


def round_weights(
    model: Any,
    format: str | int,  # noqa: A002 - what it is
    domain: Any = None,
    **options: Any,
) -> Approximation:
    """Round all weights and biases to a shorter format, and prove how much the function changes.

    Args:
        model: a Network, or anything that `load` reads.
        format: `"float16"`, `"bfloat16"`, `"float32"`, or the bits of the significand.
        domain: where the bound shall hold: a `Box`, a `Polyhedron`, or the file of one.
        **options: `norm`, `atol`, `time_limit`, `seed` and `progress`, as for `tropnet.compare`.

    Returns:
        The `Approximation`: `result`, and `attained` ≤ sup|f − g| ≤ `bound`, both ends proven.

    Raises:
        DomainError: an unknown format, or a weight beyond its range.
        TropnetError: the model or the domain cannot be loaded.

    Cost: one exact pass of intervals; then the bounds are narrowed while the time allows.

    Example:
        >>> import tropnet
        >>> box = tropnet.Box.cube(2, -1, 1)
        >>> found = tropnet.round_weights("examples:moons_a", "float16", box, time_limit=2)
        >>> found.result.dtype, found.bound < 0.1
        ('float16', True)
    """
    from tropnet.simplification.round_weights import round_weights as rounded

    network, domain = read_subject(model, domain)
    return rounded(network, format, domain, **options)
