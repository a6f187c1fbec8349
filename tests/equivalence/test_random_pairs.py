"""A few random pairs; `python -m tests.equivalence.random_pairs` runs as many as asked."""

from __future__ import annotations

import pytest

from tests.equivalence.random_pairs import examine


@pytest.mark.parametrize("first", range(0, 200, 10))
def test_no_wrong_verdict_and_none_undecided(first: int) -> None:
    for seed in range(first, first + 10):
        examine(seed)


@pytest.mark.parametrize("first", range(20_000, 20_040, 10))
def test_no_wrong_verdict_and_none_undecided_in_space(first: int) -> None:
    for seed in range(first, first + 10):
        examine(seed, inputs=3)


@pytest.mark.parametrize("first", range(10_000, 10_060, 10))
def test_no_wrong_verdict_without_enumeration(first: int) -> None:
    for seed in range(first, first + 10):
        examine(seed, cells=False)
