"""The linear cell around a point, in float64, and linear programs over it."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING

import numpy as np

from tropnet.domains import Polyhedron

if TYPE_CHECKING:
    from tropnet.equivalence.sample import Sampler
    from tropnet.network import Network
    from tropnet.typing import BoolArray, FloatArray


def linear_cell(network: Network, point: FloatArray) -> tuple[list[FloatArray], list[FloatArray]]:
    """Return gradients and values of all units' pre-activations on the linear cell of a point.

    Args:
        network: the network.
        point: `(n,)`; units at zero count as inactive.

    Returns:
        For each layer `(width, n)` and `(width,)`.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.equivalence.linear_cell import linear_cell
        >>> f = Network.from_dense([[[2], [-1]], [[1, 1]], [[1]]])
        >>> [slopes.tolist() for slopes in linear_cell(f, np.array([3.0]))[0]]
        [[[2.0], [-1.0]], [[2.0]]]
    """
    jacobians: list[FloatArray] = [np.eye(network.n_inputs)]
    values: list[FloatArray] = [point]
    slopes, heights = [], []
    for layer in network.layers:
        value = layer.affine([v[None, :] for v in values])[0]
        slope = np.zeros((layer.width, network.n_inputs))
        for source, weights in layer.affine.terms:
            slope = slope + weights.apply(jacobians[source].T).T
        slopes.append(slope)
        heights.append(value)
        alive = ~layer.relu | (value > 0)
        jacobians.append(np.where(alive[:, None], slope, 0.0))
        values.append(np.where(alive, value, 0.0))
    return slopes, heights


def farthest(
    sampler: Sampler,
    point: FloatArray,
    slope: FloatArray,
    units: tuple[FloatArray, FloatArray],
    until: float,
) -> FloatArray | None:
    """Return where a linear function is largest on a linear cell within the domain.

    Args:
        sampler: of the domain.
        point: `(n,)`, in the cell.
        slope: `(n,)`, of the function.
        units: gradients `(k, n)` and values `(k,)` at the point of the units that bound the cell.
        until: `time.monotonic()` at which to give up.

    Returns:
        A vertex, or None where floats or the time did not suffice.
    """
    from scipy.optimize import linprog

    weights, values = units
    # unit ≥ 0 stays ≥ 0: −sign·(w·x) ≤ sign·(value − w·x₀)
    sign = np.where(values > 0, 1.0, -1.0)
    rows, limits = [-sign[:, None] * weights], [sign * (values - weights @ point)]
    domain = sampler.problem.domain
    if isinstance(domain, Polyhedron):
        rows.append(domain.A.to_floats())
        limits.append(domain.b.to_floats()[:, 0])
    left, right = np.vstack(rows), np.concatenate(limits)
    size = np.abs(slope).max()
    if not (
        size > 0 and np.isfinite(size) and np.isfinite(left).all() and np.isfinite(right).all()
    ):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of badly scaled programs: the point is only a guess
        found = linprog(
            -slope / size,
            A_ub=left,
            b_ub=right,
            bounds=list(zip(*sampler.limits(point), strict=True)),
            method="highs",
            options={"time_limit": max(0.05, until - time.monotonic())},
        )
    return np.asarray(found.x) if found.status == 0 and found.x is not None else None


def ancestors(network: Network, layer: int, unit: int) -> list[BoolArray]:
    """Return for each earlier layer which of its units a unit depends on, itself left out.

    Args:
        network: the network.
        layer: the index of the unit's layer, from 0.
        unit: its index there.
    """
    needed = [np.zeros(y.width, dtype=np.bool_) for y in network.layers[:layer]]
    for source, weights in network.layers[layer].affine.terms:
        if source:
            needed[source - 1] |= weights.reads(np.arange(weights.shape[0]) == unit)
    for k in range(layer - 1, -1, -1):
        for source, weights in network.layers[k].affine.terms:
            if source:
                needed[source - 1] |= weights.reads(needed[k])
    return needed
