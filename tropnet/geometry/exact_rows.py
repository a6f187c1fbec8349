"""Exact affine functions of many units on many cells at once, by arithmetic modulo primes.

On the cone over a cell every unit is a linear form in (x, t) with integer coefficients over a known
denominator. Products of matrices modulo primes below 2^22 are exact in float64, and a bound of the
coefficients tells how many primes determine them (the Chinese remainder theorem). Thirty thousand
forms of 190 bits take about a second, where big integers one by one take a minute.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.geometry.circuit import Block, Circuit
from tropnet.geometry.residues import integers_of, prime_up_to

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray

#: Forms computed at a time.
_ROWS: Final = 1024


@final
class ExactRows:
    """Exact linear forms of units and outputs on cells.

    Args:
        circuit: the network.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.geometry.circuit import Circuit
        >>> from tropnet.geometry.exact_rows import ExactRows
        >>> f = Network.from_dense([[[1], [-1]], [["1/2", 1]]], [[0, 0], [3]])
        >>> rows = ExactRows(Circuit.of(f))
        >>> digits = rows.residues(1, np.array([0]), np.array([[1, 0]], dtype=np.int8))
        >>> rows.integers(digits, 1).tolist(), rows.circuit.output.denominator
        ([[1, 6]], 2)
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit

    @cached_property
    def _bounds(self) -> list[int]:
        """For each block a bound of the sum of |coefficients| of any of its forms."""
        bounds = [1] * (self.circuit.n_inputs + 1)
        worst = []
        for block in self.circuit.affines:
            below = [bounds[column] for column in block.reads.tolist()]
            sizes = [
                sum(abs(int(w)) * b for w, b in zip(row, below, strict=True))
                for row in block.integers.tolist()
            ]
            bounds += sizes
            worst.append(max(sizes, default=0))
        return worst

    @cached_property
    def _bits(self) -> int:
        """The size of primes for which products of matrices stay below 2^53."""
        # a sum runs over all units of a block, which may be more than any one block reads of it
        widest = max(max(len(block.reads), block.width) for block in self.circuit.affines)
        return (52 - widest.bit_length()) // 2

    @cached_property
    def primes(self) -> list[int]:
        """Enough primes for every form of the network."""
        need = 2 * max(self._bounds) + 1
        found: list[int] = []
        product, largest = 1, (1 << self._bits) - 1
        while product <= need:
            found.append(prime_up_to(largest))
            product *= found[-1]
            largest = found[-1] - 1
        return found

    def count(self, b: int) -> int:
        """Return how many of the primes determine the forms of block b."""
        need, product = 2 * self._bounds[b] + 1, 1
        for k, prime in enumerate(self.primes):
            if product > need:
                return k
            product *= prime
        return len(self.primes)

    def residues(self, b: int, units: IntArray, active: Any, primes: int | None = None) -> Any:
        """Return the forms of units of block b modulo the primes.

        Args:
            b: the block; the number of blocks stands for the output.
            units: `(k,)` indices in the block.
            active: `(k, N)` int8, 1 where a unit is active on the cell of the form.
            primes: how many; as many as determine the forms when left out.

        Returns:
            `(k, n + 1, primes)` int64; unequal rows mean unequal forms, and equal rows equal ones
            unless there are fewer primes than determine them.
        """
        n = self.circuit.n_inputs
        count = self.count(b) if primes is None else primes
        result = np.empty((len(units), n + 1, count), np.int64)
        for first in range(0, len(units), _ROWS):
            part = slice(first, first + _ROWS)
            for k in range(result.shape[2]):
                result[part, :, k] = self._modulo(k, b, units[part], active[part])
        return result

    def integers(self, residues: Any, b: int) -> Any:
        """Return the forms `(k, n + 1)` as Python integers from their residues (Garner)."""
        return integers_of(residues, self.primes[: self.count(b)])

    def _modulo(self, k: int, b: int, units: IntArray, active: Any) -> FloatArray:
        prime = float(self.primes[k])
        reduce_ = _compiled()
        n = self.circuit.n_inputs
        matrices = self._matrices[k]
        block = self.circuit.affines[b]
        total = np.zeros((len(units), n + 1))
        waiting: list[FloatArray | None] = [None] * b
        self._give(block, matrices[b][units], total, waiting, prime)
        for earlier in range(b - 1, -1, -1):
            factors = waiting[earlier]
            if factors is None:
                continue
            own = self.circuit.blocks[earlier]
            factors *= active[:, own.start : own.start + own.width]
            product = factors @ matrices[earlier]
            reduce_(product, prime)
            self._give(own, product, total, waiting, prime)
        return total

    def _give(
        self, block: Block, factors: FloatArray, total: FloatArray,
        waiting: list[FloatArray | None], prime: float,
    ) -> None:  # fmt: skip
        """Add factors of the values that a block reads to those of the inputs and the units."""
        for source, columns, entries in self._sources[block.start, block.width]:
            if source < 0:
                total[:, entries] = (total[:, entries] + factors[:, columns]) % prime
                continue
            held = waiting[source]
            if held is None:
                held = np.zeros((len(factors), self.circuit.blocks[source].width))
                held[:, entries] = factors[:, columns]
                waiting[source] = held
            else:
                held[:, entries] = (held[:, entries] + factors[:, columns]) % prime

    @cached_property
    def _sources(self) -> dict[tuple[int, int], list[tuple[int, IntArray, IntArray]]]:
        n = self.circuit.n_inputs
        table = {}
        for block in self.circuit.affines:
            inside = np.flatnonzero(block.reads <= n)
            parts = [(-1, inside, block.reads[inside])]
            for index, other in enumerate(self.circuit.blocks):
                first = n + 1 + other.start
                own = np.flatnonzero((block.reads >= first) & (block.reads < first + other.width))
                if len(own):
                    parts.append((index, own, block.reads[own] - first))
            table[block.start, block.width] = parts
        return table

    @cached_property
    def _matrices(self) -> list[list[FloatArray]]:
        """For each prime the weights of the blocks modulo it."""
        tables = [
            np.array(
                [[int(v) for v in row] for row in block.integers.tolist()], dtype=object
            ).reshape(block.width, len(block.reads))
            for block in self.circuit.affines
        ]
        return [[(t % prime).astype(np.float64) for t in tables] for prime in self.primes]


@cache
def _compiled() -> Any:
    from numba import njit

    return njit(cache=True, error_model="numpy")(_reduce)


def _reduce(table: Any, prime: float) -> None:
    """Reduce integers 0 ≤ x < 2^52 in float64 modulo a prime, in place."""
    inverse = 1.0 / prime
    rows, columns = table.shape
    for i in range(rows):
        for j in range(columns):
            x = table[i, j]
            x -= np.floor(x * inverse) * prime  # exact; off by one multiple at most
            if x < 0.0:
                x += prime
            elif x >= prime:
                x -= prime
            table[i, j] = x
