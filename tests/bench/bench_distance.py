"""Distances of two networks: enumeration of the joint cells, integrals, extrema."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tests.bench.measure import Measurement, measure
from tropnet import Box, Network
from tropnet.geometry.comparison.region_comparison import RegionComparison
from tropnet.geometry.volume import cell_volumes

#: Seconds of the promises, over the unit's .04 s
_UNIT = 0.04


def network(sizes: list[int], seed: int) -> Network:
    """Weights and biases as torch draws them, uniform to one over the root of the inputs."""
    rng = np.random.default_rng(seed)
    bounds = [1 / np.sqrt(a) for a, _ in pairwise(sizes)]
    shapes = [(b, a) for a, b in pairwise(sizes)]
    weights = [
        rng.uniform(-c, c, s).astype(np.float32) for c, s in zip(bounds, shapes, strict=True)
    ]
    biases = [
        rng.uniform(-c, c, s[0]).astype(np.float32) for c, s in zip(bounds, shapes, strict=True)
    ]
    return Network.from_dense(weights, biases)


def fresh(sizes: list[int]) -> RegionComparison:
    """Return a comparison of two networks of which nothing is known yet."""
    return RegionComparison(network(sizes, 0), network(sizes, 1), Box.cube(sizes[0]))


def ends(found: RegionComparison) -> tuple[object, object]:
    """Return the exact extrema."""
    return found.supremum, found.infimum


def measurements() -> Iterator[Measurement]:
    plane, solid = [2, 64, 64, 64, 1], [3, 16, 16, 1]
    yield measure(
        "L1 of two 2-64-64-64-1, joint cells included",
        lambda: fresh(plane).l1(),
        at_most=1.0 / _UNIT,
        repeats=3,
    )
    known = fresh(plane)
    cells = known.gaps("equal").complex
    yield measure(
        f"volumes of {cells.n_cells} cells in the plane, with error bounds",
        lambda: cell_volumes(cells),
        at_most=0.2 / _UNIT,
        repeats=3,
    )
    yield measure(
        "exact supremum and infimum of two 2-64-64-64-1, joint cells included",
        lambda: ends(fresh(plane)),
        at_most=1.5 / _UNIT,
        repeats=2,
    )
    yield measure(
        "exact L1 of two 2-8-8-1",
        lambda: fresh([2, 8, 8, 1]).l1(exact=True),
        at_most=0.2 / _UNIT,
        repeats=3,
    )
    yield measure(
        "L1 of two 3-16-16-1, joint cells included",
        lambda: fresh(solid).l1(),
        at_most=0.4 / _UNIT,
        repeats=3,
    )
