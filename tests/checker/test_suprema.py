from __future__ import annotations

from fractions import Fraction

import pytest

from tests.oracles.relation_gaps import gap_of
from tests.strategies.pairs import draw_pair
from tropnet.checker.cells import supremum
from tropnet.checker.relation import Kind, Relation
from tropnet.domains import Box
from tropnet.network import Network

SIDES = Network.from_dense([[[1], [-1]]])
UNIT = Box([-1], [1])


def test_a_supremum_that_is_approached() -> None:
    later = Network.from_dense([[[1], [-1]]], [["-1/2", "1/2"]])
    found = supremum(SIDES, later, UNIT, Relation("argmax"))
    assert found.upper == 1
    assert found.limit is not None
    (place,), (inside,) = found.limit
    assert place == Fraction(1, 2)
    assert 0 <= inside < place
    assert found.point is not None
    values = (network.exact([list(found.point)]).to_fractions()[0] for network in (SIDES, later))
    assert gap_of("argmax", *values) == found.lower
    assert found.lower is not None
    assert 0 < 1 - found.lower <= Fraction(1, 2**64)


def test_a_supremum_that_is_attained_elsewhere_too() -> None:
    # f leads by 1 on both sides; g ties on the left, and is wrong at the right end
    f = Network.from_dense([[[0], [0]]], [[1, 0]])
    g = Network.from_dense([[[1]], [[0], [1]]])  # (0, max(x, 0))
    found = supremum(f, g, UNIT, Relation("argmax"))
    assert found.lower == found.upper == 1
    assert found.limit is None
    assert found.point is not None
    assert found.point[0] > 0


def test_a_gap_that_takes_two_points() -> None:
    found = supremum(SIDES, SIDES, UNIT, Relation("up_to_constant"))
    assert found.upper == 0
    steep = Network.from_dense([[[3], [-1]]])
    found = supremum(steep, SIDES, UNIT, Relation("up_to_constant"))
    assert found.lower == found.upper == 2
    assert {found.point, found.other} == {UNIT.lower, UNIT.upper}


@pytest.mark.parametrize("kind", ["argmax", "argmin", "at_most"])
def test_each_point_told_is_better_than_those_before(kind: Kind) -> None:
    seen = 0
    for seed in range(80):
        pair = draw_pair(seed)
        if pair.a.n_outputs == 1:
            continue
        told: list[tuple[Fraction, ...]] = []
        found = supremum(pair.a, pair.b, pair.domain, Relation(kind), better=told.append)
        gaps = [
            gap_of(kind, *(net.exact([list(p)]).to_fractions()[0] for net in (pair.a, pair.b)))
            for p in told
        ]
        near = [gap * (1 + Fraction(1, 2**60)) for gap in gaps]
        assert all(u < v for u, v in zip(gaps, near[1:], strict=False))
        if found.lower is not None and found.lower > 0:
            assert found.upper is not None
            assert gaps[-1] <= found.upper <= near[-1]
            seen += 1
    assert seen


def test_the_watch_is_called_while_outputs_are_compared() -> None:
    f = Network.from_dense([[[k * k, k] for k in range(12)]])
    g = Network.from_dense([[[k, -k * k] for k in range(12)]])
    calls = 0

    def watch(count: int) -> None:
        nonlocal calls
        calls += 1

    supremum(f, g, Box.cube(2), Relation("argmax"), watch=watch)
    assert calls > 20
