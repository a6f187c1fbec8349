from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tropnet.checker.hull import hull
from tropnet.domains import Polyhedron
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.polyhedron_hull import (
    polyhedron_hull,
    polyhedron_point,
    polyhedron_vertices,
)
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix

TRIANGLE = Polyhedron([[-1, 0], [0, -1], [2, 3]], [0, 0, 1])
SEGMENT = Polyhedron([[1, 1], [-1, -1], [-1, 0], [0, -1]], [1, -1, 0, 0])


def out_of_time() -> None:
    raise OutOfTime("now")


def strictly_inside(domain: Polyhedron, point: tuple[Fraction, ...]) -> bool:
    slack = domain.b - domain.A @ RationalMatrix.of([list(point)]).T
    return bool((slack.signs() > 0).all())


def test_points_inside_are_short() -> None:
    point = polyhedron_point(TRIANGLE)
    assert strictly_inside(TRIANGLE, point)
    assert max(v.denominator for v in point) <= 2**12


def test_points_in_many_dimensions() -> None:
    rng = np.random.default_rng(0)
    body = Polyhedron(rng.normal(size=(60, 20)), [1] * 60)
    assert strictly_inside(body, polyhedron_point(body))
    tiny = Polyhedron(
        np.vstack([np.eye(9), -np.eye(9)]), ["1/3"] * 9 + ["-333333333/1000000000"] * 9
    )
    assert strictly_inside(tiny, polyhedron_point(tiny))
    huge = Polyhedron(-np.eye(9), [f"-{10**400}"] * 9)
    assert huge.contains(polyhedron_point(huge))
    zeros = Polyhedron(np.zeros((3, 9)), [0, 1, 2])
    assert zeros.contains(polyhedron_point(zeros))


def test_flat_polyhedra_have_points_too() -> None:
    for domain in (SEGMENT, Polyhedron([[3], [-3]], [1, -1])):
        assert domain.contains(polyhedron_point(domain))
    simplex = Polyhedron(
        np.vstack([np.ones((1, 9)), -np.ones((1, 9)), -np.eye(9)]), [1, -1] + [0] * 9
    )
    point = polyhedron_point(simplex)
    assert simplex.contains(point)
    assert min(point) > 0


@pytest.mark.parametrize("dimension", [1, 3, 9])
def test_empty_polyhedra(dimension: int) -> None:
    rows = np.vstack([np.eye(dimension)[:1], -np.eye(dimension)[:1]])
    with pytest.raises(DomainError, match="its 2 inequalities contradict each other"):
        polyhedron_point(Polyhedron(rows, [0, "-1e-30"]))


@pytest.mark.parametrize("domain", [TRIANGLE, SEGMENT, Polyhedron([[1, 2]], [3])])
def test_the_hull_is_proven_and_tight(domain: Polyhedron) -> None:
    ends = hull(domain, 2, polyhedron_hull(domain)).ends()
    expected = {
        id(TRIANGLE): [(Fraction(0), Fraction(1, 2)), (Fraction(0), Fraction(1, 3))],
        id(SEGMENT): [(Fraction(0), Fraction(1))] * 2,
    }.get(id(domain), [(None, None)] * 2)
    assert ends == expected


def test_when_the_time_is_up_single_inequalities_remain() -> None:
    proof = polyhedron_hull(TRIANGLE, out_of_time)
    assert hull(TRIANGLE, 2, proof).ends() == [(Fraction(0), None)] * 2
    doubled = Polyhedron([[2], [3], [-1], [0]], [3, 6, 5, 1])
    proof = polyhedron_hull(doubled, out_of_time)
    assert hull(doubled, 1, proof).ends() == [(Fraction(-5), Fraction(3, 2))]


def test_time_may_run_out_before_a_point_is_found() -> None:
    with pytest.raises(OutOfTime):
        polyhedron_point(SEGMENT, out_of_time)


def test_vertices_lie_in_the_polyhedron() -> None:
    for domain in (TRIANGLE, SEGMENT, Polyhedron([[1, 2]], [3])):
        start = polyhedron_point(domain)
        found = polyhedron_vertices(domain, start, 9, np.random.default_rng(0))
        assert found[0] == start
        assert len(found) > 2
        assert all(domain.contains(v) for v in found)
        late = polyhedron_vertices(domain, start, 9, np.random.default_rng(0), out_of_time)
        assert late == [start]
