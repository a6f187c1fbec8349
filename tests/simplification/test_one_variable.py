"""In one variable the least P ⊘ Q is known."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.algebra import TropicalPolynomial, TropicalRational, roots
from tropnet.simplification.one_variable import one_variable_form

terms = st.dictionaries(
    st.fractions(-4, 4, max_denominator=6), st.fractions(-4, 4, max_denominator=6), min_size=1,
    max_size=6,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(terms, terms)
def test_no_bend_in_common_and_the_same_function(above: dict, below: dict) -> None:  # type: ignore[type-arg]
    p, q = (
        TropicalPolynomial.from_terms([([a], c) for a, c in own.items()]).essential()
        for own in (above, below)
    )
    f = TropicalRational(p, q)
    found = one_variable_form(f)
    assert f.equals(found)
    bends = [{root.point for root in roots(part)} for part in (found.numerator, found.denominator)]
    assert not bends[0] & bends[1]
    before = {root.point: root.multiplicity for root in roots(p)}
    for point, jump in roots(q):
        before[point] = before.get(point, 0) - jump
    assert bends[0] == {point for point, jump in before.items() if jump > 0}
    assert bends[1] == {point for point, jump in before.items() if jump < 0}
    assert found.k == (len(bends[0]) + 1, len(bends[1]) + 1)
    assert one_variable_form(found) is found
