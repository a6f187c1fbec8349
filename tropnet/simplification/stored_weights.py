"""The weights of a network as they are stored: shared ones once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from tropnet.network import Affine, Layer, Linear, Network
from tropnet.network.network import Dtype
from tropnet.network.shared_linear import SharedLinear


@final
@dataclass(frozen=True, slots=True)
class Stored:
    """A matrix of weights as stored: dense, or the kernels that rows share.

    Attributes:
        layer: the index of the layer that it belongs to; that of the output comes last.
        source: which values it reads: 0 the input, k those of layer k.
        matrix: the entries, `(rows, columns)`; for a convolution its kernels.
    """

    layer: int
    source: int
    matrix: Linear


def stored_weights(network: Network) -> list[Stored]:
    """Return the matrices of all layers and of the output, in order.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.simplification.stored_weights import stored_weights
        >>> [s.matrix.shape for s in stored_weights(Network.from_dense([[[1, 2]], [[3]]]))]
        [(1, 2), (1, 1)]
    """
    return [
        Stored(k, source, weights.kernel if isinstance(weights, SharedLinear) else weights)
        for k, affine in enumerate(network.affines)
        for source, weights in affine.terms
    ]


def layer_name(network: Network, index: int) -> str:
    """Return how a message calls a layer: its number and its name; the output comes last."""
    if index == len(network.layers):
        return "the output"
    name = network.layers[index].name
    return f"layer {index + 1}" + (f" ({name})" if name else "")


def with_weights(
    network: Network,
    matrices: Sequence[Linear],
    biases: Sequence[Linear] | None = None,
    *,
    dtype: Dtype | None = None,
    note: str | None = None,
) -> Network:
    """Return the network with other weights in the places of `stored_weights`.

    Args:
        network: the network.
        matrices: as many as `stored_weights` lists, of the same shapes.
        biases: for each layer and the output a column; the network's own when left out.
        dtype: the arithmetic that the result runs in; the network's own when left out.
        note: is added to the network's notes.
    """
    given = iter(matrices)
    affines = [
        Affine(
            {source: _in_place(weights, given) for source, weights in affine.terms},
            affine.bias if biases is None else biases[k],
        )
        for k, affine in enumerate(network.affines)
    ]
    layers = tuple(
        Layer(affine, layer.relu, layer.name)
        for affine, layer in zip(affines[:-1], network.layers, strict=True)
    )
    notes = network.notes if note is None else (*network.notes, note)
    return Network(
        network.n_inputs, layers, affines[-1], dtype or network.dtype, network.input_names,
        network.output_names, notes,
    )  # fmt: skip


def _in_place(weights: Linear, given: Iterator[Linear]) -> Linear:
    matrix = next(given)
    return SharedLinear(matrix, weights.sharing) if isinstance(weights, SharedLinear) else matrix
