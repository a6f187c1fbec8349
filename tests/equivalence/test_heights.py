from __future__ import annotations

import numpy as np
from hypothesis import given

from tests.oracles.fractions_forward import forward, pre_activations
from tropnet.equivalence.heights import heights
from tropnet.network import Network
from tropnet.testing.strategies import networks


@given(networks())
def test_heights_are_pre_activations(network: Network) -> None:
    point = [0.5, -0.25, 2.0][: network.n_inputs]
    found = heights(network, np.array([point]))
    exact = [*pre_activations(network, point), forward(network, point)[-1]]  # type: ignore[arg-type]
    assert len(found) == len(network.layers) + 1
    for values, expected in zip(found, exact, strict=True):
        assert np.allclose(values[0], [float(v) for v in expected])


def test_overflow_is_silent() -> None:
    network = Network.from_dense([[[1e300]], [[1e300]], [[1.0]]])
    assert not np.isfinite(heights(network, np.array([[1e10]]))[1]).all()
