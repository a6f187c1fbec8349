"""A few random pairs; `python -m tests.equivalence.random_pairs` runs as many as asked."""

from __future__ import annotations

import pytest

from tests.equivalence.random_pairs import examine


def some(first: int, count: int) -> list[object]:
    """Return the first seed of each ten; those of the second half are long tests."""
    seeds = range(first, first + count, 10)
    half = first + count // 2
    return [s if s < half else pytest.param(s, marks=pytest.mark.long) for s in seeds]


@pytest.mark.parametrize("first", some(0, 200))
def test_no_wrong_verdict_and_none_undecided(first: int) -> None:
    for seed in range(first, first + 10):
        examine(seed)


@pytest.mark.parametrize("first", some(20_000, 40))
def test_no_wrong_verdict_and_none_undecided_in_space(first: int) -> None:
    for seed in range(first, first + 10):
        examine(seed, inputs=3)


@pytest.mark.parametrize("first", some(10_000, 60))
def test_no_wrong_verdict_without_enumeration(first: int) -> None:
    for seed in range(first, first + 10):
        examine(seed, cells=False)
