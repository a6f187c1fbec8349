"""A few of the pairs of `tests.bounds.random_boxes`."""

from __future__ import annotations

import pytest

from tests.bounds.random_boxes import examine


@pytest.mark.parametrize("seed", [0, 8, 16])
def test_no_wrong_verdict(seed: int) -> None:
    wrong = [examine(k, 0.3) for k in range(seed, seed + 8)]
    assert [w for w in wrong if w is not None] == []
