"""The registry of ONNX operators, and what an operator is told of its node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from tropnet.errors import FormatError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.tensor import Constant, Value


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
    """

    name: str
    op: str
    inputs: tuple[Value | None, ...]
    attributes: Mapping[str, Any]
    opset: int
    operations: Operations

    def optional(self, position: int) -> Value | None:
        """Return an input, None where it is left out."""
        return self.inputs[position] if position < len(self.inputs) else None

    def value(self, position: int) -> Value:
        """Return an input that must be there.

        Raises:
            FormatError: it is not.
        """
        found = self.optional(position)
        if found is None:
            raise FormatError(f"node {self.name!r} ({self.op}) lacks its input {position}")
        return found

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

    def integer(self, attribute: str, default: int) -> int:
        """Return an integer attribute."""
        return int(self._attribute(attribute, default, int))

    def real(self, attribute: str, default: float) -> float:
        """Return a real attribute; files hold it as a float32."""
        return float(self._attribute(attribute, default, float))

    def integers(self, attribute: str) -> list[int] | None:
        """Return an attribute that is a list of integers; None where it is left out."""
        found: list[int] | None = self._attribute(attribute, None, list)
        return found

    def _attribute(self, attribute: str, default: Any, kind: type) -> Any:
        found = self.attributes.get(attribute, default)
        if found is not None and not isinstance(found, kind):
            raise FormatError(
                f"node {self.name!r} ({self.op}): attribute {attribute} is {found!r}, not of type "
                f"{kind.__name__}"
            )
        return found

    def unsupported(self, why: str, advice: str) -> UnsupportedLayerError:
        """Return the error for a use of the operator that is not read."""
        return UnsupportedLayerError(self.name, self.op, why, advice)


#: One value, or as many as the node has outputs (None for those nobody may read).
Result: TypeAlias = Value | tuple[Value | None, ...]
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
