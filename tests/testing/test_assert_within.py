from __future__ import annotations

from fractions import Fraction

import pytest

from tropnet import Box, DomainError, Network, ShapeError
from tropnet.testing import DifferentAssertionError, assert_within

F = Network.from_dense([[[1], [-1]], [[1, 1]]])
NEAR = Network.from_dense([[[1], [-1]], [[1, "1.25"]]])
BOX = Box([-1], [1])


def test_the_largest_difference_is_the_least_tolerance() -> None:
    assert assert_within(F, NEAR, BOX, "0.25").upper == Fraction(1, 4)
    with pytest.raises(DifferentAssertionError) as caught:
        assert_within(F, NEAR, BOX, Fraction(1, 4) - Fraction(1, 10**30))
    assert caught.value.verdict.witness.point == (Fraction(-1),)


def test_a_float_is_the_number_that_it_is() -> None:
    tenth = Network.from_dense([[["0.1"]]])
    zero = Network.from_dense([[[0]]])
    assert_within(tenth, zero, Box([0], [1]), 0.1)  # the float is a little more than a tenth
    with pytest.raises(DifferentAssertionError):
        assert_within(Network.from_dense([[[0.1]]]), zero, Box([0], [1]), "0.1")


def test_all_of_space_has_to_be_said() -> None:
    shifted = Network.from_dense([[[1], [-1]], [[1, 1]]], [[0, 0], [1]])
    assert assert_within(F, shifted, None, 1).domain is None
    with pytest.raises(TypeError, match="missing 2 required positional arguments"):
        assert_within(F, shifted)  # type: ignore[call-arg]


def test_other_errors_are_not_assertions() -> None:
    with pytest.raises(ShapeError):
        assert_within(F, F, Box.cube(2), 1)
    with pytest.raises(DomainError, match="atol"):
        assert_within(F, F, BOX, float("nan"))
