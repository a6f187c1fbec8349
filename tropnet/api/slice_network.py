"""`slice_network`: a model on a plane through its inputs."""

from __future__ import annotations

from typing import Any

from tropnet.api.as_network import as_network
from tropnet.geometry import slice_network as slice_of
from tropnet.network import Network


def slice_network(f: Any, origin: Any, directions: Any) -> Network:
    """Return y ↦ f(origin + Σ y_k directions_k), exactly.

    The regions that a plane through the inputs meets are those of this network: of an image
    classifier on the plane through three images, say, whose input dimension no enumeration reaches.

    Args:
        f: a Network, a TropicalMap, or anything that `load` reads, of n inputs.
        origin: `(n,)` numbers, the point with y = 0.
        directions: `(d, n)` numbers, linearly independent rows; `plane_through` gives both for the
            plane through some points.

    Returns:
        A network of d inputs.

    Raises:
        DomainError: dependent directions, or numbers that are not finite.
        ShapeError: wrong numbers of coordinates.
        TropnetError: the model cannot be loaded.

    Example:
        >>> import tropnet
        >>> plane = tropnet.plane_through([[0, 0, 0], [1, 1, 0]])
        >>> corner = tropnet.Network.from_dense([[[1, 1, 1]], [[1]]], [[-1], [0]])
        >>> tropnet.slice_network(corner, *plane).exact(["3/4"])
        RationalMatrix([['1/2']])
    """
    return slice_of(as_network(f), origin, directions)
