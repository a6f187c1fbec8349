"""Proven float bounds of the gap between two networks on many boxes at a time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, final

import numpy as np

from tropnet.bounds import joint_zonotope
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
    ) -> None:
        self.program = program
        self.n_inputs = program.n_inputs
        self.goal = _GOALS[goal]
        layers = [*program.layers, program.output]
        n = program.n_inputs
        self.widths = np.array([(n, n, 0), *(layer.widths for layer in layers)])
        self._program = self._compiled(layers)
        pairs = [layer.matching for layer in layers]
        counts = np.array([0, 0, *(len(p.first) for p in pairs)])
        self._pairs = (
            np.cumsum(counts)[: len(layers) + 1].astype(np.int64),
            np.array([i for p in pairs for i in p.first], dtype=np.int64),
            np.array([j for p in pairs for j in p.second], dtype=np.int64),
            np.array([_scale(s) for p in pairs for s in p.scales], dtype=np.float64),
        )
        size = program.output.widths[2]
        self._scales = np.ones(size) if scales is None else np.asarray(scales, dtype=np.float64)
        self.threads = self._affordable(min(threads or os.cpu_count() or 1, 8))
        self._work = [self._workspace() for _ in range(self.threads)]
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None

    @property
    def n_values(self) -> int:
        """The numbers of phases of a box: one for each value of either network, in `starts`."""
        return int(self.widths.sum())

    @property
    def starts(self) -> IntArray:
        """`(layers, 3)`: where the values of a, b and their differences stand among the phases."""
        return np.asarray(self._program[5])

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
        results = np.empty((count, 6))
        points = np.empty((count, self.n_inputs))
        run = joint_zonotope.compiled()

        def part(thread: int) -> None:
            begin, end = (count * t // self.threads for t in (thread, thread + 1))
            run(
                boxes, phases, begin, end, self.n_inputs, self.goal, self._program, self._pairs,
                self._scales, self._work[thread], results, points,
            )  # fmt: skip

        # below our threads BLAS shall start none of its own: they would fight for the cores
        with _blas().limit(limits=1, user_api="blas"):
            if self._pool is None:
                part(0)
            else:
                list(self._pool.map(part, range(self.threads)))
        upper = np.where(np.isnan(results[:, 0]), np.inf, results[:, 0])
        return BoxBounds(
            upper,
            results[:, 1].astype(np.int64),
            results[:, 3].astype(np.int64),
            points,
            results[:, 5],
        )

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

    def _workspace(self) -> tuple[Any, ...]:
        """Return arrays for one thread: generators of all layers, and what goes with them."""
        n, widths = self.n_inputs, self.widths
        place = np.zeros((len(widths), 5), dtype=np.int64)
        rows = np.cumsum(np.vstack([np.zeros((1, 3)), widths[1:]]), axis=0).astype(np.int64)
        sizes = np.zeros(5, dtype=np.int64)
        largest = 1
        for k in range(1, len(widths)):
            a, b, d = rows[k]
            wa, wb, wd = widths[k]
            capacity = ((n + a) * wa, (n + b) * wb, (n + a) * wd, b * wd, d * wd)
            place[k] = sizes
            sizes += np.array(capacity, dtype=np.int64)
            largest = max(largest, *map(int, capacity))
        total = int(widths.sum())
        arena = tuple(np.empty(max(1, int(size))) for size in sizes)
        values = tuple(np.zeros(total) for _ in range(4))
        a, b, d = (int(v) for v in rows[-1])
        shares = (
            np.zeros((a + 1, n)), np.zeros((b + 1, n)), np.zeros((d + 1, n)),
            np.zeros((3, max(a, b, d) + 1), dtype=np.int64),
        )  # fmt: skip
        return arena, place, np.empty(largest), values, shares


def _scale(scale: Fraction) -> float:
    if not SCALES[0] <= scale <= SCALES[1]:
        raise DomainError(
            "two units are matched at a scale that floats are not made for; leave them unmatched"
        )
    return float(scale)


def _column(bias: RationalMatrix) -> FloatArray:
    return np.asarray(bias.to_floats(), dtype=np.float64).reshape(-1)


@cache
def _blas() -> Any:
    """Return what sets the threads of the BLAS libraries; to look for them takes a while."""
    import scipy.linalg.cython_blas  # noqa: F401 - the one that compiled loops call
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
