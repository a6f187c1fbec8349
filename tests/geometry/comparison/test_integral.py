"""Integrals by hand and against quadrature on polygons in Fractions; floats within bounds."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import distances
from tropnet import Box, Network, Polyhedron
from tropnet.errors import ShapeError
from tropnet.geometry.comparison.integral import Amount, total
from tropnet.geometry.comparison.region_comparison import RegionComparison, compare_regions
from tropnet.testing.strategies import dense_networks

RELU = Network.from_dense([[[1]], [[1]]])
ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
SUM = Network.from_dense([[[1, 1, 1]], [[1]]])
ZERO = Network.from_dense([[[0, 0, 0]]])
BOXES = {1: Box(["-4/3"], [2]), 2: Box([-1, "-3/2"], [2, 1])}


def within(amount: Amount, exact: Fraction) -> bool:
    return abs(Fraction(amount.value) - exact) <= Fraction(amount.error)


def both(comparison: RegionComparison) -> tuple[Any, Any]:
    """The exact distances, once the floats are found within their bounds."""
    pairs = [
        (comparison.l1(), comparison.l1(exact=True)),
        (comparison.l2_squared(), comparison.l2_squared(exact=True)),
    ]
    for rough, exact in pairs:
        assert exact.exact is not None
        assert within(rough, exact.exact)
        assert within(exact, exact.exact)
    return pairs[0][1].exact, pairs[1][1].exact


def test_by_hand() -> None:
    # |x| − relu(x) = relu(−x)
    assert both(compare_regions(ABSOLUTE, RELU, Box([-1], [1]))) == (Fraction(1, 2), Fraction(1, 3))
    # ∫ x + y + z over the unit cube, and of its square: 3 · 1/3 + 6 · 1/4
    assert both(compare_regions(SUM, ZERO, Box.cube(3, 0, 1))) == (Fraction(3, 2), Fraction(5, 2))
    # x changes sign: no unit of either network is there
    line, zero = Network.from_dense([[[1]]]), Network.from_dense([[[0]]])
    found = compare_regions(line, zero, Box([-1], [3]))
    assert both(found) == (5, Fraction(28, 3))
    assert found.complex.n_cells == 1
    assert found.volume(exact=True).exact == 4


def test_four_and_six_dimensions() -> None:
    for n in (4, 6):
        f = Network.from_dense([[[1] * n], [[1]]])
        g = Network.from_dense([[[0] * n]])
        found = compare_regions(f, g, Box.cube(n, 0, 1))
        assert within(found.l1(), Fraction(n, 2))
        assert within(found.l2_squared(), Fraction(n, 3) + Fraction(n * (n - 1), 4))
        assert found.l1().error < 1e-10


@settings(max_examples=20)
@given(st.data())
def test_against_polygons(data: st.DataObject) -> None:
    n, m = data.draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2)]))
    f = data.draw(dense_networks(n_inputs=n, n_outputs=m))
    g = data.draw(dense_networks(n_inputs=n, n_outputs=m))
    found = both(compare_regions(f, g, BOXES[n]))
    assert found == (distances.l1(f, g, BOXES[n]), distances.l2_squared(f, g, BOXES[n]))


def test_one_ulp_and_the_same_function() -> None:
    off = Network.from_dense([[[1]], [[1 + 2.0**-52]]])
    # the exact integral of x · 2^-52 on [0, 1], and of its square
    assert both(compare_regions(RELU, off, Box([-1], [1]))) == (
        Fraction(1, 2**53), Fraction(1, 3 * 2**104)
    )  # fmt: skip
    other = Network.from_dense([[[2]], [["1/2"]]])
    assert both(compare_regions(RELU, other, Box([-1], [1]))) == (0, 0)


def test_single_outputs() -> None:
    f = Network.from_dense([[[1], [-1]], [[1, 0], [0, 1]]])
    g = Network.from_dense([[[1]], [[1], [0]]])
    found = compare_regions(f, g, Box([-2], [1]))
    assert [found.l1(i, exact=True).exact for i in (0, 1, None)] == [0, 2, 2]
    with pytest.raises(ShapeError, match="there is no output 2 among 2; they are counted from 0"):
        found.l1(2)


def test_unbounded_domains() -> None:
    hat = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]])
    zero = Network.from_dense([[[0]]])
    found = compare_regions(hat, zero)
    assert both(found) == (1, Fraction(2, 3))
    assert found.volume().value == math.inf
    endless = compare_regions(ABSOLUTE, RELU)
    assert repr(endless.l1()) == repr(endless.l2(exact=True)) == "inf"
    # on the half-line x ≥ 0 they agree
    assert both(compare_regions(ABSOLUTE, RELU, Polyhedron([[-1]], [1]))) == (
        Fraction(1, 2), Fraction(1, 3)
    )  # fmt: skip


def test_a_bump_on_the_plane() -> None:
    """relu(1 − |x| − |y|): a pyramid of volume 2/3; its square has the integral 1/3."""
    bump = Network.from_dense(
        [[[1, 0], [-1, 0], [0, 1], [0, -1]], [[-1, -1, -1, -1]], [[1]]], [[0] * 4, [1], [0]]
    )
    found = compare_regions(bump, Network.from_dense([[[0, 0]]]))
    # ∫ (1 − r)² · 4 r dr from 0 to 1, the length of |x| + |y| = r being 4 r in this measure
    assert both(found) == (Fraction(2, 3), Fraction(1, 3))


def test_cells_too_thin_for_floats() -> None:
    """f is a spike of width 2^-60 on cells that no float can tell apart."""
    eps = Fraction(1, 2**60)
    spike = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[0, -eps, -2 * eps], [0]])
    found = compare_regions(spike, Network.from_dense([[[0]]]), Box([-1], [1]))
    assert both(found) == (eps**2, 2 * eps**3 / 3)


def test_amounts() -> None:
    third = Amount.of(Fraction(1, 3))
    assert third.lower < Fraction(1, 3) < third.upper
    assert repr(third) == "1/3"
    assert repr(Amount.of(Fraction(1, 3**60))) == (
        "2.35898248759e-29 (rounded; the rational is in `exact`)"
    )
    assert Amount.of(Fraction(4, 9)).root().exact == Fraction(2, 3)
    root = Amount.of(Fraction(2)).root()
    assert root.exact is None
    assert root.lower**2 < 2 < root.upper**2
    assert Amount(0.0, 1e-20).root().upper >= 1e-10
    assert total([0.1] * 10, [1e-20] * 10).value == pytest.approx(1)
    huge = Amount.of(Fraction(10**400, 3 * 10**399))
    assert huge.value == pytest.approx(10 / 3)
    assert float(huge) == huge.value


def test_numbers_beyond_floats() -> None:
    """Where floats overflow, their error is infinite and rationals still answer."""
    f = Network.from_dense([[[1, 1]], [[1e200]]])
    far = Box.cube(2, -1e200, 1e200)
    found = compare_regions(f, Network.from_dense([[[0, 0]]]), far)
    rough = found.l1()
    assert (rough.value, rough.error) == (0, math.inf)
    assert found.l1(exact=True).exact == distances.l1(f, found.second, far)
    assert found.l1(exact=True).value == math.inf
    # a share falls back on rationals
    assert found.exceeding(0).value == 0.5
    # weights too small for the product of two
    tiny = Network.from_dense([[[1e-200]], [[1e-200]]])
    near = compare_regions(tiny, Network.from_dense([[[0]]]), Box([0], [1]))
    assert both(near)[0] == Fraction(1e-200) ** 2 / 2
