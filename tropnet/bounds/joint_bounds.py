"""Proven float bounds of the gap between two networks on many boxes at a time."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, final

import numpy as np

from tropnet.bounds import joint_zonotope
from tropnet.bounds.bound_program import BoundElsewhere, BoundProgram, own_threads_only
from tropnet.bounds.joint_zonotope import ON_A, ON_B, PAIRS, PAIRS_ON_A, PAIRS_ON_B
from tropnet.errors import BudgetExceeded, DomainError

if TYPE_CHECKING:
    from tropnet.checker.joint_program import JointLayer, JointProgram
    from tropnet.checker.split_tree import Unit
    from tropnet.exact import RationalMatrix
    from tropnet.typing import FloatArray, IntArray, SignArray

#: The numbers that the zonotopes of all threads may hold (2 GiB).
_NUMBERS: Final = 2**28

#: What sums of so many floats of one sign lose is covered by `joint_zonotope.MORE`.
_SUMMANDS: Final = 2**19
#: The size that an entry of a weight matrix is taken for, at least.
_LEAST: Final = 1e-290
#: Scales of matched units.
SCALES: Final = (Fraction(1, 2**200), Fraction(2**200))

#: Boxes that are bounded together, here and where they travel first.
_BATCH: Final = 64
_LARGE_BATCH: Final = 1024

#: What can be bounded: a norm of f − g, the largest f_i − g_i, or f's lead where g prefers another.
Goal = Literal["inf", "1", "2", "at_most", "argmax"]

_GOALS: Final[dict[str, int]] = {
    "inf": joint_zonotope.NORM_INF,
    "1": joint_zonotope.NORM_1,
    "2": joint_zonotope.NORM_2,
    "at_most": joint_zonotope.AT_MOST,
    "argmax": joint_zonotope.ARGMAX,
}


@final
@dataclass(frozen=True, slots=True)
class BoxBounds:
    """What was found about some boxes.

    Attributes:
        upper: `(B,)` proven upper bounds; infinity where floats give none, −infinity where no point
            of the box has the given signs.
        dimension: `(B,)` the input that it pays to split, −1 where none can be.
        unit: `(B,)` the unit that it pays to split by its sign, −1 where none can be.
        points: `(B, n)` corners where the gap may be large.
        margin: `(B,)` the least distance by which an output, or a part without points, was ruled
            out; infinity where none was.
    """

    upper: FloatArray
    dimension: IntArray
    unit: IntArray
    points: FloatArray
    margin: FloatArray


@final
class JointBounds:
    """Bounds the gap between two networks on boxes, by differential zonotopes.

    Plain zonotopes around both networks share their inputs' symbols with zonotopes around the
    differences of matched units; for each unit the narrower of what it can follow from is taken.
    Forward differential analysis of ReLU networks is due to Paulsen, Wang and Wang (*ReluDiff*,
    ICSE 2020; *NeuroDiff*, ASE 2020) and, with zonotopes, to Teuber, Kern, Janzen and Beckert
    (*Revisiting Differential Verification: Equivalence Verification with Confidence*, 2024).

    Args:
        program: both networks and the pairs of their units.
        goal: what to bound.
        scales: factors of the outputs in norms; 1 when left out.
        threads: how many threads to use; as many as there are cores when left out.
        executor: bounds boxes elsewhere: a pool of processes, or what another machine offers as a
            `concurrent.futures.Executor`. What it does not finish is bounded here.

    Raises:
        BudgetExceeded: there is not enough memory for zonotopes of networks so large.
        DomainError: two units are matched at a scale beyond 2^±200.

    Cost: for each box about Σ p·w² over the layers, where w is the width and p the number of
    inputs and of units of unknown sign so far.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.bounds import JointBounds
        >>> from tropnet.checker.joint_program import JointProgram
        >>> from tropnet.checker.matching import Matching
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[1], [-1]], [[1, 1.125]]])
        >>> bounds = JointBounds(JointProgram.of(f, g, [Matching.identity(2)]), "inf")
        >>> found = bounds(np.array([[[0.5], [1.0]], [[-1.0], [-0.5]]]))
        >>> [round(float(v), 6) for v in found.upper]
        [0.0, 0.125]
    """

    def __init__(
        self,
        program: JointProgram,
        goal: Goal,
        scales: FloatArray | None = None,
        threads: int | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.program = program
        self.n_inputs = program.n_inputs
        layers = [*program.layers, program.output]
        n = program.n_inputs
        self.widths = np.array([(n, n, 0), *(layer.widths for layer in layers)])
        pairs = [layer.matching for layer in layers]
        counts = np.array([0, 0, *(len(p.first) for p in pairs)])
        size = program.output.widths[2]
        self._program = BoundProgram(
            n,
            _GOALS[goal],
            self.widths,
            self._compiled(layers),
            (
                np.cumsum(counts)[: len(layers) + 1].astype(np.int64),
                np.array([i for p in pairs for i in p.first], dtype=np.int64),
                np.array([j for p in pairs for j in p.second], dtype=np.int64),
                np.array([_scale(s) for p in pairs for s in p.scales], dtype=np.float64),
            ),
            np.ones(size) if scales is None else np.asarray(scales, dtype=np.float64),
        )
        self.threads = self._affordable(min(threads or os.cpu_count() or 1, 8))
        self._work = [self._program.workspace() for _ in range(self.threads)]
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None
        self._elsewhere = None if executor is None else BoundElsewhere(executor, self._program)

    @property
    def batch(self) -> int:
        """The boxes that it pays to bound together."""
        return _BATCH if self._elsewhere is None else _LARGE_BATCH

    @property
    def n_values(self) -> int:
        """The numbers of phases of a box: one for each value of either network, in `starts`."""
        return int(self.widths.sum())

    @property
    def starts(self) -> IntArray:
        """`(layers, 3)`: where the values of a, b and their differences stand among the phases."""
        return np.asarray(self._program.data[5])

    @property
    def units(self) -> dict[int, Unit]:
        """Layer, network and unit for each value of either network, by its place."""
        return {
            int(self.starts[k, which]) + j: (k, name, j)
            for k in range(1, len(self.widths) - 1)
            for which, name in enumerate("ab")
            for j in range(int(self.widths[k, which]))
        }

    def __call__(self, boxes: FloatArray, phases: SignArray | None = None) -> BoxBounds:
        """Bound the gap on some boxes.

        Args:
            boxes: `(B, 2, n)` lower and upper ends.
            phases: `(B, n_values)` +1 or −1 for units whose sign is given: the bound then holds for
                the points of the box where they have it.
        """
        count = len(boxes)
        if phases is None:
            phases = np.zeros((count, self.n_values), dtype=np.int8)
        results, points = np.empty((count, 6)), np.empty((count, self.n_inputs))
        if self._elsewhere is not None:
            here = self._elsewhere.fill(boxes, phases, results, points)
        else:
            here = [
                (count * t // self.threads, count * (t + 1) // self.threads)
                for t in range(self.threads)
            ]
        self._fill(here, boxes, phases, results, points)
        upper = np.where(np.isnan(results[:, 0]), np.inf, results[:, 0])
        return BoxBounds(
            upper,
            results[:, 1].astype(np.int64),
            results[:, 3].astype(np.int64),
            points,
            results[:, 5],
        )

    def _fill(
        self,
        parts: list[tuple[int, int]],
        boxes: FloatArray,
        phases: SignArray,
        results: FloatArray,
        points: FloatArray,
    ) -> None:
        """Bound these parts of the boxes in threads of our own."""

        def fill(place: int) -> None:
            for begin, end in parts[place :: self.threads]:
                self._program.fill(begin, end, boxes, phases, self._work[place], results, points)

        with own_threads_only():
            if self._pool is None:
                fill(0)
            else:
                list(self._pool.map(fill, range(self.threads)))

    def _compiled(self, layers: list[JointLayer]) -> tuple[Any, ...]:
        table: list[tuple[int, int, int, int]] = []
        data: list[FloatArray] = []
        sizes: list[FloatArray] = []
        offset = 0
        for k, layer in enumerate(layers, start=1):
            kinds = (
                (ON_A, layer.a), (ON_B, layer.b), (PAIRS, layer.pairs),
                (PAIRS_ON_B, layer.pairs_on_b), (PAIRS_ON_A, layer.pairs_on_a),
            )  # fmt: skip
            for kind, terms in kinds:
                for source, matrix in terms:
                    weights = matrix.T.to_floats().reshape(-1)
                    table.append((kind, k, source, offset))
                    data.append(weights)
                    # a weight below all normal floats loses more than a share of itself
                    own = np.abs(weights)
                    if own.min(initial=np.inf) < _LEAST:
                        there = matrix.T.signs().reshape(-1) != 0
                        own = np.where(there, np.maximum(own, _LEAST), 0.0)
                    sizes.append(own)
                    offset += len(weights)
        weights = np.concatenate([*data, np.zeros(0)])
        starts = np.zeros(self.widths.size + 1, dtype=np.int64)
        starts[1:] = np.cumsum(self.widths.reshape(-1))
        n = self.n_inputs
        bias = [np.zeros(2 * n)]
        for layer in layers:
            bias += [_column(layer.bias_a), _column(layer.bias_b), _column(layer.bias)]
        return (
            np.array(table, dtype=np.int64).reshape(-1, 4), weights,
            np.concatenate([*sizes, np.zeros(0)]),
            np.concatenate(bias), self.widths.astype(np.int64),
            starts[:-1].reshape(self.widths.shape),
        )  # fmt: skip

    def _affordable(self, threads: int) -> int:
        """Return how many threads there is memory for.

        Raises:
            BudgetExceeded: not even for one.
        """
        units = self.widths[1:].astype(np.float64)
        rows = self.n_inputs + np.cumsum(units, axis=0)
        if rows.max() > _SUMMANDS:
            raise BudgetExceeded(
                "values summed in a bound", float(rows.max()), _SUMMANDS, "compare smaller networks"
            )
        numbers = float((rows * units).sum() + 3 * units.sum() * self.n_inputs)
        if numbers > _NUMBERS:
            raise BudgetExceeded(
                "numbers in zonotopes around two networks", numbers, _NUMBERS,
                "compare smaller networks",
            )  # fmt: skip
        return max(1, min(threads, int(_NUMBERS / max(1.0, numbers))))


def _scale(scale: Fraction) -> float:
    if not SCALES[0] <= scale <= SCALES[1]:
        raise DomainError(
            "two units are matched at a scale that floats are not made for; leave them unmatched"
        )
    return float(scale)


def _column(bias: RationalMatrix) -> FloatArray:
    return np.asarray(bias.to_floats(), dtype=np.float64).reshape(-1)
