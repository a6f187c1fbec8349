from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.network import Network
from tropnet.network.forms import (
    INPUT,
    ONE,
    Forms,
    Names,
    affine_forms,
    block_sizes,
    input_forms,
)
from tropnet.testing.strategies import rationals

ATOMS = ("a", 1)
SIZES = {ONE: 1, INPUT: 2, ATOMS: 3}
Dense = list[list[Fraction]]


@st.composite
def forms(draw: st.DrawFn, count: int) -> Forms:
    """Draw forms over some of the blocks; an identity where the size allows."""
    parts: dict[Any, SharedMatrix] = {}
    for block, size in SIZES.items():
        if not draw(st.booleans()):
            continue
        if size == count and draw(st.booleans()):
            parts[block] = SharedMatrix.identity(size)
            continue
        row = st.lists(rationals(), min_size=size, max_size=size)
        matrix = RationalMatrix.of(draw(st.lists(row, min_size=count, max_size=count)))
        if not matrix.is_zero():
            parts[block] = SharedMatrix.from_dense(matrix)
    return Forms(count, parts)


def dense(form: Forms) -> Dense:
    """All coefficients, block after block."""
    rows: Dense = [[] for _ in range(form.count)]
    for block, size in SIZES.items():
        part = form.part(block, size).dense()
        for row, more in zip(rows, part.to_fractions(), strict=True):
            row += more
    return rows


def combined(matrix: Dense, rows: Dense) -> Dense:
    return [
        [sum((w * r[j] for w, r in zip(m, rows, strict=True)), Fraction(0)) for j in range(6)]
        for m in matrix
    ]


@given(st.data(), st.integers(1, 3))
def test_arithmetic_against_dense_matrices(data: st.DataObject, count: int) -> None:
    f, g = data.draw(forms(count)), data.draw(forms(count))
    F, G = dense(f), dense(g)
    pairs = list(zip(F, G, strict=True))
    assert dense(f + g) == [[u + v for u, v in zip(a, b, strict=True)] for a, b in pairs]
    assert dense(f - g) == [[u - v for u, v in zip(a, b, strict=True)] for a, b in pairs]
    assert dense(-f) == [[-u for u in a] for a in F]
    factors = data.draw(st.lists(rationals(), min_size=count, max_size=count))
    assert dense(f.scale(factors)) == [[s * u for u in a] for s, a in zip(factors, F, strict=True)]
    rows = data.draw(st.lists(st.integers(0, count - 1), max_size=4))
    assert dense(f.take(rows)) == [F[i] for i in rows]
    row = st.lists(rationals(), min_size=count, max_size=count)
    matrix = data.draw(st.lists(row, min_size=1, max_size=3))
    assert dense(f.image(SharedMatrix.from_dense(RationalMatrix.of(matrix)))) == combined(matrix, F)
    assert f.same(g) == (F == G)
    assert f.same(f + g - g)
    # blocks without coefficients are left out, so that no parts means zero
    for result in (f + g, f - g, f.scale(factors), f.take(rows)):
        assert bool(result.parts) == any(any(a) for a in dense(result))


@given(st.data(), st.integers(1, 3))
def test_keys_tell_proportional_forms(data: st.DataObject, count: int) -> None:
    f = data.draw(forms(count))
    factors = data.draw(st.lists(rationals().filter(bool), min_size=count, max_size=count))
    names, scaled = Names(), f.scale(factors)
    rows, one, other = dense(f), f.normalised(names), scaled.normalised(names)
    assert [key for key, _ in one] == [key for key, _ in other]
    for row, factor, (key, scale), (_, times) in zip(rows, factors, one, other, strict=True):
        assert times == factor * scale or not any(row)
        assert bool(key) == any(row)
        integers = [v / scale for v in row]
        assert all(v.denominator == 1 for v in integers)
        in_order = integers[3:] + integers[1:3] + integers[:1]  # as the blocks are sorted
        assert not any(row) or next(v for v in in_order if v) > 0
        assert math.gcd(*(v.numerator for v in integers)) == bool(any(row))
    for i, row in enumerate(rows):
        for j, second in enumerate(rows):
            crossed = [u * w - v * z for u, z in zip(row, second, strict=True)
                       for v, w in zip(row, second, strict=True)]  # fmt: skip
            proportional = not any(crossed) and any(row) == any(second)
            assert (one[i][0] == one[j][0]) == proportional


def test_different_directions_have_different_keys() -> None:
    rows = RationalMatrix.of([[1, 2], [2, 1], [1, -2], [0, 1], [1, 0], [0, 0]])
    names = Names()
    found = Forms.identity(INPUT, 2).image(SharedMatrix.from_dense(rows)).normalised(names)
    assert len({key for key, _ in found}) == 6
    assert found[-1][0] == ()
    numbers = SharedMatrix.from_dense(RationalMatrix.of([[1, 2]]))
    one, other = Forms(1, {INPUT: numbers}), Forms(1, {("b", 1): numbers})
    assert one.normalised(names) != other.normalised(names)


@given(st.data())
def test_bounds_hold(data: st.DataObject) -> None:
    f = data.draw(forms(2))
    ranges, values = {}, []
    for block, size in SIZES.items():
        ends: list[Any] = []
        for _ in range(size):
            value = data.draw(rationals()) if block != ONE else Fraction(1)
            below, above = (data.draw(st.none() | rationals().map(abs)) for _ in range(2))
            values.append(value)
            ends.append(
                (None if below is None else value - below, None if above is None else value + above)
            )
        ranges[block] = IntervalVector.of([e[0] for e in ends], [e[1] for e in ends])
    for row, (low, high) in zip(dense(f), f.bounds(ranges).ends(), strict=True):
        exact = sum((c * v for c, v in zip(row, values, strict=True)), Fraction(0))
        assert low is None or low <= exact
        assert high is None or exact <= high


def test_inputs_that_the_domain_fixes_are_constants() -> None:
    network = Network.from_dense([[[1, 2]]])
    assert dense(input_forms(network, {})) == [[0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]
    fixed = input_forms(network, {1: Fraction(1, 3)})
    assert dense(fixed) == [[0, 1, 0, 0, 0, 0], [Fraction(1, 3), 0, 0, 0, 0, 0]]
    assert dense(input_forms(network, {0: Fraction(0), 1: Fraction(0)})) == [[0] * 6] * 2


def test_affine_functions_of_forms() -> None:
    network = Network.from_dense([[[1, 2]]], [["1/2"]])
    total = affine_forms(network.output, [input_forms(network, {})])
    assert dense(total) == [[Fraction(1, 2), 1, 2, 0, 0, 0]]


def test_sizes_of_blocks() -> None:
    a = Network.from_dense([[[1, 2], [3, 4], [5, 6]], [[1, 1, 1]]])
    b = Network.from_dense([[[1, 2]]])
    assert block_sizes({"a": a, "b": b}) == {ONE: 1, INPUT: 2, ("a", 1): 3}


@pytest.mark.parametrize("column", [[0, 0], [0, "1/3"]])
def test_constants(column: list[Any]) -> None:
    form = Forms.constant(RationalMatrix.of([column]).T)
    assert form.count == 2
    assert bool(form.parts) == any(column)
