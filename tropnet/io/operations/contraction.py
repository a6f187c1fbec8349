"""Sums of products of one tensor with one constant, axis by axis."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tropnet.errors import ShapeError
from tropnet.io.tensor import MOST_VALUES, Constant, Shape, Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import AnyArray, IntArray


def contract(
    do: Operations,
    value: Value,
    labels: Sequence[Hashable],
    weights: Constant,
    weight_labels: Sequence[Hashable],
    result: Sequence[Hashable],
    name: str = "",
) -> Value:
    """Return Σ value · weights over the labels that the result lacks.

    Args:
        do: the operations of the model being read.
        value: a tensor of one axis a label.
        labels: a label for each of its axes, all different. Where an axis of length one meets a
            longer one of the same label, it is repeated.
        weights: a constant.
        weight_labels: a label for each of its axes, all different.
        result: the labels of the result's axes, all different, each one of an operand.
        name: the node, for messages.

    Raises:
        ShapeError: two axes of one label have different lengths.

    Cost: memory of the operands and of the result; nothing of their product is made.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.contraction import contract
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2, 2)])
        >>> trace = contract(do, x, "ij", constant(np.eye(2), "I"), "ij", "")
        >>> do.build([trace]).exact([1, 2, 3, 4]).to_floats().tolist()
        [[5.0]]
    """
    sizes = _sizes([(labels, value.shape), (weight_labels, weights.shape)], name)
    shape = tuple(sizes[k] for k in result)
    require_room(size_of(shape), f"the product {name}", MOST_VALUES)
    places = np.arange(size_of(value.shape)).reshape(value.shape)
    places, labels = _full(places, labels, sizes)
    numbers, weight_labels = _full(weights.numbers(), weight_labels, sizes)

    batch = [k for k in labels if k in weight_labels and k in result]
    free = [k for k in labels if k not in weight_labels and k in result]
    both = [k for k in labels if k in weight_labels and k not in result]
    rest = [k for k in labels if k not in weight_labels and k not in result]
    own = [k for k in weight_labels if k not in labels and k in result]
    gone = tuple(i for i, k in enumerate(weight_labels) if k not in labels and k not in result)
    if gone:
        numbers = np.asarray(Constant(numbers).fractions().sum(axis=gone), dtype=object)
        weight_labels = [k for k in weight_labels if k in labels or k in result]

    def length(chosen: Sequence[Hashable]) -> int:
        return size_of(tuple(sizes[k] for k in chosen))

    repeats, columns = length(rest), length([*both, *rest])
    require_room(length([*batch, *own]) * columns, f"the weights of {name or 'a product'}")
    patches = places.transpose([labels.index(k) for k in (*batch, *free, *both, *rest)])
    kernel = numbers.transpose([weight_labels.index(k) for k in (*batch, *own, *both)])
    kernel = kernel.reshape(length([*batch, *own]), length(both))
    return do.combine(
        value,
        np.repeat(kernel, repeats, axis=1),
        patches.reshape(length([*batch, *free]), columns),
        _numbered([*batch, *own], result, sizes),
        _numbered([*batch, *free], result, sizes),
        shape,
        name,
    )


def broadcast_labels(
    shapes: Sequence[Shape], name: str = ""
) -> tuple[list[list[Hashable]], list[Hashable]]:
    """Return labels for the axes of shapes that numpy would broadcast, and those of the result.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> from tropnet.io.operations.contraction import broadcast_labels
        >>> broadcast_labels([(2, 3), (3,)])
        ([[1, 0], [0]], [1, 0])
    """
    try:
        rank = len(np.broadcast_shapes(*shapes))
    except ValueError:
        raise ShapeError(
            f"{name or 'a product'}: shapes {' and '.join(map(str, shapes))} do not fit together"
        ) from None
    labels: list[Hashable] = [*reversed(range(rank))]
    return [labels[rank - len(shape) :] for shape in shapes], labels


def _sizes(operands: Sequence[tuple[Sequence[Hashable], Shape]], name: str) -> dict[Hashable, int]:
    sizes: dict[Hashable, int] = {}
    for labels, shape in operands:
        for label, size in zip(labels, shape, strict=True):
            known = sizes.setdefault(label, size)
            if 1 not in (known, size) and known != size:
                raise ShapeError(
                    f"{name or 'a product'}: axis {label!r} has length {known} and {size}"
                )
            if known == 1:
                sizes[label] = size
    return sizes


def _full(
    array: AnyArray, labels: Sequence[Hashable], sizes: dict[Hashable, int]
) -> tuple[AnyArray, list[Hashable]]:
    """Drop the axes that are repeated along a longer one."""
    kept = [i for i, k in enumerate(labels) if array.shape[i] == sizes[k]]
    return array.reshape([array.shape[i] for i in kept]), [labels[i] for i in kept]


def _numbered(
    labels: Sequence[Hashable], result: Sequence[Hashable], sizes: dict[Hashable, int]
) -> IntArray:
    """Return for each entry of the result its number among the entries of these labels."""
    count = size_of(tuple(sizes[k] for k in labels))
    numbers = np.arange(count).reshape([sizes[k] for k in labels])
    order = sorted(range(len(labels)), key=lambda i: result.index(labels[i]))
    spread = numbers.transpose(order).reshape([sizes[k] if k in labels else 1 for k in result])
    return np.broadcast_to(spread, [sizes[k] for k in result]).reshape(-1)
