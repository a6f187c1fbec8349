"""A few random models; `python -m tests.io.random_models` runs as many as asked."""

from __future__ import annotations

import pytest

from tests.io.random_models import examine_onnx, examine_torch


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_graphs_are_what_their_runtime_computes(first: int) -> None:
    found = [examine_onnx(seed) for seed in range(first, first + 10)]
    assert sum(word.startswith("matched") for word in found) >= 5, found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(8))
def test_modules_are_what_torch_computes(seed: int) -> None:
    assert examine_torch(seed).startswith(("matched", "refused"))
