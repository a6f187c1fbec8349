"""Points where units change sign that have one sign wherever one looked: needles hide there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.equivalence.heights import heights
from tropnet.equivalence.linear_cell import ancestors, farthest, linear_cell

if TYPE_CHECKING:
    from tropnet.equivalence.sample import Sampler
    from tropnet.network import Network
    from tropnet.typing import BoolArray, FloatArray

#: Points from which one unit is driven, and linear programs from each of them.
_STARTS: Final = 4
_STEPS: Final = 4


def switch_points(
    network: Network, points: FloatArray, sampler: Sampler, until: float
) -> Iterator[FloatArray]:
    """Iterate over points at which a unit has the sign that it has at none of the given points.

    A bump on a tiny part of the domain comes from units that are off everywhere else, where |f − g|
    is flat and gives no direction; the pre-activation of such a unit does. A linear program drives
    it towards zero within the cell of the units that it depends on, which is large.

    Args:
        network: the network.
        points: `(batch, n)`, where the units were seen.
        sampler: of the domain.
        until: `time.monotonic()` at which to stop.

    Cost: at most 16 linear programs a unit, of as many rows as units that it depends on.
    """
    chosen = [
        (k, int(unit), bool(values[0, unit] > 0))
        for k, (layer, values) in enumerate(
            zip(network.layers, heights(network, points)[:-1], strict=True)
        )
        for unit in np.flatnonzero(layer.relu & _constant(values > 0))
    ]
    for index in sampler.rng.permutation(len(chosen)):
        if time.monotonic() > until:
            return
        layer, unit, active = chosen[index]
        found = _drive(network, layer, unit, -1.0 if active else 1.0, points, sampler, until)
        if found is not None:
            yield found


def _constant(active: BoolArray) -> BoolArray:
    return np.asarray(active.all(axis=0) | ~active.any(axis=0), dtype=np.bool_)


def _drive(
    network: Network,
    layer: int,
    unit: int,
    sign: float,
    points: FloatArray,
    sampler: Sampler,
    until: float,
) -> FloatArray | None:
    """Return a point where sign · unit is positive, or None where none was found."""
    needed = ancestors(network, layer, unit)
    masks = [y.relu & mask for y, mask in zip(network.layers, needed, strict=False)]
    best = int(np.argmax(sign * heights(network, points)[layer][:, unit]))
    for start in [best, *sampler.rng.integers(0, len(points), size=_STARTS - 1)]:
        here: FloatArray = points[start]
        reached = -np.inf
        for _ in range(_STEPS):
            slopes, values = linear_cell(network, here)
            if sign * values[layer][unit] > 0:
                return here
            if sign * values[layer][unit] <= reached or time.monotonic() > until:
                break
            reached = sign * values[layer][unit]
            bounding = (
                np.vstack(
                    [np.zeros((0, len(here))), *(s[m] for s, m in zip(slopes, masks, strict=False))]
                ),
                np.concatenate([np.zeros(0), *(v[m] for v, m in zip(values, masks, strict=False))]),
            )
            vertex = farthest(sampler, here, sign * slopes[layer][unit], bounding, until)
            if vertex is None:
                break
            here = sampler.pull(vertex)
    return None
