"""Linear programs around two networks: their choices prove what they say."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

from tests.bounds.joint_pairs import ends_on, near_copy, random_box, random_network, random_pair
from tropnet import Network
from tropnet.bounds.joint_triangles import JointTriangles
from tropnet.checker.joint_cases import CaseReader, gap_targets, joint_ends
from tropnet.checker.joint_lines import Choices, most
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.matching import Matching
from tropnet.checker.relation import Relation
from tropnet.errors import BudgetExceeded
from tropnet.exact import IntervalVector


@pytest.mark.parametrize("kind", ["equal", "argmax"])
@pytest.mark.parametrize("seed", range(3))
def test_choices_prove_the_value(seed: int, kind: str) -> None:
    rng = np.random.default_rng([47, seed])
    solved = 0
    for _ in range(12):
        f = random_network(rng, 3, 2, [6, 5])
        g = near_copy(rng, f, 0.01)
        program = JointProgram.of(f, g, [Matching.identity(6), Matching.identity(5)])
        floats = random_box(rng, 3)
        box, ends = ends_on(program, floats)
        triangles, reader = JointTriangles(program, floats, ends), CaseReader(program, ends)
        relation = Relation("argmax") if kind == "argmax" else Relation()
        for target in gap_targets(relation, 2) or []:
            signs: list[tuple[tuple[int, str, int], int]] = []
            usual = most(program, box, ends, target, [], Choices())
            for _ in range(4):  # a random way down a tree
                found = triangles.solve(target, signs)
                if found is None:
                    break  # too hard for floats
                solved += 1
                proven = most(program, box, ends, target, signs, reader.choices(found.choices))
                # slopes are rounded to 2^-16, and what is far below 0 may be off by more
                size = 1 + abs(float(usual))
                assert float(proven) < max(found.most, 0) + 1e-3 * size
                assert float(proven) > found.most - 1e-3 * (size + abs(found.most))
                if not signs:
                    assert found.most <= float(usual) + 1e-6 * size
                if found.unit is None:
                    break
                signs.append((found.unit, int(rng.choice([-1, 1]))))
    assert solved > 30


def test_programs_of_any_pair_are_solved_or_not() -> None:
    rng = np.random.default_rng(53)
    for _ in range(40):
        f, g, pairs = random_pair(rng)
        program = JointProgram.of(f, g, pairs)
        floats = random_box(rng, f.n_inputs)
        _, ends = ends_on(program, floats)
        triangles, reader = JointTriangles(program, floats, ends), CaseReader(program, ends)
        for target in gap_targets(Relation(), f.n_outputs) or []:
            found = triangles.solve(target, [])
            if found is not None:
                reader.choices(found.choices)
                assert found.point.shape == (f.n_inputs,)


def test_a_limit_of_time_and_size() -> None:
    f = Network.from_dense([[[1.0] * 3] * 4, [[1.0] * 4]])
    program = JointProgram.of(f, f, [Matching.identity(4)])
    box = IntervalVector.of([-1] * 3, [1] * 3)
    ends = joint_ends(program, box, 64)
    triangles = JointTriangles(program, np.array([[-1.0] * 3, [1.0] * 3]), ends)
    (target, _) = gap_targets(Relation(), 1) or []
    assert triangles.solve(target, [], seconds=30) is not None
    with patch("tropnet.bounds.joint_triangles._ENTRIES", 3):  # noqa: SIM117 - one statement
        with pytest.raises(BudgetExceeded, match="entries of a linear program"):
            JointTriangles(program, np.array([[-1.0] * 3, [1.0] * 3]), ends)
