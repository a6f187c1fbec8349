"""Exact values of a compiled network at integer vectors (x, t), block by block."""

from __future__ import annotations

from typing import Any, final

import flint
import numpy as np

from tropnet.geometry.circuit import Circuit


@final
class ExactValues:
    """The values of all blocks at points and directions, as integers.

    The values of a block are integers over its `denominator`; signs need no denominators.

    Args:
        circuit: the network.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.geometry.circuit import Circuit
        >>> from tropnet.geometry.exact_values import ExactValues
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> values = ExactValues(Circuit.of(absolute))
        >>> [block.tolist() for block in values.all(np.array([[-3, 2]], dtype=object))]
        [[[-3, 3]], [[3]]]
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._weights = [block.integers.transpose() for block in circuit.affines]

    def block(self, b: int, rows: Any, values: list[Any]) -> Any:
        """Return the values of block b before ReLU as object `(k, width)` of Python integers.

        Args:
            b: the block; the number of blocks stands for the output.
            rows: object `(k, n + 1)` integer vectors (x, t).
            values: object `(k, width)` the values after ReLU of the blocks before b.
        """
        block = self.circuit.affines[b]
        joint = np.concatenate([rows, *values], axis=1)[:, block.reads]
        inputs = flint.fmpz_mat(len(rows), len(block.reads), joint.ravel().tolist())
        result = np.empty((len(rows), block.width), object)
        result.ravel()[:] = list(map(int, (inputs * self._weights[b]).entries()))
        return result

    def all(self, rows: Any, upto: int | None = None) -> list[Any]:
        """Return the values before ReLU of the blocks before `upto`; of all and the output."""
        count = len(self.circuit.affines) if upto is None else upto
        found: list[Any] = []
        rectified: list[Any] = []
        for b in range(count):
            found.append(self.block(b, rows, rectified))
            rectified.append(np.maximum(found[-1], 0))
        return found
