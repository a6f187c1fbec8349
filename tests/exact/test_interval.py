"""Interval vectors: exact images, infinite ends, outward rounding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.errors import ShapeError
from tropnet.exact import IntervalVector, RationalMatrix

ends = st.one_of(st.none(), st.fractions(-9, 9, max_denominator=7))


@st.composite
def intervals(draw: st.DrawFn, size: int = 3) -> IntervalVector:
    pairs = [(draw(ends), draw(ends)) for _ in range(size)]
    ordered = [(b, a) if a is not None and b is not None and a > b else (a, b) for a, b in pairs]
    return IntervalVector.of([a for a, _ in ordered], [b for _, b in ordered])


@st.composite
def members(draw: st.DrawFn, box: IntervalVector) -> list[Fraction]:
    point = []
    for low, high in box.ends():
        lowest = Fraction(-50) if low is None else low
        highest = Fraction(50) if high is None else high
        weight = draw(st.fractions(0, 1, max_denominator=5))
        point.append(lowest + weight * max(highest - lowest, Fraction(0)))
    return point


matrices = st.lists(
    st.lists(st.fractions(-3, 3, max_denominator=3), min_size=3, max_size=3), min_size=2, max_size=2
)


def inside(value: Fraction, low: Fraction | None, high: Fraction | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


@given(intervals(), matrices, st.data())
def test_every_operation_keeps_the_points(
    box: IntervalVector, rows: list[list[Fraction]], data: st.DataObject
) -> None:
    point = data.draw(members(box))
    column = RationalMatrix.of([[v] for v in point])
    matrix = RationalMatrix.of(rows)
    shift = IntervalVector.point(RationalMatrix.of([[5], [-5]]))
    image = box.image(matrix) + shift
    moved = (matrix @ column + shift.lower).to_fractions()
    results = [
        (image, moved),
        (image.relu(), [[max(v, Fraction(0))] for (v,) in moved]),
        (image.relu().outward(4), [[max(v, Fraction(0))] for (v,) in moved]),
        (-image, [[-v] for (v,) in moved]),
        (image.scale([Fraction(2), Fraction(1, 3)]), [[moved[0][0] * 2], [moved[1][0] / 3]]),
    ]
    for bounds, values in results:
        for (low, high), (value,) in zip(bounds.ends(), values, strict=True):
            assert inside(value, low, high)


def test_relu_forgets_what_stood_behind_an_infinite_end() -> None:
    # x + 5 on all of R: a finite leftover 5 must not become the lower bound of relu(x + 5)
    line = IntervalVector.line(1).image(RationalMatrix.of([[1]]))
    shifted = line + IntervalVector.point(RationalMatrix.of([[5]]))
    assert shifted.relu().ends() == [(Fraction(0), None)]


@given(intervals(), intervals())
def test_meet_is_the_tighter_of_both(first: IntervalVector, second: IntervalVector) -> None:
    for mine, a, b in zip(first.meet(second).ends(), first.ends(), second.ends(), strict=True):
        lows = [v for v in (a[0], b[0]) if v is not None]
        highs = [v for v in (a[1], b[1]) if v is not None]
        assert mine == (max(lows, default=None), min(highs, default=None))


def test_outward_moves_away_from_the_interval_and_no_further_than_it_says() -> None:
    third = Fraction(1, 3)
    (low, high) = IntervalVector.of([-third], [third]).outward(10).ends()[0]
    assert low is not None
    assert high is not None
    assert low < -third
    assert high > third
    assert high - third < Fraction(1, 2**9) * third * 2
    exact = IntervalVector.of([Fraction(3, 4)], [Fraction(3, 4)])
    assert exact.outward(10).ends() == exact.ends()


def test_where_and_take_choose_whole_intervals() -> None:
    first, second = IntervalVector.of([None, 1], [0, 2]), IntervalVector.of([5, None], [6, None])
    mixed = first.where(np.array([True, False]), second)
    assert mixed.ends() == [(None, Fraction(0)), (None, None)]
    assert second.take([1, 0]).ends() == [(None, None), (Fraction(5), Fraction(6))]


def test_shapes_are_checked() -> None:
    with pytest.raises(ShapeError, match="2 columns applied to 1 intervals"):
        IntervalVector.of([0], [1]).image(RationalMatrix.of([[1, 2]]))
    with pytest.raises(ShapeError, match="1 lower ends and 2 upper ends"):
        IntervalVector.of([0], [1, 2])
