from __future__ import annotations

import pytest

from tropnet import Box, DomainError, Network
from tropnet.testing import DifferentAssertionError, assert_same_argmax

F = Network.from_dense([[[1], [-1]]])  # (x, -x)
SHIFTED = Network.from_dense([[[1], [-1]]], [[-1, 0]])  # (x - 1, -x)
EQUAL = Network.from_dense([[[1], [1]]])  # (x, x)
BOX = Box([-2], [2])


def test_the_margin_bounds_how_clear_a_changed_decision_may_be() -> None:
    # they decide differently for x between 0 and 1/2, where the first one's lead is 2x
    verdict = assert_same_argmax(F, SHIFTED, BOX, 1)
    assert verdict.relation == "argmax"
    assert verdict.atol == verdict.upper == 1
    for margin in (0, "0.999"):
        with pytest.raises(DifferentAssertionError) as caught:
            assert_same_argmax(F, SHIFTED, BOX, margin)
        assert 0 < caught.value.verdict.witness.point[0] < 0.5


def test_ties_of_the_second_agree_and_ties_of_the_first_ask_nothing() -> None:
    assert_same_argmax(F, EQUAL, BOX)
    assert_same_argmax(EQUAL, F, BOX)
    with pytest.raises(DifferentAssertionError):
        assert_same_argmax(F, Network.from_dense([[[0], [0]]], [[0, 1]]), BOX)


def test_a_negative_margin_and_a_single_output_are_errors() -> None:
    with pytest.raises(DomainError, match="-1"):
        assert_same_argmax(F, F, BOX, -1)
    one = Network.from_dense([[[1]]])
    with pytest.raises(DomainError, match="needs two or more"):
        assert_same_argmax(one, one, BOX)
