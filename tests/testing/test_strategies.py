from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import forward
from tropnet import Network
from tropnet.testing.strategies import (
    dense_networks,
    disguised,
    float_batches,
    nasty_floats,
    networks,
    points,
)


@settings(max_examples=60)
@given(st.data())
def test_a_disguised_network_is_the_same_function(data: st.DataObject) -> None:
    network, copy = data.draw(disguised(networks()))
    point = data.draw(points(network.n_inputs))
    assert forward(network, point)[-1] == forward(copy, point)[-1]
    assert copy.widths == network.widths


def test_networks_reach_the_shapes_they_promise() -> None:
    quick = settings(max_examples=500, database=None, phases=[Phase.generate])
    wanted: list[Any] = [
        lambda f: any(len(a.sources) > 1 for a in f.affines),
        lambda f: any(not y.relu.all() for y in f.layers),
        lambda f: any(a.sources == () and a.size for a in f.affines),
        lambda f: not f.layers,
        lambda f: f.depth == 3,
        lambda f: any(m.rounding is not None for a in f.affines for _, m in a.terms),
    ]
    for condition in wanted:
        assert isinstance(find(networks(), condition, settings=quick), Network)


@settings(max_examples=30)
@given(dense_networks(n_inputs=2, entries=nasty_floats()), float_batches(2))
def test_dense_networks_have_no_skips(network: Network, batch: Any) -> None:
    assert all(set(a.sources) <= {k} for k, a in enumerate(network.affines))
    assert all(y.relu.all() for y in network.layers)
    assert batch.shape[1] == 2


@settings(max_examples=200)
@given(nasty_floats())
def test_nasty_floats_are_finite(value: float) -> None:
    assert math.isfinite(value)
    assert Fraction(value) == value
