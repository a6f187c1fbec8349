"""Networks without identity units: chains of affine maps multiplied out exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.network.affine import Affine
from tropnet.network.layer import Layer
from tropnet.network.shared_linear import from_matrix

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
    start = SharedMatrix.identity(network.n_inputs)
    values: list[_Map] = [({0: start}, RationalMatrix.zeros(network.n_inputs, 1))]
    layers: list[Layer] = []
    for layer in network.layers:
        terms, bias = _composed(layer.affine, values)
        units = np.flatnonzero(layer.relu)
        if len(units):
            kept = {s: from_matrix(m.take(units)) for s, m in terms.items()}
            layers.append(Layer(Affine(kept, bias.rows(units.tolist())), True, layer.name))
        place = np.full(layer.width, -1)
        place[units] = np.arange(len(units))
        rest = np.where(layer.relu, -1, np.arange(layer.width))
        own = SharedMatrix.choice(rest, layer.width)
        passed = {s: own @ m for s, m in terms.items()} if not layer.relu.all() else {}
        if len(units):
            passed[len(layers)] = SharedMatrix.choice(place, len(units))
        values.append((passed, bias.T.keep_columns(~layer.relu).T))
    terms, bias = _composed(network.output, values)
    output = Affine({s: from_matrix(m) for s, m in terms.items()}, bias)
    return type(network)(
        network.n_inputs, tuple(layers), output, network.dtype, network.input_names,
        network.output_names, network.notes,
    )  # fmt: skip


#: An affine function of the new network's sources: weights by source, and the bias `(size, 1)`.
_Map = tuple[dict[int, SharedMatrix], RationalMatrix]


def _composed(affine: Affine, values: list[_Map]) -> _Map:
    terms: dict[int, SharedMatrix] = {}
    bias = affine.bias.exact
    for source, weights in affine.terms:
        parts, offset = values[source]
        if not offset.is_zero():
            bias = bias + weights.apply_exact(offset.T).T
        for origin, part in parts.items():
            product = weights.matrix @ part
            terms[origin] = terms[origin] + product if origin in terms else product
    return terms, bias
