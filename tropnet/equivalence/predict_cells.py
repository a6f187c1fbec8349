"""How many joint cells two networks have, predicted before they are enumerated."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from tropnet.checker.cells import domain_cone
from tropnet.checker.stage import stages_of

if TYPE_CHECKING:
    import numpy as np

    from tropnet.domains import Domain
    from tropnet.network import Network

#: Random descents at most, and the seconds after which no further one is begun.
_DESCENTS: Final = 24
_SECONDS: Final = 0.3


@final
@dataclass(frozen=True, slots=True)
class PredictedCells:
    """What random descents say of an enumeration.

    Attributes:
        cells: an estimate of the number of cells; mostly too low where few descents meet many.
        seconds: about how long it takes to enumerate them.
    """

    cells: float
    seconds: float


def predict_cells(
    a: Network,
    b: Network,
    domain: Domain,
    rng: np.random.Generator,
    watch: Callable[[], None] | None = None,
) -> PredictedCells:
    """Predict what an enumeration of joint cells costs, by descents that keep a side of each cut.

    Two to the number of cuts on the way has the number of cells as its expectation (Knuth,
    *Estimating the efficiency of backtrack programs*, 1975).

    Args:
        a: the first network.
        b: the second network, with as many inputs.
        domain: a domain with a point.
        rng: chooses the sides.
        watch: called now and then; raises to stop.

    Cost: a third of a second, or one descent if that takes longer.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.equivalence.predict_cells import predict_cells
        >>> axes = Network.from_dense([[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 1, 1]]])
        >>> predict_cells(axes, axes, None, np.random.default_rng(0)).cells
        8.0
    """
    begun = time.perf_counter()
    stages, start = stages_of((a, b)), domain_cone(domain, a.n_inputs, watch)
    total, cuts, descents = 0.0, 0, 0
    while not descents or (descents < _DESCENTS and time.perf_counter() - begun < _SECONDS):
        cell, here = start, 0
        for stage in stages:
            cell = stage.evaluated(cell)
            for column in stage.bends:
                if cell.is_cut(column):
                    cell, here = cell.parts(column, watch)[rng.integers(2)], here + 1
            cell = stage.rectified(cell)
        total, cuts, descents = total + 2.0 ** min(here, 1000), cuts + here, descents + 1
    cells = total / descents
    each = (time.perf_counter() - begun) / max(1, cuts)
    return PredictedCells(cells, cells * each)
