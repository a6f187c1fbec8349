"""The table of differences: its rows tile the domain, and their floats are within bounds."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import distances
from tropnet import Box, Network
from tropnet.geometry.comparison.region_comparison import compare_regions
from tropnet.testing.strategies import dense_networks

RELU = Network.from_dense([[[1]], [[1]]])
ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
BOXES = {1: Box(["-4/3"], [2]), 2: Box([-1, "-3/2"], [2, 1])}


@settings(max_examples=25)
@given(st.data())
def test_the_table_of_differences(data: st.DataObject) -> None:
    n, m = data.draw(st.sampled_from([(1, 1), (2, 1), (2, 2)]))
    f, g = (data.draw(dense_networks(n_inputs=n, n_outputs=m)) for _ in "fg")
    found = compare_regions(f, g, BOXES[n])
    exact, rough = found.differences(exact=True), found.differences()
    assert len(exact) == len(rough)
    assert sum(r.volume.exact or 0 for r in exact) == distances.whole(BOXES[n], n)
    assert exact[0].largest.exact == found.largest.value
    assert sorted(c for r in exact for c in r.cells.tolist()) == list(
        range(found.gaps().complex.n_cells)
    )
    by_cell = {r.cells.min(): r for r in rough}
    for row in exact:
        other = by_cell[row.cells.min()]
        for one, two in ((row.volume, other.volume), (row.largest, other.largest)):
            assert one.exact is not None
            assert abs(Fraction(two.value) - one.exact) <= Fraction(two.error)
        for cell in row.cells[:2].tolist():
            point = found.gaps().complex.interior_points[cell]
            for h, part in ((f, row.first), (g, row.second)):
                assert np.allclose(part(point[None]).to_floats(), h(point))


def test_the_table_on_the_line() -> None:
    rows = compare_regions(ABSOLUTE, RELU).differences()
    assert [(r.volume.value, r.largest.value) for r in rows] == [
        (math.inf, math.inf),
        (math.inf, 0),
    ]
    assert repr(rows[1]) == (
        "JointRegion(1: volume inf, |f-g| up to 0 ± 4e-271, f = [1] x + [0], g = [1] x + [0])"
    )
    # two cells with the same two maps are one row: the units of f cancel at 1
    f = Network.from_dense([[[1], [1], [1]], [[1, 1, -1]]], [[0, -1, -1], [0]])
    assert len(compare_regions(f, RELU, Box([-2], [2])).differences(exact=True)) == 2
