from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.infinity import grow
from tropnet.equivalence.problem import Problem
from tropnet.network import Network

dense = Network.from_dense
ABSOLUTE = dense([[[1], [-1]], [[1, 1]]])


def grown(a: Network, b: Network, **options: Any) -> Bracket:
    problem = Problem.of(a, b, None, **options)
    bracket = Bracket(problem)
    grow(problem, bracket)
    return bracket


def test_different_slopes() -> None:
    bracket = grown(ABSOLUTE, dense([[[1], [-1]], [[1, 2]]]), atol=10**40)
    assert bracket.different
    assert bracket.lower.value is None
    assert bracket.lower.direction is not None
    assert bracket.lower.direction[0] < 0


def test_bounded_differences_are_left_alone() -> None:
    for other in (ABSOLUTE, dense([[[1], [-1]], [[1, 1]]], [[5, -7], [9]])):
        bracket = grown(ABSOLUTE, other)
        assert bracket.lower.value is not None
        assert bracket.lower.direction is None


@pytest.mark.parametrize("atol", [0, 1, 10**300])
def test_slopes_so_small_that_the_witness_is_astronomically_far(atol: int) -> None:
    layers = [[[1e-300]]] * 20
    bracket = grown(dense(layers), dense([*layers[:-1], [[2e-300]]]), atol=atol)
    assert bracket.different
    assert bracket.lower.value is None


def test_more_inputs_than_directions() -> None:
    a, b = dense([[[1] * 200]]), dense([[[1] * 199 + [0]]])
    assert grown(a, b).lower.value is None


def test_a_direction_is_found_though_the_point_was_known() -> None:
    bracket = grown(ABSOLUTE, dense([[[1], [-1]], [[1, 2]]], [None, [Fraction(1, 2)]]))
    assert bracket.witness is not None
    assert bracket.lower.value is None
