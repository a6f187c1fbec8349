"""A few random pairs; `python -m tests.equivalence.random_relations` runs as many as asked."""

from __future__ import annotations

import pytest

from tests.equivalence.random_relations import RELATIONS, examine


@pytest.mark.parametrize("kind", RELATIONS)
@pytest.mark.parametrize("first", [0, pytest.param(50, marks=pytest.mark.long)])
def test_no_wrong_verdict_and_none_undecided(first: int, kind: str) -> None:
    found = [examine(seed, kind) for seed in range(first, first + 50)]
    assert sum(verdict is not None for verdict in found) > 10


@pytest.mark.parametrize("kind", RELATIONS)
def test_no_wrong_verdict_and_none_undecided_in_space(kind: str) -> None:
    for seed in range(30_000, 30_012):
        examine(seed, kind, inputs=3)
