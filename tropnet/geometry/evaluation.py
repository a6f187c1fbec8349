"""Float64 values of a compiled network at many points and directions, block by block."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.geometry.circuit import Block, Circuit
from tropnet.geometry.form_norms import FormNorms

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray

#: Beyond this and below its inverse floats do not try.
_LARGEST: Final = 2.0**200


@final
class Evaluation:
    """How the blocks of a circuit read each other, prepared for products of matrices.

    Args:
        circuit: the network.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.geometry.circuit import Circuit
        >>> from tropnet.geometry.evaluation import Evaluation
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> evaluation = Evaluation(Circuit.of(absolute))
        >>> hidden = evaluation.block(0, np.array([[-2.0, 1.0]]), [])
        >>> hidden.tolist()
        [[-2.0, 2.0]]
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._parts = [_parts(circuit, block) for block in circuit.affines]
        #: for each block the last block that reads it
        self.last_reader = [0] * len(circuit.blocks)
        for reader, (_, _, sources) in enumerate(self._parts):
            for source, _, _ in sources:
                self.last_reader[source] = reader

    @cached_property
    def forms(self) -> FormNorms:
        """How large the forms of the units can be."""
        return FormNorms(self.circuit)

    @property
    def norms(self) -> list[FloatArray]:
        """For each block bounds of |form of a unit| over max(|x|, |t|) (see `FormNorms`)."""
        return self.forms.units

    @property
    def in_range(self) -> bool:
        """Tell whether weights and their products over paths stay where rounding is relative.

        Overflow and underflow have no relative error bounds, so all is left to integers there.
        """
        for block in self.circuit.blocks:
            sizes = np.abs(block.weights[block.exact.signs() != 0])
            if not ((sizes >= 1 / _LARGEST) & (sizes <= _LARGEST)).all():
                return False
        with np.errstate(over="ignore", invalid="ignore"):
            norms = self.forms.paths
        return all(((v >= 1 / _LARGEST) & (v <= _LARGEST)).all() for v in norms)

    def block(
        self,
        b: int,
        points: FloatArray,
        values: list[FloatArray | None],
        units: slice | None = None,
    ) -> FloatArray:
        """Return the values of block b before ReLU; b = number of blocks stands for the output.

        Args:
            b: the block.
            points: `(k, n + 1)` homogeneous points.
            values: for each earlier block `(k, width)` values after ReLU; None where not read.
            units: a part of the block.
        """
        chosen = units or slice(None)
        columns, weights, sources = self._parts[b]
        total: FloatArray = points[:, columns] @ weights[chosen].T
        for source, entries, matrix in sources:
            read = values[source]
            assert read is not None, "a block that is still read was dropped"
            total += (read if entries is None else read[:, entries]) @ matrix[chosen].T
        return total


_Source = tuple[int, "IntArray | None", "FloatArray"]


def _parts(circuit: Circuit, block: Block) -> tuple[IntArray, FloatArray, list[_Source]]:
    n = circuit.n_inputs
    inside = block.reads <= n
    sources: list[_Source] = []
    for index, other in enumerate(circuit.blocks):
        first = n + 1 + other.start
        own = (block.reads >= first) & (block.reads < first + other.width)
        if own.any():
            entries = block.reads[own] - first
            matrix = np.ascontiguousarray(block.weights[:, own])
            sources.append((index, None if len(entries) == other.width else entries, matrix))
    return block.reads[inside], np.ascontiguousarray(block.weights[:, inside]), sources
