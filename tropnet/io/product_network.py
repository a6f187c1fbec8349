"""Two networks as one, for tools that read one network."""

from __future__ import annotations

from itertools import combinations
from typing import Final, Literal

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, Linear, Network, linear
from tropnet.network.shared_linear import SharedLinear

#: Entries of a block matrix, most of them zeros.
_MOST_ENTRIES: Final = 50_000_000

Outputs = Literal["difference", "leads"]


def product_network(f: Network, g: Network, outputs: Outputs = "difference") -> Network:
    """Return one network that computes both.

    Its function is exact: no weights are added. The outputs of f and g are a layer without ReLU,
    behind which come sums of plus and minus one. Where both are plain chains of dense layers, each
    followed by ReLU, so is the product: block matrices, the shorter chain prolonged by identities.
    Otherwise the layers of g stand behind those of f and read the input themselves.

    Args:
        f: m outputs.
        g: as many inputs and outputs.
        outputs: "difference": f − g. "leads": f_i − f_k for all i < k, then g_i − g_k.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.io.product_network import product_network
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[2]], [[3]], [[5]]])
        >>> joint = product_network(f, g)
        >>> joint.architecture, joint.exact([2])
        ('1-3-3-2-1', RationalMatrix([['-58']]))
    """
    signs = _signs(f.n_outputs, outputs)
    layers = _chained(f, g)
    if layers is not None:
        last = len(layers)
        return Network(f.n_inputs, (*layers,), Affine({last: np.hstack(signs)}))
    shift = len(f.layers) + 1
    beside = [_behind(layer, shift) for layer in (*g.layers, Layer(g.output, False, "output"))]
    layers = [*f.layers, Layer(f.output, False, "output"), *beside]
    named = tuple(Layer(y.affine, y.relu) for y in layers)
    return Network(f.n_inputs, named, Affine({shift: signs[0], len(layers): signs[1]}))


def _signs(size: int, outputs: Outputs) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrices that the outputs of f and g are multiplied by."""
    if outputs == "difference":
        return np.eye(size), -np.eye(size)
    pairs = list(combinations(range(size), 2))
    leads = np.zeros((len(pairs), size))
    for row, (i, k) in enumerate(pairs):
        leads[row, i], leads[row, k] = 1.0, -1.0
    nothing = np.zeros_like(leads)
    return np.vstack([leads, nothing]), np.vstack([nothing, leads])


def _behind(layer: Layer, shift: int) -> Layer:
    weights = {source + shift if source else 0: m for source, m in layer.affine.terms}
    return Layer(Affine(weights, layer.affine.bias), layer.relu)


def _chained(f: Network, g: Network) -> list[Layer] | None:
    """Return the layers of both as one chain, the outputs last; None where they are no chains."""
    chains = [_chain(f), _chain(g)]
    if not all(chain is not None and len(chain) > 1 for chain in chains):
        return None
    first, second = (list(chain or ()) for chain in chains)
    depth = max(len(first), len(second))
    for chain in (first, second):
        while len(chain) < depth:  # relu(x) = x behind a ReLU
            width = chain[-1].terms[0][1].shape[1]
            chain.insert(-1, Affine({0: np.eye(width)}))
    sizes = [(a.size + b.size) * (a.terms[0][1].shape[1] + b.terms[0][1].shape[1])
             for a, b in zip(first, second, strict=True)]  # fmt: skip
    if max(sizes) > _MOST_ENTRIES:
        return None
    layers = []
    for k, (a, b) in enumerate(zip(first, second, strict=True)):
        (_, u), (_, v) = a.terms[0], b.terms[0]
        weights = _stacked(u, v) if k == 0 else _blocks(u, v)
        layers.append(Layer(Affine({k: weights}, _stacked(a.bias, b.bias)), k < depth - 1))
    return layers


def _chain(network: Network) -> list[Affine] | None:
    for k, affine in enumerate(network.affines):
        if affine.sources != (k,) or isinstance(affine.terms[0][1], SharedLinear):
            return None
    return list(network.affines) if all(y.relu.all() for y in network.layers) else None


def _stacked(u: Linear, v: Linear) -> Linear:
    if u.rounding is None and v.rounding is None:
        return linear(np.vstack([u.values, v.values]))
    return linear(RationalMatrix.stack_rows([u.exact, v.exact]))


def _blocks(u: Linear, v: Linear) -> Linear:
    (r, n), (s, k) = u.shape, v.shape
    if u.rounding is None and v.rounding is None:
        blocks = np.zeros((r + s, n + k))
        blocks[:r, :n], blocks[r:, n:] = u.values, v.values
        return linear(blocks)
    above = RationalMatrix.stack_columns([u.exact, RationalMatrix.zeros(r, k)])
    below = RationalMatrix.stack_columns([RationalMatrix.zeros(s, n), v.exact])
    return linear(RationalMatrix.stack_rows([above, below]))
