from __future__ import annotations

import itertools
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.joint_cells import answer, gap_at, lies_in
from tests.strategies.pairs import Pair, draw_pair
from tropnet.checker.cells import joint_cells, supremum
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.errors import DomainError
from tropnet.network import Affine, Layer, Network

ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
ZERO = Network.from_dense([[[0]]])


def hold_against_the_truth(pair: Pair) -> None:
    truth = answer(pair.a, pair.b, pair.domain)
    assert truth is not None
    for norm in ("inf", "1", "2"):
        found = supremum(pair.a, pair.b, pair.domain, norm)
        assert pair.a.n_inputs < 3 or found.cells == truth.cells
        if truth.inf is None:
            assert found.upper is found.lower is None
            assert found.ray is not None
            continue
        assert found.upper is not None
        assert found.lower is not None
        assert truth.at_most(found.upper, norm)
        assert truth.at_least(found.lower, norm)
        assert found.upper - found.lower <= found.lower / 2**100
        assert norm == "2" or found.upper == found.lower
        assert found.point is not None
        assert lies_in(pair.domain, found.point)
        if norm == "inf":
            gap = gap_at(pair.a, pair.b, found.point)
            assert max(abs(v) for v in gap) == found.lower


@pytest.mark.parametrize("first", range(20_000, 20_100, 20))
def test_the_supremum_against_splitting_in_fractions(first: int) -> None:
    for seed in range(first, first + 20):
        hold_against_the_truth(draw_pair(seed))


@pytest.mark.parametrize(("inputs", "most", "first"), [(3, 14, 0), (4, 7, 0), (5, 6, 0)])
def test_the_supremum_in_space_against_splitting_in_fractions(
    inputs: int, most: int, first: int
) -> None:
    for seed in range(first, first + 45 // 3 ** (inputs - 2)):
        hold_against_the_truth(draw_pair(seed, inputs, most))


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_swapping_changes_nothing(seed: int) -> None:
    pair = draw_pair(seed)
    ours = supremum(pair.a, pair.b, pair.domain, pair.norm)
    theirs = supremum(pair.b, pair.a, pair.domain, pair.norm)
    assert (ours.lower, ours.upper) == (theirs.lower, theirs.upper)


def test_a_ray_leads_away_and_stays_in_the_domain() -> None:
    strip = Polyhedron([[1, -1], [-1, 1]], [1, 1])
    f = Network.from_dense([[[1, 0]], [[1]]])
    g = Network.from_dense([[[0, 1]], [[2]]])
    found = supremum(f, g, strip)
    assert found.ray is not None
    assert found.base is not None
    assert found.ray[0] == found.ray[1] > 0
    for step in (0, 1, 10**6):
        assert strip.contains([u + step * v for u, v in zip(found.base, found.ray, strict=True)])


def test_a_bounded_difference_on_the_plane() -> None:
    clipped = Network.from_dense([[[1, 1], [1, 1]], [[1, -1]]], [[0, -1], [0]])
    flat = Network.from_dense([[[0, 0]]])
    found = supremum(clipped, flat, None)
    assert found.lower == found.upper == 1
    assert found.ray is None


@pytest.mark.parametrize(
    ("domain", "cells"),
    [
        (None, 2),
        (Box([-1], [1]), 2),
        (Box([0], [1]), 1),
        (Box([0], [0]), 1),
        (Box([1], [2]), 1),
        (Polyhedron([[1]], [5]), 2),
        (Polyhedron([[1], [-1]], [5, 0]), 1),
        (Polyhedron([[1], [-1]], [0, 0]), 1),
        (Polyhedron([[1], [-1]], [3, -3]), 1),
        (Polyhedron([[0]], [0]), 2),
    ],
)
def test_cells_on_the_line(domain: Domain, cells: int) -> None:
    assert supremum(ABSOLUTE, ZERO, domain).cells == cells


@pytest.mark.parametrize(
    ("domain", "cells"),
    [
        (Box.cube(2, 0, 1), 2),
        (Polyhedron([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 0, 1, 0]), 2),
        (Box([0, 0], [0, 1]), 1),
        (Polyhedron([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 1, 0]), 1),
        (Box([0, 0], [0, 0]), 1),
        (Polyhedron([[1, 1], [-1, -1]], [1, -1]), 4),  # a line, cut by the axes and by the kink
    ],
)
def test_cells_in_the_plane(domain: Domain, cells: int) -> None:
    f = Network.from_dense([[[1, -1], [-1, 1], [2, -2], [0, 0]], [[1, 1, 1, 1]]])
    assert supremum(f, Network.from_dense([[[0, 0]]]), domain).cells == cells


CUBE = Polyhedron(np.vstack([np.eye(3), -np.eye(3)]), [1] * 6)
KINKS = Network.from_dense([[[1, -1, 0], [-1, 1, 0], [2, -2, 0], [0, 0, 0]], [[1, 1, 1, 1]]])
NOTHING = Network.from_dense([[[0, 0, 0]]])


@pytest.mark.parametrize(
    ("domain", "cells"),
    [
        (None, 2),
        (Box.cube(3), 2),
        (CUBE, 2),
        (Box([0, 0, 0], [0, 0, 1]), 1),  # a segment in the kink
        (Box([1, 0, 0], [1, 0, 0]), 1),
        (Box([1, 0, 0], [1, 2, 0]), 2),  # a segment through it
        (Box([0, 0, 0], [1, 1, 0]), 2),  # a square
        (Polyhedron([[1, -1, 0], [-1, 1, 0]], [0, 0]), 1),  # the kink itself, a plane
        (Polyhedron([[1, 1, 0], [-1, -1, 0]], [1, -1]), 2),  # a plane through it
        (Polyhedron([[1, 1, 0], [-1, -1, 0], [0, 0, 1], [0, 0, -1]], [1, -1, 5, -5]), 2),  # a line
        (Polyhedron([[-1, 1, 0]], [0]), 1),  # a half-space beside it
        (Polyhedron([[0, 0, 0]], [0]), 2),
    ],
)
def test_cells_in_space(domain: Domain, cells: int) -> None:
    assert supremum(KINKS, NOTHING, domain).cells == cells


@pytest.mark.parametrize(("inputs", "units"), [(3, 1), (3, 7), (4, 6), (5, 5), (6, 3), (6, 7)])
def test_planes_in_general_position_make_as_many_cells_as_they_can(inputs: int, units: int) -> None:
    # points of the moment curve: any `inputs` of them are independent
    rows = [[k**power for power in range(inputs)] for k in range(1, units + 1)]
    network = Network.from_dense([rows, [[1] * units]], [[7**k for k in range(units)], [0]])
    zero = Network.from_dense([[[0] * inputs]])
    everywhere = sum(math.comb(units, k) for k in range(inputs + 1))
    assert supremum(network, zero, None).cells == everywhere
    # without biases they all meet in one point
    central = Network.from_dense([rows, [[1] * units]])
    through = 2 * sum(math.comb(units - 1, k) for k in range(inputs))
    for domain in (None, Box.cube(inputs)):
        assert supremum(central, zero, domain).cells == through


def test_functions_of_fewer_coordinates_leave_lines() -> None:
    # it depends on x + y + z alone
    f = Network.from_dense([[[1, 1, 1, 0], [1, 1, 1, 0]], [[1, -1]]], [[0, -2], [0]])
    zero = Network.from_dense([[[0, 0, 0, 0]]])
    found = supremum(f, zero, None)
    assert found.lower == found.upper == 2
    assert found.cells == 3
    assert found.point is not None
    assert sum(found.point[:3]) >= 2
    for rows, outputs, _ in joint_cells(f, zero, None):
        held = {tuple(row): values for row, values in zip(rows, outputs, strict=True)}
        both = [row for row in held if tuple(-v for v in row) in held]
        assert len(both) == 6  # three lines
        assert not any(any(held[row]) for row in both)
    drifting = supremum(f, Network.from_dense([[[0, 0, 0, 1]]]), None)
    assert drifting.ray is not None
    assert drifting.ray[3] != 0
    assert drifting.upper is None


def test_a_difference_that_is_constant_at_infinity() -> None:
    # relu(t) − relu(t − 1) for three t: it is between 0 and 3, and 3 far out
    rows = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    f = Network.from_dense([rows + rows, [[1] * 3 + [-1] * 3]], [[0] * 3 + [-1] * 3, [0]])
    corner = Polyhedron([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1]], [0, 0, 0, 2])
    for domain, expected in ((None, 3), (Polyhedron([[1, 1, 1]], [0]), 2), (corner, 2)):
        found = supremum(f, NOTHING, domain)
        assert found.lower == found.upper == expected
        assert found.ray is None


def test_a_ray_of_a_thin_wedge() -> None:
    # x ≥ 10^6 |y|, x ≥ 10^6 |z|; the difference |y| grows, but slowly
    steep = 10**6
    wedge = Polyhedron([[-1, steep, 0], [-1, -steep, 0], [-1, 0, steep], [-1, 0, -steep]], [0] * 4)
    f = Network.from_dense([[[0, 1, 0], [0, -1, 0]], [[1, 1]]])
    found = supremum(f, NOTHING, wedge)
    assert found.ray is not None
    assert found.base is not None
    for step in (0, 1, 10**9):
        assert wedge.contains([u + step * v for u, v in zip(found.base, found.ray, strict=True)])
    assert found.ray[1] != 0


@pytest.mark.parametrize("width", ["1e-3", "1e-7", "1e-30"])
def test_a_needle_in_space(width: str) -> None:
    # relu(width − |x − 1/3| − |y − 1/3| − |z − 1/3|)
    at = Fraction(1, 3)
    unit = [[int(i == j) for j in range(3)] for i in range(3)]
    sides = Affine({0: unit + [[-v for v in row] for row in unit]}, [-at] * 3 + [at] * 3)
    needle = Network(
        3,
        (Layer(sides), Layer(Affine({1: [[-1] * 6]}, [Fraction(width)]))),
        Affine({2: [[1]]}),
    )
    for domain in (None, Box.cube(3), CUBE):
        found = supremum(needle, NOTHING, domain)
        assert found.lower == found.upper == Fraction(width)
        assert found.point == (at, at, at)
        assert found.cells == 16  # the octants of (1/3, 1/3, 1/3), each with a tip


def test_one_ulp_in_space() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((6, 3)), rng.standard_normal((4, 6)), np.ones((1, 4))]
    biases = [rng.standard_normal(6), rng.standard_normal(4), np.zeros(1)]
    network = Network.from_dense(weights, biases)
    assert supremum(network, network, Box.cube(3)).upper == 0
    biases[2] = np.array([np.nextafter(0.0, 1.0)])
    raised = Network.from_dense(weights, biases)
    for domain in (None, Box.cube(3), CUBE):
        found = supremum(network, raised, domain)
        assert found.lower == found.upper == Fraction(1, 2**1074)
    weights[0][2, 1] = np.nextafter(weights[0][2, 1], np.inf)
    turned = Network.from_dense(weights, [biases[0], biases[1], np.zeros(1)])
    found = supremum(network, turned, Box.cube(3))
    assert found.lower == found.upper
    assert found.lower is not None
    assert 0 < found.lower < Fraction(1, 10**13)


small = st.integers(-2, 2)


@st.composite
def solid_pairs(draw: st.DrawFn) -> tuple[Network, Network]:
    """Two networks on three inputs with small integer weights, mostly degenerate."""
    found = []
    for _ in range(2):
        widths = [3, *draw(st.lists(st.integers(1, 4), min_size=1, max_size=2)), 1]
        weights, biases = [], []
        for above, below in itertools.pairwise(widths):
            row = st.lists(small, min_size=above, max_size=above)
            weights.append(draw(st.lists(row, min_size=below, max_size=below)))
            biases.append(draw(st.lists(small, min_size=below, max_size=below)))
        found.append(Network.from_dense(weights, biases))
    return found[0], found[1]


@given(solid_pairs(), st.sampled_from([None, Box.cube(3, -2, 1), Box([0, -1, 0], [3, 1, 0])]))
@settings(max_examples=15)
def test_the_supremum_is_met_and_no_point_exceeds_it(
    pair: tuple[Network, Network], domain: Domain
) -> None:
    a, b = pair
    found = supremum(a, b, domain)
    truth = answer(a, b, domain)
    assert truth is not None
    assert truth.inf == found.upper
    assert truth.cells == found.cells
    if found.upper is None:
        assert found.ray is not None
        assert found.base is not None
        first, second = (
            [u + k * v for u, v in zip(found.base, found.ray, strict=True)] for k in (10**6, 10**7)
        )
        assert abs(gap_at(a, b, tuple(second))[0]) > abs(gap_at(a, b, tuple(first))[0])
        return
    assert found.point is not None
    assert abs(gap_at(a, b, found.point)[0]) == found.lower == found.upper
    for point in itertools.product(map(Fraction, ("-2", "-1/3", "0", "1/2", "1")), repeat=3):
        if domain is None or domain.contains(point):
            assert abs(gap_at(a, b, point)[0]) <= found.upper


def test_all_units_dead_or_equal() -> None:
    dead = Network.from_dense([[[0, 0], [0, 0]], [[1, 1]]], [[-1, 0], [2]])
    assert supremum(dead, dead, Box.cube(2)).cells == 1
    assert supremum(dead, Network.from_dense([[[0, 0]]], [[2]]), None).upper == 0


@pytest.mark.parametrize(
    ("name", "cells"),
    [("A", 795), ("A_moons", 352), ("C", 1276), ("E", 1226), ("Z_dup", 14), ("Z_pruned", 16)],
)
def test_counts_known_from_elsewhere(tropnet_data: Path, name: str, cells: int) -> None:
    with np.load(tropnet_data / "regions" / f"{name}.npz") as data:
        layers = sorted({key.split(".")[0] for key in data}, key=int)
        weights = [data[f"{k}.weight"] for k in layers]
        biases = [data[f"{k}.bias"] for k in layers]
    network = Network.from_dense(weights, biases)
    n = network.n_inputs
    zero = Network.from_dense([np.zeros((network.n_outputs, n))])
    assert supremum(network, zero, Box.cube(n)).cells == cells


@pytest.mark.parametrize(
    "domain",
    [Polyhedron([[1], [-1]], [0, -1]), Polyhedron([[0]], [-1]), Polyhedron([[-1], [1]], [-2, 1])],
)
def test_an_empty_domain_is_refused(domain: Domain) -> None:
    with pytest.raises(DomainError, match="the domain is empty"):
        supremum(ABSOLUTE, ZERO, domain)


def test_seven_inputs_are_refused() -> None:
    network = Network.from_dense([[[1, 2, 3, 4, 5, 6, 7]]])
    with pytest.raises(DomainError, match="at most 6 inputs"):
        supremum(network, network, None)


@pytest.mark.parametrize(("inputs", "units"), [(2, 1500), (3, 300)])
def test_cells_come_one_at_a_time(inputs: int, units: int) -> None:
    # a million cells in the first layer: they must not be made before the first is shown
    rng = np.random.default_rng(0)
    wide = Network.from_dense([rng.normal(size=(units, inputs)), np.ones((1, units))])
    cells = joint_cells(wide, wide, Box.cube(inputs))
    assert len([next(cells) for _ in range(3)]) == 3


def test_the_watch_ends_the_enumeration() -> None:
    class EnoughError(Exception):
        pass

    def watch(count: int) -> None:
        if count > 1:
            raise EnoughError

    with pytest.raises(EnoughError):
        supremum(ABSOLUTE, ZERO, None, watch=watch)


def test_the_watch_ends_a_single_cut() -> None:
    class EnoughError(Exception):
        pass

    calls = []

    def watch(count: int) -> None:
        calls.append(count)
        if len(calls) > 50:
            raise EnoughError

    # a polyhedron of thousands of corners, before there is any cell
    rows = np.random.default_rng(0).integers(-99, 100, size=(60, 6))
    zero = Network.from_dense([[[0] * 6]])
    with pytest.raises(EnoughError):
        supremum(zero, zero, Polyhedron(rows, [1000] * 60), watch=watch)
    assert set(calls) == {0}


def test_better_points_are_told_on_the_way() -> None:
    pair = draw_pair(1, 3, 14)
    other = Network.from_dense([[[1, 2, 3]]])
    first = Network.from_dense([[[1, 0, 1], [0, 1, 1]], [[1, 1]]])
    told: list[tuple[Fraction, ...]] = []
    found = supremum(first, other, Box.cube(3), better=told.append)
    gaps = [abs(gap_at(first, other, point)[0]) for point in told]
    assert gaps == sorted(set(gaps))
    assert told[-1] == found.point
    told.clear()
    supremum(pair.a, pair.a, Box.cube(3), better=told.append)
    assert told == []


def test_outputs_over_one_scale() -> None:
    third = Network.from_dense([[["1/3"]], [["1/7"]]])
    for rows, outputs, scale in joint_cells(third, ZERO, Box([-1], [1])):
        for row, (value,) in zip(rows, outputs, strict=True):
            x = Fraction(row[0], row[1])
            assert Fraction(value, scale * row[1]) == max(x, Fraction(0)) / 21
