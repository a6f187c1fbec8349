"""The cells in which points lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.domains import Box, Domain
from tropnet.exact import RationalMatrix
from tropnet.geometry.circuit import Circuit

if TYPE_CHECKING:
    from tropnet.network import Network
    from tropnet.typing import BoolArray, IntArray, SignArray


def cells_of_points(
    network: Network, circuit: Circuit, domain: Domain, signs: SignArray, points: Any
) -> IntArray:
    """Return for each point a cell that contains it, −1 outside the domain.

    A point on the boundary of several cells is given to the first of them.

    Args:
        network: the network.
        circuit: the same, compiled.
        domain: the domain of the cells.
        signs: `(C, k)` the signs of the first k units on the cells.
        points: `(batch, n)` or `(n,)` numbers; floats stand for their exact values.

    Cost: an exact pattern a point, in floats where their error bound decides.
    """
    found = network.pattern(points)[:, : signs.shape[1]]
    place = {row.tobytes(): k for k, row in enumerate(np.ascontiguousarray(signs))}
    result = np.full(len(found), -1, np.int64)
    for i, row in enumerate(np.ascontiguousarray(found)):
        cell = place.get(row.tobytes())
        if cell is None:
            # units that are zero at the point have any sign on the cells around it
            fits = ((row == 0) | (signs == row)).all(axis=1)
            cell = int(np.argmax(fits)) if fits.any() else -1
        result[i] = cell
    result[~_inside(domain, points)] = -1
    return result


def _inside(domain: Domain, points: Any) -> BoolArray:
    rows = RationalMatrix.of(points, "points")
    if domain is None:
        return np.ones(len(rows), np.bool_)
    if isinstance(domain, Box):
        lower = RationalMatrix.of([list(domain.lower)])
        upper = RationalMatrix.of([list(domain.upper)])
        ones = RationalMatrix.of([[1]] * len(rows))
        above, below = rows - ones @ lower, ones @ upper - rows
        good = (above.signs() >= 0).all(axis=1) & (below.signs() >= 0).all(axis=1)
        return np.asarray(good)
    A, b = domain.inequalities()
    slack = b @ RationalMatrix.of([[1] * len(rows)]) - A @ rows.T
    return np.asarray((slack.signs() >= 0).all(axis=0))
