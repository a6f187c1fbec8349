from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.checker.maxima import Row, combined
from tropnet.checker.relations import replay_relations
from tropnet.equivalence.lifted import lifted
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.network import Network
from tropnet.testing.strategies import rationals

X, ATOM, ONE = (("input", 0), 0), (("a", 1), 0), (("one", 0), 0)
ABOVE: Row = {ATOM: Fraction(1), X: Fraction(-1)}  # max(x, 0) − x


def ends(low: Any, high: Any) -> Any:
    known = {"input": [(low, high)], "a": [(Fraction(0), None)], "one": [(Fraction(1),) * 2]}
    return lambda block: known[block[0]]


@given(rationals(3), rationals(3), rationals(3), st.booleans())
@settings(max_examples=100)
def test_a_sum_of_relus_of_one_variable(
    atom: Fraction, slope: Fraction, constant: Fraction, bounded: bool
) -> None:
    # atom · max(x, 0) + slope · x + constant is nowhere negative: looked up at the ends and at 0
    form = combined((atom, {ATOM: Fraction(1)}), (slope, {X: Fraction(1)}),
                    (constant, {ONE: Fraction(1)}))  # fmt: skip
    low, high = (Fraction(-2), Fraction(3)) if bounded else (None, None)
    found = lifted(form, [ABOVE], ends(low, high))
    if bounded:
        least = min(constant, constant - 2 * slope, constant + 3 * (atom + slope))
        assert found is None or least >= 0
    else:
        assert (found is not None) == (constant >= 0 and atom + slope >= 0 >= slope)


def test_large_programs_are_left_out() -> None:
    many: Row = {(("input", 0), i): Fraction(1) for i in range(400)}
    assert lifted(many, [ABOVE], ends(None, None)) is None


# relu(|x|) = |x|, with |x| written as 2 max(x, 0) − x: a claim `active` needs the atom lifted
TWICE = Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]])
LINE = IntervalVector.line(1)
FIRST = ["new", ["opposite", "a", 1, 0, "1"]]
TRUE = {"a": [FIRST, [["active", [["a", 1, 0, "1"]]]]], "b": []}
NOTHING = Network.from_dense([[[0]]])


def test_a_lifted_atom_shows_a_sign() -> None:
    replay_relations(TWICE, NOTHING, LINE, TRUE)


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (["dead", [["a", 1, 0, "1"]]], "not shown"),
        (["active", [["a", 1, 0, "3"]]], "not shown"),
        (["active", [["a", 1, 0, "1/2"]]], "not shown"),
        (["active", [["a", 2, 0, "1"]]], "is no atom"),
        (["active", [["a", 1, 1, "1"]]], "is no atom"),
        (["active", [["a", 1, 0, "-1"]]], "not a claim about a unit"),
        (["active", [["a", 1, 0, "0"]]], "not a claim about a unit"),
        (["active", [["a", 1, 0, 1]]], "not a claim about a unit"),
        (["active", [["a", 1, 0]]], "not a claim about a unit"),
        (["active", ["a"]], "not a claim about a unit"),
        (["new", [["a", 1, 0, "1"]]], "not a claim about a unit"),
    ],
)
def test_false_and_garbled_claims_are_refused(claim: list[Any], message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        replay_relations(TWICE, NOTHING, LINE, {"a": [FIRST, [claim]], "b": []})


def test_a_little_less_is_not_active() -> None:
    less = Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]], [[0, 0], [-Fraction(1, 2**90)], [0]])
    with pytest.raises(CertificateError, match="not shown"):
        replay_relations(less, NOTHING, LINE, TRUE)
