"""Pairs of networks that are equal for a reason no method here can see: undecided for certain.

They have more inputs than cells are enumerated for.
"""

from __future__ import annotations

from tropnet import Network
from tropnet.network import Affine, Layer


def two_norms() -> tuple[Network, Network]:
    """|u| + |v| and max(|u + v|, |u − v|), with u = x0 − 1/2 and v = x1 − 1/2, of seven inputs.

    The kinks of the first lie on the axes, those of the second on the diagonals, and their second
    layer; so no unit of one is a multiple of one of the other, nor a maximum of such.
    """
    x, y, plus, minus = ([*v, *[0] * 5] for v in ((1, 0), (0, 1), (1, 1), (1, -1)))
    sides = [x, _opposite(x), y, _opposite(y)]
    first = Network.from_dense([sides, [[1, 1, 1, 1]]], [["-1/2", "1/2", "-1/2", "1/2"], [0]])
    diagonals = Layer(Affine({0: [plus, _opposite(plus), minus, _opposite(minus)]}, [-1, 1, 0, 0]))
    # max(p, q) = q + relu(p − q)
    above = Layer(Affine({1: [[1, 1, -1, -1]]}))
    second = Network(7, (diagonals, above), Affine({1: [[0, 0, 1, 1]], 2: [[1]]}))
    return first, second


def _opposite(weights: list[int]) -> list[int]:
    return [-v for v in weights]
