from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tropnet import Box, Network, Polyhedron, compare
from tropnet.equivalence import Argmax, Argmin
from tropnet.testing.question import Question

F = Network.from_dense([[[1], [-1]], [[1, 1]]])
G = Network.from_dense([[[1], [-1]], [[1, 2]]])
PAIR = Network.from_dense([[[1], [-1]]])
SAME = Network.from_dense([[[1], [1]]])
BOX = Box([-1], [1])


def _digest(a: Network = F, b: Network = G, domain: Any = BOX, **options: Any) -> str:
    asked = Question.asked(a, b, domain, options)
    assert asked is not None
    return asked.digest


def test_everything_that_is_asked_counts() -> None:
    digests = [
        _digest(),
        _digest(G, F),
        _digest(F, F),
        _digest(domain=None),
        _digest(domain=Box([-1], [2])),
        _digest(domain=Polyhedron([[1], [-1]], [1, 1])),
        _digest(atol=1),
        _digest(atol=0.1),
        _digest(atol="0.1"),
        _digest(norm="2"),
        _digest(relation="at_most"),
        _digest(relation="up_to_constant"),
        _digest(atol=[1]),
        _digest(rtol=1),
        _digest(rtol=1, atol=1),
        _digest(PAIR, SAME, relation="argmax"),
        _digest(PAIR, SAME, relation="argmin"),
    ]
    assert len(set(digests)) == len(digests)


def test_what_is_not_asked_does_not_count() -> None:
    assert _digest() == _digest(
        time_limit=1, seed=3, atol=Fraction(0), norm="inf", relation="equal"
    )
    assert _digest(domain=Box(["-1.0"], ["2/2"])) == _digest()
    renamed = Network(F.n_inputs, F.layers, F.output, dtype="float32", notes=("renamed",))
    assert _digest(renamed) == _digest()


@pytest.mark.parametrize(
    "options",
    [
        {"norm": "2", "atol": "1/3"},
        {"atol": 1},
        {},
        {"relation": "argmax", "atol": "1/7"},
        {"relation": Argmax("1/7")},
        {"relation": Argmin()},
        {"relation": "at_most", "atol": 1},
        {"relation": "up_to_constant"},
        {"atol": ["1/3", 2]},
        {"rtol": "0.1"},
        {"rtol": "0.1", "atol": 1},
        {"rtol": 2, "atol": [1, "1/3"], "norm": "1"},
        {"rtol": 0, "atol": 1},
    ],
)
def test_a_certificate_speaks_of_the_question_that_was_asked(options: dict[str, Any]) -> None:
    certificate = compare(PAIR, SAME, BOX, **options).certificate
    assert Question.of(certificate) == Question.asked(PAIR, SAME, BOX, options)


@pytest.mark.parametrize(
    ("domain", "options"),
    [
        (BOX, {"nonsense": 1}),
        (BOX, {"atol": float("nan")}),
        (BOX, {"atol": "much"}),
        (BOX, {"norm": 2}),
        (BOX, {"norm": "3"}),
        (BOX, {"atol": -1}),
        (BOX, {"atol": [1, 2]}),
        (BOX, {"rtol": "much"}),
        (BOX, {"relation": Argmax(1), "atol": 1}),
        (BOX, {"relation": object()}),
        (Box([0, 0], [1, 1]), {}),
        ([[-1, 1]], {}),
    ],
)
def test_what_cannot_be_looked_up_is_no_question(domain: Any, options: dict[str, Any]) -> None:
    assert Question.asked(F, G, domain, options) is None
