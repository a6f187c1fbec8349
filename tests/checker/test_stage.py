from __future__ import annotations

from fractions import Fraction

import pytest

from tests.oracles.fractions_forward import forward
from tests.strategies.pairs import draw_pair
from tropnet.checker.cells import domain_cone
from tropnet.checker.stage import stages_of
from tropnet.domains import Box


@pytest.mark.parametrize("seed", range(30))
def test_rows_hold_the_values_of_both_networks(seed: int) -> None:
    # a point is a cone over which everything is linear
    pair = draw_pair(seed, 1 + seed % 4)
    n = pair.a.n_inputs
    point = tuple(Fraction(3 * i - seed, 7) for i in range(n))
    stages = stages_of((pair.a, pair.b))
    cone = domain_cone(Box(point, point), n)
    for stage in stages:
        cone = stage.rectified(stage.evaluated(cone))
    ((row, _),) = cone.rays
    weight, values = row[n], row[n + 1 :]
    scales = [
        stage.denominator for stage in stages if stage.is_output for _ in range(len(values) // 2)
    ]
    found = [Fraction(int(v), int(weight) * s) for v, s in zip(values, scales, strict=True)]
    assert found == [*forward(pair.a, point)[-1], *forward(pair.b, point)[-1]]


def test_cones_share_rows_that_are_not_changed() -> None:
    pair = draw_pair(3, 3)
    cone = domain_cone(Box.cube(3), 3)
    stage = stages_of((pair.a, pair.b))[0]
    before = stage.evaluated(cone)
    copies = [list(row) for row in before.rows()]
    stage.rectified(before)
    assert before.rows() == copies
