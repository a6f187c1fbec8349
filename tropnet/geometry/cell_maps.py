"""The affine maps of all cells of a complex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.geometry.circuit import Block, Circuit
from tropnet.geometry.exact_rows import ExactRows

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray, SignArray

#: Cells at a time, so that their coefficients stay in the cache.
_CELLS: Final = 1024


def float_maps(circuit: Circuit, active: SignArray) -> FloatArray:
    """Return the maps `(C, m, n + 1)` of cells in float64, from the outputs back.

    Args:
        circuit: the network.
        active: `(C, N)` int8, 1 where a unit is active.

    Cost: as much as a forward run of the network for each output and cell.
    """
    n, m = circuit.n_inputs, circuit.n_outputs
    maps = np.empty((len(active), m, n + 1))
    for first in range(0, len(active), _CELLS):
        part = slice(first, first + _CELLS)
        for k in range(m):
            maps[part, k] = _backward(circuit, active[part], k)
    return maps


def _backward(circuit: Circuit, active: SignArray, output: int) -> FloatArray:
    n = circuit.n_inputs
    total = np.zeros((len(active), n + 1))
    waiting: list[Any] = [None] * len(circuit.blocks)
    row = np.broadcast_to(circuit.output.weights[output], (len(active), len(circuit.output.reads)))
    _give(circuit, circuit.output, row, total, waiting)
    for b in range(len(circuit.blocks) - 1, -1, -1):
        factors = waiting[b]
        if factors is None:
            continue
        block = circuit.blocks[b]
        masked = factors * active[:, block.start : block.start + block.width]
        _give(circuit, block, masked @ block.weights, total, waiting)
    return total


def _give(
    circuit: Circuit, block: Block, factors: Any, total: FloatArray, waiting: list[Any]
) -> None:
    n = circuit.n_inputs
    inside = block.reads <= n
    total[:, block.reads[inside]] += factors[:, inside]
    for index, other in enumerate(circuit.blocks):
        first = n + 1 + other.start
        own = (block.reads >= first) & (block.reads < first + other.width)
        if not own.any():
            continue
        if waiting[index] is None:
            waiting[index] = np.zeros((len(factors), other.width))
        waiting[index][:, block.reads[own] - first] += factors[:, own]


def map_numbers(circuit: Circuit, active: SignArray) -> IntArray:
    """Return a number for each cell, counted from 0; equal where the exact affine maps are.

    Maps that differ modulo one prime differ; only where they do not, all primes are asked.
    """
    rows = ExactRows(circuit)
    numbers = _classes(exact_forms(rows, active, 1))
    shared = np.flatnonzero(np.bincount(numbers)[numbers] > 1)
    if len(shared) and rows.count(len(circuit.blocks)) > 1:
        finer = _classes(exact_forms(rows, active[shared]))
        numbers[shared] = numbers.max() + 1 + finer
        numbers = _classes(numbers[:, None])
    return numbers


def _classes(table: Any) -> IntArray:
    """Number the rows of a table of integers, equal rows alike."""
    flat = np.ascontiguousarray(table.reshape(len(table), -1)).astype(np.int64, copy=False)
    whole = flat.view([("", np.int64)] * flat.shape[1])
    _, numbers = np.unique(whole.ravel(), return_inverse=True)
    result: IntArray = numbers.reshape(-1).astype(np.int64)
    return result


def exact_forms(rows: ExactRows, active: SignArray, primes: int | None = None) -> Any:
    """Return the maps of cells modulo primes, `(C, m, n + 1, primes)`; all of them by default."""
    circuit = rows.circuit
    parts = [
        rows.residues(len(circuit.blocks), np.full(len(active), k), active, primes)
        for k in range(circuit.n_outputs)
    ]
    return np.stack(parts, axis=1)
