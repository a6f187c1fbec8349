"""The exact affine map of one activation pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.network.network import Network


@final
@dataclass(frozen=True, slots=True)
class AffineMap:
    """x ↦ matrix · x + offset, in rationals.

    Attributes:
        matrix: `(m, n)`.
        offset: `(m, 1)`.

    Example:
        >>> from tropnet import Network
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> f.affine_map([-2]).matrix
        RationalMatrix([['-1']])
    """

    matrix: RationalMatrix
    offset: RationalMatrix

    def __call__(self, points: Any) -> RationalMatrix:
        """Return the exact values `(batch, m)` at rational points."""
        return RationalMatrix.of(points, "points") @ self.matrix.T + self.offset.T


def affine_map(network: Network, signs: Sequence[Any]) -> AffineMap:
    """Return the affine map that the network has where its units have these signs.

    Args:
        network: the network.
        signs: for each layer `(width,)`; a ReLU unit is active where the sign is positive.
            Identity units ignore theirs.

    Returns:
        The exact map. Whether any point has this pattern is not asked.

    Raises:
        ShapeError: another number of layers or units.

    Cost: one product of an `(m, width)` and a weight matrix of integers a layer, back to front.
    """
    shapes = [np.shape(s) for s in signs]
    if shapes != [(width,) for width in network.widths]:
        raise ShapeError(
            f"signs of shapes {shapes} for layers of widths {list(network.widths)}; "
            "give one vector for each layer"
        )
    size = network.n_outputs
    paths: dict[int, RationalMatrix] = {s: m.exact for s, m in network.output.terms}
    offset = network.output.bias.exact
    for index in range(len(network.layers), 0, -1):
        path = paths.pop(index, None)
        if path is None:
            continue
        layer = network.layers[index - 1]
        alive = ~layer.relu | (np.asarray(signs[index - 1]) > 0)
        path = path.keep_columns(alive)
        offset = offset + path @ layer.affine.bias.exact
        for source, weights in layer.affine.terms:
            part = weights.pull_exact(path)
            paths[source] = paths[source] + part if source in paths else part
    return AffineMap(paths.get(0, RationalMatrix.zeros(size, network.n_inputs)), offset)
