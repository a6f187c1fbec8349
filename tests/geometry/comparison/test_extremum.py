"""Suprema and infima against corners of polygons; where they are infinite, rays that climb."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import distances
from tropnet import Box, Network, Polyhedron
from tropnet.geometry.comparison.extremum import Extremum
from tropnet.geometry.comparison.region_comparison import RegionComparison, compare_regions
from tropnet.testing.strategies import dense_networks

BOXES = {1: Box(["-4/3"], [2]), 2: Box([-1, "-3/2"], [2, 1])}


def gap(found: RegionComparison, point: tuple[Fraction, ...]) -> list[Fraction]:
    f, g = (h.exact(point).to_fractions()[0] for h in (found.first, found.second))
    return [u - v for u, v in zip(f, g, strict=True)]


def climbs(found: RegionComparison, extremum: Extremum, output: int, sign: int) -> None:
    """Follow a ray and see the difference grow."""
    assert extremum.value == sign * math.inf
    assert extremum.ray is not None
    steps = [0, 1, 2, 1000]
    values = []
    for step in steps:
        point = tuple(p + step * r for p, r in zip(extremum.point, extremum.ray, strict=True))
        assert found.domain is None or found.domain.contains(point)
        values.append(sign * gap(found, point)[output])
    slope = values[1] - values[0]
    assert slope > 0
    assert values == [values[0] + step * slope for step in steps]


@settings(max_examples=20)
@given(st.data())
def test_extrema_against_polygons(data: st.DataObject) -> None:
    n, m = data.draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2)]))
    f, g = (data.draw(dense_networks(n_inputs=n, n_outputs=m)) for _ in "fg")
    found = compare_regions(f, g, BOXES[n])
    ends, largest = distances.extrema(f, g, BOXES[n])
    assert [(e.value, d.value) for e, d in zip(found.infimum, found.supremum, strict=True)] == ends
    assert found.largest.value == largest
    for i in range(m):
        for extremum in (found.infimum[i], found.supremum[i]):
            assert gap(found, extremum.point)[i] == extremum.value
            assert BOXES[n].contains(extremum.point)
    assert max(map(abs, gap(found, found.largest.point))) == largest
    # the least norm is attained at its point and at no corner undercut
    smallest = found.smallest
    assert max(map(abs, gap(found, smallest.point))) == smallest.value
    assert smallest.value <= min(
        max(map(abs, gap(found, corner)))
        for corners, _, _ in distances.pieces(f, g, BOXES[n])
        for corner in [*corners, distances.centroid(corners)]
    )
    if m == 1:
        low, high = ends[0]
        assert smallest.value == max(low, -high, 0)


def test_the_least_norm_of_two_outputs_lies_inside() -> None:
    # max(|x|, |x − 1|) is least where both are equal: no vertex of either network
    f, g = Network.from_dense([[[1], [1]]], [[0, -1]]), Network.from_dense([[[0], [0]]])
    found = compare_regions(f, g, Box([-3], [5]))
    assert found.smallest.value == Fraction(1, 2)
    assert found.smallest.point == (Fraction(1, 2),)
    assert found.largest.value == 5


@settings(max_examples=25)
@given(st.data())
def test_extrema_on_unbounded_domains(data: st.DataObject) -> None:
    n = data.draw(st.sampled_from([1, 2]))
    f, g = (data.draw(dense_networks(n_inputs=n, n_outputs=1)) for _ in "fg")
    domain = data.draw(st.sampled_from([None, Polyhedron([[-1] * n], [2])]))
    found = compare_regions(f, g, domain)
    for extremum, sign in ((found.supremum[0], 1), (found.infimum[0], -1)):
        if extremum.bounded:
            assert gap(found, extremum.point)[0] == extremum.value
        else:
            climbs(found, extremum, 0, sign)
    # a large box says the same: what grows is large on its border, what does not is within
    box = Box([-(2**40)] * n, [2**40] * n)
    if domain is None:
        ((low, high),), _ = distances.extrema(f, g, box)
        if found.supremum[0].bounded:
            assert found.supremum[0].value == high
        else:
            assert high > 2**20
        if found.infimum[0].bounded:
            assert found.infimum[0].value == low


def test_equal_functions_tie_everywhere() -> None:
    f = Network.from_dense([[[1, 2], [3, 4], [-1, 1]], [[1, 2, 3]]], [[1, 2, 3], [0]])
    g = Network.from_dense([[[6, 8], [-2, 2], [1, 2]], [[1, "3/2", 1]]], [[4, 6, 1], [0]])
    found = compare_regions(f, g, Box.cube(2, -5, 5))
    assert (found.supremum[0].value, found.infimum[0].value, found.smallest.value) == (0, 0, 0)
    assert found.equal
    assert found.l1(exact=True).exact == found.exceeding(0, exact=True).exact == 0
