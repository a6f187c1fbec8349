from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies.tropical import polynomials
from tropnet.algebra import TropicalPolynomial, roots, split_form
from tropnet.errors import DomainError, ShapeError
from tropnet.testing.strategies import rationals

X = TropicalPolynomial.variable(0)


@given(polynomials(1, least=1, huge=True))
def test_roots_are_the_kinks(p: TropicalPolynomial) -> None:
    found = roots(p)
    assert [r.point for r in found] == sorted({r.point for r in found})
    for root in found:
        active = p.active_terms(root.point)
        slopes = [p.exponents[i, 0] for i in active]
        assert max(slopes) - min(slopes) == root.multiplicity > 0
    small = p.essential()
    assert len(found) == small.k - 1
    # the product of linear factors, times the lowest term, is the function
    low = next(iter(small.terms()))
    product = TropicalPolynomial([low.exponents], [low.coefficient])
    for root in found:
        product = product * (X + root.point).power(root.multiplicity)
    correction = p(0) - product(0)
    assert p.equals(correction * product)


@given(st.lists(st.tuples(st.integers(-4, 4), rationals()), min_size=1, max_size=6))
def test_the_split_form_is_the_largest_of_the_function(pairs: list[tuple[int, Fraction]]) -> None:
    p = TropicalPolynomial.from_terms([([e], c) for e, c in pairs])
    split = split_form(p)
    assert split.equals(p)
    assert split_form(split) == split
    assert p + split == split
    exponents = [int(t.exponents[0]) for t in split.terms()]
    assert exponents == list(range(exponents[0], exponents[-1] + 1))
    for term in split.terms():
        raised = TropicalPolynomial([term.exponents], [term.coefficient + Fraction(1, 1000)])
        assert not (split + raised).equals(p)


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="a polynomial in 2 variables; roots are for one"):
        roots(TropicalPolynomial.one(2))
    with pytest.raises(DomainError, match="has every point as a root"):
        roots(TropicalPolynomial.zero())
    with pytest.raises(DomainError, match="integer exponents"):
        split_form(X ** "1/2" + 0)
    assert roots(X) == ()
