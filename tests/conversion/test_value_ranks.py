from __future__ import annotations

import time
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.conversion.exact_ties import exact_ties
from tropnet.conversion.value_ranks import integer_rows, value_ranks

#: Integers that floats confuse: neighbours of powers of two, huge ones, one far below another.
CONFUSING = st.one_of(
    st.integers(-3, 3),
    st.builds(
        lambda p, k: 2**p + k, st.sampled_from([53, 60, 200, 1100, 2300]), st.integers(-2, 2)
    ),
    st.builds(lambda p, k: -(2**p) + k, st.sampled_from([53, 200, 2300]), st.integers(-2, 2)),
)


def _rows(data: Any, count: int, size: int) -> Any:
    return integer_rows([[data.draw(CONFUSING) for _ in range(size)] for _ in range(count)])


@settings(max_examples=150)
@given(st.data(), st.integers(1, 6), st.integers(1, 3))
def test_ranks_are_those_of_the_integers(data: Any, count: int, size: int) -> None:
    forms = _rows(data, count, size)
    forms = integer_rows([*forms.tolist(), *forms[:2].tolist()])  # equal ones too
    vectors = _rows(data, 3, size)
    ranks = value_ranks(forms, vectors)
    for vector, row in zip(vectors, ranks, strict=True):
        values = [sum(a * b for a, b in zip(form, vector, strict=True)) for form in forms]
        order = sorted(set(values))
        assert row.tolist() == [order.index(value) for value in values]


@settings(max_examples=60)
@given(st.data(), st.integers(1, 11))
def test_ties_are_those_of_the_integers(data: Any, size: int) -> None:
    forms, vectors = _rows(data, 4, size), _rows(data, 2, size)
    first, second, where = np.array(
        [(a, b, v) for a in range(4) for b in range(4) for v in (0, 1)]
    ).T
    values = forms @ vectors.T
    wanted = values[first, where] == values[second, where]
    assert exact_ties(forms, vectors, first, second, where).tolist() == wanted.tolist()


def test_a_multiple_of_many_primes_is_not_zero() -> None:
    import flint

    # the difference vanishes modulo all primes that would do for shorter numbers
    product, prime = 1, 1 << 30
    for _ in range(20):
        prime -= 1
        while not flint.fmpz(prime).is_prime():
            prime -= 1
        product *= prime
    forms = integer_rows([[product, 1], [0, 1]])
    pair = np.array([0]), np.array([1]), np.array([0])
    assert not exact_ties(forms, integer_rows([[1, 0]]), *pair)[0]
    assert not exact_ties(forms, integer_rows([[-product, 5]]), *pair)[0]
    assert value_ranks(forms, integer_rows([[-1, product]])).tolist() == [[0, 1]]


def test_nothing_to_rank() -> None:
    empty = np.zeros((0, 2), dtype=object)
    assert value_ranks(empty, integer_rows([[1, 1]])).shape == (1, 0)
    assert value_ranks(integer_rows([[1, 1]]), empty).shape == (0, 1)


def test_many_ties_are_quick() -> None:
    # all forms meet on the first axis
    forms = integer_rows([[10**40, k] for k in range(600)])
    vectors = integer_rows([[10**30 + k, 0] for k in range(600)])
    started = time.perf_counter()
    assert not value_ranks(forms, vectors).any()
    assert time.perf_counter() - started < 3
