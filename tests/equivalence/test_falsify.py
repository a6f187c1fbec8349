from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.falsify import Falsifier, falsify
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.network import Network

dense = Network.from_dense


def searched(a: Network, b: Network, domain: Domain, seconds: float = 2, **options: Any) -> Bracket:
    problem = Problem.of(a, b, domain, **options)
    bracket = Bracket(problem)
    assert "largest |f-g| found" in falsify(problem, bracket, seconds)
    return bracket


def normal(widths: tuple[int, ...], seed: int) -> Network:
    rng = np.random.default_rng(seed)
    shapes = zip(widths[1:], widths[:-1], strict=True)
    weights = [rng.standard_normal(s) for s in shapes]
    return dense(weights, [rng.standard_normal(len(w)) for w in weights])


@pytest.mark.parametrize("norm", ["inf", "1", "2"])
def test_the_supremum_in_a_box_is_nearly_met(norm: str) -> None:
    a, b = normal((2, 6, 2), 0), normal((2, 6, 2), 1)
    from tropnet.checker.cells import supremum

    truth = supremum(a, b, Box.cube(2), norm).lower
    assert truth is not None
    found = searched(a, b, Box.cube(2), norm=norm).lower.value
    assert found is not None
    assert 0.99 * truth <= found <= truth


def test_linear_functions_are_followed_to_the_corner() -> None:
    a, b = dense([[[1, -2, 3, -4, 5, -6, 7]]]), dense([[[0] * 7]])
    assert searched(a, b, Box.cube(7)).lower.value == 28


def test_vertices_of_polyhedra_are_met_exactly() -> None:
    triangle = Polyhedron([[-3, 0], [0, -7], [1, 1]], [-1, -1, 2])
    found = searched(dense([[[1, 0]]]), dense([[[0, 0]]]), triangle).lower.value
    assert found is not None
    assert float(found) == pytest.approx(2 - 1 / 7, rel=1e-9)
    assert found <= 2 - dense([[["1/7"]]]).exact([1])[0, 0]


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e300, 1e-320])
def test_overflow_and_underflow_break_nothing(scale: float) -> None:
    a = dense([[[scale]], [[scale]], [[scale]]], [[scale], [-scale], [0]])
    b = dense([[[scale]], [[scale]], [[scale]]], [[scale], [-scale], [5e-324]])
    for domain in (None, Box([0], [1]), Box(["-1e400"], ["1e400"]), Polyhedron([[1]], ["1e310"])):
        assert searched(a, b, domain, 0.1).different


def test_one_round_suffices_where_nothing_is_left_to_find() -> None:
    problem = Problem.of(normal((3, 8, 1), 0), normal((3, 8, 1), 1), Box.cube(3))
    falsifier = Falsifier(problem, Bracket(problem))
    falsifier.run(60)
    assert falsifier.rounds == 1


def test_a_second_search_goes_on_with_other_points() -> None:
    network = normal((3, 8, 1), 0)
    problem = Problem.of(network, network, Box.cube(3))
    falsifier = Falsifier(problem, Bracket(problem))
    falsifier.run(0.01)
    first = falsifier.sampler.draw(5)
    falsifier.run(0.01)
    assert falsifier.rounds >= 2
    assert not (falsifier.sampler.draw(5) == first).all()


def test_the_deadline_ends_the_search() -> None:
    network = normal((3, 8, 1), 0)
    problem = Problem.of(network, network, Box.cube(3), time_limit=0.2)
    start = time.monotonic()
    with suppress(OutOfTime):
        falsify(problem, Bracket(problem), 60)
    assert time.monotonic() - start < 1.5


def test_networks_without_units() -> None:
    assert searched(dense([[[1, 2]]]), dense([[[1, 3]]]), None).different
    assert not searched(dense([[[1, 2]]]), dense([[[1, 2]]]), Box.cube(2), 0.2).different
