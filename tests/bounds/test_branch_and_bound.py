"""Trees of boxes: their bound falls to the supremum, and never below it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from tests.bounds.joint_pairs import random_pair
from tropnet import Box, Network
from tropnet.bounds import BranchAndBound, JointBounds
from tropnet.checker.cells import supremum
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.matching import Matching

SQUARE = np.array([[-1.0, -1.0], [1.0, 1.0]])


def grown(seed: int, aim: float) -> tuple[BranchAndBound, float]:
    """Return a tree for two near networks of two inputs, and the exact supremum."""
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((6, 2)), rng.standard_normal((2, 6))]
    f = Network.from_dense(weights)
    g = Network.from_dense([w + 0.02 * rng.standard_normal(w.shape) for w in weights])
    exact = supremum(f, g, Box.cube(2)).upper
    assert exact is not None
    bounds = JointBounds(JointProgram.of(f, g, [Matching.identity(6)]), "inf", threads=1)
    tree = BranchAndBound(bounds, SQUARE)
    while tree.upper > aim * float(exact):
        assert len(tree.step(aim * float(exact)))
    return tree, float(exact)


def test_the_bound_falls_to_the_supremum() -> None:
    for seed in range(4):
        tree, exact = grown(seed, 1.01)
        assert exact <= tree.upper <= 1.01 * exact


def test_no_bound_of_a_random_pair_is_below_the_supremum() -> None:
    rng = np.random.default_rng(23)
    compared = 0
    while compared < 25:
        f, g, pairs = random_pair(rng)
        if f.n_inputs > 2:
            continue
        compared += 1
        exact = supremum(f, g, Box.cube(f.n_inputs)).lower
        bounds = JointBounds(JointProgram.of(f, g, pairs), "inf", threads=1)
        tree = BranchAndBound(bounds, np.array([[-1.0] * f.n_inputs, [1.0] * f.n_inputs]))
        for _ in range(3):
            assert exact is not None
            assert not np.isfinite(tree.upper) or exact <= Fraction(tree.upper)
            tree.step(0.0, batch=8)


def test_leaves_cover_the_root_and_a_tree_is_taken_up_again() -> None:
    tree, _ = grown(1, 1.05)
    splits = [split for _, split in tree.preorder()]
    assert splits.count(-1) == tree.n_leaves == (len(splits) + 1) // 2
    again = BranchAndBound(tree._bounds, SQUARE)
    again.resume(iter(splits))
    assert [split for _, split in again.preorder()] == splits
    assert again.upper == tree.upper

    def area(at: int, box: Any) -> float:
        if tree.splits[at] < 0:
            return float(np.prod(box[1] - box[0]))
        first, second = tree._halves((box, None), tree.splits[at])
        child = tree.children[at]
        return area(child, first[0]) + area(child + 1, second[0])

    assert area(0, SQUARE) == 4.0


def test_a_point_is_stuck_at_its_gap() -> None:
    f, g = Network.from_dense([[[1], [-1]], [[1, 1]]]), Network.from_dense([[[1], [-1]], [[1, 2]]])
    bounds = JointBounds(JointProgram.of(f, g, [Matching.identity(2)]), "inf", threads=1)
    tree = BranchAndBound(bounds, np.array([[-0.5], [-0.5]]))
    assert tree.stuck
    assert len(tree.step(0.0)) == 0
    assert 0.5 <= tree.upper < 0.5 + 1e-12


def test_what_is_left_is_estimated() -> None:
    tree, exact = grown(2, 1.2)
    rng = np.random.default_rng(0)
    assert tree.boxes_left(tree.upper, 4, rng) == 0.0
    assert tree.boxes_left(1.05 * exact, 8, rng) > 0


def test_boxes_outside_the_domain_have_no_gap() -> None:
    f, g = Network.from_dense([[[1], [-1]], [[1, 1]]]), Network.from_dense([[[1], [-1]], [[1, 2]]])
    bounds = JointBounds(JointProgram.of(f, g, [Matching.identity(2)]), "inf", threads=1)
    tree = BranchAndBound(bounds, np.array([[-1.0], [1.0]]), lambda boxes: boxes[:, 1, 0] <= 0)
    tree.step(0.0)
    assert tree.upper < 1e-9  # roundings are allowed for
