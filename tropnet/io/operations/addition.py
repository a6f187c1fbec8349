"""Sums and differences, kept apart where a runtime rounds them one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.io.tensor import MOST_VALUES, Constant, Shape, Tensor, Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.network import Wire


#: Numbers that are held for each value of a sum of two tensors: places, sources, weights.
_COPIES: Final = 8


def signed_sum(do: Operations, a: Value, b: Value, sign: int, name: str = "") -> Value:
    """Return a + sign · b, broadcast as numpy does.

    Args:
        do: the operations of the model being read.
        a: a value.
        b: another.
        sign: 1 or −1.
        name: the node, for messages.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.addition import signed_sum
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2,)])
        >>> y = signed_sum(do, x, constant(np.array([[1.0], [2.0]]), "c"), -1)
        >>> do.build([y]).exact([5, 6]).to_floats().tolist()
        [[4.0, 5.0, 3.0, 4.0]]
    """
    try:
        shape = tuple(int(d) for d in np.broadcast_shapes(a.shape, b.shape))
    except ValueError:
        raise ShapeError(
            f"{name or 'a sum'}: shapes {a.shape} and {b.shape} do not fit together"
        ) from None
    require_room(size_of(shape), f"the sum {name}", MOST_VALUES)
    if isinstance(a, Constant):
        if isinstance(b, Constant):
            if a.is_integer and b.is_integer:
                return Constant(a.values + sign * b.values)
            return Constant(np.asarray(a.fractions() + sign * b.fractions(), dtype=object))
        negated = b if sign > 0 else do.negate(b)
        assert isinstance(negated, Tensor)
        return _shifted(do, negated, a, 1, shape)
    if isinstance(b, Constant):
        return _shifted(do, a, b, sign, shape)
    require_room(_COPIES * size_of(shape), f"the sum {name}")
    first, second = do.broadcast(a, shape), do.broadcast(b, shape)
    if _merge(first.wire, second.wire):
        first, second = do.settle(first), do.settle(second)
    combine = do.builder.add if sign > 0 else do.builder.subtract
    return Tensor(combine(first.wire, second.wire), shape)


def is_biased(wire: Wire) -> bool:
    """Tell whether a wire is an affine function with a bias, held by no layer yet."""
    return wire.affine is not None and bool(wire.affine.bias.values.any())


def _shifted(do: Operations, a: Tensor, b: Constant, sign: int, shape: Shape) -> Tensor:
    require_room(_COPIES * size_of(shape), "a sum with a constant")
    whole = do.broadcast(a, shape)
    offsets = np.broadcast_to(b.numbers(), shape).reshape(-1)
    if not offsets.any():
        return whole  # x + 0 is x in every arithmetic
    wire = do.unbiased(whole).wire
    return Tensor(do.builder.shift(wire, offsets if sign > 0 else -offsets), shape)


def _merge(first: Wire, second: Wire) -> bool:
    """Tell whether terms of two wires would merge if they were added."""
    return bool(_sources(first) & _sources(second)) or (is_biased(first) and is_biased(second))


def _sources(wire: Wire) -> set[int]:
    if wire.affine is not None:
        return set(wire.affine.sources)
    assert wire.source is not None
    return {int(s) for s in np.unique(wire.source)}
