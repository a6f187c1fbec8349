from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tropnet.checker.hull import fixed_coordinates, hull
from tropnet.domains import Box, Polyhedron
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector

TRIANGLE = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, "1/3"])
PROOF = [[["1", "0", "0"], ["0", "1", "1"]], [["0", "1", "0"], ["1", "0", "1"]]]


def test_multipliers_prove_the_box() -> None:
    third = Fraction(1, 3)
    expected = IntervalVector.of([0, 0], [third, third])
    assert hull(TRIANGLE, 2, PROOF).ends() == expected.ends()


def test_a_bound_that_is_not_claimed_is_infinite() -> None:
    assert hull(TRIANGLE, 2, [[None, PROOF[0][1]], [None, None]]).ends() == [
        (None, Fraction(1, 3)),
        (None, None),
    ]


def test_weak_multipliers_prove_a_weak_bound() -> None:
    weak = [[None, ["2", "3", "3"]], [None, None]]
    assert hull(TRIANGLE, 2, weak).ends()[0] == (None, Fraction(1))


@pytest.mark.parametrize(
    ("proof", "message"),
    [
        (None, "needs 2 pairs"),
        ([PROOF[0]], "needs 2 pairs"),
        ([PROOF[0], [None]], r"hull\[1\] is not a pair"),
        ([PROOF[0], None], r"hull\[1\] is not a pair"),
        ([PROOF[0], [["1"], None]], "one multiplier for each inequality"),
        ([PROOF[0], ["abc", None]], "one multiplier for each inequality"),
        ([[["2", "0", "-1"], PROOF[0][1]], PROOF[1]], "negative multiplier"),
        ([[["0", "1", "0"], PROOF[0][1]], PROOF[1]], "do not combine to the coordinate"),
        ([[PROOF[0][1], PROOF[0][0]], PROOF[1]], "do not combine to the coordinate"),
    ],
)
def test_multipliers_that_prove_nothing_are_refused(proof: Any, message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        hull(TRIANGLE, 2, proof)


def test_boxes_and_space_need_no_proof() -> None:
    assert hull(Box([0, 1], [2, 1]), 2).ends() == IntervalVector.of([0, 1], [2, 1]).ends()
    assert hull(None, 2).ends() == [(None, None)] * 2


def test_fixed_coordinates() -> None:
    box = IntervalVector.of([0, 1, None, 2, None], [0, 2, 0, 2, None])
    assert fixed_coordinates(box) == {0: 0, 3: 2}
