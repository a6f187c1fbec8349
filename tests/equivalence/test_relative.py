from __future__ import annotations

from fractions import Fraction

from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relative import relative
from tropnet.network import Network

RAMPS = Network.from_dense([[[1, 0], [0, -2], [1, 1]]])


def test_the_spread_is_one_of_the_domain_and_never_too_large() -> None:
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    ranges = ((Box.cube(2), [2, 4, 4]), (triangle, [1, 2, 1]), (Box([0, 0], [1, 0]), [1, 0, 1]))
    for domain, widths in ranges:
        problem = relative(Problem.of(RAMPS, RAMPS, domain, atol="0.001"), 1)
        assert problem.spread is not None
        assert all(problem.contains(point) for point in problem.spread.points)
        assert problem.relation.scales is not None
        for scale, width in zip(problem.relation.scales, widths, strict=True):
            spread = 1 / scale - Fraction(1, 1000)
            assert width * Fraction(9, 10) <= spread <= width


def test_nothing_changes_without_a_share() -> None:
    problem = Problem.of(RAMPS, RAMPS, Box.cube(2))
    assert relative(problem, None) is problem
    assert relative(problem, 0) is problem


def test_outputs_that_floats_cannot_hold() -> None:
    huge = Network.from_dense([[[2**1000]], [[2**1000]]])
    problem = relative(Problem.of(huge, huge, Box([1], [2])), "0.5")
    assert problem.relation.scales is not None
    assert 2**1990 < 1 / problem.relation.scales[0] <= 2**1999
