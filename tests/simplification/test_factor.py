"""Factorisations: the product is the polynomial, and the factors are products of nothing else."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tropnet.algebra import Factored, TropicalPolynomial, roots, split_form
from tropnet.errors import BudgetExceeded, CertificateError, DomainError
from tropnet.simplification.factor import factor

X, Y = TropicalPolynomial.variables(2)


def random_product(rng: np.random.Generator, n: int) -> TropicalPolynomial:
    total = TropicalPolynomial.one(n)
    for _ in range(int(rng.integers(1, 4))):
        terms = [
            ([int(v) for v in rng.integers(0, 3, n)], Fraction(int(rng.integers(-6, 7)), 2))
            for _ in range(int(rng.integers(2, 4)))
        ]
        total = total * TropicalPolynomial.from_terms(terms)
    return total


@pytest.mark.parametrize("n", [1, 2, 3])
def test_products_of_random_factors(n: int) -> None:
    rng = np.random.default_rng([8, n])
    for _ in range(12 if n < 3 else 5):
        p = random_product(rng, n)
        found = factor(p)
        found.replay()
        at = rng.integers(-9, 10, size=(6, n)).tolist()
        assert found.factored.exact(at) == p.exact(at)
        assert all(e > 0 for e in found.factored.factors.values())
        for own in found.factored.factors:
            assert factor(own).irreducible


def test_one_variable_has_its_roots() -> None:
    p = TropicalPolynomial([0, 1, 3, 7], [1, 4, 0, "-9/2"])
    found = factor(p).factored
    assert sum(found.factors.values()) == 7
    assert len(found.factors) == len(roots(p))
    assert found.to_rational().to_polynomial().equals(split_form(p))


def test_known_ones() -> None:
    assert factor(0 + X + Y).irreducible
    assert factor((0 + X + Y) ** 3).factored.factors == {
        next(iter(Factored.of(0 + X + Y).factors)): 3
    }
    assert factor(0 + X * Y + X**2 * "1/2").irreducible
    square = factor((0 + X) * (0 + Y)).factored
    assert square == Factored.of(0 + X) * Factored.of(0 + Y)
    hexagon = factor((0 + X) * (0 + Y) * (X + Y))  # also a product of two triangles
    assert len(hexagon.factored.factors) in (2, 3)
    assert factor(X * Y * 5).factored.factors == {}


def test_terms_that_do_not_matter_do_not_matter() -> None:
    p = (0 + X) * (0 + Y) + (X * Y).power("1/2") * "-1"
    assert factor(p).factored == factor((0 + X) * (0 + Y)).factored


def test_another_product_is_refused() -> None:
    found = factor((0 + X) * (0 + Y))
    for wrong in (
        found.factored * 1,
        found.factored * Factored.of(0 + X),
        found.factored / Factored.of(0 + X),
        found.factored * Factored.of(X),
    ):
        with pytest.raises(CertificateError):
            replace(found, factored=wrong).replay()


def test_what_is_refused() -> None:
    with pytest.raises(DomainError, match="no factors"):
        factor(TropicalPolynomial.zero(2))
    with pytest.raises(DomainError, match="time_limit"):
        factor(0 + X, time_limit=0)
    with pytest.raises(BudgetExceeded, match="max_terms"):
        factor(0 + X + Y, max_terms=2)
    rows = np.random.default_rng(0).integers(0, 9, (60, 2)).tolist()
    many = TropicalPolynomial.from_terms([([a, b], -(a**2) - b**2) for a, b in rows])
    with pytest.raises(BudgetExceeded, match="seconds to factor"):
        factor(many, time_limit=1e-6)
