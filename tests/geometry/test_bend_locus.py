from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tropnet import Box, Network, bend_locus, merge_thin_cells
from tropnet.errors import DomainError
from tropnet.geometry import enumerate_cells
from tropnet.testing.strategies import networks


@given(networks(n_inputs=2))
@settings(max_examples=40)
def test_bends_are_where_the_maps_say(network: Network) -> None:
    """At a bend the output lies above (convex) or below the map of the other side."""
    cells = enumerate_cells(network, Box.cube(2, -1, 1))
    bends = bend_locus(cells)
    inner = cells.facet_cells[:, 1] >= 0
    flat = np.setdiff1d(np.flatnonzero(inner), bends.facets)
    owners = cells.facet_cells[flat]
    assert (cells.map_ids[owners[:, 0]] == cells.map_ids[owners[:, 1]]).all()
    numerators, _ = cells.exact_maps()
    indptr, members = cells.cell_vertices
    rows = cells.exact_vertices()
    for (a, b), signs in zip(bends.cells.tolist(), bends.signs.tolist(), strict=True):
        corners = rows[members[indptr[a] : indptr[a + 1]]].tolist()
        inside = [sum(Fraction(c[k], c[2]) for c in corners) / len(corners) for k in (0, 1)]
        change = numerators[a] - numerators[b]
        for output, sign in zip(change.tolist(), signs, strict=True):
            height = output[0] * inside[0] + output[1] * inside[1] + output[2]
            assert (height > 0) - (height < 0) == sign
        assert any(signs)
    assert (np.sign(bends.jumps) == bends.signs).all()


@pytest.mark.parametrize("verb", [bend_locus, lambda x: merge_thin_cells(x, 1)])
def test_a_complex_is_asked_for(verb: Any) -> None:
    with pytest.raises(DomainError, match="was given a str; give the complex that linear_regions"):
        verb("model.onnx")


def test_a_hat() -> None:
    hat = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]])
    bends = bend_locus(enumerate_cells(hat))
    assert bends.jumps.ravel().tolist() == [1, -2, 1]
