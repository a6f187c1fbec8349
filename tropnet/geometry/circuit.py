"""Networks compiled for enumeration: ReLU units alone, dense blocks, homogeneous values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final, final

import flint
import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.exact import RationalMatrix
from tropnet.network import Network
from tropnet.network.fold import folded

if TYPE_CHECKING:
    from tropnet.network import Affine
    from tropnet.typing import FloatArray, IntArray

#: The most weights that are written out; enumeration is for networks far below it.
MAX_WEIGHTS: Final = 1 << 25


@final
@dataclass(frozen=True, eq=False)
class Block:
    """One layer of ReLU units, or the output: homogeneous linear functions of earlier values.

    Attributes:
        start: the index of its first unit among all units; for the output their number.
        reads: `(r,)` the columns of the value vector (x, t, units) that it reads.
        exact: `(width, r)` the weights; those to t are the biases.
        scales: for each column read, what its values are integers over (`denominator`).
    """

    start: int
    reads: IntArray
    exact: RationalMatrix
    scales: tuple[int, ...]

    @property
    def width(self) -> int:
        """The number of units."""
        return self.exact.shape[0]

    @cached_property
    def weights(self) -> FloatArray:
        """The weights as nearest float64, `(width, r)`."""
        values = np.ascontiguousarray(self.exact.to_floats())
        values.flags.writeable = False
        return values

    @cached_property
    def _scaled(self) -> tuple[flint.fmpz_mat, int]:
        """The weights on values that are integers over the denominators of their blocks."""
        factors = [Fraction(1, scale) for scale in self.scales]
        plain = self.exact.T.scale_rows(factors).T.reduced()
        return plain.numerators, plain.denominator

    @property
    def integers(self) -> flint.fmpz_mat:
        """Integer weights `(width, r)`: they take integer value vectors to `denominator` times."""
        return self._scaled[0]

    @property
    def denominator(self) -> int:
        """What the values of this block are integers over, when t and x are integers."""
        return self._scaled[1]


@final
@dataclass(frozen=True, eq=False)
class Circuit:
    """A network as blocks of ReLU units over one vector of homogeneous values.

    The value vector is (x_1 … x_n, t, a_1, a_2, …): the inputs, t = 1 for a point and t = 0 for a
    direction, then the values of all units. On the cone over a cell the network is linear in it.

    Attributes:
        n_inputs: the number n of inputs.
        units: `(N, 2)` layer and index in the given network of each ReLU unit.
        blocks: the layers that hold a ReLU.
        output: the output.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.geometry.circuit import Circuit
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]], [[0, 1], [0]])
        >>> circuit = Circuit.of(absolute)
        >>> circuit.blocks[0].reads.tolist(), circuit.blocks[0].weights.tolist()
        ([0, 1], [[1.0, 0.0], [-1.0, 1.0]])
    """

    n_inputs: int
    units: IntArray
    blocks: tuple[Block, ...]
    output: Block

    @staticmethod
    def of(network: Network) -> Circuit:
        """Compile a network.

        Raises:
            BudgetExceeded: more than `MAX_WEIGHTS` weights when written out.
        """
        plain = folded(network)
        layers = [
            (k, unit)
            for k, layer in enumerate(network.layers)
            for unit in np.flatnonzero(layer.relu).tolist()
        ]
        widths = [plain.n_inputs, *plain.widths]
        size = sum(
            affine.size * (1 + sum(widths[source] for source in affine.sources))
            for affine in plain.affines
        )
        if size > MAX_WEIGHTS:
            raise BudgetExceeded(
                "weights, written out for the enumeration of cells",
                size,
                MAX_WEIGHTS,
                "restrict the network to a slice, or compare it by relations",
            )
        starts = np.concatenate([[0], np.cumsum(plain.widths)]).astype(np.int64)
        denominators = [1] * (plain.n_inputs + 1)
        blocks = []
        for k, affine in enumerate(plain.affines):
            block = _block(affine, int(starts[k]), plain.n_inputs, starts, denominators)
            denominators += [block.denominator] * block.width
            blocks.append(block)
        units = np.array(layers, dtype=np.int64).reshape(-1, 2)
        return Circuit(plain.n_inputs, units, tuple(blocks[:-1]), blocks[-1])

    @property
    def n_units(self) -> int:
        """The number N of ReLU units."""
        return len(self.units)

    @property
    def n_outputs(self) -> int:
        """The number m of outputs."""
        return self.output.width

    def first(self, count: int) -> Circuit:
        """Return the circuit without the units from number `count` on; they count as zero."""
        blocks = tuple(
            block
            if block.start + block.width <= count
            else replace(block, exact=block.exact.rows(range(count - block.start)))
            for block in self.blocks
            if block.start < count
        )
        kept = np.flatnonzero(self.output.reads <= self.n_inputs + count)
        output = self.output
        if len(kept) < len(output.reads):
            exact = output.exact.columns(kept.tolist())
            scales = tuple(output.scales[k] for k in kept)
            output = replace(output, reads=output.reads[kept], exact=exact, scales=scales)
        return replace(self, units=self.units[:count], blocks=blocks, output=output)

    @property
    def affines(self) -> tuple[Block, ...]:
        """The blocks, the output last."""
        return (*self.blocks, self.output)


def _block(
    affine: Affine, start: int, n_inputs: int, starts: IntArray, denominators: list[int]
) -> Block:
    parts: list[RationalMatrix] = []
    reads: list[IntArray] = []
    for source, weights in affine.terms:
        exact = weights.exact
        used = np.flatnonzero((exact.signs() != 0).any(axis=0))
        first = 0 if source == 0 else n_inputs + 1 + int(starts[source - 1])
        parts.append(exact.columns(used.tolist()))
        reads.append(first + used)
    parts.append(affine.bias.exact)
    reads.append(np.array([n_inputs]))
    order = np.argsort(np.concatenate(reads))
    columns = np.concatenate(reads)[order].astype(np.int64)
    exact = RationalMatrix.stack_columns(parts).columns(order.tolist()).reduced()
    return Block(start, columns, exact, tuple(denominators[c] for c in columns.tolist()))
