"""Sums of convex functions: the terms that a plain product would keep."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tropnet.algebra import TropicalPolynomial
from tropnet.conversion.refinement import Atom, Refinement
from tropnet.errors import BudgetExceeded
from tropnet.exact import RationalMatrix


def random_polynomial(seed: int, n: int, k: int) -> TropicalPolynomial:
    rng = np.random.default_rng(seed)
    exponents = rng.integers(-4, 5, (k, n))
    return TropicalPolynomial(exponents, rng.integers(-4, 5, k).tolist()).essential()


def atom(polynomial: TropicalPolynomial, earlier: int = 0) -> Atom:
    terms = RationalMatrix.stack_columns([polynomial.exponents, polynomial.coefficients])
    return Atom(terms, np.full((len(terms), earlier), -1, dtype=np.int64))


def no_limit(_: int) -> None:
    """Accept any size."""


def refine(atoms: list[Atom], n: int) -> Refinement:
    found = Refinement.everything(n)
    for index, piece in enumerate(atoms):
        found = found.with_atom(index, piece, limit=no_limit, pulse=lambda: None)
    return found


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_terms_are_those_of_the_pruned_product(n: int, seed: int) -> None:
    polynomials = [random_polynomial(10 * seed + i, n, 6) for i in range(3)]
    factors = [Fraction(2), Fraction(1, 3), Fraction(5, 4)]
    found = refine([atom(p, i) for i, p in enumerate(polynomials)], n)
    terms = found.combination(dict(enumerate(factors)), [atom(p) for p in polynomials])
    product = TropicalPolynomial.one(n)
    for polynomial, factor in zip(polynomials, factors, strict=True):
        product = product * polynomial.power(factor)
    built = TropicalPolynomial.from_arrays(terms.columns(range(n)), terms.columns([n]))
    assert built == product.essential()
    assert built.k == len(found)


def test_coarser_refinements_are_read_off_finer_ones() -> None:
    polynomials = [random_polynomial(i, 2, 6) for i in range(3)]
    atoms = [atom(p, i) for i, p in enumerate(polynomials)]
    finer = refine(atoms, 2)
    coarser = finer.onto((0, 2), atoms)
    direct = Refinement.everything(2)
    for index in (0, 2):
        direct = direct.with_atom(index, atoms[index], limit=no_limit, pulse=lambda: None)
    assert {tuple(row) for row in coarser.choice.tolist()} == {
        tuple(row) for row in direct.choice.tolist()
    }
    assert set(map(tuple, coarser.terms.to_fractions())) == set(
        map(tuple, direct.terms.to_fractions())
    )


def test_the_shape_forgets_factors_and_affine_parts() -> None:
    first = atom(random_polynomial(0, 2, 6))
    scaled = first.terms * Fraction(3, 7) + RationalMatrix.of([["1/2", -1, 5]])
    second = Atom(scaled, first.known)
    assert first.shape_key == second.shape_key
    assert second.scale / first.scale == Fraction(3, 7)


def test_limit_and_pulse_are_heard() -> None:
    def refuse(size: int) -> None:
        raise BudgetExceeded("terms", size, 1, "less")

    def stop() -> None:
        raise TimeoutError

    pieces = [atom(random_polynomial(i, 2, 6), i) for i in range(2)]
    first = Refinement.everything(2).with_atom(0, pieces[0], limit=no_limit, pulse=lambda: None)
    with pytest.raises(BudgetExceeded):
        first.with_atom(1, pieces[1], limit=refuse, pulse=lambda: None)
    with pytest.raises(TimeoutError):
        first.with_atom(1, pieces[1], limit=no_limit, pulse=stop)
