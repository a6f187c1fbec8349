"""Exact activation patterns: floats where their error bound decides, rationals elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.network.forward import enclose_layers, forward_exact

if TYPE_CHECKING:
    from tropnet.network.affine import Affine
    from tropnet.network.network import Network
    from tropnet.typing import BoolArray, FloatArray, SignArray


def signs(network: Network, points: FloatArray | RationalMatrix) -> list[SignArray]:
    """Return the exact signs of the pre-activations of every unit, layer by layer.

    Args:
        network: the network.
        points: `(batch, n)`; float64 points stand for their exact values.

    Returns:
        For each layer `(batch, width)` int8 of −1, 0, 1 (identity units included).

    Raises:
        DomainError: a point is not finite.
        ShapeError: points of another dimension.

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
    for layer, value, error in zip(network.layers, values[:-1], errors[:-1], strict=True):
        decided = np.abs(value) > error  # errors are infinite wherever values are not finite
        sign = np.where(decided, np.sign(value), 0).astype(np.int8)
        constant = _constant_units(layer.affine)
        sign[:, constant] = layer.affine.bias.exact.signs()[constant, 0]
        found.append(sign)
        undecided |= ~decided[:, ~constant].all(axis=1)
    if undecided.any():
        rows = np.flatnonzero(undecided)
        repaired = _exact_signs(network, RationalMatrix.from_floats(points[rows], "points"))
        for sign, exact in zip(found, repaired, strict=True):
            sign[rows] = exact
    return found


def cell_signs(network: Network, point: RationalMatrix) -> list[SignArray]:
    """Return the signs of all units on a cell of full dimension whose closure holds the point.

    It is the cell of x + (ε, ε², …, εⁿ) for all small enough ε > 0: where a ReLU unit is zero at x,
    the first nonzero entry of its gradient there tells its sign nearby. Zero remains for units that
    vanish on the whole cell.

    Args:
        network: the network.
        point: `(1, n)`.

    Returns:
        For each layer `(width,)` int8 of −1, 0, 1.

    Cost: an exact forward pass; where a ReLU unit is zero, the exact gradients of all units too.
    """
    found = [sign[0] for sign in _exact_signs(network, point)]
    if all(sign[layer.relu].all() for sign, layer in zip(found, network.layers, strict=True)):
        return found
    slopes = [RationalMatrix.identity(network.n_inputs)]
    for sign, layer in zip(found, network.layers, strict=True):
        slope = RationalMatrix.zeros(layer.width, network.n_inputs)
        for source, weights in layer.affine.terms:
            slope = slope + weights.apply_exact(slopes[source].T).T
        for unit in np.flatnonzero(sign == 0):
            along = slope.rows([int(unit)]).signs()[0]
            sign[unit] = next((s for s in along if s), 0)
        alive = ~layer.relu | (sign > 0)
        slopes.append(slope.scale_rows([int(a) for a in alive]))
    return found


def _constant_units(affine: Affine) -> BoolArray:
    """Tell which units have no nonzero weight; pruning leaves many, all with the bias as value."""
    constant = np.ones(affine.size, dtype=np.bool_)
    for _, weights in affine.terms:
        constant &= ~weights.weighted()
    return constant


def _exact_signs(network: Network, points: RationalMatrix) -> list[SignArray]:
    values = forward_exact(network, points)
    return [layer.affine.exact(values).signs().copy() for layer in network.layers]
