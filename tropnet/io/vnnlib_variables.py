"""What the words of a VNN-LIB file name: inputs and outputs of its networks."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, final

from tropnet.errors import FormatError
from tropnet.io.vnnlib_commands import shown

_FLAT: Final = re.compile(r"([XY])_(\d{1,9})", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z]\w{0,999}", re.ASCII)
_INDEXED: Final = re.compile(r"([A-Za-z]\w{0,999})(?:\[(\d{1,9}(?:,\d{1,9}){0,30})\])?", re.ASCII)
_TYPED: Final = re.compile(r"[A-Za-z]\w{0,99}\[((?:\d{1,9}(?:,\d{1,9}){0,30})?)\]", re.ASCII)
_MOST: Final = 1_000_000


class Variable(NamedTuple):
    """An entry of an input or output.

    Attributes:
        kind: "X" for inputs; "Y" for outputs and hidden values.
        network: the number of the network, in the order of the declarations.
        entry: its number, all inputs (or outputs) of a network one after the other.
    """

    kind: Literal["X", "Y"]
    network: int
    entry: int


@final
@dataclass(slots=True)
class _Tensor:
    kind: Literal["X", "Y"]
    network: int
    offset: int
    shape: tuple[int, ...]


@final
@dataclass(slots=True)
class VnnlibVariables:
    """The variables that a VNN-LIB file declares.

    Version 1 declares numbers `X_0`, `X_1`, …, `Y_0`, …; version 2 tensors of named networks, whose
    entries are written `X[0,1]`.

    Attributes:
        inputs: for each network how many inputs it has.
        outputs: for each network how many outputs.

    Example:
        >>> from tropnet.io.vnnlib_variables import VnnlibVariables
        >>> found = VnnlibVariables()
        >>> found.declare_network(["f", ["declare-input", "A", "real[1,5]"],
        ...                        ["declare-output", "B", "real[1,2]"]])
        >>> found.find("A[0,3]"), found.find("2.5")
        (Variable(kind='X', network=0, entry=3), None)
    """

    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    _flat: dict[str, set[int]] = field(default_factory=lambda: {"X": set(), "Y": set()})
    _tensors: dict[str, _Tensor] = field(default_factory=dict)
    _networks: set[str] = field(default_factory=set)

    def declare_number(self, name: str) -> None:
        """Take in a variable of version 1.

        Raises:
            FormatError: its name is none of version 1.
        """
        kind, number = _flat(name)
        self._flat[kind].add(number)

    def declare_network(self, parts: list[Any]) -> None:
        """Take in a network of version 2: its name and declarations.

        Raises:
            FormatError: a declaration that the standard does not have, or a name used twice.
        """
        if not parts or not isinstance(parts[0], str) or not _NAME.fullmatch(parts[0]):
            raise FormatError(f"VNN-LIB network {shown(parts)} has no name")
        if parts[0] in self._networks:
            raise FormatError(f"VNN-LIB network {parts[0]!r} is declared twice")
        number, sizes = len(self._networks), {"X": 0, "Y": 0}
        for part in parts[1:]:
            match part:
                case ["declare-input", str(name), str(typed), *_]:
                    sizes["X"] += self._tensor(name, typed, "X", number, sizes["X"])
                case ["declare-output", str(name), str(typed), *_]:
                    sizes["Y"] += self._tensor(name, typed, "Y", number, sizes["Y"])
                case ["declare-hidden", str(name), str(typed), *_]:
                    self._tensor(name, typed, "Y", number, 0)
                case ["isomorphic-to" | "equal-to", str(name)]:
                    if name not in self._networks:
                        raise FormatError(f"{shown(part)}: no network {name[:40]!r} before it")
                case _:
                    raise FormatError(f"VNN-LIB network {parts[0]!r} has an unknown {shown(part)}")
        if not sizes["X"]:
            raise FormatError(f"VNN-LIB network {parts[0]!r} declares no inputs")
        self._networks.add(parts[0])
        self.inputs.append(sizes["X"])
        self.outputs.append(sizes["Y"])

    def find(self, word: str) -> Variable | None:
        """Return the variable that a word names; None where it is none, as a number.

        Raises:
            FormatError: an index that does not fit the declared shape.
        """
        match = _INDEXED.fullmatch(word)
        if match is None:
            return None
        tensor = self._tensors.get(match[1])
        if tensor is None:
            if match[2] is not None or not _FLAT.fullmatch(word):
                return None
            kind, number = _flat(word)
            return Variable(kind, 0, number)
        index = tuple(map(int, match[2].split(","))) if match[2] else ()
        if len(index) != len(tensor.shape) or any(
            i >= n for i, n in zip(index, tensor.shape, strict=True)
        ):
            raise FormatError(
                f"{word[:60]} does not fit the shape {list(tensor.shape)} that is declared"
            )
        flat = 0
        for i, n in zip(index, tensor.shape, strict=True):
            flat = flat * n + i
        return Variable(tensor.kind, tensor.network, tensor.offset + flat)

    def close(self, path: str) -> None:
        """End the declarations: check those of version 1, and count them.

        Raises:
            FormatError: no inputs, gaps, or declarations of both versions.
        """
        numbers = self._flat["X"]
        if self._networks:
            if numbers or self._flat["Y"]:
                raise FormatError(f"{path} mixes declarations of VNN-LIB 1 and 2")
            return
        if not numbers or numbers != set(range(len(numbers))):
            raise FormatError(f"{path} declares no inputs X_0, X_1, … without gaps")
        self.inputs, self.outputs = [len(numbers)], [len(self._flat["Y"])]

    def _tensor(
        self, name: str, typed: str, kind: Literal["X", "Y"], network: int, offset: int
    ) -> int:
        match = _TYPED.fullmatch(typed)
        if match is None or not _NAME.fullmatch(name):
            raise FormatError(
                f"VNN-LIB variable {name[:40]!r} is declared as {typed[:40]!r}; a type and a shape "
                "such as real [1,5] follow the name"
            )
        if name in self._tensors:
            raise FormatError(f"VNN-LIB variable {name[:40]!r} is declared twice")
        shape = tuple(map(int, match[1].split(","))) if match[1] else ()
        size = math.prod(shape)
        if size < 1 or offset + size > _MOST:
            raise FormatError(
                f"VNN-LIB variable {name[:40]!r} has {size} entries; from 1 to {_MOST} are read"
            )
        self._tensors[name] = _Tensor(kind, network, offset, shape)
        return size


def _flat(name: str) -> tuple[Literal["X", "Y"], int]:
    match = _FLAT.fullmatch(name)
    if match is None or int(match[2]) >= _MOST:
        raise FormatError(f"VNN-LIB variables are X_0, …, Y_0, …; {name[:40]!r} is none")
    return ("X" if match[1] == "X" else "Y"), int(match[2])
