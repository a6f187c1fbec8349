"""Sums of entries whose weights and choices of entries are shared: what most operations are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.io.tensor import MOST_VALUES, Constant, Shape, Tensor, Value, require_room, size_of
from tropnet.network.shared_linear import shared

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.network import Wire
    from tropnet.typing import AnyArray, IntArray


def combine(
    do: Operations,
    value: Value,
    kernel: AnyArray,
    patches: IntArray,
    kernel_of: IntArray,
    patch_of: IntArray,
    shape: Shape,
    name: str = "",
) -> Value:
    """Return sums of entries, whose weights and choices of entries are shared.

    Entry i of the result is `Σ_j kernel[kernel_of[i], j] · entries[patches[patch_of[i], j]]`.

    Where a sum reads one value of the network at several entries, as a convolution of a mirrored
    border does, the entries become units of their own: their weights stay apart, as a runtime
    rounds them.

    Args:
        do: the operations of the model being read.
        value: what to combine; its entries are counted in row-major order.
        kernel: `(R, J)` floats, or Fractions in an object array.
        patches: `(P, J)` indices of entries; −1 adds nothing, repeated ones add up.
        kernel_of: the kernel of each entry of the result.
        patch_of: the patch of each entry of the result.
        shape: the shape of the result.
        name: the node, for messages.

    Raises:
        BudgetExceeded: more than memory should hold.

    Cost: memory R·J + P·J and the result.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(3,)])
        >>> sums, pairs = np.array([[1.0, 1.0]]), np.array([[0, 1], [1, 2]])
        >>> y = do.combine(x, sums, pairs, np.zeros(2, np.int64), np.arange(2), (2,))
        >>> do.build([y]).exact([1, 10, 100]).to_floats().tolist()
        [[11.0, 110.0]]
    """
    what = name or "a linear map"
    require_room(kernel.size + patches.size, f"the kernels and patches of {what}")
    require_room(size_of(shape), f"the result of {what}", MOST_VALUES)
    if not size_of(shape) or not kernel.shape[1]:
        return Constant(np.zeros(shape))
    size = size_of(value.shape)
    if isinstance(value, Constant):
        entries = RationalMatrix.of(value.fractions().reshape(1, -1))
        weights = shared(kernel, patches, kernel_of, patch_of, size)
        sums = np.empty(size_of(shape), dtype=object)
        sums[:] = weights.apply_exact(entries).to_fractions()[0]
        return Constant(sums.reshape(shape))
    matrix: Any
    if len(patches) == 1 and np.array_equal(patches[0], np.arange(size)):
        whole = np.array_equal(kernel_of, np.arange(len(kernel)))
        matrix = kernel if whole else kernel[kernel_of]
    else:
        matrix = shared(kernel, patches, kernel_of, patch_of, size)
    return Tensor(do.builder.linear(_apart(do, value, patches), matrix, name=name), shape)


def _apart(do: Operations, value: Tensor, patches: IntArray) -> Wire:
    """Return the entries such that no patch reads one value twice."""
    wire = value.wire
    if wire.source is None or wire.index is None or not wire.size:
        return wire
    codes = wire.source * (int(wire.index.max()) + 1) + wire.index
    ordered = np.sort(codes)  # NumPy's own `unique` hashes, which is slow for places on a grid
    if (ordered[1:] != ordered[:-1]).all():
        return wire
    read = np.where(patches < 0, -1 - np.arange(patches.shape[1]), codes[patches])
    read.sort(axis=1)
    if not (read[:, 1:] == read[:, :-1]).any():
        return wire
    return do.settle(Tensor(do.builder.shift(wire, np.zeros(wire.size)), value.shape)).wire
