"""From P ⊘ Q back to a network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conversion.test_tropicalize import assert_same_at, quotients, random_network
from tests.oracles.cells import equals_on_cells
from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational
from tropnet.conversion import to_network, tropicalize
from tropnet.domains import Box
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.testing.strategies import networks, points, rationals

#: An exponent and its coefficient; made once, for making strategies takes longer than drawing.
_TERMS = {n: st.tuples(*[rationals()] * (n + 1)) for n in (1, 2, 3)}


@st.composite
def maps(draw: st.DrawFn) -> TropicalMap:
    n = draw(st.integers(1, 3))

    def polynomial() -> TropicalPolynomial:
        k = draw(st.integers(1, 6))
        rows = [draw(_TERMS[n]) for _ in range(k)]
        return TropicalPolynomial([row[:n] for row in rows], [row[n] for row in rows])

    count = draw(st.integers(1, 3))
    return TropicalMap([TropicalRational(polynomial(), polynomial()) for _ in range(count)])


@settings(max_examples=60)
@given(maps(), st.data())
def test_the_network_computes_the_map(f: TropicalMap, data: st.DataObject) -> None:
    network = to_network(f)
    assert_same_at(f, network, data.draw(st.lists(points(f.n), min_size=1, max_size=5)))
    terms = [polynomial.k for output in f for polynomial in (output.numerator, output.denominator)]
    assert network.n_relu == sum(terms) - len(terms)
    assert len(network.layers) == max(k - 1 for k in terms).bit_length()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(networks(n_inputs=2, max_layers=1, max_width=3))
def test_there_and_back_is_the_same_function(network: object) -> None:
    f = tropicalize(network)  # type: ignore[arg-type]
    assert equals_on_cells(to_network(f), quotients(f))


def test_a_larger_one() -> None:
    network = random_network([2, 8, 8, 2], 0)
    f = tropicalize(network)
    again = to_network(f)
    where = np.random.default_rng(0).normal(size=(20, 2)) * 5
    assert again.exact(where) == network.exact(where)


def test_minus_infinity_is_refused() -> None:
    x = TropicalPolynomial.variable(0)
    with pytest.raises(DomainError, match="P of output 1 has no terms"):
        to_network(TropicalMap([x, TropicalPolynomial.zero()]))


def test_too_many_terms_are_refused() -> None:
    huge = TropicalPolynomial([[i] for i in range(20_000)], [-(i * i) for i in range(20_000)])
    with pytest.raises(BudgetExceeded, match="weights of the network of 20001 terms"):
        to_network(TropicalMap([huge]))


def test_a_map_on_a_domain_is_no_network() -> None:
    here = TropicalMap(TropicalMap.identity(2).outputs, domain=Box.cube(2))
    with pytest.raises(DomainError, match=r"on Box.cube\(2, '-1', '1'\) only, and a network has"):
        to_network(here)
    assert to_network(TropicalMap(here.outputs)).n_inputs == 2
