"""Choices between two values by a comparison, where that is provably continuous."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, final

import numpy as np

from tropnet.errors import BudgetExceeded, ShapeError, UnsupportedLayerError
from tropnet.io.operations.axis import places_of
from tropnet.io.operations.choice import pick_or_fill
from tropnet.io.operations.entry_form import EntryForm, entry_forms
from tropnet.io.operations.product import multiply
from tropnet.io.tensor import MOST_VALUES, Constant, Shape, Tensor, Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import AnyArray, BoolArray

#: How two values are compared.
Comparison: TypeAlias = Literal["gt", "ge", "lt", "le", "eq", "ne"]

#: Entries of a choice that are proved one by one, in some 50 microseconds each.
_MOST_PROVED: Final = 2**16
#: Numbers that the proof of an entry takes, Fractions among them.
_COPIES: Final = 128
_OPPOSITE: Final[dict[Comparison, Comparison]] = {
    "gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne", "ne": "eq",
}  # fmt: skip
_NUMPY: Final[dict[Comparison, Callable[..., AnyArray]]] = {
    "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal,
    "eq": np.equal, "ne": np.not_equal,
}  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class Condition:
    """Where one value exceeds another (or does not, or equals it), entry by entry.

    Attributes:
        op: how they are compared.
        left: the one.
        right: the other.
    """

    op: Comparison
    left: Value
    right: Value

    @property
    def shape(self) -> Shape:
        """The joint shape of the two."""
        return _joint([self.left.shape, self.right.shape], "a comparison")

    def negated(self) -> Condition:
        """Return the condition that holds where this one does not.

        Example:
            >>> from tropnet.io.operations import Operations
            >>> from tropnet.io.operations.condition import Condition
            >>> a, b = Operations("float32").inputs([(1,), (1,)])
            >>> Condition("gt", a, b).negated().op
            'le'
        """
        return Condition(_OPPOSITE[self.op], self.left, self.right)


def compare_values(
    do: Operations, op: Comparison, a: Value, b: Value, name: str = ""
) -> Constant | Condition:
    """Return where a > b (or another comparison), which only `where` can use.

    Args:
        do: the operations of the model being read.
        op: `gt`, `ge`, `lt`, `le`, `eq` or `ne`.
        a: a value.
        b: another, broadcast as numpy does.
        name: the node, for messages.

    Returns:
        Booleans where both are constant, else a `Condition`.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.condition import compare_values
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> two = constant(np.array(2), "two")
        >>> compare_values(do, "gt", two, constant(np.arange(4), "numbers")).values.tolist()
        [True, True, False, False]
    """
    shape = _joint([a.shape, b.shape], name or "a comparison")
    require_room(size_of(shape), f"the comparison {name}", MOST_VALUES)
    if isinstance(a, Constant) and isinstance(b, Constant):
        found = _NUMPY[op](a.fractions(), b.fractions())
        return Constant(np.asarray(found, dtype=np.bool_))
    return Condition(op, a, b)


def where(
    do: Operations, condition: Condition | Constant, a: Value, b: Value, name: str = ""
) -> Value:
    """Return a where the condition holds and b elsewhere, broadcast as numpy does.

    The function has to be continuous: on each entry, a − b must be a multiple of the compared
    difference, as in `where(x > c, x − c, 0)`. That is decided on the exact weights.

    Args:
        do: the operations of the model being read.
        condition: constant, or a comparison.
        a: the value where it holds.
        b: the value elsewhere.
        name: the node, for messages.

    Raises:
        UnsupportedLayerError: it is not continuous, or was not proved to be.
        ShapeError: the shapes do not fit.

    Cost: looks at the weights of each entry; a ReLU unit for each entry of the comparison.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.condition import compare_values, where
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1,)])
        >>> zero = constant(np.zeros(1), "zero")
        >>> y = where(do, compare_values(do, "gt", x, zero), x, do.scale(x, 0.5))
        >>> do.build([y]).exact([[-4], [4]]).to_floats().tolist()
        [[-2.0], [4.0]]
    """
    what = name or "a where"
    shape = _joint([condition.shape, a.shape, b.shape], what)
    require_room(size_of(shape), f"the values of {what}", MOST_VALUES)
    if isinstance(condition, Constant):
        chosen = np.broadcast_to(condition.values.astype(np.bool_), shape)
        return _selected(do, chosen, a, b, shape, name)
    if condition.op == "ne":
        return where(do, condition.negated(), b, a, name)
    if condition.op in ("lt", "le"):
        return where(do, condition.negated(), b, a, name)
    require_room(size_of(shape), f"the values of {what}, each to be proved", _MOST_PROVED)
    require_room(_COPIES * size_of(shape), f"the proofs of {what}")
    slopes = _proved_slopes(do, condition, a, b, shape)
    if slopes is None:
        raise UnsupportedLayerError(
            what, "Where", "it may jump where its condition changes: its two values do not differ "
            "by a multiple of what is compared", "max, min or relu instead of a condition",
        )  # fmt: skip
    base, left, right = (
        do.held(v) if isinstance(v, Tensor) else v for v in (b, condition.left, condition.right)
    )
    if condition.op == "eq" or not slopes.any():
        return do.pick(base, np.broadcast_to(places_of(base.shape), shape))
    bent = do.relu(do.subtract(left, right, name), name)
    return do.add(multiply(do, bent, Constant(slopes), name), base, name)


def _selected(
    do: Operations, chosen: BoolArray, a: Value, b: Value, shape: Shape, name: str
) -> Value:
    """Return a where it is chosen, else b; the choice is constant."""
    if isinstance(a, Constant) and isinstance(b, Constant):
        same = a.values.dtype == b.values.dtype
        first, second = (v.values if same else v.fractions() for v in (a, b))
        return Constant(np.where(chosen, first, second))
    first, second = (np.broadcast_to(places_of(v.shape), shape) for v in (a, b))
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        flat = [Tensor(v.wire, (size_of(v.shape),)) for v in (a, b)]
        places = np.where(chosen, first, second + size_of(a.shape))
        return do.pick(do.concatenate(flat, 0, name), places)
    if isinstance(a, Constant):
        a, b, first, second, chosen = b, a, second, first, ~chosen
    assert isinstance(b, Constant)
    others = np.asarray(b.fractions().reshape(-1)[second], dtype=object)
    return pick_or_fill(do, a, np.where(chosen, first, -1), others, name)


def _proved_slopes(
    do: Operations, condition: Condition, a: Value, b: Value, shape: Shape
) -> AnyArray | None:
    """Return s with a − b = s · (left − right) on each entry; None where that is not proved.

    It is looked for among the values that the four read, then back through layers of identity
    units, and last in terms of the compared values themselves, whatever they are made of.
    """
    for attempt in ("as they are", "through", "settled"):
        if attempt == "settled":
            for value in (condition.left, condition.right):
                if isinstance(value, Tensor):
                    do.settle(value)
        try:
            slopes = _slopes(do, condition, a, b, shape, through=attempt == "through")
        except BudgetExceeded:
            continue
        if slopes is not None:
            return slopes
    return None


def _slopes(
    do: Operations, condition: Condition, a: Value, b: Value, shape: Shape, *, through: bool
) -> AnyArray | None:
    values = (condition.left, condition.right, a, b)
    forms = [entry_forms(do, value, shape, through=through) for value in values]
    slopes = np.empty(size_of(shape), dtype=object)
    for entry, (left, right, first, second) in enumerate(zip(*forms, strict=True)):
        compared = left.minus(right)
        slope = first.minus(second).multiple_of(compared)
        if slope is None or not _bounded(first, second, compared, abs(slope)):
            return None
        slopes[entry] = slope
    return slopes.reshape(shape)


def _bounded(first: EntryForm, second: EntryForm, compared: EntryForm, slope: Fraction) -> bool:
    """Tell whether roundings of `first` are no larger than those of second + slope · compared.

    A run that chooses `first` rounds what that is made of, and the network reads the other two.
    """
    none = Fraction(0)
    return all(
        size <= second.sizes.get(key, none) + slope * compared.sizes.get(key, none)
        for key, size in first.sizes.items()
    )


def _joint(shapes: Sequence[Shape], what: str) -> Shape:
    try:
        return tuple(int(d) for d in np.broadcast_shapes(*shapes))
    except ValueError:
        raise ShapeError(f"{what}: shapes {list(shapes)} do not fit together") from None
