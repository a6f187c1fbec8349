"""Whether a search for cells is bound to find more of them than it may, told before it begins."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from tropnet.geometry.tree.estimate import RandomDescents

if TYPE_CHECKING:
    from tropnet.geometry.tree.problem import TreeProblem

#: Seconds that the descents may take.
_SECONDS: Final = 1.0
#: How many are made at least for a number to tell, at most, and before they are given up where all
#: of them together do not come to the limit.
_FEWEST: Final = 8
_MOST: Final = 1000
_QUIET: Final = 16
#: The parts of a fortune that are staked, and what it must grow to.
_STAKES: Final = (1 / 2, 1 / 16, 1 / 128, 1 / 1024)
_GROWTH: Final = 1000.0
#: Beyond this many choices a descent counts as if it had so many, lest floats overflow.
_CHOICES: Final = 900


def predicted_excess(problem: TreeProblem, max_cells: int) -> int | None:
    """Return the predicted number of cells if it is sure to be beyond a limit, else None.

    Descents to random leaves give numbers whose expectation is the number of cells, but most of
    them are far below it and few far above, so that no fixed multiple of the limit tells much:
    instead the descents are betted on. If there are at most `max_cells` cells, a gambler who stakes
    a part of a fortune on each descent, and is paid the ratio of what it gave to the limit, plays a
    fair game at best; a thousandfold fortune then has a probability of 1/1000 at most, whenever the
    game ends. Nothing is proven by it, and whoever gives a time limit is not asked. The mean of the
    descents is beyond the limit whenever the fortune grows.

    Args:
        problem: what is to be searched.
        max_cells: the limit.

    Returns:
        The mean of the descents, rounded down, or None: search.

    Cost: about one second at most, and a hundred linear programs for each unit where there are few
    cells.

    Source: D. E. Knuth, "Estimating the efficiency of backtrack programs", Mathematics of
    Computation 29 (1975); J. Ville, "Étude critique de la notion de collectif" (1939), for the
    inequality.

    Example:
        >>> import numpy as np
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry.circuit import Circuit
        >>> from tropnet.geometry.tree.prediction import predicted_excess
        >>> from tropnet.geometry.tree.problem import TreeProblem
        >>> orthants = Network.from_dense([np.eye(20), [[1] * 20]])
        >>> problem = TreeProblem.of(Circuit.of(orthants), Box.cube(20))
        >>> predicted_excess(problem, 500_000), predicted_excess(problem, 1_048_576)
        (1048576, None)
    """
    if 1 << problem.n_units <= max_cells:
        return None
    way, total, sure = RandomDescents(problem, 0), 0, False
    way.splits(0)  # compiles
    deadline = time.monotonic() + _SECONDS
    fortunes = [1.0] * len(_STAKES)
    for count in range(1, _MOST + 1):
        choices = way.one(deadline)
        total += 1 << choices
        paid = math.exp(min(choices, _CHOICES) * math.log(2) - math.log(max_cells))
        fortunes = [
            fortune * (1 - stake + stake * paid)
            for fortune, stake in zip(fortunes, _STAKES, strict=True)
        ]
        sure = sure or sum(fortunes) >= _GROWTH * len(_STAKES)
        over = time.monotonic() > deadline
        if sure and (over or count >= _FEWEST):
            return total // count
        if over or (count >= _QUIET and total <= max_cells):
            return None
    return None
