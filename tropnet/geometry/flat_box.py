"""The refusal of boxes without interior, in one text for all who need cells."""

from __future__ import annotations

from tropnet.domains import Box, Domain
from tropnet.errors import DomainError


def require_thick_box(domain: Domain) -> None:
    """Refuse a box that has no width in some coordinate; other domains pass.

    Raises:
        DomainError: the box is flat.

    Example:
        >>> from tropnet import Box
        >>> from tropnet.geometry.flat_box import require_thick_box
        >>> require_thick_box(Box([0, 1], [2, 1]))
        Traceback (most recent call last):
            ...
        tropnet.errors.DomainError: the box is flat: coordinate 1 is always 1; restrict the \
network to the other coordinates by `slice_network`
    """
    if not isinstance(domain, Box):
        return
    for k, (low, high) in enumerate(zip(domain.lower, domain.upper, strict=True)):
        if low == high:
            raise DomainError(
                f"the box is flat: coordinate {k} is always {low}; restrict the network to the "
                "other coordinates by `slice_network`"
            )
