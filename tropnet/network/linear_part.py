"""The network without its biases: its slopes at infinity."""

from __future__ import annotations

from tropnet.network.affine import Affine
from tropnet.network.layer import Layer
from tropnet.network.network import Network


def linear_part(network: Network) -> Network:
    """Return the network with all biases set to zero.

    It is the limit of f(t·x)/t as t grows, since ReLU is positively homogeneous: two networks whose
    linear parts differ at d are farther apart than any bound along the ray through d.

    Args:
        network: the network.

    Returns:
        A positively homogeneous network.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.network.linear_part import linear_part
        >>> f = Network.from_dense([[[1]], [[2]]], [[5], [7]])
        >>> linear_part(f).exact([[3]])
        RationalMatrix([['6']])
    """

    def bare(affine: Affine) -> Affine:
        return Affine(dict(affine.terms), [0] * affine.size)

    layers = tuple(Layer(bare(y.affine), y.relu, y.name) for y in network.layers)
    return Network(network.n_inputs, layers, bare(network.output), network.dtype)
