"""Evidence of equal quotients replays; that of others is rejected."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest

from tests.simplification.quotients import (
    polynomial,
    quotient,
    random_polynomial,
)
from tropnet import Box
from tropnet.algebra import TropicalPolynomial, TropicalRational
from tropnet.errors import CertificateError
from tropnet.simplification import rational_evidence
from tropnet.simplification.rational_evidence import (
    CellEvidence,
    EssentialEvidence,
    MonomialEvidence,
    ProductEvidence,
)
from tropnet.simplification.simplify_rational import simplify_rational


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
    with pytest.raises(CertificateError, match="vertices and rays where"):
        replace(evidence, corners=evidence.corners + 1).replay()
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
    evidence = CellEvidence.of(before, before)
    evidence.replay()
    with pytest.raises(CertificateError, match="changes along a line"):
        replace(evidence, after=after).replay()


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
