"""Polynomials without the terms that do not matter."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tropnet import Box, Polyhedron
from tropnet.algebra import TropicalPolynomial
from tropnet.errors import DomainError, ShapeError
from tropnet.simplification.rational_evidence import EssentialEvidence
from tropnet.simplification.simplify_polynomial import simplify_polynomial
from tropnet.simplification.step import Step

X, Y = TropicalPolynomial.variables(2)


def random_polynomial(rng: np.random.Generator, n: int) -> TropicalPolynomial:
    rows = rng.integers(-2, 3, size=(int(rng.integers(1, 14)), n))
    coefficients = rng.integers(-4, 5, size=len(rows))
    return TropicalPolynomial.from_terms(
        [([int(v) for v in row], Fraction(int(c), 2)) for row, c in
         zip(rows, coefficients, strict=True)]
    )  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_same_function_with_fewer_terms(n: int) -> None:
    rng = np.random.default_rng([6, n])
    for _ in range(15):
        p = random_polynomial(rng, n)
        for domain in (None, Box.cube(n, "-1/2", 1)):
            found = simplify_polynomial(p, domain, check=True)
            assert found.result.k <= p.k
            assert found.replay()
            at = [[Fraction(int(v), 8) for v in row] for row in rng.integers(-4, 9, size=(8, n))]
            assert found.result.exact(at) == p.exact(at)
            again = simplify_polynomial(found.result, domain)
            assert again.result == found.result
            assert not again.changed
            # without any one of its terms it is another function
            terms = list(found.result.terms())
            for left_out in range(len(terms)) if len(terms) > 1 else ():
                rest = [t for i, t in enumerate(terms) if i != left_out]
                shorter = TropicalPolynomial.from_terms(
                    [(t.exponents, t.coefficient) for t in rest]
                )
                assert not shorter.equals(p, domain)


def test_ties_are_left_out() -> None:
    # the middle term touches the maximum of the others without ever being alone
    assert simplify_polynomial(0 + X + X**2).result == 0 + X**2
    assert simplify_polynomial((0 + X) + (X * Y).power("1/2") * -9 + Y).result.k == 3


def test_on_a_domain_more_goes() -> None:
    p = 0 + X + Y
    assert simplify_polynomial(p, Box([1, -5], [2, 0])).result == X
    part = Polyhedron([[-1, 0], [0, 1], [1, 0]], [-1, 0, 2])
    assert simplify_polynomial(p, part).result == X


@pytest.mark.parametrize("p", [TropicalPolynomial.zero(2), TropicalPolynomial.one(2), X])
def test_nothing_to_do(p: TropicalPolynomial) -> None:
    found = simplify_polynomial(p)
    assert found.result == p
    assert found.steps == ()
    assert found.replay()


def test_changed_evidence_is_refused() -> None:
    found = simplify_polynomial(0 + X + X**2 + Y)
    evidence = found.steps[0].evidence
    assert isinstance(evidence, EssentialEvidence)
    terms = evidence.terms
    pieces = terms.evidence
    changed: list[Any] = [
        replace(evidence, after=0 + X**2),
        replace(evidence, terms=replace(terms, kept=terms.kept[:-1])),
        replace(evidence, terms=replace(terms, given=pieces[::-1])),
        replace(evidence, terms=replace(terms, given=pieces[:-1])),
    ]
    for wrong in changed:
        step = Step("essential", "polynomial", 1, "", wrong)
        assert not replace(found, steps=(step,)).replay()


def test_rules_and_limits() -> None:
    assert simplify_polynomial(0 + X + X**2, rules=[]).result.k == 3
    assert simplify_polynomial(0 + X + X**2, rules="essential").result.k == 2
    with pytest.raises(DomainError, match="rule 'dead' is unknown for polynomials"):
        simplify_polynomial(0 + X, rules=["dead"])
    with pytest.raises(DomainError, match="time_limit"):
        simplify_polynomial(0 + X, time_limit=-1)
    with pytest.raises(ShapeError):
        simplify_polynomial(0 + X, Box([0], [1]))
    with pytest.raises(DomainError):
        simplify_polynomial(0 + X + Y, Box([0, 1], [1, 1]))
