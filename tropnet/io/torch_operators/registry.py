"""The registry of ATen's operations, and what a function is told of its call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias, TypeVar, final

import numpy as np

from tropnet.errors import DomainError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.condition import Condition
from tropnet.io.tensor import Constant, Shape, Tensor, Value


@final
@dataclass(frozen=True, slots=True)
class Unread:
    """A result that is no piecewise-linear function, such as the indices of a maximum.

    It is an error only where something reads it.
    """

    error: UnsupportedLayerError


@final
@dataclass(frozen=True, slots=True)
class AtenCall:
    """One call in an exported graph.

    Attributes:
        name: the module it belongs to, or the node's own name.
        op: ATen's name, such as `linear.default`.
        function: the operation itself, which choices of entries run on the numbers of the entries.
        given: all arguments by the names of ATen's schema, defaults filled in.
        operations: what a call is made of.
        dtype: the arithmetic it runs in, to which Python numbers are rounded; `int64` without
            floats.
        shapes: the shapes of its results; None where they depend on values.
        kind: torch's type of its first result.
    """

    name: str
    op: str
    function: Any
    given: Mapping[str, Any]
    operations: Operations
    dtype: str
    shapes: Sequence[Shape | None]
    kind: Any

    @property
    def shape(self) -> Shape:
        """The shape of its one result.

        Raises:
            UnsupportedLayerError: it depends on values.
        """
        found = self.shapes[0] if self.shapes else None
        if found is None:
            raise self.unsupported(
                "the size of its result depends on values", "operations whose sizes are fixed"
            )
        return found

    def __getitem__(self, name: str) -> Any:
        """Return an argument as it was given; None where it is left out."""
        return self.given[name]

    def has(self, name: str) -> bool:
        """Tell whether an optional argument is given."""
        return self.given.get(name) is not None

    def value(self, name: str, *, wide: bool = False) -> Value:
        """Return an argument that is a tensor or a number.

        Args:
            name: the argument's.
            wide: round numbers as an operation does that computes float16 in float32.

        Raises:
            UnsupportedLayerError: it is no real tensor.
        """
        return self.as_value(self.given[name], name, wide=wide)

    def as_value(self, found: Any, name: str, *, wide: bool = False) -> Value:
        """Return something that was given as a value."""
        if isinstance(found, Unread):
            raise found.error
        if isinstance(found, Condition):
            raise self.unsupported(
                "it computes with the truth of a comparison, which is not continuous",
                "torch.where, relu or clamp",
            )
        if isinstance(found, Tensor):
            return found
        if isinstance(found, Constant):
            # a tensor without axes takes the arithmetic of the tensors beside it
            if found.shape != () or found.values.dtype.kind != "f":
                return found
            found = float(found.values)
        if isinstance(found, bool | int | float):
            number = self.rounded(found, name, wide=wide)
            return Constant(np.asarray(int(found) if self.dtype == "int64" else float(number)))
        raise self.unsupported(f"its argument {name} is {found!r}", "tensors and numbers")

    def values(self, name: str) -> list[Value]:
        """Return an argument that is a list of tensors."""
        return [self.as_value(found, name) for found in self.given[name]]

    def constant(self, name: str) -> Constant:
        """Return an argument that must not depend on the network's input.

        Raises:
            UnsupportedLayerError: it does.
        """
        found = self.value(name)
        if not isinstance(found, Constant):
            raise self.unsupported(f"its {name} depends on the input", "a constant there")
        return found

    def number(self, name: str, *, wide: bool = False) -> Fraction:
        """Return an argument that is a finite Python number, rounded as torch rounds it.

        Raises:
            DomainError: it is not finite, or not in the arithmetic of the call.
        """
        return self.rounded(self.given[name], name, wide=wide)

    def rounded(self, number: Any, name: str, *, wide: bool = False) -> Fraction:
        """Return a Python number as torch rounds it.

        Raises:
            DomainError: it is not finite, or not in the arithmetic of the call.
        """
        if isinstance(number, Unread):
            raise number.error
        if isinstance(number, Constant) and number.values.size == 1:
            number = number.fractions().item()
        if not isinstance(number, bool | int | float | Fraction):
            raise self.unsupported(f"its {name} is computed from the input", "a number there")
        dtype = "float32" if wide and self.dtype == "float16" else self.dtype
        with np.errstate(over="ignore"):
            found = float(np.dtype(dtype).type(number))
        if not math.isfinite(found):
            raise DomainError(
                f"{self.name!r} ({self.op}): its {name} is {number}, in {dtype} {found}"
            )
        return Fraction(found)

    def integers(self, name: str, count: int | None = None) -> list[int]:
        """Return an argument of whole numbers; one number stands for `count` equal ones."""
        found = self.given[name]
        numbers = [int(n) for n in (found if isinstance(found, list | tuple) else [found])]
        return numbers * count if count is not None and len(numbers) == 1 else numbers

    def unsupported(self, why: str, advice: str) -> UnsupportedLayerError:
        """Return the error for a use of the operation that is not read."""
        return UnsupportedLayerError(self.name, self.op, why, advice)


#: A value, the truth of a comparison, or one of them for each of several results.
Result: TypeAlias = Value | Condition | Unread | Sequence[Value | Unread]
AtenOperator: TypeAlias = Callable[[AtenCall], Result]
_F = TypeVar("_F", bound=AtenOperator)
_OPERATORS: Final[dict[str, AtenOperator]] = {}


def aten(*names: str, in_place: bool = False) -> Callable[[_F], _F]:
    """Register a function for the ATen operations of these names.

    Args:
        names: of overloads, such as `add.Tensor`.
        in_place: register it for the variants that write into their first argument (`add_.Tensor`)
            as well; the function returns what they write.
    """

    def register(function: _F) -> _F:
        for name in names:
            packet, _, overload = name.partition(".")
            for known in (name, f"{packet}_.{overload}") if in_place else (name,):
                assert known not in _OPERATORS, f"two functions for {known}"
                _OPERATORS[known] = function
        return function

    return register


def lookup(name: str) -> AtenOperator | None:
    """Return the function of an ATen operation, None if it is not read."""
    return _OPERATORS.get(name)


def supported() -> tuple[str, ...]:
    """Return the names of the operations that are read, sorted.

    Example:
        >>> from tropnet.io.torch_operators import supported
        >>> "linear.default" in supported(), "relu_.default" in supported()
        (True, True)
    """
    return tuple(sorted(_OPERATORS))
