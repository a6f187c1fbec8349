from __future__ import annotations

import pytest

import tropnet
from tropnet import Box, BudgetExceeded, ShapeError


def test_a_model_is_planned_by_its_file() -> None:
    planned = tropnet.plan("examples:moons_a")
    ((above, below),) = planned.outputs
    found = tropnet.tropicalize("examples:moons_a")[0].k
    assert found[0] / 10 <= above <= 10 * found[0]
    assert found[1] / 10 <= below <= 10 * found[1]


def test_a_small_domain_meets_fewer_cells() -> None:
    small = tropnet.plan("examples:moons_a", Box.cube(2, 0, "1/100"))
    assert small.layers[-1].cells < tropnet.plan("examples:moons_a").layers[-1].cells


def test_a_plan_refuses_what_is_beyond_a_budget() -> None:
    with pytest.raises(BudgetExceeded, match="budget 3; try: "):
        tropnet.plan("examples:moons_a").require(3)


def test_a_domain_of_another_dimension() -> None:
    with pytest.raises(ShapeError, match="the domain has 3 coordinates"):
        tropnet.plan("examples:moons_a", Box.cube(3))
