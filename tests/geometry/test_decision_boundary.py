from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from tropnet import Box, Network, decision_boundary
from tropnet.errors import BudgetExceeded
from tropnet.testing.strategies import networks


@given(networks(n_inputs=2, n_outputs=3, max_layers=2))
@settings(max_examples=30)
def test_decisions_are_those_of_the_largest_output(network: Network) -> None:
    found = decision_boundary(network, Box.cube(2, -1, 1))
    cells = found.complex
    indptr, members = cells.cell_vertices
    rows = cells.exact_vertices()
    for cell, decision in enumerate(found.decisions.tolist()):
        corners = rows[members[indptr[cell] : indptr[cell + 1]]].tolist()
        for x, y, t in corners:
            values = network.exact([[f"{x}/{t}", f"{y}/{t}"]]).to_fractions()[0]
            assert values[decision] == max(values)
    both = found.decisions[found.cells]
    assert (both[:, 0] != both[:, 1]).all()


def test_the_sign_of_one_output() -> None:
    ring = Network.from_dense(
        [[[1, 0], [-1, 0], [0, 1], [0, -1]], [[1, 1, 1, 1]]], [[0] * 4, [-1]]
    )  # |x| + |y| − 1
    found = decision_boundary(ring, Box.cube(2, -2, 2))
    assert sorted(set(found.decisions.tolist())) == [-1, 1]
    assert len(found.facets) == 4
    ends = found.complex.generators[found.complex.edges[found.facets]][:, :, :2]
    assert np.allclose(np.abs(ends).sum(axis=2), 1)


def test_a_tie_goes_to_the_first() -> None:
    twin = Network.from_dense([[[1, 0], [1, 0]]])
    found = decision_boundary(twin)
    assert found.decisions.tolist() == [0]
    assert len(found.facets) == 0


def test_too_many_outputs() -> None:
    with pytest.raises(BudgetExceeded, match="pairs of outputs"):
        decision_boundary(Network.from_dense([np.ones((40, 2))]))
