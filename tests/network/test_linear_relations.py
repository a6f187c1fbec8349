from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.exact import RationalMatrix
from tropnet.network import Network
from tropnet.network.linear_relations import LinearRelation, linear_relations, unit_values
from tropnet.testing.strategies import networks, points, rationals


@given(st.data())
@settings(max_examples=60)
def test_the_echelon_form_of_the_kernel(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 6))
    line = st.lists(rationals(2), min_size=columns, max_size=columns)
    table = RationalMatrix.of(data.draw(st.lists(line, min_size=rows, max_size=rows)))
    found = linear_relations(table)
    dependent = {r.column for r in found}
    for j in range(columns):  # a column is dependent when it adds nothing to the rank
        adds = table.columns(range(j + 1)).rank() - table.columns(range(j)).rank() if j else (
            table.columns([0]).rank()
        )  # fmt: skip
        assert (j in dependent) == (adds == 0)
    for relation in found:
        assert not dependent & relation.combination.keys()
        for row in table:
            total = sum((v * row[c] for c, v in relation.combination.items()), Fraction(0))
            assert total == row[relation.column]


def test_a_multiple_of_the_prime_is_not_zero() -> None:
    # modulo the prime the second column is zero, and the third one too
    prime = 2**61 - 1
    table = RationalMatrix.of([[1, prime, 0], [1, 0, 0]])
    assert linear_relations(table) == [LinearRelation(2, {})]


def test_denominators_may_be_multiples_of_the_prime() -> None:
    part = Fraction(1, 2**61 - 1)
    table = RationalMatrix.of([[part, 2 * part], [1, 2], [0, 0]])
    assert linear_relations(table) == [LinearRelation(1, {0: Fraction(2)})]


def test_long_combinations_are_left_out_on_request() -> None:
    table = RationalMatrix.of([[1, 0, 1, 2], [0, 1, 1, 0], [0, 0, 0, 0]])
    assert [r.column for r in linear_relations(table, most=1)] == [3]
    assert linear_relations(RationalMatrix.zeros(0, 3)) == []


@given(st.data())
@settings(max_examples=30)
def test_values_of_units(data: st.DataObject) -> None:
    f = data.draw(networks())
    point = data.draw(points(f.n_inputs))
    units = [(0, 0)] + [(k, i) for k, w in enumerate(f.widths, start=1) for i in range(w)]
    units = data.draw(st.permutations(units))
    found = unit_values(f, RationalMatrix.of([point]), units)
    from tests.oracles.fractions_forward import forward

    values = forward(f, point)
    assert next(iter(found)) == tuple(values[k][i] for k, i in units)


def test_no_units() -> None:
    f = Network.from_dense([[[1]]])
    assert unit_values(f, RationalMatrix.of([[1], [2]]), []).shape == (2, 0)
