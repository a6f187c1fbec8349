"""The registry of ONNX operators, and what an operator is told of its node."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

import numpy as np

from tropnet.errors import DomainError, FormatError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.condition import Condition
from tropnet.io.tensor import Constant, Value
from tropnet.io.unread_operations import advice_against, reason_against

#: What a name in a graph may stand for: numbers, or the truth of a comparison of numbers.
Held: TypeAlias = Value | Condition


@final
@dataclass(frozen=True, slots=True)
class Call:
    """One node: its inputs as values, its attributes, and the operations to express it in.

    Attributes:
        name: the node's name, or the name of its first output.
        op: the operator.
        inputs: the values read, None for optional inputs left out.
        attributes: those given in the file.
        opset: the version of the operator set.
        operations: what a node is made of.
        outputs: the names of the outputs, empty for those left out.
        kinds: the element types of the inputs as TensorProto numbers them, 0 where unknown.
    """

    name: str
    op: str
    inputs: tuple[Held | None, ...]
    attributes: Mapping[str, Any]
    opset: int
    operations: Operations
    outputs: tuple[str, ...] = ("",)
    kinds: tuple[int, ...] = ()

    # ---- inputs -------------------------------------------------------------------------------

    def held(self, position: int) -> Held | None:
        """Return an input of any kind, None where it is left out."""
        return self.inputs[position] if position < len(self.inputs) else None

    def optional(self, position: int) -> Value | None:
        """Return an input of numbers, None where it is left out.

        Raises:
            UnsupportedLayerError: it is the truth of a comparison, not a number.
        """
        found = self.held(position)
        if isinstance(found, Condition):
            raise self.unsupported(
                "it calculates with the truth of a comparison, which jumps",
                "Where(comparison, a, b) where a and b meet, or Relu",
            )
        return found

    def value(self, position: int) -> Value:
        """Return an input that must be there.

        Raises:
            FormatError: it is not.
        """
        found = self.optional(position)
        if found is None:
            raise FormatError(f"node {self.name!r} ({self.op}) lacks its input {position}")
        return found

    def values(self) -> list[Value]:
        """Return all inputs, of which none may be left out."""
        return [self.value(k) for k in range(len(self.inputs))]

    def constant(self, position: int, meaning: str) -> Constant:
        """Return an input that must not depend on the network's input.

        Raises:
            UnsupportedLayerError: it does.
        """
        found = self.value(position)
        if not isinstance(found, Constant):
            raise self.unsupported(f"its {meaning} depends on the input", "a constant there")
        return found

    def whole_numbers(self, position: int, meaning: str) -> list[int]:
        """Return a constant input of integers, such as a shape or axes."""
        found = self.constant(position, meaning)
        if not found.is_integer:
            raise FormatError(f"node {self.name!r} ({self.op}): its {meaning} is not of integers")
        return [int(v) for v in found.values.reshape(-1).tolist()]

    def whole_number(self, position: int, meaning: str) -> int:
        """Return a constant input of one integer."""
        found = self.whole_numbers(position, meaning)
        if len(found) != 1:
            raise FormatError(f"node {self.name!r} ({self.op}): its {meaning} is {found}, not one")
        return found[0]

    def listed(self, attribute: str, position: int) -> list[int] | None:
        """Return integers that old operator sets give as attribute and new ones as input."""
        found = self.integers(attribute)
        if found is None and self.held(position) is not None:
            return self.whole_numbers(position, attribute)
        return found

    def kind(self, position: int) -> int:
        """Return the element type of an input, 0 where it is unknown."""
        return self.kinds[position] if position < len(self.kinds) else 0

    # ---- attributes ---------------------------------------------------------------------------

    def integer(self, attribute: str, default: int) -> int:
        """Return an integer attribute."""
        return int(self._attribute(attribute, default, int))

    def real(self, attribute: str, default: float) -> float:
        """Return a real attribute; files hold it as a float32, and so is the default.

        Raises:
            DomainError: it is NaN or infinite.
        """
        found = float(self._attribute(attribute, float(np.float32(default)), float))
        if not math.isfinite(found):
            raise DomainError(f"node {self.name!r} ({self.op}) has {attribute} {found}")
        return found

    def integers(self, attribute: str) -> list[int] | None:
        """Return an attribute that is a list of integers; None where it is left out."""
        found: list[int] | None = self._attribute(attribute, None, list)
        return found

    def text(self, attribute: str, default: str, known: tuple[str, ...] = ()) -> str:
        """Return an attribute that is a word.

        Raises:
            UnsupportedLayerError: it is none of the known ones.
        """
        found: Any = self.attributes.get(attribute, default)
        word = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
        if known and word not in known:
            raise self.unsupported(f"its {attribute} is {word!r}", " or ".join(known))
        return word

    def _attribute(self, attribute: str, default: Any, kind: type) -> Any:
        found = self.attributes.get(attribute, default)
        if found is not None and not isinstance(found, kind):
            raise FormatError(
                f"node {self.name!r} ({self.op}): attribute {attribute} is {found!r}, not of type "
                f"{kind.__name__}"
            )
        return found

    # ---- errors -------------------------------------------------------------------------------

    def unsupported(self, why: str, advice: str) -> UnsupportedLayerError:
        """Return the error for a use of the operator that is not read."""
        return UnsupportedLayerError(self.name, self.op, why, advice)

    def refused(self) -> UnsupportedLayerError:
        """Return the error for an operator that is read of constants alone."""
        return self.unsupported(reason_against(self.op), advice_against(self.op, self.name))


#: One value, or as many as the node has outputs (None for those nobody may read).
Result: TypeAlias = Held | tuple[Held | None, ...]
Operator: TypeAlias = Callable[[Call], Result]

_OPERATORS: Final[dict[str, Operator]] = {}


def operator(*names: str) -> Callable[[Operator], Operator]:
    """Register a function for the operators of these names."""

    def register(function: Operator) -> Operator:
        for name in names:
            assert name not in _OPERATORS, f"two functions for {name}"
            _OPERATORS[name] = function
        return function

    return register


def lookup(name: str) -> Operator | None:
    """Return the function of an operator, None if it is not read."""
    return _OPERATORS.get(name)


def supported() -> tuple[str, ...]:
    """Return the names of the operators that are read, sorted.

    Example:
        >>> from tropnet.io.onnx_operators import supported
        >>> "Gemm" in supported(), "Sigmoid" in supported()
        (True, False)
    """
    return tuple(sorted(_OPERATORS))
