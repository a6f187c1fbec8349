from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tropnet.checker.gap import Norm
from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.errors import DomainError
from tropnet.network import Network

ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])


def test_start_box_and_hull() -> None:
    space = Problem.of(ABSOLUTE, ABSOLUTE, None)
    assert space.start == (Fraction(0),)
    assert not space.bounded
    assert space.hull is None
    box = Problem.of(ABSOLUTE, ABSOLUTE, Box([1], [2]))
    assert (box.start, box.bounded) == ((Fraction(3, 2),), True)
    ray = Problem.of(ABSOLUTE, ABSOLUTE, Polyhedron([[-2]], [-1]))
    assert ray.box.ends() == [(Fraction(1, 2), None)]
    assert ray.contains(ray.start)
    assert not ray.bounded


def test_gaps_in_all_norms() -> None:
    f, g = Network.from_dense([[[3], [4]]]), Network.from_dense([[[0], [0]]])
    norms: list[Norm] = ["inf", "1", "2"]
    gaps = [Problem.of(f, g, None, norm=n).gap((Fraction(1),)) for n in norms]
    assert gaps == [4, 7, 5]


def test_generators_are_those_of_seed_and_stage() -> None:
    first, again = (Problem.of(ABSOLUTE, ABSOLUTE, None, seed=3) for _ in range(2))
    assert first.rng(1).integers(1000) == again.rng(1).integers(1000)
    assert first.rng(1).integers(10**9) != first.rng(2).integers(10**9)


def test_time() -> None:
    problem = Problem.of(ABSOLUTE, ABSOLUTE, None, time_limit=1e-9)
    assert problem.remaining == 0
    with pytest.raises(OutOfTime, match="raise time_limit"):
        problem.require_time()
    wrongs: list[Any] = [-1, "soon", [], "nan"]
    for wrong in wrongs:
        with pytest.raises(DomainError, match="give seconds above zero"):
            Problem.of(ABSOLUTE, ABSOLUTE, None, time_limit=wrong)


def test_points_of_a_polyhedron() -> None:
    pair = Network.from_dense([[[1, 1]]])
    wedge = Polyhedron([[-1, 0], [0, -1], [1, -1]], [0, 0, 1])
    problem = Problem.of(pair, pair, wedge)
    assert len(problem.vertices) > 3
    assert all(wedge.contains(v) for v in problem.vertices)
    assert problem.vertices is problem.vertices
    assert Problem.of(pair, pair, None).vertices == [(Fraction(0), Fraction(0))]


def test_many_inequalities_leave_time_for_the_rest() -> None:
    rng = np.random.default_rng(0)
    many = Polyhedron(rng.normal(size=(120, 40)), [1] * 120)
    network = Network.from_dense([[[1] * 40]])
    Problem.of(network, network, Polyhedron(np.eye(40), [1] * 40), time_limit=9)  # imports
    start = time.perf_counter()
    problem = Problem.of(network, network, many, time_limit=1)
    assert time.perf_counter() - start < 1.5
    assert problem.contains(problem.start)
