"""Hypothesis strategies for tropical objects: small numbers, so that ties are frequent."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tropnet.algebra import MaxPlus, TropicalMap, TropicalPolynomial, TropicalRational
from tropnet.testing.strategies import rationals

#: Numbers that leave int64 once they are added or scaled.
_HUGE = (Fraction(2**62), Fraction(-(2**62)), Fraction(2**70 + 1), Fraction(1, 3**45))


def exponents(huge: bool = False) -> st.SearchStrategy[Fraction]:
    """Draw exponents: mostly small integers, sometimes fractions, beyond int64 where asked."""
    small = st.one_of(st.integers(-3, 3).map(Fraction), rationals())
    return st.one_of(small, st.sampled_from(_HUGE)) if huge else small


def terms(n: int, *, most: int = 5, least: int = 0, huge: bool = False) -> st.SearchStrategy[Any]:
    """Draw lists of (exponents, coefficient), equal exponents included."""
    row = st.tuples(*[exponents(huge)] * n)
    return st.lists(st.tuples(row, exponents(huge)), min_size=least, max_size=most)


def polynomials(
    n: int, *, most: int = 5, least: int = 0, huge: bool = False
) -> st.SearchStrategy[TropicalPolynomial]:
    """Draw polynomials in n variables, of `least` to `most` terms before merging."""
    return terms(n, most=most, least=least, huge=huge).map(
        lambda pairs: TropicalPolynomial.from_terms(pairs, n)
    )


def tropical_rationals(
    n: int, *, most: int = 4, huge: bool = False
) -> st.SearchStrategy[TropicalRational]:
    """Draw quotients P ⊘ Q of polynomials with at least one term each."""
    part = polynomials(n, most=most, least=1, huge=huge)
    return st.builds(TropicalRational, part, part)


def tropical_maps(n: int, m: int, *, most: int = 3) -> st.SearchStrategy[TropicalMap]:
    """Draw maps R^n → R^m."""
    outputs = st.lists(tropical_rationals(n, most=most), min_size=m, max_size=m)
    return outputs.map(TropicalMap)


def matrices(rows: int, columns: int) -> st.SearchStrategy[MaxPlus]:
    """Draw exact max-plus matrices with −∞ among the entries."""
    entry = st.one_of(st.none(), rationals())
    row = st.lists(entry, min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows).map(MaxPlus)
