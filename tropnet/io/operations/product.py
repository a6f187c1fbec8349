"""Entrywise products and quotients of a tensor and a constant."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np

from tropnet.errors import DomainError, UnsupportedLayerError
from tropnet.io.operations.contraction import broadcast_labels, contract
from tropnet.io.tensor import MOST_VALUES, Constant, Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import AnyArray

#: How a quotient of constants becomes whole.
Rounding = Literal["floor", "trunc"]


def multiply(do: Operations, a: Value, b: Value, name: str = "") -> Value:
    """Return a · b, broadcast as numpy does; at most one may depend on the input.

    Raises:
        UnsupportedLayerError: both depend on the input.
        ShapeError: the shapes do not fit.

    Cost: memory of the operands and the result.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.product import multiply
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2,)])
        >>> y = multiply(do, x, constant(np.array([[2.0], [3.0]]), "c"))
        >>> y.shape, do.build([y]).exact([1, 10]).to_floats().tolist()
        ((2, 2), [[2.0, 20.0, 3.0, 30.0]])
    """
    (first, second), result = broadcast_labels([a.shape, b.shape], name)
    if isinstance(a, Constant) and isinstance(b, Constant):
        shape = np.broadcast_shapes(a.shape, b.shape)
        require_room(size_of(shape), f"the product {name}", MOST_VALUES)
        if a.is_integer and b.is_integer:
            return whole(a.values.astype(object) * b.values.astype(object))
        return Constant(np.asarray(a.fractions() * b.fractions(), dtype=object))
    if isinstance(b, Constant):
        return a if _all_one(a, b) else contract(do, a, first, b, second, result, name)
    if isinstance(a, Constant):
        return b if _all_one(b, a) else contract(do, b, second, a, first, result, name)
    raise UnsupportedLayerError(
        name or "a product", "Mul", "it multiplies two values that depend on the input",
        "a model that is piecewise linear",
    )  # fmt: skip


def divide(
    do: Operations, a: Value, b: Value, name: str = "", rounding: Rounding | None = None
) -> Value:
    """Return a / b, broadcast as numpy does; the divisor is constant and nowhere zero.

    Args:
        do: the operations of the model being read.
        a: the dividend.
        b: the divisor.
        name: the node, for messages.
        rounding: makes a quotient of constants whole, down or towards zero, as integer division
            does.

    Raises:
        UnsupportedLayerError: the divisor depends on the input, or a quotient that does is rounded.
        DomainError: a divisor is zero.
        ShapeError: the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.product import divide
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1,)])
        >>> do.build([divide(do, x, constant(np.array([3.0]), "c"))]).exact([1])
        RationalMatrix([['1/3']])
    """
    if not isinstance(b, Constant):
        raise UnsupportedLayerError(
            name or "a quotient", "Div", "its divisor depends on the input",
            "a model that is piecewise linear",
        )  # fmt: skip
    broadcast_labels([a.shape, b.shape], name)
    shape = np.broadcast_shapes(a.shape, b.shape)
    require_room(size_of(shape), f"the quotient {name}", MOST_VALUES)
    divisors = b.fractions()
    if not np.all(divisors != 0):
        raise DomainError(f"{name or 'a quotient'}: a divisor is zero")
    if rounding is None:
        inverse = np.empty(b.shape, dtype=object)
        inverse.reshape(-1)[:] = [1 / Fraction(v) for v in divisors.reshape(-1)]
        return multiply(do, a, Constant(inverse), name)
    if not isinstance(a, Constant):
        raise UnsupportedLayerError(
            name or "a quotient", "Div", "it rounds a quotient, which is not continuous",
            "division without rounding",
        )  # fmt: skip
    broadcast_labels([a.shape, b.shape], name)
    quotients = np.asarray(a.fractions() / divisors, dtype=object)
    rounded = np.empty(quotients.shape, dtype=object)
    rounded.reshape(-1)[:] = [
        v.__floor__() if rounding == "floor" else v.__trunc__() for v in quotients.reshape(-1)
    ]
    if a.is_integer and b.is_integer:
        return whole(rounded)
    return Constant(np.asarray(rounded * Fraction(1), dtype=object))


def whole(values: AnyArray) -> Constant:
    """Return Python integers as a constant of whole numbers, or of Fractions beyond 64 bits.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations.product import whole
        >>> whole(np.array([2**62], dtype=object)).is_integer
        True
        >>> whole(np.array([2**64], dtype=object)).is_integer
        False
    """
    values = np.asarray(values, dtype=object)
    if all(-(2**63) <= v < 2**63 for v in values.reshape(-1)):
        return Constant(values.astype(np.int64))
    return Constant(np.asarray(values * Fraction(1), dtype=object))


def _all_one(value: Value, factors: Constant) -> bool:
    """Tell whether a product changes neither entries nor shape."""
    same = np.broadcast_shapes(value.shape, factors.shape) == value.shape
    return bool(same and np.all(factors.values == 1))
