"""Copies of networks that differ a little, or not at all: what the benchmark of `compare` asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tropnet import Box, Network, load, read_domain
from tropnet.domains import Domain
from tropnet.network import Affine, Layer, Linear

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

_RUN = "ACASXU_run2a_1_1_batch_2000"
#: The inputs of ACAS Xu, normalised.
WHOLE_ACAS = Box(["-0.328422877", *["-0.5"] * 4], ["0.679857769", *["0.5"] * 4])


def nets() -> Path | None:
    """Return the folder of foreign networks, $TROPNET_DATA/nets; None where there is none."""
    data = os.environ.get("TROPNET_DATA")
    folder = Path(data) / "nets" if data else None
    return folder if folder is not None and folder.is_dir() else None


@cache
def acas(name: str = "") -> Network:
    """Return ACAS Xu 1_1, or the published `retrain` or `student` of it."""
    folder = nets()
    assert folder is not None
    if name:
        return load(folder / "pairs" / f"v_{_RUN}-{name}-mirror.onnx")
    return load(folder / "acasxu" / f"{_RUN}.onnx")


@cache
def prop(number: int) -> Domain:
    """Return the box of a property of ACAS Xu."""
    folder = nets()
    assert folder is not None
    return read_domain(folder / "acasxu" / f"prop_{number}.vnnlib")


def random_network(widths: Sequence[int], seed: int = 0) -> Network:
    """Return a network with random float32 weights of the usual sizes."""
    rng = np.random.default_rng(seed)
    pairs = [(b, a) for a, b in pairwise(widths)]
    weights = [(rng.standard_normal(p) / np.sqrt(p[1])).astype(np.float32) for p in pairs]
    biases = [(rng.standard_normal(p[0]) / 10).astype(np.float32) for p in pairs]
    return Network.from_dense(weights, biases)


def float16(network: Network) -> Network:
    """Return the copy with weights and biases rounded to float16."""
    return _changed(network, lambda values: values.astype(np.float16).astype(np.float64))


def pruned(network: Network, share: float) -> Network:
    """Return the copy whose smallest weights, a share of all, are zero; biases stay."""
    sizes = np.sort(np.abs(np.concatenate([m.values.ravel() for m in _maps(network)])))
    least = sizes[int(share * len(sizes))]
    return _changed(network, lambda values: np.where(np.abs(values) < least, 0.0, values), False)


def permuted(network: Network, seed: int = 0) -> Network:
    """Return a copy with units permuted and rescaled by any factors, rounded to float32."""
    rng = np.random.default_rng(seed)
    order, scale = np.arange(network.n_inputs), np.ones(network.n_inputs)
    weights, biases = [], []
    for affine, width in zip(network.affines, [*network.widths, None], strict=True):
        rows = np.arange(affine.size) if width is None else rng.permutation(width)
        factor = np.ones(affine.size) if width is None else rng.uniform(0.5, 2, width)
        ((_, matrix),) = affine.terms
        values = matrix.values[rows][:, order] * factor[:, None] / scale
        weights.append(values.astype(np.float32))
        biases.append((affine.bias.values[rows, 0] * factor).astype(np.float32))
        order, scale = rows, factor
    return Network.from_dense(weights, biases)


def with_needle(network: Network, centre: Sequence[Fraction], width: Fraction) -> Network:
    """Return the network plus a bump of height 1 on the 1-norm ball of a radius around a point."""
    n, depth = network.n_inputs, len(network.layers)
    sides = [[s * int(i == j) for j in range(n)] for i in range(n) for s in (1, -1)]
    ends = [v for c in centre for v in (-c, c)]
    layers = (
        *network.layers,
        Layer(Affine({0: sides}, ends)),
        Layer(Affine({depth + 1: [[-1] * (2 * n)]}, [width])),
    )
    bump = Affine({depth + 2: [[1 / width]] * network.n_outputs})
    return Network(n, layers, network.output + bump)


def _maps(network: Network) -> list[Linear]:
    return [matrix for affine in network.affines for _, matrix in affine.terms]


def _changed(
    network: Network, change: Callable[[FloatArray], FloatArray], biases: bool = True
) -> Network:
    affines = [
        Affine(
            {source: change(matrix.values) for source, matrix in affine.terms},
            change(affine.bias.values) if biases else affine.bias,
        )
        for affine in network.affines
    ]
    layers = tuple(
        Layer(affine, layer.relu) for affine, layer in zip(affines, network.layers, strict=False)
    )
    return Network(network.n_inputs, layers, affines[-1])
