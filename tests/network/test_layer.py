from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from tropnet.errors import ShapeError
from tropnet.network import Affine, Layer

TWO = Affine({0: [[1], [2]]})


@pytest.mark.parametrize(
    ("relu", "expected"),
    [
        (True, [True, True]), (False, [False, False]), ([True, False], [True, False]),
        (np.array([False, True]), [False, True]), ((1, 0), [True, False]),
        (np.True_, [True, True]),
    ],
)  # fmt: skip
def test_relu_is_one_bool_or_one_a_unit(relu: Any, expected: list[bool]) -> None:
    layer = Layer(TWO, relu, "name")
    assert layer.relu.tolist() == expected
    assert layer.relu.dtype == np.bool_
    assert layer.width == 2


@pytest.mark.parametrize(
    "relu", [[True], [True, False, True], [[True, False]], [[True], [False]], []]
)
def test_another_number_of_relus_is_refused(relu: Any) -> None:
    with pytest.raises(ShapeError, match="for 2 units; give one or one a unit"):
        Layer(TWO, relu)


def test_the_mask_is_a_copy_that_cannot_be_written_to() -> None:
    mask = np.array([True, False])
    layer = Layer(TWO, mask)
    mask[0] = False
    assert layer.relu.tolist() == [True, False]
    for found in (layer, pickle.loads(pickle.dumps(layer))):
        assert found.content() == layer.content()
        with pytest.raises(ValueError, match="read-only"):
            found.relu[0] = False


def test_the_content_depends_on_the_function_of_the_layer_alone() -> None:
    assert Layer(TWO, True, "a").content() == Layer(TWO, [True, True], "b").content()
    others = [
        Layer(TWO), Layer(TWO, False), Layer(TWO, [True, False]), Layer(TWO, [False, True]),
        Layer(-TWO), Layer(Affine({1: [[1], [2]]})), Layer(Affine({0: [[1], [2]]}, [0, 1])),
    ]  # fmt: skip
    assert len({y.content() for y in others}) == len(others)
