from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sample import Sampler
from tropnet.network import Network

SEGMENT = Polyhedron([[1, 1], [-1, -1], [-1, 0], [0, -1]], [1, -1, 0, 0])
THIRDS = Polyhedron([[3, 7], [-3, -7]], [1, -1])
CORNER = Polyhedron([[1, 0], [-1, 0], [0, 1], [0, -1]], ["1/3", "-1/3", 2, -2])
DOMAINS: list[Domain] = [
    None,
    Box.cube(2),
    Box([0, 1], [0, 2]),
    Box(["1/3", "1/3"], ["1/3", "1/3"]),
    Box([1, 1], [1 + 2.0**-40, 1 + 2.0**-40]),
    Box([1e300, 1e-300], [2e300, 2e-300]),
    Box(["-1e400", "1e399"], ["1e400", "1e400"]),
    Polyhedron([[-1, 0], [0, -1], [2, 3]], [0, 0, 1]),
    Polyhedron([[1, 2]], [3]),
    Polyhedron([[1, 0]], ["1e500"]),
    SEGMENT,
    THIRDS,
    CORNER,
]


def sampler(domain: Domain, seed: int = 0) -> Sampler:
    network = Network.from_dense([[[1, 1], [1, -1]], [[1, 1]]], [[0, 1], [0]])
    return Sampler(Problem.of(network, network, domain, seed=seed))


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_what_is_drawn_becomes_points_of_the_domain(domain: Domain) -> None:
    source = sampler(domain)
    points = source.draw(300)
    assert np.isfinite(points).all()
    assert np.isfinite(source.pull(points * 4)).all()
    for point in points[::20]:
        assert source.problem.contains(source.rational(point))


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_any_floats_become_points_of_the_domain(domain: Domain) -> None:
    source = sampler(domain)
    strange = [0.0, -0.0, 1e308, -1e308, 5e-324, np.nan, np.inf, -np.inf, 1 / 3]
    for u in strange:
        for v in strange:
            assert source.problem.contains(source.rational(np.array([u, v])))


@pytest.mark.parametrize(
    "domain", [Box.cube(2), Box([1, 1], [1 + 2.0**-40, 1 + 2.0**-40]), SEGMENT, THIRDS], ids=str
)
def test_many_different_points_are_drawn(domain: Domain) -> None:
    source = sampler(domain)
    assert len({source.rational(p) for p in source.draw(300)[:100]}) > 60


def test_points_inside_a_polyhedron_stay_where_they_are() -> None:
    source = sampler(Polyhedron([[-1, 0], [0, -1], [2, 3]], [0, 0, 1]))
    assert source.rational(np.array([0.125, 0.0625])) == (Fraction(1, 8), Fraction(1, 16))
    outside = source.rational(np.array([5.0, 5.0]))
    assert 2 * outside[0] + 3 * outside[1] == 1  # moved to the border, not beyond, not before


def test_corners_of_boxes_are_met_exactly() -> None:
    source = sampler(Box(["1/3", 0], ["2/3", "1/7"]))
    points = {source.rational(p) for p in source.draw(300)}
    assert points >= set(Box(["1/3", 0], ["2/3", "1/7"]).corners())


def test_large_boxes_are_searched_near_the_origin_too() -> None:
    points = sampler(Box.cube(2, -1e12, 1e12)).draw(300)
    sizes = np.abs(points).max(axis=1)
    assert (sizes < 1e7).any()
    assert (sizes > 1e11).any()


def test_points_on_kinks() -> None:
    network = Network.from_dense([[[1.0, 0.0]], [[1]]], [[-0.3], [0]])
    source = Sampler(Problem.of(network, network, Box.cube(2)))
    points = source.draw(500)
    assert (np.abs(points[:, 0] - 0.3) < 1e-6).sum() > 20


def test_the_same_seed_draws_the_same() -> None:
    for domain in (None, Box.cube(2), SEGMENT):
        first, again = sampler(domain, 4).draw(50), sampler(domain, 4).draw(50)
        assert (first == again).all()


@pytest.mark.parametrize("weight", [1e200, 1e-200])
def test_networks_that_overflow(weight: Any) -> None:
    network = Network.from_dense([[[weight]], [[weight]], [[weight]]], [[1], [1], [1]])
    points = Sampler(Problem.of(network, network, None)).draw(100)
    assert np.isfinite(points).all()
