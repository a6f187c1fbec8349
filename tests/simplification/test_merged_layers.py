from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import forward
from tests.strategies.pairs import draw_network
from tropnet.network import Network
from tropnet.simplification.merged_layers import Merging

UNIT = (np.zeros(2), np.ones(2))


def test_layers_may_be_kept() -> None:
    f = Network.from_dense([[[1, 2], [1, 2]], [[1, 1], [3, 4]], [[1, 1]]])
    merging = Merging(f, UNIT)
    merging.keep_layer()
    merging.keep_layer()
    near, result = merging.networks()
    assert near == f
    assert result == f


def test_what_is_told() -> None:
    f = Network.from_dense([[[1, 2], [3, 4], [1, 2], [3, 4]], [[1, 1, 1, 1]]])
    merging = Merging(f, UNIT)
    assert merging.merge_layer(None, 0.0) == 2
    assert merging.told() == "units 0+2, 1+3"
    rows = np.repeat(np.arange(1, 9), 2)[:, None] * np.ones((1, 2))
    wide = Network.from_dense([np.hstack([rows, rows**2]), np.ones((1, 16))])
    merging = Merging(wide, (np.zeros(4), np.ones(4)))
    assert merging.merge_layer(None, 0.0) == 8
    assert merging.told().endswith("and 2 more groups")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_both_networks_are_one_function(seed: int, units: int) -> None:
    rng = Random(seed)
    f = draw_network(rng, 2, 2, 8).network()
    merging = Merging(f, UNIT)
    removed = [merging.merge_layer(units, None) for _ in f.layers]
    near, result = merging.networks()
    assert near.widths == f.widths
    assert result.widths == tuple(w - r for w, r in zip(f.widths, removed, strict=True))
    for _ in range(5):
        point = [Fraction(rng.randint(-9, 9), rng.randint(1, 9)) for _ in range(2)]
        assert forward(near, point)[-1] == forward(result, point)[-1]
