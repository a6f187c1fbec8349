"""Larger and smaller values of pairs: what maxima, poolings and sorting are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

import numpy as np

from tropnet.io.tensor import MOST_PLACES, Tensor, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import AnyArray, IntArray


@final
class Comparisons:
    """Entries of a tensor, and the larger and smaller ones of pairs of them.

    max(a, b) = b + relu(a − b) and min(a, b) = a − relu(a − b): one unit for both. An entry is
    known by its number; those of the tensor come first, in row-major order. Each is one entry of
    the tensor plus and minus earlier units, so that comparing is one layer and nothing else.

    Args:
        do: the operations of the model being read.
        tensor: whose entries are compared.
        name: the node, for messages.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.comparisons import Comparisons
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(3,)])
        >>> pairs = Comparisons(do, x)
        >>> larger, smaller = pairs.compare(np.array([0, 1]), np.array([1, 2]))
        >>> y = pairs.tensor(np.concatenate([larger, smaller]))
        >>> do.build([y]).exact([5, 3, 9]).to_floats().tolist()
        [[5.0, 9.0, 3.0, 3.0]]
    """

    def __init__(self, do: Operations, tensor: Tensor, name: str = "") -> None:
        self._do, self._name = do, name
        self._shape = tensor.shape
        count = size_of(tensor.shape)
        self._values = Tensor(do.settle(tensor).wire, (count,))
        # entry k is Σ_j signs[j] · values[summands[k, j]]; the first summand is the tensor's own
        self._signs = [1.0]
        self._summands: AnyArray = np.arange(count, dtype=np.int32)[:, None]

    @property
    def entries(self) -> IntArray:
        """The numbers of the tensor's entries, in its shape."""
        return np.arange(size_of(self._shape)).reshape(self._shape)

    def compare(
        self, first: IntArray, second: IntArray, *, larger: bool = True, smaller: bool = True
    ) -> tuple[IntArray, IntArray]:
        """Return the numbers of the larger and of the smaller entry of each pair.

        Args:
            first: entries; the pairs differ.
            second: as many others.
            larger: whether the larger ones will be asked for.
            smaller: whether the smaller ones will.
        """
        pairs, known, kinds = len(first), len(self._summands), larger + smaller
        room = (known + kinds * pairs) * (len(self._signs) + kinds)
        require_room(room, f"the comparisons of {self._name or 'a maximum'}", MOST_PLACES)
        differences = self._sums(
            np.concatenate([self._summands[first], self._summands[second]], axis=1),
            [*self._signs, *(-sign for sign in self._signs)],
        )
        units = size_of(self._values.shape) + np.arange(pairs)
        positive = self._do.relu(differences, self._name)
        values = self._do.concatenate([self._values, positive], 0)
        assert isinstance(values, Tensor)
        self._values = values
        signs = [1.0] * larger + [-1.0] * smaller
        bases = [second] * larger + [first] * smaller
        tables = [np.pad(self._summands, ((0, 0), (0, kinds)), constant_values=-1)]
        for kind, base in enumerate(bases):
            added = np.full((pairs, kinds), -1)
            added[:, kind] = units
            tables.append(np.hstack([self._summands[base], added], dtype=np.int32))
        self._summands, self._signs = np.concatenate(tables), [*self._signs, *signs]
        numbers = known + np.arange(pairs)
        return numbers, numbers + pairs * larger

    def extreme(self, entries: IntArray, *, largest: bool) -> IntArray:
        """Return the largest or the smallest entry along the last axis.

        Each layer halves the axis; equal pairs are compared once, an entry with itself never.
        """
        while entries.shape[-1] > 1:
            paired = entries.shape[-1] // 2 * 2
            first, second = entries[..., 0:paired:2], entries[..., 1:paired:2]
            low, high = np.minimum(first, second), np.maximum(first, second)
            count, differ = len(self._summands), low != high
            codes, inverse = np.unique((low * count + high)[differ], return_inverse=True)
            winners = low.copy()
            if len(codes):
                found = self.compare(
                    codes // count, codes % count, larger=largest, smaller=not largest
                )
                winners[differ] = found[0 if largest else 1][inverse]
            entries = np.concatenate([winners, entries[..., paired:]], axis=-1)
        return entries[..., 0]

    def tensor(self, entries: IntArray) -> Tensor:
        """Return the entries of these numbers, in this shape."""
        summands = self._summands[entries.reshape(-1)]
        if (summands[:, 1:] < 0).all():
            picked = self._do.pick(self._values, summands[:, 0].astype(np.int64))
        else:
            picked = self._sums(summands, self._signs)
        assert isinstance(picked, Tensor)
        return Tensor(picked.wire, tuple(int(d) for d in entries.shape))

    def _sums(self, summands: AnyArray, signs: Sequence[float]) -> Tensor:
        """Return Σ_j signs[j] · values[summands[k, j]] for each k."""
        used = np.flatnonzero((summands >= 0).any(axis=0))
        rows = np.arange(len(summands))
        kernel, patches = np.array([signs])[:, used], summands[:, used].astype(np.int64)
        sums = self._do.combine(
            self._values, kernel, patches, np.zeros_like(rows), rows, (len(rows),), self._name
        )
        assert isinstance(sums, Tensor)
        return sums
