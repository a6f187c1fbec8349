from __future__ import annotations

import numpy as np

from tests.equivalence.random_convolutions import sharing_everything
from tropnet.network import Affine, Layer, Network, linear
from tropnet.network.builder import NetworkBuilder
from tropnet.network.shared_linear import shared
from tropnet.simplification.stored_weights import layer_name, stored_weights, with_weights


def test_places_of_a_network_with_skips() -> None:
    layer = Layer(Affine({0: [[1, 2]]}, [3]), True, "first")
    f = Network(2, (layer, Layer(Affine({1: [[4]]}))), Affine({0: [[5, 6]], 2: [[7]]}, [8]))
    stored = stored_weights(f)
    assert [(s.layer, s.source, s.matrix.values.tolist()) for s in stored] == [
        (0, 0, [[1, 2]]), (1, 1, [[4]]), (2, 0, [[5, 6]]), (2, 2, [[7]]),
    ]  # fmt: skip
    assert [layer_name(f, k) for k in range(3)] == ["layer 1 (first)", "layer 2", "the output"]
    assert with_weights(f, [s.matrix for s in stored]) == f
    doubled = with_weights(
        f,
        [linear(2 * s.matrix.values) for s in stored],
        [linear(2 * affine.bias.values) for affine in f.affines],
        dtype="float32",
        note="twice",
    )
    assert (doubled.dtype, doubled.notes, doubled.layers[0].name) == (
        "float32",
        ("twice",),
        "first",
    )
    assert doubled.exact([[1, 1]]).to_fractions() == [[2 * 8 + 2 * 11 + 14 * 2 * 4 * 2 * 6]]


def test_kernels_are_listed_once() -> None:
    with sharing_everything():
        b = NetworkBuilder()
        x = b.input(4)
        windows = np.array([[0, 1], [1, 2], [2, 3]])
        kernel = shared([[1, 2]], windows, np.zeros(3, int), np.arange(3), 4)
        f = b.build(b.relu(b.linear(x, kernel)))
        first = stored_weights(f)[0]
        assert first.matrix.values.tolist() == [[1, 2]]
        others = [linear(np.array([[3.0, 0.0]])), *(s.matrix for s in stored_weights(f)[1:])]
        g = with_weights(f, others)
        assert g.layers[0].affine.terms[0][1].values.tolist() == [
            [3, 0, 0, 0], [0, 3, 0, 0], [0, 0, 3, 0],
        ]  # fmt: skip
