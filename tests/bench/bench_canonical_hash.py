"""The canonical hash, a cell, by the number of inputs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import numpy as np

from tests.bench.measure import Measurement, measure
from tropnet import Box, Network, canonical_hash
from tropnet.geometry import enumerate_cells

#: Inputs, widths, and the promised multiple of the unit for each cell.
_NETWORKS = (
    (2, (24, 24, 24), 0.03),
    (3, (14, 14), 0.03),
    (4, (9, 9), 0.06),
    (5, (7, 7), 0.2),
)


def measurements() -> Iterator[Measurement]:
    rng = np.random.default_rng(0)
    for n, hidden, at_most in _NETWORKS:
        shapes = list(pairwise([n, *hidden, 1]))
        weights = [rng.standard_normal((after, before)) for before, after in shapes]
        network = Network.from_dense(weights, [0.3 * rng.standard_normal(k) for _, k in shapes])
        box = Box.cube(n)
        cells = enumerate_cells(network, box).n_cells
        yield measure(
            f"canonical hash, {n} inputs, {cells} cells, a cell",
            partial(canonical_hash, network, box),
            at_most=at_most,
            per=cells,
            repeats=2,
        )
