"""Proofs by cases: what is found is verified and true, and touching zero is no obstacle."""

from __future__ import annotations

import time
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.oracles.joint_cells import domain_corners, regions, value
from tests.strategies.pairs import draw_network
from tropnet import Box, Network
from tropnet.checker.case_bounds import CaseCount, verify_cases
from tropnet.checker.linear_bounds import linear_bounds
from tropnet.checker.sign_evidence import unit_network
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.network import Affine, Layer
from tropnet.simplification.sign_cases import sign_cases

SQUARE = IntervalVector.of([-1, -1], [1, 1])
TINY = Fraction(1, 2**60)


def look(
    network: Network, target: tuple[int, int, str], box: IntervalVector, programs: int = 400
) -> Any:
    return sign_cases(
        network, box, linear_bounds(network, box), target,
        programs=programs, until=time.monotonic() + 20, offer=lambda _: False,
    )  # fmt: skip


def hat(top: Any) -> Network:
    """2^10 (relu(x + d) − 2 relu(x) + relu(x − d)) − top: a needle of height 1 − top at 0."""
    d, s = Fraction(1, 2**10), 2**10
    return Network.from_dense(
        [[[1, 0], [1, 0], [1, 0]], [[s, -2 * s, s], [-s, 2 * s, -s]], [[1, 1]]],
        [[d, 0, -d], [-Fraction(top), Fraction(top)], [0]],
    )


@pytest.mark.parametrize(("top", "true"), [(1, True), (1 + TINY, True), (1 - TINY, False)])
def test_a_needle_that_touches_zero(top: Any, true: bool) -> None:
    network = hat(top)
    for target in ((2, 0, "dead"), (2, 1, "active")):
        tree = look(network, target, SQUARE)
        assert (tree is not None) == true
        if tree is not None:
            bounds = linear_bounds(network, SQUARE)
            verify_cases(network, SQUARE, bounds, target, tree, CaseCount())
            with pytest.raises(CertificateError):
                verify_cases(hat(1 - TINY), SQUARE, bounds, target, tree, CaseCount())


@pytest.mark.parametrize("seed", range(10))
def test_random_networks_against_enumeration(seed: int) -> None:
    rng = Random(seed)
    box = Box.cube(2)
    while True:
        network = draw_network(rng, 2, 1, 8).network()
        if len(network.layers) > 1:
            break
    bounds = linear_bounds(network, SQUARE)
    for k in range(2, len(network.layers) + 1):
        for unit in range(network.widths[k - 1]):
            own = unit_network(network, k, unit, 1)
            heights = [
                value(form, corner)
                for corners, (form,) in regions(own, domain_corners(box, 2))
                for corner in corners
            ]
            for kind, true in (("dead", max(heights) <= 0), ("active", min(heights) >= 0)):
                tree = look(network, (k, unit, kind), SQUARE, 60)
                if tree is not None:
                    verify_cases(network, SQUARE, bounds, (k, unit, kind), tree, CaseCount())
                    assert true


def test_the_largest_value_is_shown_to_a_hair() -> None:
    # a random unit moved so that its largest value is 2^-12 below zero, or above
    rng = np.random.default_rng(0)
    weights = [rng.integers(-8, 9, size=(6, 2)) / 4, rng.integers(-8, 9, size=(1, 6)) / 4, [[1]]]
    plain = Network.from_dense(weights, [rng.integers(-4, 5, size=6) / 4, [0], [0]])
    own = unit_network(plain, 2, 0, 1)
    top = max(
        value(form, corner)
        for corners, (form,) in regions(own, domain_corners(Box.cube(2), 2))
        for corner in corners
    )
    for shift, true in ((-Fraction(1, 2**12), True), (TINY, False)):
        bias = Affine({1: plain.layers[1].affine.terms[0][1].exact}, [shift - top])
        network = Network(2, (plain.layers[0], Layer(bias)), plain.output)
        assert (look(network, (2, 0, "dead"), SQUARE) is not None) == true


def test_a_point_with_the_other_sign_ends_the_search() -> None:
    network, offered = hat(Fraction(1, 2)), list[Any]()

    def offer(point: Any) -> bool:
        offered.append(point)
        return bool(unit_network(network, 2, 0, 1)([point])[0, 0] > 0)

    bounds = linear_bounds(network, SQUARE)
    until = time.monotonic() + 20
    tree = sign_cases(
        network, SQUARE, bounds, (2, 0, "dead"), programs=400, until=until, offer=offer
    )
    assert tree is None
    assert abs(offered[-1][0]) < 2**-10  # at the needle


def test_no_budget_or_no_ends_give_no_proof() -> None:
    network = hat(1)
    assert look(network, (2, 0, "dead"), SQUARE, 0) is None
    assert look(network, (2, 0, "dead"), SQUARE, 2) is None
    assert look(network, (2, 0, "dead"), IntervalVector.line(2)) is None
