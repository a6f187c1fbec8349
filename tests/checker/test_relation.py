from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.relation_gaps import gap_of
from tropnet.checker.relation import EQUAL, KINDS, Relation
from tropnet.errors import DomainError
from tropnet.exact import IntervalVector
from tropnet.testing.strategies import rationals

#: Few values, so that outputs are equal often.
PAIRS = st.integers(2, 4).flatmap(
    lambda m: st.tuples(*(st.lists(rationals(2, (1, 2)), min_size=m, max_size=m) for _ in "fg"))
)


@given(PAIRS)
def test_gaps_against_their_definitions(values: tuple[list[Fraction], list[Fraction]]) -> None:
    f, g = values
    for kind in ("at_most", "argmax", "argmin"):
        assert Relation(kind).gap(f, g) == gap_of(kind, f, g)
    assert EQUAL.gap(f, g) == max(abs(u - v) for u, v in zip(f, g, strict=True))


def test_scales_come_before_the_norm() -> None:
    f, g = [Fraction(3), Fraction(4)], [Fraction(0), Fraction(0)]
    scales = (Fraction(1, 3), Fraction(2))
    for norm, gap in (("inf", 8), ("1", 9), ("2", Fraction(13))):
        found = Relation("equal", norm, scales).gap(f, g)
        assert found == gap if norm != "2" else 8 < found < 9


def test_two_points_show_half_of_a_change() -> None:
    relation = Relation("up_to_constant")
    assert relation.takes_two_points
    assert relation.gap([Fraction(5)], [Fraction(0)]) == 0
    here, there = [Fraction(1), Fraction(9)], [Fraction(4), Fraction(8)]
    assert relation.gap_between(here, there) == Fraction(3, 2)


@given(PAIRS, st.lists(rationals(3, (1, 2)), min_size=4, max_size=4), st.integers(0, 99))
def test_intervals_bound_every_gap_within_them(
    values: tuple[list[Fraction], list[Fraction]], slack: list[Fraction], seed: int
) -> None:
    # f - g of three points lies in the intervals
    f, g = values
    rng = Random(seed)
    size = len(f)
    bounds = IntervalVector.of(
        [u - v - abs(s) for u, v, s in zip(f, g, slack, strict=False)],
        [u - v + abs(s) * 2 for u, v, s in zip(f, g, slack, strict=False)],
    )
    differences = []
    for _ in range(3):
        inside = [low + (high - low) * Fraction(rng.randint(0, 4), 4)
                  for low, high in zip(bounds.lower_ends(), bounds.upper_ends(), strict=True)
                  if low is not None and high is not None]  # fmt: skip
        differences.append(inside)
        other = [u - d for u, d in zip(f, inside, strict=True)]
        for kind in KINDS:
            above = Relation(kind).above(bounds)
            assert above is not None
            assert Relation(kind).gap(f, other) <= above
    above = Relation("up_to_constant").above(bounds)
    assert above is not None
    for here, there in product(differences, repeat=2):
        assert Relation("up_to_constant").gap_between(here, there) <= above
    assert size == len(bounds)


def test_what_intervals_give_exactly() -> None:
    bounds = IntervalVector.of([-1, 2, 0], [3, 4, 0])
    expected = {"equal": 4, "at_most": 4, "up_to_constant": 2, "argmax": 5, "argmin": 5}
    for kind in KINDS:
        assert Relation(kind).above(bounds) == expected[kind], kind
    assert Relation("at_most").above(IntervalVector.of([-5, -3], [-4, -1])) == 0
    # the same output gives both the largest and the smallest end
    wide = IntervalVector.of([-9, 0, 1], [9, 2, 3])
    assert Relation("argmax").above(wide) == 12


def test_infinite_ends() -> None:
    half = IntervalVector.of([None, 0], [1, 2])
    assert Relation("at_most").above(half) == 2
    for kind in KINDS:
        assert kind == "at_most" or Relation(kind).above(half) is None
        assert Relation(kind).above(IntervalVector.of([0, 0], [None, 2])) is None


def far(*pairs: tuple[int, int]) -> tuple[list[Fraction], list[Fraction]]:
    """Slopes and constants of outputs far out."""
    return [Fraction(u) for u, _ in pairs], [Fraction(v) for _, v in pairs]


@pytest.mark.parametrize(
    ("f", "g", "kinds"),
    [
        (far((1, 0), (0, 0)), far((1, 5), (0, 0)), ""),
        (far((1, 0), (0, 0)), far((2, 0), (0, 0)), "equal up_to_constant"),
        (far((2, 0), (0, 0)), far((1, 0), (0, 0)), "equal up_to_constant at_most"),
        # f's output 0 leads farther and farther, and g prefers output 1 by a constant
        (far((1, 0), (0, 0)), far((1, 0), (1, 1)), "argmax argmin equal up_to_constant"),
        # g prefers none of the two
        (far((1, 0), (0, 0)), far((1, 1), (1, 1)), "equal up_to_constant"),
        # f's lead is bounded
        (far((1, 5), (1, 0)), far((0, 0), (1, 0)), "equal up_to_constant at_most"),
        # the best output leads the second, which leads the third farther and farther
        (far((3, 1), (3, 0), (0, 0)), far((0, 0), (0, 0), (9, 9)),
         "equal up_to_constant at_most argmin"),
    ],
)  # fmt: skip
def test_what_grows_without_bound(f: Any, g: Any, kinds: str) -> None:
    assert {kind for kind in KINDS if Relation(kind).grows(f, g)} == set(kinds.split())


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("similar",), "unknown relation 'similar'; known: equal, at_most, up_to_constant"),
        (("equal", "3"), "unknown norm '3'"),
        (("argmax", "2"), "norm '2' goes with the relation 'equal', not with 'argmax'"),
        (("at_most", "inf", (Fraction(1),)), "goes with the relation 'equal', not with 'at_most'"),
        (("equal", "inf", (Fraction(1), Fraction(0))), "have to be positive"),
        (("equal", "inf", (Fraction(-1),)), "have to be positive"),
    ],
)
def test_relations_that_are_none(parts: tuple[Any, ...], message: str) -> None:
    with pytest.raises(DomainError, match=message):
        Relation(*parts)


def test_outputs_that_a_relation_says_nothing_of() -> None:
    for kind in ("argmax", "argmin"):
        Relation(kind).require_outputs(2)
        with pytest.raises(DomainError, match=r"of 1 output: .* compare with relation='equal'"):
            Relation(kind).require_outputs(1)
    with pytest.raises(DomainError, match="1 tolerances for 2 outputs"):
        Relation("equal", "inf", (Fraction(1),)).require_outputs(2)


def test_words() -> None:
    assert [Relation(kind).bounded for kind in KINDS[:3]] == [
        "sup|f-g|", "sup max(f-g, 0)", "sup|f-g-c|"
    ]  # fmt: skip
    assert Relation("argmin").at_points == "f's lead where g disagrees"
    assert Relation("equal", "1", (Fraction(1),)).at_points == "|f-g|/tolerance"
