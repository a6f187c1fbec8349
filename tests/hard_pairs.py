"""Pairs of networks that are equal for a reason no bound can see: undecided for certain.

They have more inputs than cells are enumerated for.
"""

from __future__ import annotations

from tropnet import Network


def largest_of_four(order: list[int]) -> Network:
    """The largest of x0, x1, x2, x3 + … + x6, in two rounds; the order says who meets whom."""
    a, b, c, d = ([int(min(k, 3) == i) for k in range(7)] for i in order)
    less = [[u - v for u, v in zip(*pair, strict=True)] for pair in ((a, b), (c, d))]
    first = [less[0], b, [-v for v in b], less[1], d, [-v for v in d]]
    second = [[1, 1, -1, -1, -1, 1], [0, 0, 0, 1, 1, -1], [0, 0, 0, -1, -1, 1]]
    return Network.from_dense([first, second, [[1, 1, -1]]])


def two_tournaments() -> tuple[Network, Network]:
    """Two ways to find the largest of four numbers."""
    return largest_of_four([0, 1, 2, 3]), largest_of_four([0, 2, 1, 3])
