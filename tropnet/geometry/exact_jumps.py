"""How functions made of the units of a network bend, exactly and on many cells at once.

A function Σ κ_u · z_u, with the values z_u of the units before their ReLU and factors κ_u that are
constant on parts of the domain, is expanded from the last units back to the first: the values that
later units take from an active unit make a factor of it, to which κ_u is added. Where the unit
switches, that sum is what the gradient changes by, in multiples of the gradient of z_u. Sums over
millions of paths stay exact by arithmetic modulo primes, as in `exact_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.geometry.circuit import Circuit
from tropnet.geometry.residues import integers_of, prime_up_to

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray, SignArray

#: Cells at a time, so that their factors stay in the cache.
_ROWS: Final = 1024
#: The bits of a residue that float32 holds without rounding.
_SHORT: Final = 24


@final
@dataclass(frozen=True, eq=False)
class Bends:
    """The factors κ of the units of one block.

    Attributes:
        active: object `(width,)` integers: the factor of each unit while it is active, 0 otherwise.
        parts: for some units instead the part of the domain of each cell, `(C,)`, and the factor of
            the unit on each part, active or not.
    """

    active: Any
    parts: dict[int, tuple[IntArray, Sequence[int]]] = field(default_factory=dict)

    @staticmethod
    def none(width: int) -> Bends:
        """Return factors 0."""
        return Bends(np.full(width, 0, object))

    def largest(self) -> Any:
        """Return the largest magnitude of the factor of each unit, object `(width,)`."""
        sizes = np.abs(self.active)
        for unit, (_, factors) in self.parts.items():
            sizes[unit] = max(map(abs, factors))
        return sizes

    def scaled(self, factor: int) -> Bends:
        """Return all factors times an integer."""
        return Bends(
            self.active * factor,
            {u: (part, [v * factor for v in values]) for u, (part, values) in self.parts.items()},
        )


@dataclass(eq=False)
class _Front:
    """How far a function is expanded modulo one prime.

    Attributes:
        waiting: for each block the factors of its units so far, float32; None for none.
        total: the factors of (x, t).
    """

    waiting: list[Any]
    total: FloatArray


@final
class ExactJumps:
    """A function on cells while it is expanded, block by block, from the last one back.

    All numbers are integers: values of the units of block b are over `blocks[b].denominator`, those
    of the output over `output.denominator`.

    Args:
        circuit: the network.
        active: `(C, N)` int8, 1 where a unit is active on a cell.
        cells: `(k,)` the cells that count.
        output: the function is this output plus the bends to come; or these alone.

    Attributes:
        block: the next block to expand, −1 when all are.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.geometry.circuit import Circuit
        >>> from tropnet.geometry.exact_jumps import Bends, ExactJumps
        >>> f = Network.from_dense([[[2]], [[3]], [[5]]], [[0], [0], [0]])
        >>> active = np.array([[1, 1], [1, 0]], np.int8)
        >>> jumps = ExactJumps(Circuit.of(f), active, np.array([0, 1]))
        >>> jumps.expand(Bends(np.array([7], dtype=object)))
        >>> jumps.block, jumps.factors(np.array([0, 1]), np.array([0, 0])).tolist()
        (0, [21, 0])
        >>> jumps.expand(Bends.none(1))
        >>> jumps.forms().tolist()
        [[42, 0], [0, 0]]
    """

    def __init__(
        self, circuit: Circuit, active: SignArray, cells: IntArray, output: int | None = None
    ) -> None:
        self.circuit, self.cells, self.output = circuit, cells, output
        self.block = len(circuit.blocks) - 1
        self._active = active
        self._bends: list[Bends] = []  # of the blocks after the next one, the last one first
        self._fronts: dict[int, _Front] = {}
        self._found: list[int] = []

    def on(self, cells: IntArray) -> ExactJumps:
        """Return the same function, as far as it is expanded, on other cells."""
        other = ExactJumps(self.circuit, self._active, cells, self.output)
        other.block, other._bends = self.block, list(self._bends)
        return other

    def factors(self, rows: IntArray, units: IntArray) -> Any:
        """Return with which factor units of the next block enter the function on cells, so far.

        Args:
            rows: `(k,)` positions in `cells`.
            units: `(k,)` units of the block, counted from its first.

        Returns:
            object `(k,)` integers.
        """
        primes = self._primes(max(self._bounds()[self.block], default=0))
        digits = np.zeros((len(rows), len(primes)), np.int64)
        for k, prime in enumerate(primes):
            waiting = self._front(prime).waiting[self.block]
            if waiting is not None:
                digits[:, k] = waiting[rows, units]
        return integers_of(digits, primes)

    def expand(self, bends: Bends) -> None:
        """Add multiples of the units of the next block, and write its units by earlier values.

        Cost: a product of the cells and the weights of the block for some 20 bits of the result.
        """
        for prime, front in self._fronts.items():
            self._expand(front, prime, self.block, bends)
        self._bends.append(bends)
        self.block -= 1

    def scale(self, factor: int) -> None:
        """Multiply the function by an integer."""
        self._bends = [bends.scaled(factor) for bends in self._bends]
        self._fronts.clear()

    def forms(self) -> Any:
        """Return the function on the cells, when it is expanded, as a linear form in (x, t).

        Returns:
            object `(k, n + 1)` integers.
        """
        primes = self._primes(max(self._bounds()[-1], default=0))
        digits = np.zeros((len(self.cells), self.circuit.n_inputs + 1, len(primes)), np.int64)
        for k, prime in enumerate(primes):
            digits[:, :, k] = self._front(prime).total
        return integers_of(digits, primes)

    # ---- one prime ------------------------------------------------------------------------------

    def _front(self, prime: int) -> _Front:
        if prime not in self._fronts:
            blocks, count = self.circuit.blocks, len(self.cells)
            total = np.zeros((count, self.circuit.n_inputs + 1))
            front = _Front([None] * len(blocks), total)
            if self.output is not None:
                table = (self._weights[-1][[self.output]] % prime).astype(np.float64)
                everywhere = np.repeat(table, count, axis=0)
                self._give(front, prime, len(blocks), slice(None), everywhere)
            for done, bends in enumerate(self._bends):
                self._expand(front, prime, len(blocks) - 1 - done, bends)
            self._fronts[prime] = front
        return self._fronts[prime]

    def _expand(self, front: _Front, prime: int, b: int, bends: Bends) -> None:
        waiting, front.waiting[b] = front.waiting[b], None
        if waiting is None and not any(bends.largest()):
            return
        block = self.circuit.blocks[b]
        table = (self._weights[b] % prime).astype(np.float64)
        added = (bends.active % prime).astype(np.float64)
        parts = {
            unit: (part, np.array([v % prime for v in values], np.float64))
            for unit, (part, values) in bends.parts.items()
        }
        kernels = _compiled()
        masks = self._active[:, block.start : block.start + block.width]
        product = np.empty((min(_ROWS, len(self.cells)), block.width))
        for first in range(0, len(self.cells), _ROWS):
            some = slice(first, first + _ROWS)
            cells = self.cells[some]
            own = product[: len(cells)]
            held = self._nothing(b) if waiting is None else waiting[some]
            kernels["switch"](held, added, masks, cells, own)
            for unit, (part, values) in parts.items():
                own[:, unit] += values[part[cells]]
            self._give(front, prime, b, some, own @ table)

    def _nothing(self, b: int) -> Any:
        return np.zeros((0, self.circuit.blocks[b].width), np.float32)

    def _give(self, front: _Front, prime: int, b: int, some: slice, factors: FloatArray) -> None:
        """Hand factors of the values that a block reads on to the inputs and the units."""
        kernels = _compiled()
        for source, columns, entries in self._sources[b]:
            if source >= 0 and front.waiting[source] is None:
                width = self.circuit.blocks[source].width
                kind = np.float32 if prime < 1 << _SHORT else np.float64
                front.waiting[source] = np.zeros((len(self.cells), width), kind)
            held = front.total if source < 0 else front.waiting[source]
            kernels["add"](held[some, entries], factors[:, columns], float(prime))

    @cached_property
    def _sources(self) -> list[list[tuple[int, slice, slice]]]:
        """For each block the runs of what it reads: from where, its columns, the places there."""
        n = self.circuit.n_inputs
        found = []
        for block in self.circuit.affines:
            reads = block.reads
            firsts = np.array([0, *(n + 1 + other.start for other in self.circuit.blocks)])
            origin = np.searchsorted(firsts, reads, side="right") - 1
            cuts = np.flatnonzero((np.diff(reads) != 1) | (np.diff(origin) != 0)) + 1
            found.append(
                [
                    (
                        int(origin[own[0]]) - 1,
                        slice(int(own[0]), int(own[-1]) + 1),
                        slice(*(reads[own[[0, -1]]] - firsts[origin[own[0]]] + [0, 1]).tolist()),
                    )
                    for own in np.split(np.arange(len(reads)), cuts)
                    if len(own)
                ]
            )
        return found

    # ---- primes ---------------------------------------------------------------------------------

    @cached_property
    def _weights(self) -> list[Any]:
        return [
            np.array([[int(v) for v in row] for row in block.integers.tolist()], object).reshape(
                block.width, len(block.reads)
            )
            for block in self.circuit.affines
        ]

    @cached_property
    def _sizes(self) -> list[Any]:
        return [np.abs(table) for table in self._weights]

    def _bounds(self) -> list[Any]:
        """Return bounds of the factors of the units of each block so far, and of (x, t) at last."""
        blocks = self.circuit.blocks
        bounds = [np.full(block.width, 0, object) for block in blocks]
        bounds.append(np.full(self.circuit.n_inputs + 1, 0, object))
        if self.output is not None:
            self._pass_on(bounds, len(blocks), self._sizes[-1][self.output])
        for done, bends in enumerate(self._bends):
            b = len(blocks) - 1 - done
            self._pass_on(bounds, b, (bounds[b] + bends.largest()) @ self._sizes[b])
        return bounds

    def _pass_on(self, bounds: list[Any], b: int, sizes: Any) -> None:
        for source, columns, entries in self._sources[b]:
            bounds[source][entries] += sizes[columns]  # source −1 is the last one

    def _primes(self, bound: int) -> list[int]:
        """Return primes that determine integers of at most this magnitude."""
        need, product, count = 2 * bound + 1, 1, 0
        while product <= need:
            if count == len(self._found):
                self._extend()
            product *= self._found[count]
            count += 1
        return self._found[:count]

    def _extend(self) -> None:
        # a factor below 2p times a weight below p, summed over a layer, stays below 2^51
        widest = max(max(len(block.reads), block.width) for block in self.circuit.affines)
        largest = (1 << (50 - widest.bit_length()) // 2) - 1
        self._found.append(prime_up_to(self._found[-1] - 1 if self._found else largest))


@cache
def _compiled() -> dict[str, Any]:
    from numba import njit

    return {
        loop.__name__[1:]: njit(cache=True, error_model="numpy")(loop) for loop in (_switch, _add)
    }


def _switch(waiting: Any, added: Any, masks: Any, cells: Any, result: Any) -> None:
    """Add κ to the factors of units and keep those of active ones; no rows stand for zeros."""
    for i in range(len(cells)):
        cell = cells[i]
        if len(waiting):
            for j in range(len(added)):
                result[i, j] = (waiting[i, j] + added[j]) * masks[cell, j]
        else:
            for j in range(len(added)):
                result[i, j] = added[j] * masks[cell, j]


def _add(total: Any, factors: Any, prime: float) -> None:
    """Add integers 0 ≤ x < 2^52 to residues in place."""
    inverse = 1.0 / prime
    rows, columns = factors.shape
    for i in range(rows):
        for j in range(columns):
            x = factors[i, j] + total[i, j]
            x -= np.floor(x * inverse) * prime  # exact; off by one multiple at most
            x += prime if x < 0.0 else 0.0
            x -= prime if x >= prime else 0.0
            total[i, j] = x
