from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.domains import Box, Polyhedron
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.testing.strategies import points


@given(st.lists(points(2), max_size=4), points(4), points(2))
def test_a_point_lies_inside_as_every_inequality_says(
    rows: list[list[Fraction]], bounds: list[Fraction], point: list[Fraction]
) -> None:
    table = RationalMatrix.of(rows) if rows else RationalMatrix.zeros(0, 2)
    polyhedron = Polyhedron(table, bounds[: len(rows)])
    inside = all(
        a * point[0] + b * point[1] <= bound
        for (a, b), bound in zip(rows, bounds[: len(rows)], strict=True)
    )
    assert polyhedron.contains(point) == inside
    assert polyhedron.dimension == 2
    assert Polyhedron(*polyhedron.inequalities()) == polyhedron
    assert pickle.loads(pickle.dumps(polyhedron)) == polyhedron


def test_membership_is_decided_at_one_ulp() -> None:
    half = Polyhedron([["1", "1"]], ["0.3"])
    assert half.contains(["0.1", "0.2"])
    assert not half.contains([0.1, 0.2])  # as floats they sum to more
    assert not Polyhedron([[1]], [0]).contains([5e-324])


def test_equal_numbers_make_equal_polyhedra() -> None:
    first = Polyhedron([[1, 2]], [3])
    second = Polyhedron(RationalMatrix.of([[2, 4]]) * "1/2", RationalMatrix.of([[6]]) * "1/2")
    assert first == second
    assert hash(first) == hash(second)
    assert first != Polyhedron([[2, 4]], [6])


def test_a_box_is_a_polyhedron() -> None:
    box = Box([0, "-1/3"], [1, 2])
    polyhedron = Polyhedron(*box.inequalities())
    for point in ([0, 0], [1, 2], ["1/2", "-1/3"], ["1/2", "-1/2"], [2, 0]):
        assert polyhedron.contains(point) == box.contains(point)


def test_no_inequality_leaves_the_whole_space() -> None:
    space = Polyhedron(np.zeros((0, 3)), [])
    assert space.dimension == 3
    assert space.contains([10**100, -1, 0.5])


def test_a_right_side_may_lie_or_stand() -> None:
    row, column = RationalMatrix.of([1, 2]), RationalMatrix.of([[1], [2]])
    rows = [[1], [-1]]
    assert Polyhedron(rows, row) == Polyhedron(rows, column) == Polyhedron(rows, np.array([1, 2]))


@pytest.mark.parametrize(
    ("matrix", "bounds", "error", "text"),
    [
        ([[1, 2]], [1, 2], ShapeError, "A has shape (1, 2), b has shape (2, 1); give one number"),
        ([[1, 2]], [], ShapeError, "b has shape (0, 1)"),
        ([[1, 2]], 3, ShapeError, "b is 3 of type int, not a sequence"),
        ([[1], [2]], RationalMatrix.identity(2), ShapeError, "b has shape (2, 2)"),
        ([[1], [2, 3]], [1, 1], ShapeError, "A has rows of lengths [1, 2]"),
        ([[]], [1], ShapeError, "a polyhedron needs at least one coordinate"),
        ([[math.inf]], [1], DomainError, "A[0, 0] is inf"),
        ([[1]], [math.nan], DomainError, "b[0] is nan"),
        ("12", [1], ShapeError, "A is '12' of type str"),
    ],
)  # fmt: skip
def test_what_is_no_polyhedron(matrix: Any, bounds: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        Polyhedron(matrix, bounds)
    assert text in str(caught.value)


def test_points_of_another_dimension_are_refused() -> None:
    with pytest.raises(ShapeError, match="a point of 1 coordinates, a polyhedron of 2"):
        Polyhedron([[1, 2]], [1]).contains([0])


def test_printing_tells_the_size() -> None:
    assert repr(Polyhedron([[1, 2]], [1])) == "Polyhedron(1 inequalities in 2 variables)"
