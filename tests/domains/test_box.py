from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.domains import Box
from tropnet.errors import DomainError, ShapeError
from tropnet.testing.strategies import nasty_floats, points, rationals


def boxes(dimension: int) -> st.SearchStrategy[Box]:
    def ordered(a: list[Fraction], b: list[Fraction]) -> Box:
        return Box(map(min, a, b), map(max, a, b))

    return st.builds(ordered, points(dimension), points(dimension))


@given(boxes(2), points(2))
def test_a_point_lies_in_a_box_as_its_inequalities_say(box: Box, point: list[Fraction]) -> None:
    inside = all(a <= v <= b for a, v, b in zip(box.lower, point, box.upper, strict=True))
    assert box.contains(point) == inside
    matrix, bound = box.inequalities()
    slack = [
        row[0] - sum(a * v for a, v in zip(line, point, strict=True))
        for line, row in zip(matrix, bound, strict=True)
    ]
    assert inside == all(v >= 0 for v in slack)


@given(points(2), rationals(9, (1, 2, 3)), points(2))
def test_a_ball_holds_what_is_near(
    center: list[Fraction], radius: Fraction, point: list[Fraction]
) -> None:
    ball = Box.ball(center, abs(radius))
    distance = max(abs(u - v) for u, v in zip(center, point, strict=True))
    assert ball.contains(point) == (distance <= abs(radius))
    assert ball.center == tuple(center)


@pytest.mark.parametrize("radius", [-1, math.nan, math.inf, "one"])
def test_radii_that_are_none(radius: Any) -> None:
    with pytest.raises(DomainError, match="radius"):
        Box.ball([0, 0], radius)
    with pytest.raises(ShapeError, match="at least one coordinate"):
        Box.ball([], 1)


@given(boxes(3))
def test_corners_are_the_points_with_every_coordinate_at_an_end(box: Box) -> None:
    corners = list(box.corners())
    assert len(set(corners)) == len(corners)
    assert len(corners) == math.prod(1 + (a < b) for a, b in zip(box.lower, box.upper, strict=True))
    assert all(box.contains(c) for c in corners)
    assert box.contains(box.center)
    assert pickle.loads(pickle.dumps(box)) == box
    assert hash(Box(box.lower, box.upper)) == hash(box)


@given(st.one_of(rationals(10**6, range(1, 50)), nasty_floats().map(Fraction), st.fractions()))
def test_outer_floats_enclose_tightly(value: Fraction) -> None:
    low, high = Box([value], [value]).outer_floats()
    assert low.dtype == high.dtype == np.float64
    assert Fraction(low[0]) <= value <= Fraction(high[0])
    assert (low[0] == high[0]) == (Fraction(float(value)) == value)
    assert high[0] <= math.nextafter(low[0], math.inf)


def test_outer_floats_beyond_the_float_range() -> None:
    largest = float(np.finfo(float).max)
    low, high = Box(["1e400", "-1e400", "-1e-400"], ["1e400", "-1e400", "1e-400"]).outer_floats()
    assert low.tolist() == [largest, -math.inf, -5e-324]
    assert high.tolist() == [math.inf, -largest, 5e-324]


def test_texts_are_decimals_and_floats_are_themselves() -> None:
    assert Box(["0.1"], ["0.1"]) != Box([0.1], [0.1])
    assert not Box(["0.1"], ["1"]).contains([math.nextafter(0.1, 0)])
    assert Box(["0.1"], ["1"]).contains([0.1])  # the float nearest to 0.1 lies above it
    assert Box(np.array([0.5], np.float32), (1,)).lower == (Fraction(1, 2),)


@pytest.mark.parametrize(
    ("lower", "upper", "error", "text"),
    [
        ([1, 2], [1, "3/2"], DomainError, "the box is empty: lower[1] = 2 exceeds upper[1] = 3/2"),
        ([1], [0], DomainError, "lower[0] = 1 exceeds upper[0] = 0; swap them or widen the side"),
        ([5e-324], [0], DomainError, "the box is empty: lower[0] = 1/2024022533073106183524953"),
        (["1e20000"], [0], DomainError, "lower[0] = 10000000000000000000"),
        ([0, 1], [2], ShapeError, "a box with 2 lower and 1 upper bounds; give as many"),
        ([], [], ShapeError, "a box needs at least one coordinate"),
        ([0], [math.inf], DomainError, "upper[0] is inf, which has no rational value"),
        ([math.nan], [0], DomainError, "lower[0] is nan"),
        ([False], [True], DomainError, "lower[0] is the boolean False"),
        (0, 1, ShapeError, "lower is 0 of type int, not a sequence of numbers; put them in a list"),
        ("01", "12", ShapeError, "lower is '01' of type str"),
        ([[0]], [[1]], DomainError, "lower[0] is [0] of type list, not a rational number"),
    ],
)  # fmt: skip
def test_what_is_no_box(lower: Any, upper: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        Box(lower, upper)
    assert text in str(caught.value)
    assert len(str(caught.value)) < 200


def test_points_of_another_dimension_are_refused() -> None:
    with pytest.raises(ShapeError, match="a point of 2 coordinates, a box of 1"):
        Box([0], [1]).contains([0, 0])
    with pytest.raises(DomainError, match=r"point\[0\] is nan"):
        Box([0], [1]).contains([math.nan])


def test_cubes_and_printing() -> None:
    assert Box.cube(2) == Box([-1, -1], [1, 1])
    assert repr(Box.cube(2, 0, "1/3")) == "Box.cube(2, '0', '1/3')"
    assert repr(Box([0], [1])) == "Box(['0'], ['1'])"
    assert eval(repr(Box([0, 1], [2, "5/2"]))) == Box([0, 1], [2, "5/2"])
    assert len(repr(Box(["1e20000"], ["1e20000"]))) > 40_000
    with pytest.raises(ShapeError):
        Box.cube(0)


def test_long_fractions_are_printed_as_the_decimals_they_are() -> None:
    box = Box(
        ["-0.328422877", "-0.000000025", "1e-200"], ["0.679857769", "12345678.5", "1/300000007"]
    )
    assert repr(box).startswith("Box(['-0.328422877', '-1/40000000', '1/1000")
    assert repr(box).endswith("['0.679857769', '12345678.5', '1/300000007'])")
    assert eval(repr(box)) == box
    assert repr(Box([2.0**-30], [0.375])) == f"Box(['1/{2**30}'], ['3/8'])"


def test_a_box_cannot_be_changed() -> None:
    with pytest.raises((AttributeError, TypeError)):
        Box.cube(1).lower = (Fraction(5),)  # type: ignore[misc]


def test_a_box_of_many_sides_shows_a_few() -> None:
    assert repr(Box(range(20), range(1, 21))).startswith("Box(20 sides: [0, 1] x [1, 2] x ")
    assert len(repr(Box(range(784), range(1, 785)))) < 100
