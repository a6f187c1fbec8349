"""Distances, shares and the table of differences against polygons in Fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import distances
from tropnet import Box, Network
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.geometry.comparison.extremum import Extremum
from tropnet.geometry.comparison.region_comparison import RegionComparison, compare_regions
from tropnet.testing.strategies import dense_networks, rationals

RELU = Network.from_dense([[[1]], [[1]]])
ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
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
def test_shares_against_polygons(data: st.DataObject) -> None:
    n, m = data.draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2)]))
    f, g = (data.draw(dense_networks(n_inputs=n, n_outputs=m)) for _ in "fg")
    level = abs(data.draw(rationals()))
    found = compare_regions(f, g, BOXES[n])
    wanted = distances.exceeding(f, g, BOXES[n], level) / distances.whole(BOXES[n], n)
    exact, rough = found.exceeding(level, exact=True), found.exceeding(level)
    assert exact.exact == wanted
    assert abs(Fraction(rough.value) - wanted) <= Fraction(rough.error)


def test_what_is_just_at_the_level_does_not_exceed_it() -> None:
    step = Network.from_dense([[[1], [1]], [[1, -1]]], [[0, -1], [0]])  # 0, x, then 1
    found = compare_regions(step, Network.from_dense([[[0]]]), Box([-1], [3]))
    assert found.exceeding(1, exact=True).exact == 0
    assert found.exceeding("0.999", exact=True).exact == (2 + Fraction(1, 1000)) / 4
    assert found.exceeding(0, exact=True).exact == Fraction(3, 4)
    with pytest.raises(DomainError, match=r"level = -1 is negative; \|f − g\| always exceeds it"):
        found.exceeding(-1)


def test_shares_need_a_bounded_domain() -> None:
    found = compare_regions(ABSOLUTE, RELU)
    with pytest.raises(DomainError, match="unbounded and has no shares of volume; take a box"):
        found.exceeding(1)
    with pytest.raises(DomainError, match="unbounded and has no shares of volume; take a box"):
        found.argmax_differs()


def test_three_and_four_inputs() -> None:
    """relu(x_1 + …) against relu of a part: the difference is known at every corner."""
    for n in (3, 4):
        f = Network.from_dense([[[1] * n], [[1]]])
        g = Network.from_dense([[[1] * (n - 1) + [0]], [[1]]])
        found = compare_regions(f, g, Box.cube(n))
        assert found.supremum[0].value == found.largest.value == 1
        assert found.infimum[0].value == -1
        assert not found.same_bend_locus
        assert found.l1().error < 1e-11
    space = compare_regions(f, g)
    climbs(space, space.supremum[0], 0, 1)
    climbs(space, space.infimum[0], 0, -1)
    assert space.same_combinatorics
    assert space.l1().value == math.inf


def test_different_architectures() -> None:
    deep = Network.from_dense([[[1], [-1]], [[1, 0], [0, 1]], [[1, 1]]])
    affine = Network.from_dense([[[1]]])
    assert compare_regions(deep, ABSOLUTE).equal
    found = compare_regions(deep, affine)
    assert found.infimum[0].value == 0
    climbs(found, found.supremum[0], 0, 1)
    assert found.up_to_constant.holds is False


def test_slivers() -> None:
    """A copy rescaled by floats: every kink is doubled, at a distance of some ulps."""
    rng = np.random.default_rng(3)
    w, b = rng.normal(size=(6, 2)), rng.normal(size=6)
    s = rng.uniform(0.1, 3, size=6)
    f = Network.from_dense([w, np.ones((1, 6))], [b, [0]])
    g = Network.from_dense([w * s[:, None], (1 / s)[None]], [b * s, [0]])
    found = compare_regions(f, g, Box.cube(2))
    exact = found.l1(exact=True).exact
    assert exact == distances.l1(f, g, Box.cube(2)) > 0
    rough = found.l1()
    assert abs(Fraction(rough.value) - exact) <= Fraction(rough.error)
    assert not found.equal
    assert 0 < found.largest.value < 1e-14


def test_summary() -> None:
    found = compare_regions(ABSOLUTE, RELU, Box([-1], [1]))
    text = repr(found)
    assert text.splitlines()[0] == "RegionComparison"
    assert "joint cells:     2, certified by" in text
    assert "sup |f-g|:       1 at (-1)" in text
    assert "up to scale:     no; see (-1)" in text
    assert "same bend locus: yes" in text
    assert found._repr_html_().count("<tr>") == len(found.rows()) == 10
    many = Network.from_dense([[[1]] * 20])
    assert "8 more outputs" in repr(compare_regions(many, many))
    same = repr(compare_regions(many, many, Box([0], [1])))
    assert "up to scale:     yes; scale 1" in same


def test_budgets_and_refusals() -> None:
    with pytest.raises(BudgetExceeded, match="cells"):
        compare_regions(ABSOLUTE, Network.from_dense([[[1]], [[1]]], [[-1], [0]]), max_cells=2)
    with pytest.raises(ShapeError, match="cannot be compared"):
        compare_regions(RELU, Network.from_dense([[[1]], [[1], [1]]]))
    with pytest.raises(ShapeError, match="the domain has 2 coordinates, the function has 1"):
        compare_regions(RELU, RELU, Box.cube(2))
    seven = Network.from_dense([[[1] * 7], [[1]]])
    with pytest.raises(DomainError, match="7 inputs; joint cells are measured for at most 6"):
        compare_regions(seven, seven, Box.cube(7))


def test_a_time_limit_is_a_refusal() -> None:
    rng = np.random.default_rng(0)
    sizes, widths = ((40, 4), (40, 40), (1, 40)), (40, 40, 1)
    f, g = (
        Network.from_dense(
            [rng.normal(size=s) for s in sizes], [rng.normal(size=w) for w in widths]
        )
        for _ in "fg"
    )
    with pytest.raises(BudgetExceeded, match="joint cells so far"):
        compare_regions(f, g, Box.cube(4), time_limit=0.001)


def test_distances_of_equal_functions_are_exactly_zero() -> None:
    half = Network.from_dense([[["1/3"], [-1]], [["1/7", 1]]], [[0, "1/5"], [0]])
    doubled = Network.from_dense([[["2/3"], [-1]], [["1/14", 1]]], [[0, "1/5"], [0]])
    found = compare_regions(half, doubled, Box.cube(1))
    for amount in (found.l1(), found.l1(0), found.l2(), found.l2_squared()):
        assert repr(amount) == "0"
        assert amount.exact == 0
        assert amount.lower == 0
    other = compare_regions(half, Network.from_dense([[[1]], [[1]]]), Box.cube(1))
    assert other.l1().value > 0
