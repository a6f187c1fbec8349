from __future__ import annotations

import time
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import pre_activations
from tropnet import Network
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer
from tropnet.network.pattern import cell_signs, signs
from tropnet.testing.strategies import (
    float_batches,
    nasty_floats,
    networks,
    points,
    small_integers,
    ulp_neighbours,
)


def exact_signs(network: Network, point: Any) -> list[list[int]]:
    return [[(v > 0) - (v < 0) for v in row] for row in pre_activations(network, point)]


@settings(max_examples=80)
@given(st.data())
def test_signs_are_exact_at_and_beside_kinks(data: st.DataObject) -> None:
    entries = data.draw(st.sampled_from((small_integers(), ulp_neighbours(), nasty_floats())))
    network = data.draw(networks(entries=entries))
    batch = data.draw(float_batches(network.n_inputs, entries))
    expected = [exact_signs(network, [Fraction(float(v)) for v in row]) for row in batch]
    for given_points in (batch, RationalMatrix.of(batch)):
        found = signs(network, given_points)
        for row, layers in enumerate(expected):
            assert [s[row].tolist() for s in found] == layers
    flat = [
        [s for layer, signs in zip(network.layers, layers, strict=True)
         for s, r in zip(signs, layer.relu, strict=True) if r]
        for layers in expected
    ]  # fmt: skip
    pattern = network.pattern(batch)
    assert pattern.dtype == np.int8
    assert pattern.shape == (len(batch), network.n_relu)
    assert pattern.tolist() == flat


@settings(max_examples=50)
@given(st.data())
def test_rational_points_are_decided_as_given(data: st.DataObject) -> None:
    network = data.draw(networks(identities=False))
    batch = data.draw(st.lists(points(network.n_inputs), min_size=1, max_size=3))
    found = network.pattern(batch)
    assert found.tolist() == [list(chain(*exact_signs(network, p))) for p in batch]


def test_lists_are_not_rounded_on_the_way() -> None:
    network = Network.from_dense([[[1, 0]], [[1]]], [[-(2**53)], [0]])
    assert network.pattern([[2**53 + 1, 0.5]]).tolist() == [[1]]
    assert network.pattern([2**53 + 1, 0.5]).tolist() == [[1]]
    assert network.pattern([["9007199254740992", "1/3"]]).tolist() == [[0]]
    third = Network.from_dense([[[3]], [[1]]], [[-1], [0]])
    assert third.pattern(["1/3"]).tolist() == [[0]]
    assert third.pattern([1 / 3]).tolist() == [[-1]]
    assert third.pattern(np.array([1 / 3], np.float32)).tolist() == [[1]]
    assert third.pattern(np.array([[1], [0]], np.int8)).tolist() == [[1], [-1]]


def test_a_tie_deep_in_the_network_is_seen() -> None:
    # 0.1 + 0.2 − 0.3 is not zero in floats, nor in the rationals they stand for
    deep = Network.from_dense(
        [np.eye(3), np.array([[0.1, 0.2, -0.3], [0.1, -0.1, 0.0]]), np.ones((1, 2))]
    )
    assert deep.pattern([1.0, 1.0, 1.0]).tolist() == [[1, 1, 1, 1, 0]]
    assert deep.pattern(np.full((1, 3), 3.0)).tolist() == [[1, 1, 1, 1, 0]]


@pytest.mark.parametrize(
    "batch", [np.zeros((0, 2)), np.zeros((0, 2), int), RationalMatrix.zeros(0, 2)]
)
def test_an_empty_batch(batch: Any) -> None:
    for network in (Network.from_dense([np.eye(2), np.eye(2)]), Network.from_dense([np.eye(2)])):
        assert network.pattern(batch).shape == (0, network.n_relu)


@pytest.mark.parametrize(
    ("batch", "error", "text"),
    [
        (np.zeros((1, 3)), ShapeError, "points of shape (1, 3) for a network of 2 inputs"),
        (RationalMatrix.zeros(1, 3), ShapeError, "points of shape (1, 3)"),
        ([1, 2, 3], ShapeError, "points of shape (1, 3)"),
        ([], ShapeError, "points of shape (0, 0) for a network of 2 inputs; give (batch, 2)"),
        (np.zeros((1, 1, 2)), ShapeError, "points of shape (1, 1, 2)"),
        ([[0, np.nan]], DomainError, "points[0, 1] is nan"),
        (np.array([[0, np.inf]]), DomainError, "points[0, 1] is inf; give finite numbers"),
    ],
)
def test_what_are_no_points(batch: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        Network.from_dense([np.zeros((2, 2)), np.eye(2)]).pattern(batch)
    assert text in str(caught.value)


def test_dead_units_do_not_send_every_point_to_the_exact_path() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((200, 50)), rng.standard_normal((200, 200)), np.ones((1, 200))]
    weights[0][::2] = 0.0
    weights[1][::3] = 0.0
    bias = rng.standard_normal(200)
    bias[::4] = 0.0
    network = Network.from_dense(weights, [bias, bias, None])
    batch = rng.standard_normal((2000, 50))
    start = time.perf_counter()
    found = network.pattern(batch)
    assert time.perf_counter() - start < 3.0  # in rationals this takes minutes
    assert (found[:, ::4][:, :50] == 0).all()
    assert found[:3].tolist() == network.pattern(RationalMatrix.of(batch[:3])).tolist()


# ---- cells -----------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.data())
def test_the_cell_at_a_kink_is_one_that_has_points_nearby(data: st.DataObject) -> None:
    network = data.draw(networks(max_layers=2))
    point = data.draw(points(network.n_inputs))
    found = cell_signs(network, RationalMatrix.of([point]))
    # so small a step that no other kink lies between
    step = Fraction(1, 10**12)
    near = [v + step ** (k + 1) for k, v in enumerate(point)]
    for layer, sign, expected in zip(
        network.layers, found, exact_signs(network, near), strict=True
    ):
        assert sign[layer.relu].tolist() == np.array(expected)[layer.relu].tolist()


def test_units_that_vanish_around_the_point_stay_zero() -> None:
    layer = Layer(Affine({0: [[0, 0], [1, -1], [-1, 1], [0, -1]]}))
    network = Network(2, (layer,), Affine({1: [[1, 1, 1, 1]]}))
    assert [s.tolist() for s in cell_signs(network, RationalMatrix.of([[2, 2]]))] == [
        [0, 1, -1, -1]
    ]
