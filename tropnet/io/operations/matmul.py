"""Matrix products of which one side is constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.operations.contraction import broadcast_labels, contract
from tropnet.io.tensor import MOST_EXACT, Constant, Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations


#: Products of rationals that are worked out one by one, a microsecond each.
_MOST_PRODUCTS: Final = 2**21


def matmul(do: Operations, a: Value, b: Value, name: str = "", op: str = "MatMul") -> Value:
    """Return the product of two tensors of which one is constant, as numpy's `a @ b`.

    Args:
        do: the operations of the model being read.
        a: `(..., r, k)` or `(k,)`.
        b: `(..., k, c)` or `(k,)`; the axes in front are broadcast.
        name: the node, for messages.
        op: the operator, for messages.

    Returns:
        `(..., r, c)`; a vector's axis of length one is dropped.

    Raises:
        UnsupportedLayerError: both depend on the input.
        ShapeError: the shapes do not fit.

    Cost: memory of the two factors and of the result, however many rows and stacked matrices.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations, matmul
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2, 2)])
        >>> y = matmul.matmul(do, x, constant(np.array([[1.0], [2.0]]), "w"))
        >>> y.shape, do.build([y]).exact([1, 2, 3, 4]).to_floats().tolist()
        ((2, 1), [[5.0, 11.0]])
    """
    if not a.shape or not b.shape:
        raise ShapeError(f"{name or op}: {op} of a scalar; shapes {a.shape} and {b.shape}")
    inner = (a.shape[-1], b.shape[-2] if len(b.shape) > 1 else b.shape[0])
    if inner[0] != inner[1]:
        raise ShapeError(
            f"{name or op}: cannot multiply shapes {a.shape} and {b.shape}: "
            f"{inner[0]} columns meet {inner[1]} rows"
        )
    if isinstance(a, Constant) and isinstance(b, Constant):
        rows, columns = size_of(a.shape[:-1]), size_of(b.shape) // max(inner[0], 1)
        require_room(rows * columns * inner[0], f"the product {name or op}", _MOST_PRODUCTS)
        require_room(rows * columns, f"the product {name or op}", MOST_EXACT)
        return Constant(np.asarray(a.fractions() @ b.fractions(), dtype=object))
    # labels: 0, 1, … from the last stacked axis backwards, then row, inner and column
    row, middle, column = "row", "inner", "column"
    stacks = [value.shape[:-2] for value in (a, b)]
    (above, below), stack = broadcast_labels(stacks, name or op)
    first = [*above, row, middle] if len(a.shape) > 1 else [middle]
    second = [*below, middle, column] if len(b.shape) > 1 else [middle]
    result = [*stack, *(v for v in (row, column) if v in (*first, *second))]
    if isinstance(b, Constant):
        return contract(do, a, first, b, second, result, name)
    if isinstance(a, Constant):
        return contract(do, b, second, a, first, result, name)
    raise UnsupportedLayerError(
        name or op, op, "it multiplies two values that depend on the input",
        "a model that is piecewise linear",
    )  # fmt: skip
