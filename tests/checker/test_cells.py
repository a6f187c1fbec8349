from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.joint_cells import answer, gap_at, lies_in
from tests.strategies.pairs import draw_pair
from tropnet.checker.cells import joint_cells, supremum
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.errors import DomainError
from tropnet.network import Network

ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
ZERO = Network.from_dense([[[0]]])


@pytest.mark.parametrize("first", range(20_000, 20_100, 20))
def test_the_supremum_against_splitting_in_fractions(first: int) -> None:
    for seed in range(first, first + 20):
        pair = draw_pair(seed)
        truth = answer(pair.a, pair.b, pair.domain)
        assert truth is not None
        for norm in ("inf", "1", "2"):
            found = supremum(pair.a, pair.b, pair.domain, norm)
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


def test_all_units_dead_or_equal() -> None:
    dead = Network.from_dense([[[0, 0], [0, 0]], [[1, 1]]], [[-1, 0], [2]])
    assert supremum(dead, dead, Box.cube(2)).cells == 1
    assert supremum(dead, Network.from_dense([[[0, 0]]], [[2]]), None).upper == 0


@pytest.mark.parametrize(
    ("name", "cells"), [("A", 795), ("A_moons", 352), ("Z_dup", 14), ("Z_pruned", 16)]
)
def test_counts_known_from_elsewhere(tropnet_data: Path, name: str, cells: int) -> None:
    with np.load(tropnet_data / "regions" / f"{name}.npz") as data:
        layers = sorted({key.split(".")[0] for key in data}, key=int)
        weights = [data[f"{k}.weight"] for k in layers]
        biases = [data[f"{k}.bias"] for k in layers]
    network = Network.from_dense(weights, biases)
    zero = Network.from_dense([np.zeros((network.n_outputs, 2))])
    assert supremum(network, zero, Box.cube(2)).cells == cells


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


def test_cells_come_one_at_a_time() -> None:
    # a million cells in the first layer: they must not be made before the first is shown
    rng = np.random.default_rng(0)
    wide = Network.from_dense([rng.normal(size=(1500, 2)), np.ones((1, 1500))])
    cells = joint_cells(wide, wide, Box.cube(2))
    assert len([next(cells) for _ in range(3)]) == 3


def test_the_watch_ends_the_enumeration() -> None:
    class EnoughError(Exception):
        pass

    def watch(count: int) -> None:
        if count > 1:
            raise EnoughError

    with pytest.raises(EnoughError):
        supremum(ABSOLUTE, ZERO, None, watch=watch)


def test_outputs_over_one_scale() -> None:
    third = Network.from_dense([[["1/3"]], [["1/7"]]])
    for rows, outputs, scale in joint_cells(third, ZERO, Box([-1], [1])):
        for row, (value,) in zip(rows, outputs, strict=True):
            x = Fraction(row[0], row[1])
            assert Fraction(value, scale * row[1]) == max(x, Fraction(0)) / 21
