"""P ⊘ Q made smaller: never another function, never larger, and nothing left to subtract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet import Box, Polyhedron
from tropnet.algebra import TropicalPolynomial, TropicalRational, parse
from tropnet.algebra.open_cells import open_cells
from tropnet.errors import CertificateError, DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, maximize
from tropnet.simplification import Simplification, rational_evidence
from tropnet.simplification.common_cells import CommonCells
from tropnet.simplification.decomposition import Decompositions
from tropnet.simplification.rational_evidence import (
    CellEvidence,
    EssentialEvidence,
    MonomialEvidence,
    ProductEvidence,
)
from tropnet.simplification.simplify_rational import RULES, simplify_rational


def polynomial(text: str, n: int = 2) -> TropicalPolynomial:
    found = parse(text, syntax="classical", n=n)
    assert isinstance(found, TropicalPolynomial)
    return found


def quotient(p: str, q: str, n: int = 2) -> TropicalRational:
    return TropicalRational(polynomial(p, n), polynomial(q, n))


def random_polynomial(random: Random, n: int, k: int, size: int = 4) -> TropicalPolynomial:
    terms = [
        (
            [Fraction(random.randint(-size, size), random.choice([1, 1, 2, 3])) for _ in range(n)],
            Fraction(random.randint(-size, size), random.choice([1, 2])),
        )
        for _ in range(k)
    ]
    return TropicalPolynomial.from_terms({tuple(a): c for a, c in terms}, n)


def points(
    random: Random, n: int, domain: Box | None = None, count: int = 40
) -> Iterator[list[Fraction]]:
    for _ in range(count):
        if domain is None:
            yield [Fraction(random.randint(-400, 400), random.randint(1, 60)) for _ in range(n)]
        else:
            sides = zip(domain.lower, domain.upper, strict=True)
            yield [low + (high - low) * Fraction(random.randint(0, 97), 97) for low, high in sides]


def assert_sound(found: Simplification[TropicalRational], domain: Box | None = None) -> None:
    """The result is the same function, no larger, the evidence replays, nothing more happens."""
    f, g = found.original, found.result
    assert sum(g.k) <= sum(f.k)
    probes = list(points(Random(1), f.n, domain))
    assert f.exact(probes) == g.exact(probes)
    assert found.replay()
    assert f.difference_point(g, domain, max_terms=10**6) is None
    assert found.complete
    again = simplify_rational(g, domain)
    assert again.result == g
    assert not again.steps


def subtractable(f: TropicalRational, domain: Box | None = None) -> bool:
    """Tell by one exact linear program whether something convex can be taken from both P and Q.

    The unknowns are the values of that function's affine pieces on all common cells, and it has to
    leave convex functions behind; nothing is known here of bends that balance, nor of classes.
    """
    f = f.essential(domain)
    cells = CommonCells.of(f.numerator, f.denominator, domain)
    width, count = f.n + 1, len(cells.cells)
    rows: list[list[Any]] = []
    for facet in cells.facets:
        a, b = facet.cells
        pivot = next(k for k, v in enumerate(facet.form) if v)
        jump: list[list[Any]] = [[0] * (width * count) for _ in range(width)]
        for k in range(width):
            jump[k][a * width + k], jump[k][b * width + k] = 1, -1
        # the jump is a multiple of the form of the facet …
        for k in range(width):
            if k != pivot:
                row = [
                    facet.form[pivot] * u - facet.form[k] * v
                    for u, v in zip(jump[k], jump[pivot], strict=True)
                ]
                rows += [[*row, 0], [*(-v for v in row), 0]]
        # … between 0 and what P bends, and Q
        share = [Fraction(v, facet.form[pivot]) for v in jump[pivot]]
        rows.append([*(-v for v in share), 0])
        rows.append([*share, min(facet.bend_p, facet.bend_q)])
    # the first piece is 0: a convex function is sought up to an affine one
    for k in range(width):
        unit: list[Any] = [0] * (width * count)
        unit[k] = 1
        rows += [[*unit, 0], [*(-v for v in unit), 0]]
    program = RationalMatrix.of(rows)
    size = width * count
    total = [Fraction(0)] * size
    for facet in cells.facets:
        pivot = next(k for k, v in enumerate(facet.form) if v)
        for cell, sign in zip(facet.cells, (1, -1), strict=True):
            total[cell * width + pivot] += Fraction(sign, facet.form[pivot])
    best = maximize(
        RationalMatrix.of([total]), program.columns(range(size)), program.columns([size])
    )
    assert isinstance(best, Optimal)
    return best.value > 0


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


@st.composite
def polynomials(draw: st.DrawFn, n: int) -> TropicalPolynomial:
    count = draw(st.integers(1, 4))
    rows = [[draw(coefficients) for _ in range(n + 1)] for _ in range(count)]
    return TropicalPolynomial.from_terms({tuple(row[:-1]): row[-1] for row in rows}, n)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_sound_idempotent_and_never_larger(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    p, q, r = (data.draw(polynomials(n)) for _ in range(3))
    domain = data.draw(st.sampled_from([None, Box.cube(n), Box([0] * n, [2] * n)]))
    assert_sound(simplify_rational((p * r) / (q * r), domain), domain)


# ---- evidence -------------------------------------------------------------------------------


def pair() -> tuple[TropicalRational, TropicalRational]:
    f = quotient("max(0, x1) + max(0, x2) + max(x1, x2)", "max(x1, x2) + max(0, x1 - 1)")
    return f, simplify_rational(f).result


def test_cell_evidence_replays_and_mutations_are_rejected() -> None:
    before, after = pair()
    before = before.essential()
    evidence = CellEvidence.of(before, after)
    evidence.replay()
    first = evidence.matches[0]
    for place, change in product(range(4), (-1, 1)):
        changed: Any = tuple(v + change * (k == place) for k, v in enumerate(first))
        with pytest.raises(CertificateError):
            replace(evidence, matches=(changed, *evidence.matches[1:])).replay()
    with pytest.raises(CertificateError, match="cells where there are"):
        replace(evidence, matches=evidence.matches[1:]).replay()
    with pytest.raises(CertificateError):
        replace(evidence, matches=(first, *evidence.matches)).replay()


def test_evidence_of_another_function_is_rejected() -> None:
    before, after = pair()
    before = before.essential()
    needle = TropicalPolynomial.affine([Fraction(-1, 2**60), 0], Fraction(-1, 2**70))
    for other in (
        TropicalRational(after.numerator + needle, after.denominator),
        TropicalRational(after.numerator * needle, after.denominator),
    ):
        with pytest.raises(CertificateError):
            CellEvidence.of(before, other).replay()
        with pytest.raises(CertificateError, match="differ at"):
            ProductEvidence(before, other, None).replay()
    # they do agree where the needle never wins
    far = Box([2, 2], [3, 3])
    agrees = TropicalRational(after.numerator + needle, after.denominator)
    ProductEvidence(before.essential(far), agrees.essential(far), far).replay()


def test_cells_along_lines_are_compared_along_them_too() -> None:
    before, after = quotient("max(0, x1)", "0", 2), quotient("max(0, x1, x1 + x2)", "0", 2)
    matches = tuple((*pair, *pair) for pair in [(0, 0), (1, 0)])
    with pytest.raises(CertificateError):
        CellEvidence(before, after, None, matches).replay()


def test_evidence_holds_on_its_domain_only() -> None:
    f = quotient("max(0, x1 - 5) + max(0, x2)", "max(0, x1 + x2 - 9)")
    step = simplify_rational(f, Box.cube(2)).steps[0]
    assert isinstance(step.evidence, EssentialEvidence)
    wider = replace(step.evidence, terms=replace(step.evidence.terms, domain=Box.cube(2, -20, 20)))
    with pytest.raises(CertificateError):
        wider.replay()
    with pytest.raises(CertificateError, match="what is left"):
        replace(step.evidence, after=polynomial("max(0, x2, x1)")).replay()


def test_monomial_evidence() -> None:
    f = quotient("max(x1, x1 + x2)", "max(x1, 3*x1)")
    found = simplify_rational(f)
    step = found.steps[-1]
    assert isinstance(step.evidence, MonomialEvidence)
    assert str(found.result) == "max(0, x₂) ⊘ max(0, 2*x₁)"
    with pytest.raises(CertificateError, match="others than"):
        replace(step.evidence, after=f).replay()
    with pytest.raises(CertificateError, match="no monomial"):
        replace(step.evidence, monomial=polynomial("max(x1, x2)")).replay()


def test_large_products_are_compared_cell_by_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rational_evidence, "MAX_PRODUCT", 100)
    random = Random(3)
    p, q, r = (random_polynomial(random, 2, 24, 9).essential() for _ in range(3))
    f = ((p * r) / (q * r)).essential()
    found = simplify_rational(f, check=True)
    kinds = [type(step.evidence) for step in found.steps]
    assert CellEvidence in kinds
    assert sum(found.result.k) < sum(f.k)
    assert found.replay()


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


def test_cells_are_the_pairs_of_terms_that_overlap_and_bends_balance() -> None:
    random = Random(8)
    for n, k in ((1, 5), (2, 6), (3, 5)):
        p, q = (random_polynomial(random, n, k).essential() for _ in range(2))
        lifted = [
            RationalMatrix.stack_columns([part.exponents, part.coefficients]) for part in (p, q)
        ]
        pairs = np.array(list(product(range(p.k), range(q.k))))
        truth = {tuple(pair) for pair in pairs[open_cells(lifted, pairs)].tolist()}
        cells = CommonCells.of(p, q)
        assert set(cells.cells) == truth
        for one, other in combinations(range(len(cells.cells)), 2):
            assert cells.members[one] != cells.members[other]
        for ridge in cells.ridges:
            for bends in ("bend_p", "bend_q"):
                for place in (1, 2):
                    assert not sum(
                        getattr(cells.facets[row[0]], bends) * row[place] for row in ridge.rows
                    )
