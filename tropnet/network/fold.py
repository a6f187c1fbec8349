"""Networks without identity units: chains of affine maps multiplied out exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tropnet.network.rewriting import LayerPlan, rewritten

if TYPE_CHECKING:
    from tropnet.network.network import Network


def folded(network: Network) -> Network:
    """Return the same function with ReLU units alone; affine chains become one affine map each.

    A normalisation after a convolution, or a dense layer after another, is kept apart by readers,
    since its product with the stored weights is no float. Here the products are made, in rationals:
    for proofs about the function, where fewer and larger steps give narrower bounds.

    Args:
        network: the network.

    Returns:
        A network whose layers are the layers of `network` that hold a ReLU, without their identity
        units.

    Raises:
        BudgetExceeded: the products are too large.

    Cost: one product of rational matrices for each weight matrix that reads an identity unit.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.network.affine import Affine
        >>> from tropnet.network.fold import folded
        >>> from tropnet.network.layer import Layer
        >>> thirds = Layer(Affine({0: [["1/3"]]}, ["1/3"]), False)
        >>> f = Network(1, (thirds, Layer(Affine({1: [[3]]}), True)), Affine({2: [[1]]}))
        >>> folded(f).widths, folded(f).layers[0].affine.bias.values.tolist()
        ((1,), [[1.0]])
    """
    if all(layer.relu.all() for layer in network.layers):
        return network
    plans = [
        LayerPlan(layer.relu, frozenset(np.flatnonzero(~layer.relu).tolist()))
        for layer in network.layers
    ]
    return rewritten(network, plans)
