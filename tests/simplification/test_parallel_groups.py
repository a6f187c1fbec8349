from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.simplification.parallel_groups import parallel_groups


def test_nothing_to_group() -> None:
    assert parallel_groups(np.zeros((0, 3)), np.zeros(0), units=1) == []
    assert parallel_groups(np.eye(2), np.ones(2), units=2) == [[0], [1]]
    assert parallel_groups(np.eye(2), np.ones(2), units=1) == [[0], [1]]  # at a right angle
    assert parallel_groups(np.array([[1.0], [-1.0]]), np.ones(2), units=1) == [[0], [1]]


def test_the_cheapest_pair_goes_first() -> None:
    vectors = np.array([[10.0, 0.0], [10.0, 1.0], [1.0, 0.0], [1.0, 0.4]])
    assert parallel_groups(vectors, np.ones(4), units=3) == [[0, 2], [1], [3]]
    # of two pairs at one angle the one that is read with small weights
    vectors = np.array([[4.0, 0.0], [4.0, 1.0], [-4.0, 0.0], [-4.0, 1.0]])
    assert parallel_groups(vectors, np.array([1, 1, 0.1, 0.1]), units=3) == [[0], [1], [2, 3]]


def test_zero_vectors_cost_nothing() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]])
    assert parallel_groups(vectors, np.ones(3), units=2) == [[0, 1], [2]]
    assert parallel_groups(vectors, np.array([1.0, 1.0, 0.0]), units=1) == [[0, 1, 2]]


def test_the_tolerance_is_the_sine_of_the_angle() -> None:
    half = 0.1
    vectors = np.array([[np.cos(half), np.sin(half)], [np.cos(half), -np.sin(half)]])
    exact = np.sin(half)
    assert parallel_groups(vectors, np.ones(2), tolerance=exact * 1.001) == [[0, 1]]
    assert parallel_groups(vectors, np.ones(2), tolerance=exact * 0.999) == [[0], [1]]


def test_zero_tolerance_means_equal_vectors() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((5, 40))
    vectors = rows[[0, 1, 2, 0, 3, 1, 1, 4]]
    assert parallel_groups(vectors, rng.random(8), tolerance=0) == [
        [0, 3], [1, 5, 6], [2], [4], [7],
    ]  # fmt: skip
    near = vectors.copy()
    near[3, 7] = np.nextafter(near[3, 7], 9)
    assert [0, 3] not in parallel_groups(near, np.ones(8), tolerance=0)


def test_huge_and_tiny_vectors() -> None:
    for size in (1e300, 1e-300):
        vectors = size * np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
        assert parallel_groups(vectors, np.ones(3), units=2) == [[0, 1], [2]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 9))
def test_every_vector_is_in_one_group(seed: int, count: int, units: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (count, 2)).astype(float)
    groups = parallel_groups(vectors, rng.integers(0, 3, count).astype(float), units=units)
    assert sorted(i for group in groups for i in group) == list(range(count))
    assert groups == sorted(groups)
    assert len(groups) >= min(units, count)
