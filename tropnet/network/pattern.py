"""Exact activation patterns: floats where their error bound decides, rationals elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.network.forward import enclose_layers, forward_exact

if TYPE_CHECKING:
    from tropnet.network.network import Network
    from tropnet.typing import FloatArray, SignArray


def signs(network: Network, points: FloatArray | RationalMatrix) -> list[SignArray]:
    """Return the exact signs of the pre-activations of every unit, layer by layer.

    Args:
        network: the network.
        points: `(batch, n)`; float64 points stand for their exact values.

    Returns:
        For each layer `(batch, width)` int8 of −1, 0, 1 (identity units included).

    Raises:
        DomainError: a point is not finite.

    Cost: a float64 forward pass with its error bound; points with an undecided sign are evaluated
    in rationals. On trained networks fewer than one point in 10^5 needs it; points on kinks do.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.network.pattern import signs
        >>> f = Network.from_dense([[[1, -1]], [[1]]])
        >>> signs(f, np.array([[0.1, 0.1], [0.3, 0.1]]))[0].tolist()
        [[0], [1]]
    """
    if isinstance(points, RationalMatrix):
        return _exact_signs(network, points)
    values, errors = enclose_layers(network, points)
    found, undecided = [], np.zeros(len(points), dtype=np.bool_)
    for value, error in zip(values[:-1], errors[:-1], strict=True):
        with np.errstate(invalid="ignore"):
            decided = np.abs(value) > error  # False where the error is NaN
        found.append(np.where(decided, np.sign(value), 0).astype(np.int8))
        undecided |= ~decided.all(axis=1)
    if undecided.any():
        rows = np.flatnonzero(undecided)
        repaired = _exact_signs(network, RationalMatrix.from_floats(points[rows], "points"))
        for sign, exact in zip(found, repaired, strict=True):
            sign[rows] = exact
    return found


def _exact_signs(network: Network, points: RationalMatrix) -> list[SignArray]:
    values = forward_exact(network, points)
    return [layer.affine.exact(values).signs() for layer in network.layers]
