"""The sieve before the hull: it may keep too much, and must not lose what matters of lattices."""

from __future__ import annotations

import numpy as np
import pytest

from tropnet.algebra import TropicalPolynomial
from tropnet.algebra.below_chords import sieve


@pytest.mark.parametrize("n", [2, 3])
def test_essential_terms_of_a_lattice_stay(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(30):
        p = TropicalPolynomial(rng.integers(0, 6, (80, n)), rng.integers(-9, 10, 80))
        kept = sieve(np.ascontiguousarray(p.float_exponents.T), p.float_coefficients)
        assert (np.diff(kept) > 0).all()
        assert len(kept) < p.k
        terms = p.exponents.to_fractions()
        left = {tuple(terms[i]) for i in kept.tolist()}
        assert {tuple(row) for row in p.essential().exponents} <= left


def test_nothing_goes_where_no_line_holds_three() -> None:
    rng = np.random.default_rng(0)
    assert len(sieve(rng.normal(size=(2, 50)), rng.normal(size=50))) == 50


def test_any_order_will_do() -> None:
    a = np.array([[0.0, 0, 0, 1, 2], [0, 2, 1, 0, 0]])
    assert sieve(a, np.array([0.0, 0, -1, -5, 0])).tolist() == [0, 1, 4]
    assert sieve(a[:, ::-1].copy(), np.array([0.0, -5, -1, 0, 0])).tolist() == [0, 3, 4]


def test_huge_numbers_do_not_stop_it() -> None:
    a = np.array([[0.0, 1e308, -1e308, 1], [0, 1, 2, 1e308]])
    assert len(sieve(a, np.array([0.0, 1e308, -1e308, 0]))) >= 2
