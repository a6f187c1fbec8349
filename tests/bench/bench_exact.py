"""Exact arithmetic on a 784-100-100-10 network with float32 weights, as torch initialises them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tests.bench.measure import Measurement, measure
from tropnet import Network, RationalMatrix
from tropnet.exact import affine_signs

_BATCH = 100


def torch_like(widths: list[int], seed: int) -> Network:
    """A network with the distribution of `torch.nn.Linear`: uniform within ±1/√(inputs)."""
    rng = np.random.default_rng(seed)
    weights, biases = [], []
    for before, after in pairwise(widths):
        bound = 1 / np.sqrt(before)
        weights.append(rng.uniform(-bound, bound, (after, before)).astype(np.float32))
        biases.append(rng.uniform(-bound, bound, after).astype(np.float32))
    return Network.from_dense(weights, biases, dtype="float32")


def measurements() -> Iterator[Measurement]:
    network = torch_like([784, 100, 100, 10], 0)
    rng = np.random.default_rng(1)
    shades = rng.integers(0, 256, (_BATCH, 784)) / np.float32(255)  # as images are normalised
    normal = rng.standard_normal((_BATCH, 784))
    for name, points in (("pixels", shades.astype(np.float32)), ("float64 points", normal)):
        yield measure(
            f"exact forward of 784-100-100-10, {name}, per point of a batch of {_BATCH}",
            lambda points=points: network.exact(points),  # type: ignore[misc]
            at_most=1 / 40,
            per=_BATCH,
        )
    yield measure(
        "exact affine map of one cell of 784-100-100-10",
        lambda: network.affine_map(normal[0]),
        at_most=1 / 2,
    )
    yield measure(
        f"exact activation pattern of 784-100-100-10, per point of a batch of {_BATCH}",
        lambda: network.pattern(normal),
        at_most=1 / 200,
        per=_BATCH,
    )
    first = network.layers[0].affine
    weights, bias = first.terms[0][1].values, first.bias.values[:, 0]
    yield measure(
        f"signs of 100 forms in 784 variables, per point of a batch of {_BATCH}",
        lambda: affine_signs(weights, bias, normal),
        at_most=1 / 400,
        per=_BATCH,
    )
    square = RationalMatrix.of(rng.integers(-9, 10, (40, 40)))
    right = RationalMatrix.of(rng.integers(-9, 10, (40, 1)))
    yield measure("exact solution of a 40 x 40 system", lambda: square.solve(right), at_most=1 / 2)
