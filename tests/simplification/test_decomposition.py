"""Nothing convex is left to subtract, by an independent linear program."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import strategies as st

from tests.simplification.quotients import (
    assert_sound,
    quotient,
    random_polynomial,
    subtractable,
)
from tropnet import Box
from tropnet.algebra import TropicalPolynomial
from tropnet.simplification.decomposition import Decompositions
from tropnet.simplification.simplify_rational import simplify_rational


@pytest.mark.parametrize("n", [1, 2, 3])
def test_nothing_convex_can_be_subtracted(n: int) -> None:
    random = Random(10 + n)
    smaller = 0
    for _ in range(5):
        p, q, r = (random_polynomial(random, n, 3, 2) for _ in range(3))
        f = (p * r) / (q * r)
        found = simplify_rational(f)
        assert not subtractable(found.result)
        smaller += subtractable(f)
        box = Box.cube(n)
        assert not subtractable(simplify_rational(f, box).result, box)
    assert smaller  # the program does see common factors


def test_without_floats_a_least_pair_is_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = Random(12)
    cases = []
    for n in (2, 3):
        p, q, r = (random_polynomial(random, n, 4) for _ in range(3))
        cases.append((p * r) / (q * r))
    lines = "max(0, x1) + max(0, x2) + max(0, x1 + x2) + max(0, x1 - x2)"
    cases.append(quotient(lines, "max(0, x1, x2) + max(0, x1 + 2*x2) + max(x1, x2)"))
    usual = [simplify_rational(f) for f in cases]
    monkeypatch.setattr(Decompositions, "_proposal", lambda *_: None)
    for f, other in zip(cases, usual, strict=True):
        found = simplify_rational(f)
        assert_sound(found)
        assert not subtractable(found.result)
        assert abs(sum(found.result.k) - sum(other.result.k)) <= 2
    monkeypatch.setattr("tropnet.simplification.simplify_rational._CLASSES", 0)
    stuck = simplify_rational(cases[2])
    assert stuck.result.k == cases[2].essential().k
    assert any("floats proposed no least pair" in finding for finding in stuck.findings)


def test_proposals_that_are_wrong_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "max(0, x1) + max(0, x2) + max(0, x1 + x2) + max(0, x1 - x2)"
    f = quotient(lines, "max(0, x1, x2) + max(0, x1 + 2*x2) + max(x1, x2)")
    random = Random(2)
    monkeypatch.setattr(
        Decompositions, "_proposal", lambda self, *_: [random.random() for _ in self.own]
    )
    for _ in range(20):
        found = simplify_rational(f)
        assert found.replay()
        assert f.equals(found.result)
        assert not subtractable(found.result)
        assert sum(found.result.k) <= sum(f.k)


def test_degenerate_arrangements() -> None:
    # many lines through one point, duplicated and negated: no general position anywhere
    lines = ["x1", "x2", "x1 + x2", "x1 - x2", "2*x1 + 2*x2", "-x1", "x1 + 2*x2"]
    random = Random(5)
    for _ in range(8):
        above, below = (random.sample(lines, 3) for _ in range(2))
        f = quotient(
            " + ".join(f"max(0, {line})" for line in above),
            " + ".join(f"max(0, {line})" for line in below),
            2,
        )
        found = simplify_rational(f)
        assert_sound(found)
        assert not subtractable(found.result)


coefficients = st.integers(-3, 3)


@pytest.mark.parametrize("bits", [60, 1000])
def test_numbers_at_and_beyond_the_ends_of_the_float_range(bits: int) -> None:
    random = Random(bits)
    for n in (1, 2, 3):
        p, q, r = (
            TropicalPolynomial.from_terms(
                [
                    (
                        [random.randint(-9, 9) * _power(random, bits) for _ in range(n)],
                        random.randint(-9, 9) * _power(random, bits),
                    )
                    for _ in range(3)
                ]
            )
            for _ in range(3)
        )
        assert_sound(simplify_rational((p * r) / (q * r)))


def _power(random: Random, bits: int) -> Fraction:
    return Fraction(2) ** random.randint(-bits, bits)
