"""P ⊘ Q made smaller: never another function, never larger, the least where that is known."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simplification.quotients import (
    assert_sound,
    polynomial,
    quotient,
    random_polynomial,
    subtractable,
)
from tropnet import Box, Polyhedron
from tropnet.algebra import TropicalPolynomial, TropicalRational
from tropnet.errors import DomainError, ShapeError
from tropnet.simplification.simplify_rational import RULES, simplify_rational

# ---- single cases ---------------------------------------------------------------------------


def test_bends_that_cancel_go() -> None:
    f = quotient("max(0, x1) + max(0, x2) + max(x1, x2)", "max(x1, x2) + max(0, x1 - 1)")
    found = simplify_rational(f)
    assert_sound(found)
    assert found.result.k == (4, 2)


def test_partly_cancelled_bends_leave_one_side() -> None:
    f = quotient("max(0, 3*x1)", "max(0, 2*x1)", 2)
    found = simplify_rational(f)
    assert str(found.result) == "max(0, x₁)"
    assert_sound(found)


def test_where_f_is_smooth_only_on_a_part_of_the_line() -> None:
    # P bends along the whole axis, Q along a half of it and elsewhere
    f = quotient("max(0, x1) + max(0, x2)", "max(0, x1, x2)")
    found = simplify_rational(f)
    assert_sound(found)
    assert found.result.k == (3, 2)  # max(0, min(x, y)), the canonical pair
    assert any("canonical" in step.detail for step in found.steps)
    assert found.findings[0].startswith("canonical")
    assert not subtractable(found.result)


def test_p_equal_to_q_is_the_constant_zero() -> None:
    p = polynomial("max(0, x1, x2, 2*x1 + x2 - 1)")
    found = simplify_rational(p / p)
    assert found.result == TropicalRational(TropicalPolynomial.one(2))
    assert_sound(found)


def test_a_minimal_quotient_stays() -> None:
    f = quotient("max(0, x1)", "max(0, x2)")
    found = simplify_rational(f)
    assert found.result is f
    assert not found.changed
    assert any(finding.startswith("the least") for finding in found.findings)


def test_affine_quotient() -> None:
    found = simplify_rational(quotient("x1 + 3", "2*x2", 2))
    assert found.result.k == (1, 1)
    assert_sound(found)


def test_single_terms_become_zero() -> None:
    assert str(simplify_rational(quotient("x1", "x1 + max(0, x2)")).result) == "0 ⊘ max(0, x₂)"
    assert str(simplify_rational(quotient("x1 + max(0, x2)", "x1")).result) == "max(0, x₂)"


def test_constant_along_lines() -> None:
    f = quotient("max(0, x1 + x2) + max(1, x1 + x2)", "max(1, x1 + x2)", 3)
    found = simplify_rational(f)
    assert str(found.result) == "max(0, x₁ + x₂)"
    assert_sound(found)


def test_minus_infinity() -> None:
    f = TropicalRational(TropicalPolynomial.zero(2), polynomial("max(x1, x2)"))
    found = simplify_rational(f)
    assert found.result == TropicalRational(TropicalPolynomial.zero(2))
    assert found.replay()


def test_a_domain_cuts_bends_off() -> None:
    f = quotient("max(0, x1 - 5) + max(0, x2)", "max(0, x1 + x2 - 9)")
    box = Box.cube(2)
    found = simplify_rational(f, box)
    assert str(found.result) == "max(0, x₂)"
    assert_sound(found, box)


def test_polyhedral_and_unbounded_domains() -> None:
    half = Polyhedron([[-1, 0]], [0])  # x1 ≥ 0
    f = quotient("max(0, x1) + max(0, x2) + max(x1, x2)", "max(x1, x2)")
    found = simplify_rational(f, half)
    assert found.result.k == (2, 1)
    assert found.replay()
    assert f.difference_point(found.result, half) is None


def test_flat_domain_keeps_what_holds_everywhere() -> None:
    f = quotient("max(0, x1) + max(x1, x2)", "max(x1, x2)")
    flat = Box([0, 0], [0, 1])
    found = simplify_rational(f, flat)
    assert str(found.result) == "max(0, x₁)"
    assert any("flat" in finding for finding in found.findings)
    assert found.replay()


def test_empty_domain_is_refused() -> None:
    empty = Polyhedron([[1], [-1]], [0, -1])
    with pytest.raises(DomainError, match="empty"):
        simplify_rational(quotient("max(0, x1)", "x1", 1), empty)


def test_unknown_rules_and_dimensions_are_refused() -> None:
    f = quotient("max(0, x1)", "x1", 1)
    with pytest.raises(DomainError, match=r"unknown rules \['nonsense'\].*known: essential"):
        simplify_rational(f, rules=["nonsense"])
    with pytest.raises(ShapeError):
        simplify_rational(f, Box.cube(2))


def test_rules_one_by_one() -> None:
    f = quotient("max(0, x1, 2*x1 - 9, 1/2*x1 - 1) + 2*x1", "max(0, x1) + 2*x1", 1)
    only = {rule: simplify_rational(f, rules=[rule]).by_rule() for rule in RULES}
    assert [set(own) for own in only.values()] == [{rule} for rule in RULES]
    assert simplify_rational(f, rules=[]).result is f


# ---- one variable ---------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [None, ["essential", "decomposition", "monomial"]])
def test_one_variable_is_unique(rules: list[str] | None) -> None:
    # bends at 0 (+2 − 2), 1 (+1 − 3), 2 (+4 − 1)
    f = quotient(
        "2*max(0, x1) + max(0, x1 - 1) + 4*max(0, x1 - 2)",
        "2*max(0, x1) + 3*max(0, x1 - 1) + max(0, x1 - 2)",
        n=1,
    )
    found = simplify_rational(f, rules=rules)
    assert found.result.k == (2, 2)
    assert found.replay()
    assert f.equals(found.result)
    assert found.findings[0].startswith("the least")


def test_one_variable_on_an_interval() -> None:
    f = quotient("max(0, x1) + max(0, x1 - 3)", "max(0, x1 + 3) + max(0, x1 - 1)", 1)
    found = simplify_rational(f, Box([-2], [2]))
    assert found.result.k == (2, 2)
    assert_sound(found, Box([-2], [2]))


# ---- random quotients -----------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_common_factor_is_found_again(n: int) -> None:
    random = Random(n)
    for _ in range(6):
        p, q, r = (random_polynomial(random, n, k) for k in (4, 3, 3))
        small = simplify_rational(p / q).result
        found = simplify_rational((p * r) / (q * r))
        assert sum(found.result.k) <= sum(small.k)
        assert_sound(found)


@st.composite
def polynomials(draw: st.DrawFn, n: int) -> TropicalPolynomial:
    count = draw(st.integers(1, 4))
    rows = [[draw(st.integers(-3, 3)) for _ in range(n + 1)] for _ in range(count)]
    return TropicalPolynomial.from_terms({tuple(row[:-1]): row[-1] for row in rows}, n)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_sound_idempotent_and_never_larger(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    p, q, r = (data.draw(polynomials(n)) for _ in range(3))
    domain = data.draw(st.sampled_from([None, Box.cube(n), Box([0] * n, [2] * n)]))
    assert_sound(simplify_rational((p * r) / (q * r), domain), domain)


def test_time_limit_returns_what_there_is() -> None:
    random = Random(4)
    p, q = (random_polynomial(random, 3, 20, 9) for _ in range(2))
    found = simplify_rational(p * q / q, time_limit=0)
    assert not found.complete
    assert found.replay()
    assert not found.findings


def test_progress_names_the_rules() -> None:
    told: list[str] = []
    simplify_rational(quotient("max(0, x1)", "x1"), progress=lambda rule, _: told.append(rule))
    assert told == list(RULES)
