"""A few pairs of convolutional networks; `random_convolutions` is a script for as many as asked."""

from __future__ import annotations

import pytest

from tests.equivalence.random_convolutions import examine


@pytest.mark.parametrize("seed", [0, 2, 3, 4, 7, 8, 10, 12, 14])
def test_no_storage_changes_a_verdict_and_none_is_wrong(seed: int) -> None:
    examine(seed, mutated=3, limit=0.5)
