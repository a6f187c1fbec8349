"""What a search for differences climbs: float gaps, their slopes, and where they are linear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.equivalence.linear_cell import linear_cell
from tropnet.exact.fraction import finite_float
from tropnet.network.forward import forward
from tropnet.network.gradient import gradient

if TYPE_CHECKING:
    from tropnet.equivalence.bracket import Bracket
    from tropnet.equivalence.problem import Problem
    from tropnet.network import Network
    from tropnet.typing import FloatArray

_ORDERS: Final[dict[str, Any]] = {"inf": np.inf, "1": 1, "2": 2}


@final
class Aim:
    """The gap of a comparison's relation in float64, made so that it can be climbed.

    Where f ≤ g, `heights` of `at_most` are negative. For `argmax` they are the lead of f's best
    output where g prefers another one, and elsewhere how far g is from that, as a negative number.
    Where a gap takes two points they are |f − g − c| for the middle c of what was found so far.

    Args:
        problem: the comparison.
        bracket: knows c.
    """

    def __init__(self, problem: Problem, bracket: Bracket) -> None:
        self.problem = problem
        self.bracket = bracket
        relation = problem.relation
        self.scales = (
            None
            if relation.scales is None
            else np.array([finite_float(s) for s in relation.scales])
        )
        self.is_choice = relation.kind in ("argmax", "argmin")
        self.sign = -1.0 if relation.kind == "argmin" else 1.0

    @property
    def _networks(self) -> tuple[Network, Network]:
        return self.problem.a, self.problem.b

    def _outputs(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        first, second = (
            self.sign * np.asarray(forward(net, points)[-1], dtype=np.float64)
            for net in self._networks
        )
        return first, second

    def _difference(self, points: FloatArray) -> FloatArray:
        first, second = self._outputs(points)
        difference = _finite(first - second)
        middles = self.bracket.middles
        if middles is not None:
            difference = difference - np.array([finite_float(v) for v in middles])
        return difference if self.scales is None else _finite(difference * self.scales)

    def heights(self, points: FloatArray) -> FloatArray:
        """Return for each point how good it is, `(batch,)`."""
        if not self.is_choice:
            difference = self._difference(points)
            if self.problem.relation.kind == "at_most":
                return np.asarray(difference.max(axis=1))
            return np.asarray(np.linalg.norm(difference, _ORDERS[self.problem.norm], 1))
        f, g = (_finite(v) for v in self._outputs(points))
        i, j, k = _choices(f, g)
        rows = np.arange(len(points))
        behind = g[rows, k] - g[rows, i]
        return np.asarray(np.where(behind > 0, f[rows, i] - f[rows, j], behind))

    def slope(self, points: FloatArray) -> FloatArray:
        """Return a subgradient of the heights, `(batch, n)`."""
        first, second = self._weights(points)
        a, b = self._networks
        return _finite(np.asarray(gradient(a, points, first) - gradient(b, points, second)))

    def _weights(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what the outputs of f, and those of −g, are weighted with."""
        if self.is_choice:
            f, g = (_finite(v) for v in self._outputs(points))
            i, j, k = _choices(f, g)
            rows, agrees = np.arange(len(points)), np.zeros(f.shape)
            leads = np.zeros(f.shape)
            disagree = g[rows, k] > g[rows, i]
            leads[rows, i], leads[rows, j] = self.sign, -self.sign
            agrees[rows, i], agrees[rows, k] = self.sign, -self.sign
            return leads * disagree[:, None], agrees * ~disagree[:, None]
        difference = self._difference(points)
        rows = np.arange(len(points))
        weights = np.zeros_like(difference)
        if self.problem.relation.kind == "at_most":
            weights[rows, np.argmax(difference, axis=1)] = 1.0
        elif self.problem.norm == "inf":
            top = np.argmax(np.abs(difference), axis=1)
            weights[rows, top] = np.where(difference[rows, top] < 0, -1.0, 1.0)
        else:
            weights = np.sign(difference) if self.problem.norm == "1" else difference
        if self.scales is not None:
            weights = _finite(weights * self.scales)
        return weights, weights

    def bounding(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradients and values of what bounds the cell around a point.

        These are the units of both networks and, for a choice, comparisons of outputs: the choices
        of f and its second best stay, and so does what g prefers.
        """
        slopes, values = [np.zeros((0, len(point)))], [np.zeros(0)]
        for network in self._networks:
            for layer, slope, value in zip(
                network.layers, *linear_cell(network, point), strict=True
            ):
                slopes.append(slope[layer.relu])
                values.append(value[layer.relu])
        if self.is_choice:
            more = self._comparisons(point)
            slopes.append(more[0])
            values.append(more[1])
        return np.vstack(slopes), np.concatenate(values)

    def _comparisons(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        outputs = self._outputs(point[None, :])
        f, g = (_finite(v) for v in outputs)
        (i,), (j,), (k,) = _choices(f, g)
        m = f.shape[1]
        unit = np.eye(m)
        ahead = np.array(
            [unit[i] - unit[j], *(unit[j] - unit[v] for v in range(m) if v not in (i, j))]
        )
        preferred = (unit[k] - unit[i])[None, :]
        slopes = []
        for network, weights in zip(self._networks, (ahead, preferred), strict=True):
            repeated = np.repeat(point[None, :], len(weights), axis=0)
            slopes.append(self.sign * np.asarray(gradient(network, repeated, weights)))
        values = np.concatenate([ahead @ f[0], preferred @ g[0]])
        return _finite(np.vstack(slopes)), values


def _choices(f: FloatArray, g: FloatArray) -> tuple[Any, Any, Any]:
    """Return for each row the best output of f, its second best, and g's best but the first."""
    rows = np.arange(len(f))
    i = np.argmax(f, axis=1)
    left_f, left_g = f.copy(), g.copy()
    left_f[rows, i] = left_g[rows, i] = -np.inf
    return i, np.argmax(left_f, axis=1), np.argmax(left_g, axis=1)


def _finite(values: FloatArray) -> FloatArray:
    """Return the values with zeros where floats gave up."""
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
