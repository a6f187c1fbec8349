"""Relations against pairs that have them by construction, and witnesses replayed exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import distances
from tropnet import Box, Network, Polyhedron
from tropnet.domains import Domain
from tropnet.geometry.comparison.correspondence import Relation
from tropnet.geometry.comparison.region_comparison import RegionComparison, compare_regions
from tropnet.testing.strategies import dense_networks, disguised

RELU = Network.from_dense([[[1]], [[1]]])
ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
MINUS = Network.from_dense([[[-1]], [[-1]]])  # min(x, 0)
DOMAINS: list[Domain] = [Box([-1, -1], [1, 2]), None, Polyhedron([[-1, 0], [0, -1]], [1, 0])]


def scaled(f: Network, factor: Fraction, shift: int = 0) -> Network:
    """factor · f + shift, by the output layer."""
    source = len(f.layers)
    rows = dict(f.output.terms)[source].exact * factor if f.output.terms else None
    assert rows is not None
    bias = [v * factor + shift for (v,) in f.output.bias.exact]
    inner = [layer.affine for layer in f.layers]
    weights = [a.terms[0][1].exact if a.terms else np.zeros((a.size, 1)) for a in inner]
    return Network.from_dense([*weights, rows], [*(a.bias.exact for a in inner), bias])


def values(found: RegionComparison, point: tuple[Fraction, ...]) -> list[list[Fraction]]:
    return [h.exact(point).to_fractions()[0] for h in (found.first, found.second)]


def inside(found: RegionComparison, relation: Relation) -> bool:
    assert relation.witness
    return found.domain is None or all(found.domain.contains(p) for p in relation.witness)


def replay(found: RegionComparison) -> None:
    """Check what every relation claims at its witness, or at random points."""
    equal, constant, scale = found.equal, found.up_to_constant, found.up_to_scale
    grid = [tuple(Fraction(v, 3) for v in row) for row in np.ndindex(*[3] * found.first.n_inputs)]
    pairs = [values(found, p) for p in grid]
    if equal:
        assert all(f == g for f, g in pairs)
    else:
        assert inside(found, equal)
        f, g = values(found, equal.witness[0])
        assert f != g
    gaps = [[u - v for u, v in zip(f, g, strict=True)] for f, g in pairs]
    if constant:
        assert all(tuple(gap) == constant.value for gap in gaps)
    else:
        assert inside(found, constant)
        (f, g), (p, q) = (values(found, x) for x in constant.witness)
        assert [u - v for u, v in zip(f, g, strict=True)] != [
            u - v for u, v in zip(p, q, strict=True)
        ]
    if scale:
        assert scale.value > 0
        assert all(f == [scale.value * v for v in g] for f, g in pairs)
    else:
        assert inside(found, scale)
        rows = [values(found, x) for x in scale.witness]
        f, g = [v for row in rows for v in row[0]], [v for row in rows for v in row[1]]
        ratios = {u / v if v else None for u, v in zip(f, g, strict=True) if u or v}
        assert len(ratios) > 1 or None in ratios or min(r for r in ratios if r is not None) <= 0


@settings(max_examples=20)
@given(st.data())
def test_claims_hold_at_their_witnesses(data: st.DataObject) -> None:
    n, m = data.draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2)]))
    f, g = (data.draw(dense_networks(n_inputs=n, n_outputs=m)) for _ in "fg")
    domain = data.draw(st.sampled_from(DOMAINS)) if n == 2 else None
    replay(compare_regions(f, g, domain))


@settings(max_examples=20)
@given(st.data())
def test_disguised_copies_have_every_relation(data: st.DataObject) -> None:
    f, g = data.draw(disguised(dense_networks(n_inputs=2)))
    found = compare_regions(f, g, data.draw(st.sampled_from(DOMAINS)))
    assert found.equal
    assert found.up_to_constant.value == (0,) * f.n_outputs
    assert found.up_to_scale.value in (1, Fraction(1))
    assert found.same_bend_locus
    assert found.same_argmax
    assert found.same_combinatorics
    assert found.largest.value == 0


@pytest.mark.parametrize("domain", DOMAINS)
def test_constants_and_scales(domain: Domain) -> None:
    f = Network.from_dense(
        [[[1, 2], [0, 1], [1, -1]], [[1, -1, 2], [0, 1, 1]]], [[1, 0, 0], [0, 1]]
    )
    more = compare_regions(scaled(f, Fraction(1), 3), f, domain)
    assert not more.equal
    assert more.up_to_constant.value == (3, 3)
    assert not more.up_to_scale
    third = compare_regions(scaled(f, Fraction(1, 3)), f, domain)
    assert third.up_to_scale.value == Fraction(1, 3)
    assert third.same_argmax
    assert third.same_bend_locus
    negative = compare_regions(scaled(f, Fraction(-1)), f, domain)
    assert not negative.up_to_scale
    assert negative.same_bend_locus
    for found in (more, third, negative):
        replay(found)


def test_a_scale_needs_all_outputs() -> None:
    f = Network.from_dense([[[1]], [[1], [1]]])
    g = Network.from_dense([[[1]], [[1], [2]]])
    found = compare_regions(f, g, Box([-1], [1]))
    assert not found.up_to_scale
    replay(found)


def test_zero_is_a_multiple_of_nothing_else() -> None:
    zero = Network.from_dense([[[0]]])
    assert compare_regions(zero, zero).up_to_scale.value == 1
    for pair in ((RELU, zero), (zero, RELU)):
        found = compare_regions(*pair)
        assert not found.up_to_scale
        replay(found)


def test_one_ulp_is_a_difference() -> None:
    off = Network.from_dense([[[1]], [[1 + 2.0**-52]]])
    found = compare_regions(RELU, off, Box([-1], [1]))
    assert not found.equal
    assert found.up_to_scale.value == 1 / (1 + Fraction(1, 2**52))
    assert found.same_bend_locus
    moved = Network.from_dense([[[1]], [[1]]], [[-5e-324], [0]])
    near = compare_regions(RELU, moved, Box([-1], [1]))
    assert not near.same_bend_locus
    assert near.same_combinatorics
    assert near.largest.value == Fraction(5e-324)


def test_max_and_min_bend_at_one_point() -> None:
    found = compare_regions(RELU, MINUS)
    assert found.same_bend_locus
    assert found.same_combinatorics
    assert not found.up_to_constant  # relu(x) − min(x, 0) = |x|
    # on x ≥ 0 neither bends
    half = compare_regions(RELU, MINUS, Polyhedron([[-1]], [0]))
    assert half.same_bend_locus
    assert "0 facets" in half.same_bend_locus.note


@settings(max_examples=20)
@given(st.data())
def test_bends_on_a_line(data: st.DataObject) -> None:
    f, g = (data.draw(dense_networks(n_inputs=1, n_outputs=2)) for _ in "fg")
    box = Box([-2], ["5/2"])
    found = compare_regions(f, g, box).same_bend_locus
    one, other = distances.kinks(f, box), distances.kinks(g, box)
    assert found.holds == (one == other)
    if not found:
        assert found.witness[0][0] in one ^ other


def test_units_without_effect_do_not_bend() -> None:
    # the second unit is not read, the others cancel
    f = Network.from_dense([[[1, 0], [0, 1], [1, 1], [1, 1]], [[1, 0, 1, -1]]])
    g = Network.from_dense([[[1, 0]], [[5]]])
    found = compare_regions(f, g, Box.cube(2))
    assert found.same_bend_locus
    assert found.same_combinatorics.value in ({0: 0, 1: 1}, {0: 1, 1: 0})


def test_argmax_with_ties() -> None:
    # f = (|x|, 0): both are largest at 0; g = (|x| + 1, 0): only the first is
    f = Network.from_dense([[[1], [-1]], [[1, 1], [0, 0]]])
    g = Network.from_dense([[[1], [-1]], [[1, 1], [0, 0]]], [[0, 0], [1, 0]])
    for domain in (None, Box([-1], [1])):
        found = compare_regions(f, g, domain)
        assert not found.same_argmax
        assert found.same_argmax.witness == ((Fraction(0),),)
        assert "{0, 1} for f, {0} for g there" in found.same_argmax.note
        assert "measure zero" in found.same_argmax.note
    assert compare_regions(f, g, Box([-1], [1])).argmax_differs(exact=True).exact == 0


def test_argmax_tied_on_cells() -> None:
    # relu(x) against 0 ties on x ≤ 0
    f = Network.from_dense([[[1]], [[1], [0]]])
    found = compare_regions(f, f, Box([-1], [1]))
    assert found.same_argmax
    assert "tied on 1 cells" in found.same_argmax.note
    g = Network.from_dense([[[1]], [[1], [0]]], [[0], [0, -1]])
    other = compare_regions(f, g, Box([-1], [1]))
    assert "{0, 1} for f, {0} for g there; they differ on 1 cells" in other.same_argmax.note
    assert other.argmax_differs(exact=True).exact == Fraction(1, 2)


def test_argmax_that_ties_along_a_ray_alone() -> None:
    """On a half-plane f ties on its whole edge, g at a point of it."""
    f = Network.from_dense([[[0, 1], [0, 0]]])
    g = Network.from_dense([[[1, 0], [-1, 0]], [[1, 1], [0, 0]]], [[0, 0], [0, 0]])
    g = Network.from_dense([[[1, 1], [-1, 1]], [[1, 1], [0, 0]]])
    half = Polyhedron([[0, -1]], [0])
    found = compare_regions(f, g, half)
    assert not found.same_argmax
    (point,) = found.same_argmax.witness
    assert point[1] == 0
    assert half.contains(point)


@settings(max_examples=20)
@given(st.data())
def test_argmax_against_polygons(data: st.DataObject) -> None:
    n = data.draw(st.sampled_from([1, 2]))
    f, g = (data.draw(dense_networks(n_inputs=n, n_outputs=3)) for _ in "fg")
    box = Box(["-3/2"] * n, [1] * n)
    found = compare_regions(f, g, box)
    wanted = distances.argmax_differs(f, g, box) / distances.whole(box, n)
    assert found.argmax_differs(exact=True).exact == wanted
    if found.same_argmax:
        assert not wanted
    else:
        first, second = values(found, found.same_argmax.witness[0])
        tops = [{k for k, v in enumerate(h) if v == max(h)} for h in (first, second)]
        assert tops[0] != tops[1]


def test_relations_read_well() -> None:
    found = compare_regions(ABSOLUTE, RELU, Box([-1], [1]))
    assert bool(found.equal) is False
    assert repr(found.equal) == "equal: no; see (-1)"
    assert repr(found.same_bend_locus) == "same bend locus: yes; 1 facets of the joint cells"
