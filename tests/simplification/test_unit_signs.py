"""Signs of units on a domain: never wrong, and complete where nets are small."""

from __future__ import annotations

import math
import os
import time
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import tropnet
from tests.equivalence.convolution_plans import UnfitError, draw_plan, with_dead_channel
from tests.equivalence.random_convolutions import sharing_everything
from tests.oracles.joint_cells import domain_corners, regions, value
from tests.strategies.pairs import draw_domain, draw_network
from tropnet import Box, Network, Polyhedron
from tropnet.checker.check import fault
from tropnet.checker.sign_evidence import replay_signs, unit_network
from tropnet.equivalence.problem import Problem
from tropnet.errors import DomainError, ShapeError
from tropnet.network.affine import Affine
from tropnet.network.layer import Layer
from tropnet.simplification.unit_signs import UnitSigns, unit_signs

TINY = Fraction(1, 2**60)


def truths(network: Network, k: int, unit: int, domain: Any) -> set[str]:
    """What exact enumeration of all linear regions says of a unit; 0 is both dead and active."""
    own = unit_network(network, k, unit, 1)
    heights = [
        value(form, corner)
        for corners, (form,) in regions(own, domain_corners(domain, network.n_inputs))
        for corner in corners
    ]
    found = {"dead"} if max(heights) <= 0 else set()
    found |= {"active"} if min(heights) >= 0 else set()
    return found or {"unstable"}


def assert_true(found: UnitSigns, *, complete: bool = True) -> None:
    """Assert that each sign is right, each witness one, and that the evidence shows the signs."""
    network, domain = found.network, found.domain
    for k, (layer, kinds) in enumerate(zip(network.layers, found.kinds, strict=True), start=1):
        for i, kind in enumerate(kinds):
            if not layer.relu[i]:
                assert kind == "affine"
                continue
            if kind != "undecided":
                assert kind in truths(network, k, i, domain), (k, i)
            assert ((k, i) in found.witnesses) == (kind == "unstable")
            assert ((k, i) in found.how) == (kind != "undecided")
    assert found.check()
    assert not complete or found.complete, str(found)
    assert_shown(found)


def assert_shown(found: UnitSigns) -> None:
    """Assert that the evidence, or intervals alone, show each sign to the checker."""
    network, domain = found.network, found.domain
    data = found.evidence or {}
    box = Problem.of(network, network, domain, time_limit=60, seed=0).box
    bounds = replay_signs(network, domain, box, data, fault)
    for k, kinds in enumerate(found.kinds, start=1):
        dead, active = bounds[k - 1].at_most_zero(), bounds[k - 1].at_least_zero()
        for i, kind in enumerate(kinds):
            assert kind != "dead" or dead[i]
            assert kind != "active" or active[i]


@pytest.mark.parametrize("seed", range(30))
def test_random_networks_against_enumeration(seed: int) -> None:
    rng = Random(seed)
    n = rng.choice([1, 2])
    network = draw_network(rng, n, 1, rng.choice([3, 6, 9])).network()
    domain = draw_domain(rng, n)
    if domain_corners(domain, n):
        assert_true(unit_signs(network, domain, seed=seed))


def hat(shift: Any) -> Network:
    """A needle: max(1 − 2^20 |x − 1/3|, 0) has its top at `shift` above zero."""
    s, c = 2**20, Fraction(1, 3)
    first = Affine({0: [[1], [1]]}, [-c + Fraction(1, s), -c])
    second = Affine({0: [[-s]], 1: [[0, 0]]}, [0])
    top = Affine(
        {1: [[s, -2 * s]], 2: [[1]]}, [Fraction(shift) - 1]
    )  # on [0, 1/3 − 1/s] the first three vanish
    return Network(1, (Layer(first), Layer(second), Layer(top)), Affine({3: [[1]]}))


@pytest.mark.parametrize(("shift", "kind"), [(0, "dead"), (TINY, "unstable"), (-TINY, "dead")])
def test_needles_that_touch_zero_or_pass_it(shift: Any, kind: str) -> None:
    network, domain = hat(shift), Box([0], [Fraction(1, 3) + Fraction(1, 2**19)])
    found = unit_signs(network, domain)
    assert_true(found)
    assert found.kinds[2] == (kind,)


@pytest.mark.parametrize("scale", [1.0, 1e-300, 5e-324, 1e300])
@pytest.mark.parametrize("ulps", [-1, 0, 1])
def test_one_ulp(scale: float, ulps: int) -> None:
    # x + y − 2 on [0, 1]^2 touches zero at a corner
    bias = -2.0 * scale
    for _ in range(abs(ulps)):
        bias = math.nextafter(bias, math.inf if ulps > 0 else -math.inf)
    network = Network.from_dense(
        [[[scale, scale], [-scale, -scale]], [[1, 1]]], [[bias, -bias], [0]]
    )
    found = unit_signs(network, Box.cube(2, 0, 1))
    assert_true(found)
    assert found.kinds[0][0] == ("unstable" if ulps > 0 else "dead")
    assert found.kinds[0][1] == ("unstable" if ulps > 0 else "active")


def test_huge_and_tiny_weights_together() -> None:
    network = Network.from_dense(
        [[[1e300, 1e-300], [5e-324, -5e-324]], [[1e308, -1e308], [1e-308, 1]], [[1, 1]]],
        [[0, 0], [-1e-320, 5e-324], [0]],
    )
    assert_true(unit_signs(network, Box.cube(2, -1, 1)))


def test_a_unit_that_is_zero_everywhere() -> None:
    network = Network.from_dense([[[1], [0]], [[0, 1], [1, 1]], [[1, 1]]], [[0, 0], [0, 0], [0]])
    found = unit_signs(network)
    assert_true(found)
    assert found.kinds == (("unstable", "dead"), ("dead", "active"))


def test_boxes_without_width() -> None:
    network = Network.from_dense([[[1, 1], [-1, 2]], [[1, -1], [-3, 1]], [[1, 1]]])
    for domain in (Box(["1/3", "1/3"], ["1/3", "1/3"]), Box([0, 0], [0, 1]), Box([0, 0], [0, 0])):
        found = unit_signs(network, domain)
        assert_true(found)
    assert "unstable" not in found.counts()


def test_polyhedra_whose_box_says_less() -> None:
    # on the triangle x, y ≥ 0, x + y ≤ 1 the unit x + y − 1 is dead; on its box it is not
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    network = Network.from_dense(
        [[[1, 1], [-1, -1], [1, 1]], [[1, 0, 0]]], [[-1, 1, Fraction(-9, 10)], [0]]
    )
    found = unit_signs(network, triangle)
    assert_true(found)
    assert found.kinds == (("dead", "active", "unstable"),)
    segment = Polyhedron([[1, 1], [-1, -1], [-1, 0], [0, -1]], [1, -1, 0, 0])  # x + y = 1
    found = unit_signs(network, segment)
    assert_true(found)
    assert found.kinds == (("dead", "dead", "active"),)


def test_all_of_space() -> None:
    network = Network.from_dense(
        [[[1], [-1]], [[1, 1], [-1, -1], [1, 1]], [[1, 1, 1]]], [[0, 0], [0, 0, -1000], [0]]
    )
    found = unit_signs(network)  # |x|, −|x|, |x| − 1000
    assert_true(found)
    assert found.kinds[1] == ("active", "dead", "unstable")


def test_units_without_relu_and_skips() -> None:
    first = Layer(Affine({0: [[1], [1]]}, [0, -1]), np.array([True, False]))
    second = Layer(Affine({0: [[-1], [1]], 1: [[1, 0], [-1, 0]]}, [0, 0]), True)
    network = Network(1, (first, second), Affine({2: [[1, 1]]}))
    found = unit_signs(network, Box([-2], [3]))  # relu(x) − x ≥ 0, x − relu(x) ≤ 0
    assert_true(found)
    assert found.kinds == (("unstable", "affine"), ("active", "dead"))


@pytest.mark.parametrize("seed", range(3))
def test_convolutions(seed: int) -> None:
    rng = Random(seed)
    plan = draw_plan(rng)
    with suppress(UnfitError):
        plan = with_dead_channel(plan, rng)
    with sharing_everything():
        network = plan.network()
    found = unit_signs(network, Box.cube(network.n_inputs, 0, 1), time_limit=5)
    assert found.check()
    assert_shown(found)
    points = np.random.default_rng(seed).integers(0, 2, size=(100, network.n_inputs))
    for k, kinds in enumerate(found.kinds, start=1):
        before = Network(network.n_inputs, network.layers[: k - 1], network.layers[k - 1].affine)
        for row in before.exact(points).to_fractions():
            for kind, height in zip(kinds, row, strict=True):
                assert kind != "dead" or height <= 0
                assert kind != "active" or height >= 0


def test_a_time_that_is_over_leaves_units_undecided() -> None:
    rng = np.random.default_rng(0)
    network = Network.from_dense([rng.standard_normal((30, 20)), rng.standard_normal((30, 30)),
                                  rng.standard_normal((1, 30))])  # fmt: skip
    found = unit_signs(network, Box.cube(20), time_limit=1e-6)
    assert not found.complete
    assert found.check()
    assert "undecided" in str(found)
    assert "undecided" in found._repr_html_()


def test_a_short_time_is_kept_where_linear_bounds_take_long() -> None:
    rng = np.random.default_rng(0)
    shapes = [(784, 256), (256, 256), (256, 10)]
    weights = [rng.normal(size=(b, a)).astype("f4") / a**0.5 for a, b in shapes]
    network = Network.from_dense(weights, dtype="float32")
    start = time.perf_counter()
    unit_signs(network, Box.cube(784, 0, 1), time_limit=0.5)
    assert time.perf_counter() - start < 4


def test_numbers_that_are_no_floats() -> None:
    network = Network.from_dense(
        [[[10**200], [-(10**200)]], [[10**200, 10**200], [1, -1]], [[1, -2]], [[1]]],
        [[1, 0], [-1, 0], [-1], [0]],
    )
    assert_true(unit_signs(network, Box([-1], [1]), time_limit=5), complete=False)


def test_cases_show_signs_and_the_checker_sees_them() -> None:
    # 2 relu(x + 1/2) − 4 relu(x) + 2 relu(x − 1/2) is at most 1
    network = Network.from_dense(
        [[[1, 0], [1, 0], [1, 0]], [[2, -4, 2], [-2, 4, -2]], [[1, 0], [1, -1]], [[1, 1]]],
        [["1/2", 0, "-1/2"], [-1, 1], [0, 0], [0]],
    )
    found = unit_signs(network, Box.cube(2))
    assert_true(found)
    assert found.kinds[1] == ("dead", "active")
    assert found.how[2, 0] == found.how[2, 1] == "cases"
    assert "unstable" not in found.kinds[2]  # that follows from what cases told
    assert [len(stage) for stage in found.evidence["cases"]] == [2]


def test_a_witness_that_is_none_is_noticed() -> None:
    network = Network.from_dense([[[1]], [[1]]])
    found = unit_signs(network, Box([-1], [1]))
    positive, negative = found.witnesses[1, 0]
    for pair in ((negative, positive), (positive, positive), ((Fraction(0),), negative),
                 ((Fraction(2),), negative)):  # fmt: skip
        assert not replace(found, witnesses={(1, 0): pair}).check()


def test_what_does_not_fit_is_refused() -> None:
    network = Network.from_dense([[[1]], [[1]]])
    with pytest.raises(ShapeError):
        unit_signs(network, Box.cube(2))
    with pytest.raises(DomainError, match="time"):
        unit_signs(network, time_limit=0)


def test_the_same_seed_gives_the_same_signs() -> None:
    rng = np.random.default_rng(5)
    network = Network.from_dense([rng.standard_normal((6, 3)), rng.standard_normal((1, 6))])
    first, second = (unit_signs(network, Box.cube(3), seed=7) for _ in range(2))
    assert first.kinds == second.kinds
    assert first.witnesses == second.witnesses


COUNTS = {
    "mlp_prox_0.001_seed0.pt": [(81, 3), (74, 5)],
    "mlp_thr_0.001_seed0.pt": [(44, 11), (36, 4)],
    "mlp_l1_0_seed0.pt": [(0, 0), (0, 0)],
}


@pytest.mark.parametrize("name", COUNTS)
def test_trained_networks_on_the_unit_cube(name: str) -> None:
    data = os.environ.get("TROPNET_DATA")
    path = Path(data or "") / "nets/mnist8x8" / name
    if data is None or not path.exists():
        pytest.skip("TROPNET_DATA names no folder with nets/mnist8x8")
    found = unit_signs(tropnet.load(path), Box.cube(64, 0, 1))
    assert found.complete
    assert found.check()
    assert [(k.count("dead"), k.count("active")) for k in found.kinds] == COUNTS[name]
    assert found.evidence is None  # intervals are enough
