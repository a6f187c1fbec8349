"""The linear program of lines around each unit, asked for the slopes that bound one unit best."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.checker.relu_lines import SLOPE_BITS

if TYPE_CHECKING:
    from fractions import Fraction

    from tropnet.checker.case_bounds import Split
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
    found = relaxed(network, box, bounds, target)
    return None if found is None or not found.gaps else found.slopes


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The solution of a linear program of triangles, in floats.

    Attributes:
        least: the least value of the target.
        slopes: for each layer before, for each unit the slope of the line below, over 2^16.
        multipliers: of the splits, over 2^16.
        point: the inputs where the least value is.
        gaps: (gap, layer, unit) for units of unknown sign: how far the value there is from ReLU's,
            times what that counts for; the largest first.
    """

    least: float
    slopes: list[list[int]]
    multipliers: list[int]
    point: FloatArray
    gaps: list[tuple[float, int, int]]


def relaxed(
    network: Network,
    box: IntervalVector,
    bounds: Sequence[IntervalVector],
    target: tuple[int, int, str],
    path: Sequence[Split] = (),
) -> Relaxed | None:
    """Solve the linear program of triangles for one unit, where some units have known signs.

    A split σ t ≥ 0 becomes a row σ t + e ≥ 0 with e ≥ 0 at a high price, so that the program has
    a solution in cases that are empty; the row's dual is the multiplier.

    Args:
        network: the network.
        box: intervals around the inputs, bounded.
        bounds: intervals around the pre-activations of all layers, in this case.
        target: layer counted from 1, unit, and the end to be bounded, "lower" or "upper".
        path: (layer, unit, sign) of the units whose signs are known.

    Returns:
        The solution for the unit (for its negative, if the upper end is asked for), or None where
        there is none.

    Cost: one linear program with as many variables as inputs, units before, and splits.
    """
    k, unit, side = target
    size = network.n_inputs + sum(network.widths[: k - 1])
    if (box.no_lower | box.no_upper).any() or size > _VARIABLES or size**2 > _ENTRIES:
        return None
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the answer is only a guess
        try:
            program = _Program(network, k, box, bounds)
        except (OverflowError, ValueError):  # ends that are no floats, or infinite
            return None
        sign = 1.0 if side == "lower" else -1.0
        cost = program.table(k)[unit] * sign
        shift = float(network.layers[k - 1].affine.bias.values[unit, 0]) * sign
        return program.solve(cost, shift, path)


@final
class _Program:
    """Variables for inputs and for units of earlier layers, and the lines around those."""

    def __init__(
        self, network: Network, k: int, box: IntervalVector, bounds: Sequence[IntervalVector]
    ) -> None:
        self.network, self.widths = network, network.widths[: k - 1]
        self.starts = np.cumsum([0, network.n_inputs, *self.widths])
        self.rows: list[FloatArray] = []
        self.limits: list[float] = []
        self.equal: list[FloatArray] = []
        self.right: list[float] = []
        self.ends = [(float(low or 0), float(high or 0)) for low, high in box.ends()]
        self.open: list[tuple[int, int, int]] = []  # layer, unit, row of v ≥ t
        self.tables: dict[int, FloatArray] = {}
        for s in range(1, k):
            for j, (low, high) in enumerate(bounds[s - 1].ends()):
                self._unit(s, j, low, high)

    def table(self, k: int) -> FloatArray:
        """Return the weights of a layer over all variables, `(width, size)`."""
        if k not in self.tables:
            self.tables[k] = _rows(self.network, k, self.starts, int(self.starts[-1]))
        return self.tables[k]

    def bias(self, k: int, j: int) -> float:
        return float(self.network.layers[k - 1].affine.bias.values[j, 0])

    def _unit(self, s: int, j: int, low: Fraction | None, high: Fraction | None) -> None:
        line, bias = self.table(s)[j], self.bias(s, j)
        own = np.zeros(len(line))
        own[int(self.starts[s]) + j] = 1.0
        if not self.network.layers[s - 1].relu[j] or (low is not None and low >= 0):
            self.equal.append(own - line)
            self.right.append(bias)
            self.ends.append((-np.inf, np.inf))
        elif high is not None and high <= 0:
            self.ends.append((0.0, 0.0))
        elif low is None or high is None:
            raise ValueError("a unit without bounds")
        else:
            slope = float(high / (high - low))
            self.open.append((s, j, len(self.rows)))
            self.rows += [line - own, own - slope * line]
            self.limits += [-bias, slope * (bias - float(low))]
            self.ends.append((0.0, np.inf))

    def solve(self, cost: FloatArray, shift: float, path: Sequence[Split]) -> Relaxed | None:
        """Minimise; errors of the splits cost a hundred times the largest weight."""
        from scipy.optimize import linprog

        first, size, count = len(self.rows), len(cost), len(path)
        rows = np.zeros((first + count, size + count))
        if first:
            rows[:first, :size] = self.rows
        for place, (s, j, sign) in enumerate(path):
            rows[first + place, :size] = -sign * self.table(s)[j]
            rows[first + place, size + place] = -1.0
        limits = np.array([*self.limits, *(sign * self.bias(s, j) for s, j, sign in path)])
        equal = np.zeros((len(self.equal), size + count))
        if self.equal:
            equal[:, :size] = self.equal
        price = 100.0 * float(np.abs(cost).max(initial=0.0)) or 1.0
        whole = np.concatenate([cost, np.full(count, price)])
        if not all(np.isfinite(v).all() for v in (rows, limits, equal, whole)):
            return None
        found = linprog(
            whole,
            A_ub=rows if len(rows) else None,
            b_ub=limits if len(rows) else None,
            A_eq=equal if len(equal) else None,
            b_eq=np.array(self.right) if len(equal) else None,
            bounds=[*self.ends, *[(0.0, np.inf)] * count],
            method="highs",
            options={"time_limit": _SECONDS},
        )
        if found.status != 0 or found.fun is None or found.x is None:
            return None
        duals = np.maximum(0.0, -found.ineqlin.marginals) if len(rows) else np.zeros(0)
        alone = np.maximum(0.0, found.lower.marginals)
        return self._read(float(found.fun) + shift, found.x, duals, alone, count)

    def _read(
        self, least: float, values: FloatArray, duals: FloatArray, alone: FloatArray, count: int
    ) -> Relaxed:
        slopes = [[0] * width for width in self.widths]
        gaps: list[tuple[float, int, int]] = []
        size = int(self.starts[-1])
        for s, j, row in self.open:
            place = int(self.starts[s]) + j
            if duals[row] > 0:
                share = float(duals[row] / (duals[row] + alone[place]))
                slopes[s - 1][j] = round(share * (1 << SLOPE_BITS))
            before = float(self.table(s)[j] @ values[:size]) + self.bias(s, j)
            gap = max(0.0, float(values[place]) - max(before, 0.0))
            gaps.append((gap * float(duals[row + 1]), s, j))
        splits = duals[len(duals) - count :]
        return Relaxed(
            least,
            slopes,
            [round(float(v) * (1 << SLOPE_BITS)) for v in splits],
            values[: self.network.n_inputs],
            sorted(gaps, reverse=True),
        )


def _rows(network: Network, k: int, starts: FloatArray, size: int) -> FloatArray:
    """Return the weights of a layer over all variables, `(width, size)`."""
    layer = network.layers[k - 1]
    table = np.zeros((layer.width, size))
    for source, weights in layer.affine.terms:
        start = int(starts[source])
        table[:, start : start + weights.shape[1]] += weights.values
    return table
