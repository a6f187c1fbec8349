"""Example inputs: given in every structure, or guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tropnet.errors import FormatError, ShapeError
from tropnet.io import load
from tropnet.io.torch_examples import Examples, guessed_examples


def test_batches_count_as_their_first_item() -> None:
    given = (torch.ones(5, 3), np.ones((2, 4)), [[1.0, 2.0], [3.0, 4.0]], torch.ones(3))
    found = Examples.of(given, torch.float32)
    assert [tuple(t.shape) for t in found.tensors] == [(1, 3), (1, 4), (1, 2), (3,)]
    assert {t.dtype for t in found.tensors} == {torch.float32}


def test_one_tensor_given_twice_is_two() -> None:
    one = torch.zeros(1, 2)
    first, second = Examples.of((one, {"again": one}), None).tensors
    assert first.data_ptr() != second.data_ptr() != one.data_ptr()


def test_types_are_kept_where_the_module_has_none_or_several() -> None:
    given = (
        torch.zeros(1, dtype=torch.float64),
        torch.zeros(1, dtype=torch.int64),
        3,
        "mode",
        None,
    )
    found = Examples.of(given, None)
    assert [t.dtype for t in found.tensors] == [torch.float64, torch.float32]
    assert found.args[2:] == (3, "mode", None)


def test_tensors_are_replaced_in_order() -> None:
    found = Examples.of({"a": torch.zeros(1), "b": (torch.zeros(1, 2), 7)}, None)
    replaced = found.replaced([torch.ones(1), torch.ones(1, 2)])
    assert replaced.kwargs["a"].item() == 1
    assert replaced.kwargs["b"][1] == 7
    assert replaced.kwargs["b"][0].sum() == 2


@pytest.mark.parametrize("given", [(), {}, [1, 2], "text", (None,)])
def test_examples_without_tensors(given: Any) -> None:
    with pytest.raises(FormatError, match="give a tensor with a batch of one"):
        Examples.of(given, torch.float32)


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (
            nn.Sequential(nn.Conv2d(3, 1, 3)),
            r"begins with a Conv2d.*torch.zeros\(1, 3, height, width\)",
        ),
        (nn.Sequential(nn.Conv1d(2, 1, 3)), r"torch.zeros\(1, 2, length\)"),
        (nn.Sequential(nn.BatchNorm3d(4)), r"torch.zeros\(1, 4, depth, height, width\)"),
        (nn.Sequential(nn.PReLU()), "begins with a PReLU.*a tensor with a batch of one"),
        (nn.Sequential(nn.ReLU(), nn.Flatten()), "example_input="),
    ],
)
def test_unknown_shapes_are_asked_for(model: nn.Module, text: str) -> None:
    with pytest.raises(ShapeError, match=text):
        load(model)


def test_an_example_without_a_batch_axis_is_explained() -> None:
    with pytest.raises(FormatError, match="example_input= has the batch axis first"):
        load(nn.Sequential(nn.Conv2d(3, 1, 3)), example_input=torch.zeros(3, 8, 8))


def test_the_width_that_forward_takes_is_guessed() -> None:
    class Reversed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(5, 2)
            self.first = nn.Linear(3, 5)

        def forward(self, x: Any) -> Any:
            return self.last(self.first(x).relu())

    assert guessed_examples(Reversed(), torch.float32).tensors[0].shape == (1, 3)
