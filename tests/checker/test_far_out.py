from __future__ import annotations

from fractions import Fraction

import pytest

from tests.strategies.pairs import draw_pair
from tropnet.checker.far_out import far_out
from tropnet.network import Network


@pytest.mark.parametrize("seed", range(40))
def test_against_values_far_out(seed: int) -> None:
    pair = draw_pair(seed)
    n = pair.a.n_inputs
    point = [Fraction(seed - 20, 3)] * n
    for direction in ([Fraction(1)] * n, [Fraction(-1), Fraction(0)][:n]):
        for network in (pair.a, pair.b):
            slopes, constants = far_out(network, point, direction)
            for distance in (Fraction(2) ** 3000, Fraction(3) ** 2000):
                there = [p + distance * d for p, d in zip(point, direction, strict=True)]
                expected = [s * distance + c for s, c in zip(slopes, constants, strict=True)]
                assert network.exact([there]).to_fractions()[0] == expected


def test_a_unit_whose_slope_is_zero_has_the_sign_of_its_constant() -> None:
    # relu(x - x + c) stays c or 0, however far
    for constant, value in ((2, 2), (0, 0), (-3, 0)):
        f = Network.from_dense([[[1, -1]], [[1]]], [[constant], [0]])
        zero, one = [Fraction(0)] * 2, [Fraction(1)] * 2
        assert far_out(f, zero, one) == ([Fraction(0)], [Fraction(value)])
