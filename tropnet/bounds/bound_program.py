"""What bounds boxes, as plain arrays that can travel to other processes."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.bounds import joint_zonotope

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray, SignArray

#: Boxes that travel together: bounding them takes much longer than their way.
_TOGETHER: Final = 128


@final
@dataclass(frozen=True, eq=False)
class BoundProgram:
    """The arguments of the compiled loops that stay the same from box to box.

    Attributes:
        n_inputs: n.
        goal: what to bound, as the loops number it.
        widths: `(layers, 3)` the values of a, b and the pairs in each layer, the inputs first.
        data: weights and biases.
        pairs: which units are matched, and their scales.
        scales: factors of the outputs.
    """

    n_inputs: int
    goal: int
    widths: IntArray
    data: tuple[Any, ...]
    pairs: tuple[Any, ...]
    scales: FloatArray

    def fill(
        self,
        begin: int,
        end: int,
        boxes: FloatArray,
        phases: SignArray,
        work: tuple[Any, ...],
        results: FloatArray,
        points: FloatArray,
    ) -> None:
        """Bound the boxes from `begin` to `end`; the rows of `results` and `points` are set.

        Args:
            begin: the first row.
            end: the row after the last one.
            boxes: `(B, 2, n)`.
            phases: `(B, values)`.
            work: a workspace that no other thread uses now.
            results: `(B, 6)` upper bound, input and unit to split, and what comes with them.
            points: `(B, n)` corners where the gap may be large.
        """
        joint_zonotope.compiled()(
            boxes, phases, begin, end, self.n_inputs, self.goal, self.data, self.pairs,
            self.scales, work, results, points,
        )  # fmt: skip

    def workspace(self) -> tuple[Any, ...]:
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


@final
class BoundElsewhere:
    """Sends boxes to an executor, and takes back what it does not finish.

    Args:
        executor: of processes, here or on other machines where tropnet is installed.
        program: what bounds the boxes.
    """

    def __init__(self, executor: Executor, program: BoundProgram) -> None:
        self._executor = executor
        self._content = pickle.dumps(program)

    def fill(
        self, boxes: FloatArray, phases: SignArray, results: FloatArray, points: FloatArray
    ) -> list[tuple[int, int]]:
        """Set the rows of `results` and `points` for as many boxes as the executor bounds.

        Returns:
            What is left to be bounded here: first row, and the row after the last one. A worker
            that was killed, or an executor that was shut down, only costs time.
        """
        ends = [(k, min(k + _TOGETHER, len(boxes))) for k in range(0, len(boxes), _TOGETHER)]
        left: list[tuple[int, int]] = []
        waiting: list[tuple[tuple[int, int], Any]] = []
        for begin, end in ends:
            try:
                task = self._executor.submit(
                    bound_boxes, self._content, boxes[begin:end], phases[begin:end]
                )
            except RuntimeError:  # a broken pool, or one that was shut down
                left.append((begin, end))
            else:
                waiting.append(((begin, end), task))
        for (begin, end), task in waiting:
            try:
                found, corners = task.result()
                results[begin:end], points[begin:end] = found, corners
            except Exception:  # whatever became of a worker, the boxes are bounded here
                left.append((begin, end))
        return left


def bound_boxes(
    content: bytes, boxes: FloatArray, phases: SignArray
) -> tuple[FloatArray, FloatArray]:
    """Bound boxes in a worker.

    Args:
        content: the pickled program; the last one is kept ready.
        boxes: `(B, 2, n)`.
        phases: `(B, values)`.
    """
    program, work = _unpacked(content)
    results, points = np.empty((len(boxes), 6)), np.empty((len(boxes), program.n_inputs))
    with own_threads_only():
        program.fill(0, len(boxes), boxes, phases, work, results, points)
    return results, points


#: The last program and its workspace; for each thread its own, since threads may be workers too.
_kept = threading.local()


def _unpacked(content: bytes) -> tuple[BoundProgram, tuple[Any, ...]]:
    if getattr(_kept, "content", None) != content:
        # what our own parent sent to this worker, not a file
        program: BoundProgram = pickle.loads(content)
        _kept.program, _kept.work, _kept.content = program, program.workspace(), content
    return _kept.program, _kept.work


@contextmanager
def own_threads_only() -> Iterator[None]:
    """Keep BLAS from starting threads below ours: they would fight for the cores."""
    with _blas().limit(limits=1, user_api="blas"):
        yield


@cache
def _blas() -> Any:
    """Return what sets the threads of the BLAS libraries; to look for them takes a while."""
    import scipy.linalg.cython_blas  # noqa: F401 - the one that compiled loops call
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
