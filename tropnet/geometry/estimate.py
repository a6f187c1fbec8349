"""How many cells a network has, estimated before they are enumerated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from tropnet.errors import DomainError
from tropnet.geometry import tree_kernels as kernels
from tropnet.geometry.tree_probe import POINT
from tropnet.geometry.tree_problem import TreeProblem
from tropnet.geometry.tree_search import prepared

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.geometry.circuit import Circuit


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
        >>> from tropnet.geometry.estimate import CellEstimate
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
        >>> from tropnet.geometry.estimate import estimate_cells
        >>> kinks = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> estimate_cells(Circuit.of(kinks), None, descents=10)
        CellEstimate(mean=4.0, standard_error=0.0, descents=10, largest=4.0)
    """
    if descents < 1:
        raise DomainError(f"an estimate from {descents} descents; make at least one")
    problem = TreeProblem.of(circuit, domain)
    layers, state = prepared(problem)
    start = np.array([float(v) for v in problem.frame.start])
    state.work[POINT, : len(start)] = start
    rng = np.random.default_rng(seed)
    coins = rng.integers(0, 2, (descents, problem.n_units), np.int8)
    splits = np.zeros(descents, np.int64)
    kernels.compiled()["descents"](layers, state, coins, splits, start)
    counts = np.exp2(splits.astype(np.float64))
    spread = float(counts.std(ddof=1)) if descents > 1 else math.inf
    return CellEstimate(
        float(counts.mean()), spread / math.sqrt(descents), descents, float(counts.max())
    )
