"""Einstein sums of one tensor with constants."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tropnet.errors import FormatError, ShapeError, UnsupportedLayerError
from tropnet.io.operations.axis import places_of
from tropnet.io.operations.contraction import contract
from tropnet.io.tensor import Constant, Tensor, Value

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import IntArray


def einsum(do: Operations, equation: str, values: Sequence[Value], name: str = "") -> Value:
    """Return the sums of products that an equation such as `bij,jk->bik` names.

    Letters repeated within a term take a diagonal, letters that the result lacks are summed over,
    `...` stands for axes that are broadcast; without `->` the result has the letters that occur
    once, in alphabetical order. Operands are multiplied one after the other.

    Args:
        do: the operations of the model being read.
        equation: as numpy's and ONNX's.
        values: one for each term; at most one depends on the input.
        name: the node, for messages.

    Raises:
        FormatError: the equation cannot be read, or has another number of terms.
        ShapeError: the shapes do not fit it.
        UnsupportedLayerError: it multiplies values that depend on the input.

    Cost: memory of the operands and of the result of each product.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.einsum import einsum
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 2)])
        >>> y = einsum(do, "bj,kj->bk", [x, constant(np.array([[1.0, 2.0]]), "w")])
        >>> do.build([y]).exact([3, 4]).to_floats().tolist()
        [[11.0]]
    """
    what = name or "an einsum"
    terms, result = _parsed(equation, values, what)
    if sum(isinstance(v, Tensor) for v in values) > 1:
        raise UnsupportedLayerError(
            what, "Einsum", "it multiplies two values that depend on the input",
            "a model that is piecewise linear",
        )  # fmt: skip
    operands = [
        _diagonal(do, value, labels, what) for value, labels in zip(values, terms, strict=True)
    ]
    # what depends on the input goes first, so that each product has it on its left
    operands.sort(key=lambda operand: isinstance(operand[0], Constant))
    (found, labels), *rest = operands
    if not rest:
        rest = [(Constant(np.ones(())), [])]
    while rest:
        factor, own = rest.pop(0)
        assert isinstance(factor, Constant)
        later = {label for _, others in rest for label in others} | set(result)
        kept = (
            list(result) if not rest else [k for k in dict.fromkeys([*labels, *own]) if k in later]
        )
        found, labels = contract(do, found, labels, factor, own, kept, name), kept
    return found


def _parsed(
    equation: str, values: Sequence[Value], what: str
) -> tuple[list[list[Hashable]], list[Hashable]]:
    """Return the labels of each operand's axes and of the result's; those of `...` are numbers."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(values):
        raise FormatError(
            f"{what}: the equation {equation!r} has {len(terms)} terms for {len(values)} values"
        )
    operands, widest = [], 0
    for term, value in zip(terms, values, strict=True):
        letters = _letters(term, equation, what)
        hidden = len(value.shape) - len(letters) + ("..." in letters)
        if hidden < 0 or (hidden and "..." not in letters):
            raise ShapeError(f"{what}: the term {term!r} for values of shape {value.shape}")
        widest = max(widest, hidden)
        operands.append(_spread(letters, hidden))
    if arrow:
        letters = _letters(right, equation, what)
        result = _spread(letters, widest)
    else:
        seen = [label for labels in operands for label in labels]
        once = sorted(str(k) for k in seen if isinstance(k, str) and seen.count(k) == 1)
        result = [*_spread(["..."], widest), *once]
    known = {label for labels in operands for label in labels}
    if len(set(result)) < len(result) or not set(result) <= known:
        raise FormatError(
            f"{what}: the result of the equation {equation!r} repeats a letter or has one that no "
            "term has"
        )
    return operands, result


def _letters(term: str, equation: str, what: str) -> list[str]:
    before, dots, after = term.partition("...")
    letters = [*before, *([dots] if dots else []), *after]
    if not all(k == "..." or (k.isascii() and k.isalpha()) for k in letters):
        raise FormatError(f"{what}: the equation {equation!r} cannot be read")
    return letters


def _spread(letters: Sequence[str], hidden: int) -> list[Hashable]:
    """Return the letters with numbers for the axes of `...`, counted from the last one."""
    labels: list[Hashable] = []
    for letter in letters:
        labels += [*reversed(range(hidden))] if letter == "..." else [letter]
    return labels


def _diagonal(
    do: Operations, value: Value, labels: Sequence[Hashable], what: str
) -> tuple[Value, list[Hashable]]:
    """Return the value with the axes of a repeated letter made one."""
    distinct = list(dict.fromkeys(labels))
    if len(distinct) == len(labels):
        return value, distinct
    places: IntArray = places_of(value.shape)
    axes = list(labels)
    for label in distinct:
        while axes.count(label) > 1:
            first = axes.index(label)
            second = axes.index(label, first + 1)
            if places.shape[first] != places.shape[second]:
                raise ShapeError(
                    f"{what}: the diagonal {label!r} of axes of length {places.shape[first]} and "
                    f"{places.shape[second]}"
                )
            places = places.diagonal(axis1=first, axis2=second)
            axes = [k for i, k in enumerate(axes) if i not in (first, second)] + [label]
    return do.pick(value, places), axes
