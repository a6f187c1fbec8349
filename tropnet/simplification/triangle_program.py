"""The linear program of lines around each unit, asked for the slopes that bound one unit best."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.checker.linear_bounds import SLOPE_BITS

if TYPE_CHECKING:
    from tropnet.exact import IntervalVector
    from tropnet.network import Network
    from tropnet.typing import FloatArray

#: Variables, and entries of the constraints, beyond which no program is asked.
_VARIABLES: Final = 4000
_ENTRIES: Final = 2**23
#: Seconds for one program.
_SECONDS: Final = 5.0


def best_slopes(
    network: Network,
    box: IntervalVector,
    bounds: Sequence[IntervalVector],
    target: tuple[int, int, str],
) -> list[list[int]] | None:
    """Return slopes of the lines below earlier units for the best linear bound of a unit.

    The program has a variable v for each input and each earlier unit; a unit t of unknown sign is
    between the lines v ≥ 0, v ≥ t and the chord above. Its dual weighs v ≥ t against v ≥ 0: the
    share of the former is the slope. Floats propose; any slopes in [0, 1] are sound.

    Args:
        network: the network.
        box: intervals around the inputs, bounded.
        bounds: intervals around the pre-activations of all layers.
        target: layer counted from 1, unit, and the end to be bounded, "lower" or "upper".

    Returns:
        For each layer before the unit's, for each unit a slope over 2^16; None where there is no
        answer.

    Cost: one linear program with as many variables as inputs and units before.

    Source: Wong and Kolter, *Provable defenses against adversarial examples* (2018); Salman, Yang,
        Zhang, Hsieh and Zhang, *A convex relaxation barrier* (2019), for the dual.

    Example:
        >>> import tropnet
        >>> from tropnet.checker.linear_bounds import linear_bounds
        >>> from tropnet.exact import IntervalVector
        >>> from tropnet.simplification.triangle_program import best_slopes
        >>> f = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]], [[0, 0], [-3], [0]])
        >>> box = IntervalVector.of([-1], [2])
        >>> rows = best_slopes(f, box, linear_bounds(f, box), (2, 0, "lower"))
        >>> [len(row) for row in rows]
        [2]
    """
    from scipy.optimize import linprog

    k, unit, side = target
    if (box.no_lower | box.no_upper).any():
        return None
    n, widths = network.n_inputs, network.widths[: k - 1]
    starts = np.cumsum([0, n, *widths])
    size = int(starts[-1])
    if size > _VARIABLES or size * sum(widths) > _ENTRIES:
        return None
    rows: list[FloatArray] = []
    limits: list[float] = []
    equal: list[FloatArray] = []
    right: list[float] = []
    ends = [(float(low or 0), float(high or 0)) for low, high in box.ends()]
    below: list[tuple[int, int, int]] = []  # layer, unit, row of v ≥ t
    for s in range(1, k):
        layer = network.layers[s - 1]
        weights = _rows(network, s, starts, size)
        bias = layer.affine.bias.values[:, 0]
        for j, (low, high) in enumerate(bounds[s - 1].ends()):
            place = int(starts[s]) + j
            own = np.zeros(size)
            own[place] = 1.0
            line = weights[j]
            if not layer.relu[j] or (low is not None and low >= 0):
                equal.append(own - line)
                right.append(float(bias[j]))
                ends.append((-np.inf, np.inf))
            elif high is not None and high <= 0:
                ends.append((0.0, 0.0))
            elif low is None or high is None:
                return None
            else:
                slope = float(high / (high - low))
                below.append((s, j, len(rows)))
                rows += [line - own, own - slope * line]
                limits += [-float(bias[j]), slope * (float(bias[j]) - float(low))]
                ends.append((0.0, np.inf))
    cost = _rows(network, k, starts, size)[unit] * (1.0 if side == "lower" else -1.0)
    if not below or not all(np.isfinite(v).all() for v in (*rows, *equal, cost)):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the answer is only a guess
        found = linprog(
            cost,
            A_ub=np.array(rows),
            b_ub=limits,
            A_eq=np.array(equal) if equal else None,
            b_eq=right or None,
            bounds=ends,
            method="highs",
            options={"time_limit": _SECONDS},
        )
    if found.status != 0:
        return None
    slopes = [[0] * width for width in widths]
    for s, j, row in below:
        with_t = max(0.0, -float(found.ineqlin.marginals[row]))
        alone = max(0.0, float(found.lower.marginals[int(starts[s]) + j]))
        if with_t > 0:
            slopes[s - 1][j] = round(with_t / (with_t + alone) * (1 << SLOPE_BITS))
    return slopes


def _rows(network: Network, k: int, starts: FloatArray, size: int) -> FloatArray:
    """Return the weights of a layer over all variables, `(width, size)`."""
    layer = network.layers[k - 1]
    table = np.zeros((layer.width, size))
    for source, weights in layer.affine.terms:
        start = int(starts[source])
        table[:, start : start + weights.shape[1]] += weights.values
    return table
