"""A network on a plane through its inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.network import Affine
from tropnet.network.layer import Layer

if TYPE_CHECKING:
    from tropnet.network import Network


def slice_network(network: Network, origin: Any, directions: Any) -> Network:
    """Return y ↦ network(origin + Σ y_k directions_k), exactly.

    The regions that a plane through the inputs meets are those of this network: of an image
    classifier on the plane through three images, say, whose input dimension no enumeration reaches.

    Args:
        network: the network, of n inputs.
        origin: `(n,)` numbers, the point with y = 0.
        directions: `(d, n)` numbers, linearly independent rows.

    Returns:
        A network of d inputs.

    Raises:
        DomainError: dependent directions, or numbers that are not finite.
        ShapeError: wrong numbers of coordinates.

    Cost: one exact product of each weight matrix that reads the input with d + 1 points.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.geometry import slice_network
        >>> corner = Network.from_dense([[[1, 1, 1]], [[1]]], [[-1], [0]])
        >>> line = slice_network(corner, [0, 0, 0], [[1, 1, 0]])
        >>> line.n_inputs, line.exact(["3/4"]), corner.exact(["3/4", "3/4", 0])
        (1, RationalMatrix([['1/2']]), RationalMatrix([['1/2']]))
    """
    base = RationalMatrix.of(origin, "origin")
    if base.shape[0] != 1:
        base = base.T
    span = RationalMatrix.of(directions, "directions")
    for name, rows in (("origin", base), ("directions", span)):
        if rows.shape[1] != network.n_inputs:
            raise ShapeError(
                f"{name} has {rows.shape[1]} coordinates for a network of {network.n_inputs} inputs"
            )
    if base.shape[0] != 1 or span.shape[0] < 1:
        raise ShapeError("a slice needs one origin and at least one direction")
    if span.rank() < span.shape[0]:
        raise DomainError(
            f"the {span.shape[0]} directions are linearly dependent, so that points of the slice "
            "have several coordinates; leave some out"
        )
    layers = tuple(
        Layer(_restricted(layer.affine, base, span), layer.relu, layer.name)
        for layer in network.layers
    )
    return replace(
        network,
        n_inputs=span.shape[0],
        layers=layers,
        output=_restricted(network.output, base, span),
        input_names=(),
        notes=(*network.notes, f"restricted to a plane of dimension {span.shape[0]}"),
    )


def plane_through(points: Any) -> tuple[RationalMatrix, RationalMatrix]:
    """Return (origin, directions) of the plane through d + 1 points.

    The first point gets the coordinates (0, …, 0), the k-th one after it the k-th unit vector, so
    that on the simplex between the points the coordinates are barycentric.

    Args:
        points: `(d + 1, n)` numbers.

    Raises:
        ShapeError: fewer than two points, or points of different dimensions.

    Example:
        >>> from tropnet.geometry import plane_through
        >>> plane_through([[1, 1], [2, 1], [1, 3]])
        (RationalMatrix([['1', '1']]), RationalMatrix([['1', '0'], ['0', '2']]))
    """
    rows = RationalMatrix.of(points, "points")
    if rows.shape[0] < 2:
        raise ShapeError(f"{rows.shape[0]} points; a plane goes through at least two")
    first = rows.rows([0])
    repeated = RationalMatrix.stack_rows([first] * (rows.shape[0] - 1))
    return first, rows.rows(range(1, rows.shape[0])) - repeated


def _restricted(affine: Affine, base: RationalMatrix, span: RationalMatrix) -> Affine:
    terms: dict[int, Any] = dict(affine.terms)
    weights = terms.pop(0, None)
    if weights is None:
        return affine
    bias = affine.bias.exact + weights.apply_exact(base).T
    return Affine({**terms, 0: weights.apply_exact(span).T}, bias)
