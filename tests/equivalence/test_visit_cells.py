from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from tests.oracles.joint_cells import gap_at
from tropnet.checker.cells import supremum
from tropnet.checker.gap import Norm
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.visit_cells import has_few_cells, visit_cells, visit_few_cells
from tropnet.errors import BudgetExceeded
from tropnet.network import Network


def normal(widths: tuple[int, ...], seed: int) -> Network:
    rng = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [rng.standard_normal(s).astype(np.float32) for s in shapes]
    return Network.from_dense(weights, [rng.standard_normal(s[0]) / 10 for s in shapes])


def started(
    widths: tuple[int, ...], domain: Domain = None, time_limit: float = 60
) -> tuple[Problem, Bracket]:
    problem = Problem.of(normal(widths, 0), normal(widths, 1), domain, time_limit=time_limit)
    return problem, Bracket(problem)


@pytest.mark.parametrize(
    ("widths", "few"),
    [
        ((1, 24, 1), True),
        ((1, 25, 1), False),
        ((2, 12, 12, 1), True),
        ((2, 25, 1), False),
        ((3, 9, 1), True),
        ((3, 10, 1), False),
        ((4, 6, 1), True),
        ((4, 7, 1), False),
        ((6, 5, 1), True),
        ((6, 6, 1), False),
    ],
)
def test_few(widths: tuple[int, ...], few: bool) -> None:
    assert has_few_cells(started(widths)[0]) is few


@pytest.mark.parametrize("visit", [visit_cells, visit_few_cells])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_bracket_meets_at_the_supremum(
    visit: Callable[[Problem, Bracket], str], n: int
) -> None:
    problem, bracket = started((n, 4, 1), Box.cube(n))
    outcome = visit(problem, bracket)
    truth = supremum(problem.a, problem.b, problem.domain)
    assert outcome == f"{truth.cells} joint cells"
    assert bracket.lower.value == bracket.upper.value == truth.upper
    assert abs(gap_at(problem.a, problem.b, bracket.lower.point)[0]) == truth.upper
    assert bracket.upper.method == "cells"
    assert bracket.upper.data == {"cells": truth.cells}


def test_a_direction_and_a_witness_of_an_unbounded_difference() -> None:
    wedge = Polyhedron([[-1, 1, 0], [-1, -1, 0], [0, 0, 1], [0, 0, -1]], [0, 0, 1, 1])
    f, g = Network.from_dense([[[1, 0, 0]]]), Network.from_dense([[[0, 0, 1]]])
    problem = Problem.of(f, g, wedge, atol=10**6)
    bracket = Bracket(problem)
    visit_cells(problem, bracket)
    assert bracket.lower.value is None
    assert bracket.witness is not None
    assert wedge.contains(bracket.witness)
    assert problem.gap(bracket.witness) > 10**6
    assert bracket.upper.value is None


def test_what_takes_too_long_is_left_out_before_it_is_begun() -> None:
    problem, bracket = started((5, 30, 30, 1), Box.cube(5), 10)
    start = time.perf_counter()
    with pytest.raises(
        BudgetExceeded, match=r"joint cells: predicted .*, budget .*raise time_limit"
    ):
        visit_cells(problem, bracket)
    assert time.perf_counter() - start < 2


def test_a_domain_of_thousands_of_corners_is_left_out() -> None:
    rows = np.random.default_rng(0).integers(-99, 100, size=(60, 6))
    problem, bracket = started((6, 2, 1), Polyhedron(rows, [1000] * 60), 6)
    start = time.perf_counter()
    with pytest.raises(BudgetExceeded, match="joint cells"):
        visit_few_cells(problem, bracket)
    with pytest.raises(BudgetExceeded, match="joint cells"):
        visit_cells(problem, bracket)
    assert time.perf_counter() - start < 5


def test_points_found_before_the_time_is_up_are_kept() -> None:
    problem, bracket = started((2, 200, 200, 1), Box.cube(2), 0.5)
    with pytest.raises(OutOfTime):
        visit_cells(problem, bracket)
    assert bracket.witness is not None
    assert bracket.lower.value is not None
    assert bracket.lower.value > 0


def test_the_norm_and_the_tolerance_are_those_of_the_problem() -> None:
    f = Network.from_dense([[[1, 0, 0], [0, 1, 0], [0, 0, 1]]])
    zero = Network.from_dense([[[0, 0, 0]] * 3])
    suprema: dict[Norm, int] = {"inf": 1, "1": 3}
    for norm, expected in suprema.items():
        problem = Problem.of(f, zero, Box.cube(3), norm=norm, atol=Fraction(1, 2))
        bracket = Bracket(problem)
        visit_cells(problem, bracket)
        assert bracket.upper.value == bracket.lower.value == expected
