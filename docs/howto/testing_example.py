"""Tests of a deployed model against the one that was trained; `pytest testing_example.py`."""

import numpy as np

import tropnet
from tropnet.testing import assert_equivalent, assert_same_argmax, assert_within

#: The range of the data, to which all inputs are scaled.
DATA = tropnet.Box.cube(2, -1, 1)


def test_the_exported_model_computes_the_same_function():
    assert_equivalent("examples:moons_a", "examples:moons_a_permuted")


def test_pruning_changes_little():
    assert_within("examples:moons_a", "examples:moons_a_pruned", DATA, atol="3.5")


def test_rounding_to_half_precision_keeps_clear_decisions():
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((8, 2)), rng.standard_normal((3, 8))]
    trained = tropnet.Network.from_dense(weights)
    rounded = tropnet.Network.from_dense([w.astype(np.float16) for w in weights])
    assert_same_argmax(trained, rounded, DATA, margin="0.01")
