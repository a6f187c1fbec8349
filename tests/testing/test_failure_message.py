"""What failed assertions say, word for word."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import pytest

from tropnet import Box, Different, Network, Undecided, Verdict, compare
from tropnet.testing.failure_message import failure_message

PAIR = Network.from_dense([[[1], [-1]]])  # (x, -x)
SAME = Network.from_dense([[[1], [1]]])  # (x, x)
FLIPPED = Network.from_dense([[[-1], [1]]])  # (-x, x)
BOX = Box(["-1/3"], [1])


def _said(a: Network, b: Network, domain: Box | None = BOX, **options: Any) -> str:
    verdict = compare(a, b, domain, **options)
    assert isinstance(verdict, Different)
    return failure_message(verdict)


def _undecided(**changes: Any) -> Undecided:
    """What nothing was found out about, with a bracket of our own."""
    verdict: Verdict = compare(PAIR, SAME, BOX, atol=2, time_limit=1e-6)
    assert isinstance(verdict, Undecided)
    return replace(verdict, **changes)


def test_equal() -> None:
    assert _said(PAIR, SAME, atol="1/10") == (
        "The models differ by more than the tolerance.\n"
        "\n"
        "  relation:  equal, atol 0.1, norm inf\n"
        "  domain:    Box(['-1/3'], ['1'])\n"
        "  x:         (1)\n"
        "  f(x):      (1, -1)\n"
        "  g(x):      (1, 1)\n"
        "  gap:       2; more than atol 0.1\n"
        "  float32:   the nearest float32 point shows it too\n"
        "  proven:    2 <= sup|f-g| <= 2\n"
        "\n"
        "What may help: atol='2' would pass, since the upper bound is proven."
    )


def test_at_most() -> None:
    assert _said(PAIR, SAME, relation="at_most") == (
        "The first model is not at most the second everywhere.\n"
        "\n"
        "  relation:  at_most, atol 0\n"
        "  domain:    Box(['-1/3'], ['1'])\n"
        "  x:         (-0.333333333)\n"
        "    exactly: (-1/3)\n"
        "  f(x):      (-0.333333333, 0.333333333)\n"
        "    exactly: (-1/3, 1/3)\n"
        "  g(x):      (-0.333333333, -0.333333333)\n"
        "    exactly: (-1/3, -1/3)\n"
        "  gap:       0.666666667, exactly 2/3: the first model is larger; more than atol 0\n"
        "  float32:   the nearest float32 point shows it too\n"
        "  proven:    0.666667 <= sup max(f-g, 0) <= 0.666667\n"
        "\n"
        "What may help: atol='0.67' would pass, since the upper bound is proven."
    )


def test_two_points_show_that_no_constant_will_do() -> None:
    said = _said(PAIR, SAME, relation="up_to_constant")
    assert said.startswith("The models differ by more than a constant.\n")
    for row in ("  x:  ", "  g(x):  ", "  y:  ", "  f(y):  ", "  g(y):  "):
        assert f"\n{row}" in said
    assert "  gap:       1.33333333, exactly 4/3: half the change of f-g from x to y" in said


@pytest.mark.parametrize(
    ("relation", "word", "winner"), [("argmax", "largest", 1), ("argmin", "smallest", 0)]
)
def test_the_choice_of_an_output(relation: str, word: str, winner: int) -> None:
    said = _said(PAIR, FLIPPED, Box([-1], ["-1/2"]), relation=relation, atol="1/4")
    assert said.startswith(f"The models do not have the same {word} output everywhere.\n")
    assert f"  relation:  {relation}, margin 0.25\n" in said
    assert (
        f"  gap:       2: the lead of output {winner}, where the second model prefers output "
        f"{1 - winner}; more than margin 0.25\n"
    ) in said
    assert "What may help: margin='2' would pass" in said


def test_a_tolerance_for_each_output() -> None:
    said = _said(PAIR, SAME, atol=["1/2", "1/4"])
    assert "  relation:  equal, tolerances 0.5, 0.25, norm inf\n" in said
    assert "  gap:       8 tolerances; more than 1\n" in said
    assert said.endswith("tolerances 8 times as large would pass, since the upper bound is proven.")


def test_drifting_apart() -> None:
    said = _said(PAIR, SAME, None)
    assert "  domain:    all of R^n\n" in said
    assert said.endswith(
        "What may help: the gap grows without bound; give a domain, such as the range of your data."
    )


def test_long_fractions_and_many_values_are_cut_short() -> None:
    third = Fraction(1, 3)
    slopes = [[third ** (130 + k)] for k in range(10)]
    said = _said(Network.from_dense([slopes]), Network.from_dense([[[0]] * 10]))
    assert ", … 2 more)\n" in said
    assert "    exactly: long fractions; see `.verdict.witness` of this error\n" in said
    assert max(map(len, said.splitlines())) < 160
    wide = Network.from_dense([[[1] * 100]])
    cut = _said(wide, Network.from_dense([[[2] * 100]]), Box(["1/3"] * 100, ["1/2"] * 100))
    assert max(map(len, cut.splitlines())) < 450


def test_the_notes_of_the_readers_are_told() -> None:
    noted = Network(PAIR.n_inputs, PAIR.layers, PAIR.output, notes=("rounded",))
    assert "\n  note:      b: rounded\n" in _said(SAME, noted)


def test_undecided() -> None:
    assert failure_message(_undecided()) == (
        "It is undecided whether the models are equivalent: neither proven nor refuted.\n"
        "\n"
        "  relation:  equal, atol 2, norm inf\n"
        "  domain:    Box(['-1/3'], ['1'])\n"
        "  proven:    0.666667 <= sup|f-g| <= inf\n"
        "  reason:    the time limit was reached; raise time_limit\n"
        "\n"
        "What may help: a longer time_limit or a smaller domain; undecided='warn' or 'skip' does "
        "not fail the test."
    )


def test_undecided_with_an_upper_bound_says_what_would_pass() -> None:
    said = failure_message(_undecided(upper=Fraction(1, 3)))
    assert (
        "What may help: atol='0.34' would pass, since the upper bound is proven; a longer" in said
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(1, 3), "0.34"), (Fraction(20), "20"), (Fraction(191, 10), "20"),
        (Fraction(1, 10**9), "1e-9"), (Fraction(10**9 + 1), "1.1e+9"), (Fraction(1), "1"),
    ],
)  # fmt: skip
def test_the_advised_tolerance_is_never_below_the_bound(value: Fraction, shown: str) -> None:
    said = failure_message(_undecided(upper=value))
    assert f"atol='{shown}' would pass" in said
    assert Fraction(shown) >= value


def test_every_field_of_a_witness_is_thought_of() -> None:
    """A new one belongs into the message or here."""
    verdict = compare(PAIR, SAME, BOX)
    assert isinstance(verdict, Different)
    assert {field.name for field in fields(verdict.witness)} == {
        "point", "f", "g", "gap", "float32_point", "survives_float32", "relation", "other",
        "f_other", "g_other",
    }  # fmt: skip
    assert math.isfinite(verdict.upper)
