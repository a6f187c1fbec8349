from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import forward, pre_activations
from tropnet.checker.maxima import Maxima, Maximum, Row, combined, forms_of, row_of
from tropnet.checker.relations import Claim, Walk, replay_relations
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.network import Affine, Layer, Network
from tropnet.network.forms import INPUT, ONE
from tropnet.testing.strategies import networks, points

ZERO = Fraction(0)


def written(network: Network) -> Walk:
    """Return a network with every ReLU unit an atom."""
    walk = Walk({"a": network, "b": network}, IntervalVector.line(network.n_inputs))
    for k, _ in walk.layers("a"):
        relu = network.layers[k - 1].relu
        walk.settle("a", k, [Claim("new" if r else "affine") for r in relu])
    return walk


def value(row: Row, network: Network, point: Any) -> Fraction:
    values = forward(network, point)
    table = {ONE: [Fraction(1)], INPUT: values[0]}
    table |= {("a", k): v for k, v in enumerate(values[1:-1], start=1)}
    return sum((c * table[block][i] for (block, i), c in row.items()), ZERO)


@given(st.data())
@settings(max_examples=80)
def test_a_unit_is_the_maximum_it_is_written_as(data: st.DataObject) -> None:
    f = data.draw(networks(max_layers=4, max_width=3))
    walk = written(f)
    units = sorted(walk.atoms)
    if not units:
        return
    unit = data.draw(st.sampled_from(units))
    opened = data.draw(st.lists(st.sampled_from(units), max_size=8))
    try:
        found = walk.maxima.of(unit, opened)
    except CertificateError:
        return
    for _ in range(3):
        point = data.draw(points(f.n_inputs))
        largest = max(value(form, f, point) for form in found.forms)
        before = pre_activations(f, point)[unit[1] - 1][unit[2]]
        assert largest - value(found.less, f, point) == max(before, ZERO)


def test_what_lies_below_depends_on_the_domain() -> None:
    # max(x, y, 0): for x ≥ 1 ≥ y only x remains
    layers = (Layer(Affine({0: [[1, -1]]})), Layer(Affine({0: [[0, 1]], 1: [[1]]})))
    shared = Network(2, layers, Affine({2: [[1]]}))

    def remaining(box: IntervalVector) -> int:
        walk = Walk({"a": shared, "b": shared}, box)
        for k, _ in walk.layers("a"):
            walk.settle("a", k, [Claim("new")] * shared.widths[k - 1])
        return len(walk.maxima.of(("a", 2, 0), [("a", 1, 0)]).forms)

    assert remaining(IntervalVector.line(2)) == 3
    assert remaining(IntervalVector.of([1, None], [None, 1])) == 1
    assert remaining(IntervalVector.of([1 - Fraction(1, 2**90), None], [None, 1])) == 2


def row(*entries: int) -> Row:
    return {(INPUT, i): Fraction(v) for i, v in enumerate(entries) if v}


def test_sets_are_related_by_a_factor_and_a_form() -> None:
    first = Maximum((row(1, 2), row(0, 1), row(5, 0)), row())
    moved = Maximum(tuple(combined((3, form), (1, row(7, -1))) for form in first.forms), row())
    assert moved.relation_to(first) == (Fraction(3), row(7, -1))
    assert first.relation_to(moved) == (Fraction(1, 3), combined((Fraction(-1, 3), row(7, -1))))


def test_sets_with_equal_mean_and_size_are_told_apart() -> None:
    first = Maximum((row(2), row(-2), row(1), row(-1)), row())
    other = Maximum((row(3), row(-3), row(0), row()), row())
    assert sum(abs(v) for form in first.forms for v in form.values()) == 6
    assert first.centre == other.centre
    assert first.relation_to(other) is None
    mirrored = Maximum((row(3), row(-1), row(-2)), row())
    assert mirrored.relation_to(Maximum((row(-3), row(1), row(2)), row())) is None


def test_one_form_alone_is_any_other_one_moved() -> None:
    one, other = Maximum((row(2),), row()), Maximum((row(0, 1),), row(5))
    assert one.relation_to(other) == (Fraction(1), row(2, -1))
    assert one.relation_to(Maximum((row(1), row(2)), row())) is None


def test_forms_below_another_by_a_constant_are_dropped() -> None:
    # relu(x − relu(x − 6)) = max(x, 0) − relu(x − 6)
    clip = Network.from_dense([[[1], [1]], [[1, -1]], [[1]]], [[-6, 0], [0], [0]])
    nested = Walk({"a": clip, "b": clip}, IntervalVector.line(1))
    for k, _ in nested.layers("a"):
        kinds = [["new", "new"], ["new"]][k - 1]
        nested.settle("a", k, [Claim(kind) for kind in kinds])  # type: ignore[arg-type]
    found = nested.maxima.of(("a", 2, 0), [("a", 1, 0), ("a", 1, 1)])
    assert set(map(len, found.forms)) == {0, 1}


def test_rows_and_forms() -> None:
    rows: dict[int, Row] = {0: row(1, 2), 2: {(ONE, 0): Fraction(1, 3), (INPUT, 1): Fraction(-1)}}
    forms = forms_of(rows, 3, {ONE: 1, INPUT: 2})
    assert [row_of(forms, i) for i in range(3)] == [rows[0], {}, rows[2]]


# ---- claims -------------------------------------------------------------------------------------


def greatest(order: str) -> Network:
    """Return max(x, y, z), the maxima taken in an order."""
    x, y, z = ([int(index == "xyz".index(own)) for index in range(3)] for own in order)
    first = Layer(Affine({0: [[u - v for u, v in zip(x, y, strict=True)]]}))
    second = Layer(Affine({0: [[u - v for u, v in zip(y, z, strict=True)]], 1: [[1]]}))
    return Network(3, (first, second), Affine({0: [z], 2: [[1]]}))


SPACE = IntervalVector.line(3)
ONES = ["a", 1, 0]
TRUE: dict[str, Any] = {
    "a": [["new"], ["new"]],
    "b": [["new"], [["maximum", "a", 2, 0, [["b", 1, 0]], [ONES]]]],
}


def test_a_maximum_in_another_order() -> None:
    bounds = replay_relations(greatest("xyz"), greatest("zyx"), SPACE, TRUE)
    assert bounds.ends() == [(ZERO, ZERO)]


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (["maximum", "a", 2, 0, [], []], "not a maximum of the same forms"),
        (["maximum", "a", 2, 0, [["b", 1, 0]], []], "not a maximum of the same forms"),
        (["maximum", "a", 1, 0, [["b", 1, 0]], [ONES]], "not a maximum of the same forms"),
        (["maximum", "b", 2, 0, [], []], "which is no atom"),
        (["maximum", "b", 3, 0, [], []], "which is no atom"),
        (["maximum", "a", 2, 1, [], []], "which is no atom"),
        (["maximum", "a", 2, 0, [["b", 1]], []], "not a claim about a unit"),
        (["maximum", "a", 2, 0, [["c", 1, 0]], []], "not a claim about a unit"),
        (["maximum", "a", 2, 0, [["b", 0, 0]], []], "not a claim about a unit"),
        (["maximum", "a", 2, 0, ["b"], []], "not a claim about a unit"),
        (["maximum", "a", 2, 0, [ONES]], "not a claim about a unit"),
        (["maximum", "a", 2, 0, "1"], "not a claim about a unit"),
        (["maximum", "a", 2, "0", [], []], "not a claim about a unit"),
        (["maximum", "input", 1, 0, [], []], "not a claim about a unit"),
    ],
)
def test_false_and_garbled_claims_are_refused(claim: list[Any], message: str) -> None:
    evidence = {**TRUE, "b": [["new"], [claim]]}
    with pytest.raises(CertificateError, match=message):
        replay_relations(greatest("xyz"), greatest("zyx"), SPACE, evidence)


def test_one_unit_in_the_last_place_is_another_maximum() -> None:
    from random import Random

    from tests.equivalence.restructured import nudged

    f, g = greatest("xyz"), greatest("zyx")
    for seed in range(40):
        other = nudged(g, Random(seed))
        try:
            bounds = replay_relations(f, other, SPACE, TRUE)
        except CertificateError:
            continue
        assert bounds.ends() != [(ZERO, ZERO)]


def test_a_maximum_of_too_many_forms_is_refused() -> None:
    rows = [[int(i == j) for j in range(7)] for i in range(7)]
    f = Network.from_dense([rows, [[1] * 7], [[1]]])
    walk = written(f)
    with pytest.raises(CertificateError, match="more than 64 forms"):
        walk.maxima.of(("a", 2, 0), [("a", 1, i) for i in range(7)])


def test_too_many_maxima_inside_one_another_are_refused() -> None:
    f = Network.from_dense([[[1]]] * 400, [[-1]] * 400)
    walk = written(f)
    with pytest.raises(CertificateError, match="maxima inside one another"):
        walk.maxima.of(("a", 399, 0), [("a", k, 0) for k in range(1, 400)])


def test_maxima_of_no_layers() -> None:
    assert Maxima({}, bool).place((("a", 1), 0)) == (-1, 0)
