from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tropnet import Box, Network, Polyhedron, compare
from tropnet.testing.question import Question

F = Network.from_dense([[[1], [-1]], [[1, 1]]])
G = Network.from_dense([[[1], [-1]], [[1, 2]]])
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
        _digest(relation="argmax"),
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
    [{"norm": "2", "atol": "1/3"}, {"atol": 1}, {}],
)
def test_a_certificate_speaks_of_the_question_that_was_asked(options: dict[str, Any]) -> None:
    certificate = compare(F, G, BOX, **options).certificate
    assert Question.of(certificate) == Question.asked(F, G, BOX, options)


@pytest.mark.parametrize(
    ("domain", "options"),
    [
        (BOX, {"nonsense": 1}),
        (BOX, {"atol": float("nan")}),
        (BOX, {"atol": "much"}),
        (BOX, {"norm": 2}),
        (BOX, {"relation": object()}),
        (Box([0, 0], [1, 1]), {}),
        ([[-1, 1]], {}),
    ],
)
def test_what_cannot_be_looked_up_is_no_question(domain: Any, options: dict[str, Any]) -> None:
    assert Question.asked(F, G, domain, options) is None
