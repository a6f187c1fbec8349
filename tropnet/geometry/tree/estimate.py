"""How many cells a network has, estimated before they are enumerated."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from tropnet.errors import DomainError
from tropnet.geometry.tree import kernels
from tropnet.geometry.tree.probe import POINT, probes_between_looks
from tropnet.geometry.tree.problem import TreeProblem
from tropnet.geometry.tree.search import prepared

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.geometry.circuit import Circuit
    from tropnet.typing import IntArray, SignArray


@final
@dataclass(frozen=True, slots=True)
class CellEstimate:
    """An estimate of a number of cells.

    Attributes:
        mean: the mean over the descents; its expectation is the number of cells.
        standard_error: of the mean, as far as the descents tell: rare large ones may be missing.
        descents: how many descents were made.
        largest: the largest number that one descent gave.

    Example:
        >>> from tropnet.geometry.tree.estimate import CellEstimate
        >>> CellEstimate(8.0, 0.5, 100, 16.0).mean
        8.0
    """

    mean: float
    standard_error: float
    descents: int
    largest: float


def estimate_cells(
    circuit: Circuit, domain: Domain, *, descents: int = 1000, seed: int = 0
) -> CellEstimate:
    """Estimate the number of cells of a network by random descents.

    Each descent goes down the tree that `tree_cells` searches and takes either side where both
    exist; two to the number of such choices has the number of cells as its expectation. Floats
    decide here: where they cannot, a side counts as missing, so that slivers are not counted.

    Args:
        circuit: the network.
        domain: a box, a polyhedron, or None for all of R^n; with an interior.
        descents: how many descents.
        seed: of the random choices.

    Returns:
        The estimate.

    Raises:
        DomainError: the domain is empty or flat, or there is no descent.
        ShapeError: the domain has another dimension.

    Cost: one linear program of 1–10 µs for each unit and descent.

    Source: D. E. Knuth, "Estimating the efficiency of backtrack programs", Mathematics of
    Computation 29 (1975).

    Example:
        >>> from tropnet import Network
        >>> from tropnet.geometry.circuit import Circuit
        >>> from tropnet.geometry.tree.estimate import estimate_cells
        >>> kinks = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> estimate_cells(Circuit.of(kinks), None, descents=10)
        CellEstimate(mean=4.0, standard_error=0.0, descents=10, largest=4.0)
    """
    if descents < 1:
        raise DomainError(f"an estimate from {descents} descents; make at least one")
    way = RandomDescents(TreeProblem.of(circuit, domain), seed)
    splits = way.splits(descents)
    counts = np.exp2(splits.astype(np.float64))
    spread = float(counts.std(ddof=1)) if descents > 1 else math.inf
    return CellEstimate(
        float(counts.mean()), spread / math.sqrt(descents), descents, float(counts.max())
    )


class RandomDescents:
    """Descents from the root of the search tree to random leaves of it."""

    def __init__(self, problem: TreeProblem, seed: int) -> None:
        self.layers, self.state = prepared(problem)
        self.n_units = problem.n_units
        self.start = np.array([float(v) for v in problem.frame.start])
        self.state.work[POINT, : len(self.start)] = self.start
        self.rng = np.random.default_rng(seed)
        self.chunk = probes_between_looks(problem.frame.dimension)

    def splits(self, descents: int) -> IntArray:
        """Return the number of choices in each of many descents."""
        coins = self._coins(descents)
        splits = np.zeros(descents, np.int64)
        self._go(coins, splits, 0, self.n_units)
        return splits

    def one(self, deadline: float) -> int:
        """Return the choices of one descent, or of its beginning where the time is up before."""
        coins, splits = self._coins(1), np.zeros(1, np.int64)
        for first in range(0, self.n_units, self.chunk):
            self._go(coins, splits, first, min(first + self.chunk, self.n_units))
            if time.monotonic() > deadline:
                break
        return int(splits[0])

    def _coins(self, descents: int) -> SignArray:
        return self.rng.integers(0, 2, (descents, self.n_units), np.int8)

    def _go(self, coins: SignArray, splits: IntArray, first: int, last: int) -> None:
        kernels.compiled()["descents"](
            self.layers, self.state, coins, splits, self.start, first, last
        )
