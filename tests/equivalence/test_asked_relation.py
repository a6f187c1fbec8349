from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tropnet.checker.relation import Relation
from tropnet.equivalence.argmax import Argmax, Argmin
from tropnet.equivalence.asked_relation import asked_relation


@pytest.mark.parametrize(
    ("relation", "atol", "expected", "largest"),
    [
        ("equal", 0, Relation(), 0),
        ("argmax", "0.5", Relation("argmax"), Fraction(1, 2)),
        (Argmax("0.5"), 0, Relation("argmax"), Fraction(1, 2)),
        (Argmin(), 0.0, Relation("argmin"), 0),
        ("at_most", np.float64(2), Relation("at_most"), 2),
        ("equal", np.array(2), Relation(), 2),
        ("equal", ["0.1", 4], Relation("equal", "inf", (Fraction(10), Fraction(1, 4))), 1),
        ("equal", np.array([0.5, 4]), Relation("equal", "inf", (Fraction(2), Fraction(1, 4))), 1),
        ("equal", (1, 1), Relation("equal", "inf", (Fraction(1), Fraction(1))), 1),
    ],
)
def test_what_is_asked(relation: Any, atol: Any, expected: Relation, largest: Any) -> None:
    assert asked_relation(relation, atol, "inf", 2) == (expected, largest)
