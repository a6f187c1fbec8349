"""Pickles of plain data, read by a machine that knows no imports and calls nothing of Python's."""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from tropnet.errors import FormatError, UnsafeFileError

#: Operations of one pickle; a state dict takes some dozens for each tensor.
_MOST_OPERATIONS: Final = 2**20
_LAST_PROTOCOL: Final = 5
_NAMES: Final = {ord(op.code): op.name for op in pickletools.opcodes}
#: What may be a key: its hash takes no longer than reading it (that of nested tuples may).
_KEYS: Final = (str, int, float, bool, type(None), bytes)

#: What stands for a class or a function that a pickle names: it takes the arguments.
Maker: TypeAlias = Callable[[tuple[Any, ...]], Any]
Names: TypeAlias = Mapping[str, Maker]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A class or function that a pickle names.

    Attributes:
        name: the name.
        maker: what stands for calling it.
    """

    name: str
    maker: Maker


class UnknownNameError(UnsafeFileError):
    """A pickle names a class or function that is not among the known ones.

    Attributes:
        name: the name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"it would fetch {name}")


def read_pickle(
    content: bytes,
    names: Names,
    storage: Callable[[Any], Any] | None = None,
    start: int = 0,
) -> tuple[Any, int]:
    """Read one pickle of plain data; nothing that it names is imported or called.

    Args:
        content: bytes that hold a pickle.
        names: what stands for the classes and functions that the pickle may name.
        storage: what stands for an object that is stored outside of the pickle, by its id.
        start: where the pickle begins.

    Returns:
        The data (dicts, lists, tuples, sets, texts, bytes, numbers, and what `names` and `storage`
        return) and where the pickle ends.

    Raises:
        UnknownNameError: the pickle names something else; loading it could run code.
        UnsafeFileError: operations that plain data do not need, or too many.
        FormatError: no sound pickle.

    Cost: linear in the bytes, about a second for the most operations allowed.

    Example:
        >>> import os, pickle
        >>> from tropnet.io.plain_pickle import read_pickle
        >>> read_pickle(pickle.dumps({"a": (1, 2.5)}), {})[0]
        {'a': (1, 2.5)}
        >>> read_pickle(pickle.dumps(os.getcwd), {})
        Traceback (most recent call last):
            ...
        tropnet.io.plain_pickle.UnknownNameError: it would fetch posix.getcwd
    """
    machine = _Machine(content, names, storage, start)
    try:
        value = machine.run()
    except (UnsafeFileError, FormatError):
        raise
    except Exception as error:  # a garbled pickle finds the stack empty, of other kinds, …
        raise FormatError(
            f"it is damaged after {machine.position:,} bytes ({type(error).__name__}); was the "
            "file copied completely?"
        ) from None
    return value, machine.position


@final
class _Machine:
    """The stack, the memory and the position of one reading."""

    def __init__(
        self, content: bytes, names: Names, storage: Callable[[Any], Any] | None, start: int
    ) -> None:
        self.position = start
        self._content, self._names, self._storage = content, names, storage
        self._stack: list[Any] = []
        self._marked: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Return the value that the pickle ends with."""
        content, steps = self._content, _STEPS
        for _ in range(_MOST_OPERATIONS):
            code = content[self.position]
            self.position += 1
            if code == _STOP:
                return self._stack.pop()
            step = steps.get(code)
            if step is None:
                raise self._refusal(code)
            step(self)
        raise UnsafeFileError(f"it has more than {_MOST_OPERATIONS:,} operations")

    def _refusal(self, code: int) -> UnsafeFileError | FormatError:
        if code not in _NAMES:
            return FormatError(f"it is damaged at byte {self.position:,}")
        if _NAMES[code] == "INST":
            return UnknownNameError(self.name())
        return UnsafeFileError(f"it has the operation {_NAMES[code]}, which plain data do not need")

    # ---- reading ------------------------------------------------------------------------------

    def part(self, count: int) -> bytes:
        """Return the next bytes."""
        end = self.position + count
        if not self.position <= end <= len(self._content):
            raise EOFError
        found = self._content[self.position : end]
        self.position = end
        return found

    def number(self, layout: str) -> Any:
        """Return the next number, as `struct` lays it out."""
        return struct.unpack(layout, self.part(struct.calcsize(layout)))[0]

    def sized(self, layout: str) -> bytes:
        """Return the bytes that follow their own number."""
        return self.part(self.number(layout))

    def line(self) -> bytes:
        """Return what is left of the line."""
        start, end = self.position, self._content.index(b"\n", self.position)
        self.position = end + 1
        return self._content[start:end]

    def name(self) -> str:
        """Return the name that takes the next two lines: of a module, and of something in it."""
        return f"{self.line().decode()}.{self.line().decode()}"

    # ---- the stack ----------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def pop(self) -> Any:
        """Take a value from the stack, or a mark if there is nothing above it."""
        if self._stack or not self._marked:
            return self._stack.pop()
        return self.items() or None

    def top(self, kind: type) -> Any:
        """Return the value on top of the stack, which must be of this kind."""
        found = self._stack[-1]
        if type(found) is not kind:
            raise TypeError
        return found

    def mark(self) -> None:
        """Begin a group of values."""
        self._marked.append(self._stack)
        self._stack = []

    def items(self) -> list[Any]:
        """Return the values since the last mark, and take both away."""
        found, self._stack = self._stack, self._marked.pop()
        return found

    def keep(self, place: int) -> None:
        """Remember what is on top of the stack."""
        self._memo[place] = self._stack[-1]

    def memoize(self) -> None:
        """Remember what is on top of the stack at the next place."""
        self.keep(len(self._memo))

    def recall(self, place: int) -> None:
        """Put what is remembered on the stack."""
        self._stack.append(self._memo[place])

    # ---- names and calls ----------------------------------------------------------------------

    def named(self, name: str) -> None:
        """Put what stands for a class or function on the stack."""
        if name not in self._names:
            raise UnknownNameError(name)
        self._stack.append(Named(name, self._names[name]))

    def stack_named(self) -> None:
        """Put what stands for a class or function whose name is on the stack."""
        name, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise TypeError
        self.named(f"{module}.{name}")

    def call(self) -> None:
        """Replace a name and arguments by what stands for the result."""
        arguments, function = self._stack.pop(), self._stack.pop()
        if type(function) is not Named or type(arguments) is not tuple:
            raise TypeError
        self._stack.append(function.maker(arguments))

    def build(self) -> None:
        """Leave a state aside: that of an OrderedDict is torch's talk about versions."""
        self._stack.pop()
        self.top(dict)

    def stored(self) -> None:
        """Replace an id by what is stored outside."""
        if self._storage is None:
            raise UnsafeFileError("it refers to objects outside of it")
        self._stack.append(self._storage(self._stack.pop()))


def entries_of(pairs: Sequence[Any]) -> dict[Any, Any]:
    """Return a dict of (key, value) pairs.

    Raises:
        FormatError: a key that no state dict has.
    """
    return {_key(key): value for key, value in pairs}


def _key(key: Any) -> Any:
    flat = key if type(key) is tuple else (key,)
    if not all(type(k) in _KEYS for k in flat):
        raise FormatError(f"it has a key of type {type(key).__name__}, as no state dict has")
    return key


def _alternating(items: list[Any]) -> dict[Any, Any]:
    return entries_of(list(zip(items[::2], items[1::2], strict=True)))


def _integer(line: bytes) -> int | bool:
    return line == b"01" if line in (b"00", b"01") else int(line)


def _text(content: bytes) -> str:
    """Return a text of Python 2, whatever its encoding."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _string(line: bytes) -> str:
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise ValueError
    return _text(line[1:-1].decode("unicode_escape").encode("latin-1"))


def _add(machine: _Machine, items: list[Any]) -> None:
    machine.top(set).update(_key(item) for item in items)


def _protocol(machine: _Machine) -> None:
    version = machine.number("<B")
    if version > _LAST_PROTOCOL:
        raise FormatError(f"it has the pickle protocol {version}; 0 to {_LAST_PROTOCOL} are known")


def _set_item(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.top(dict)[_key(key)] = value


def _append(machine: _Machine) -> None:
    value = machine.pop()
    machine.top(list).append(value)


def _tuple(machine: _Machine, count: int) -> None:
    values = [machine.pop() for _ in range(count)]
    machine.push(tuple(reversed(values)))


def _twice(machine: _Machine) -> None:
    value = machine.pop()
    machine.push(value)
    machine.push(value)


_STOP: Final = ord(".")
_SIGNED: Final[Any] = {"byteorder": "little", "signed": True}
_STEPS: Final[dict[int, Callable[[_Machine], Any]]] = {
    ord(code): step
    for code, step in {
        # numbers
        "I": lambda m: m.push(_integer(m.line())),
        "L": lambda m: m.push(int(m.line().removesuffix(b"L"))),
        "F": lambda m: m.push(float(m.line())),
        "J": lambda m: m.push(m.number("<i")),
        "K": lambda m: m.push(m.number("<B")),
        "M": lambda m: m.push(m.number("<H")),
        "G": lambda m: m.push(m.number(">d")),
        "\x8a": lambda m: m.push(int.from_bytes(m.sized("<B"), **_SIGNED)),
        "N": lambda m: m.push(None),
        "\x88": lambda m: m.push(True),
        "\x89": lambda m: m.push(False),
        # texts and bytes
        "S": lambda m: m.push(_string(m.line())),
        "T": lambda m: m.push(_text(m.sized("<i"))),
        "U": lambda m: m.push(_text(m.sized("<B"))),
        "V": lambda m: m.push(m.line().decode("raw-unicode-escape")),
        "X": lambda m: m.push(m.sized("<I").decode("utf-8", "surrogatepass")),
        "\x8c": lambda m: m.push(m.sized("<B").decode("utf-8", "surrogatepass")),
        "\x8d": lambda m: m.push(m.sized("<Q").decode("utf-8", "surrogatepass")),
        "B": lambda m: m.push(m.sized("<I")),
        "C": lambda m: m.push(m.sized("<B")),
        "\x8e": lambda m: m.push(m.sized("<Q")),
        "\x96": lambda m: m.push(m.sized("<Q")),
        # containers
        "]": lambda m: m.push([]),
        "l": lambda m: m.push(m.items()),
        "a": _append,
        "e": lambda m: (lambda items: m.top(list).extend(items))(m.items()),
        ")": lambda m: m.push(()),
        "t": lambda m: m.push(tuple(m.items())),
        "\x85": lambda m: _tuple(m, 1),
        "\x86": lambda m: _tuple(m, 2),
        "\x87": lambda m: _tuple(m, 3),
        "}": lambda m: m.push({}),
        "d": lambda m: m.push(_alternating(m.items())),
        "s": _set_item,
        "u": lambda m: (lambda items: m.top(dict).update(_alternating(items)))(m.items()),
        "\x8f": lambda m: m.push(set()),
        "\x90": lambda m: _add(m, m.items()),
        "\x91": lambda m: m.push(frozenset(_key(item) for item in m.items())),
        # the stack and the memory
        "(": _Machine.mark,
        "0": _Machine.pop,
        "1": _Machine.items,
        "2": _twice,
        "g": lambda m: m.recall(int(m.line())),
        "h": lambda m: m.recall(m.number("<B")),
        "j": lambda m: m.recall(m.number("<I")),
        "p": lambda m: m.keep(int(m.line())),
        "q": lambda m: m.keep(m.number("<B")),
        "r": lambda m: m.keep(m.number("<I")),
        "\x94": _Machine.memoize,
        # names and calls
        "c": lambda m: m.named(m.name()),
        "\x93": _Machine.stack_named,
        "R": _Machine.call,
        "b": _Machine.build,
        "Q": _Machine.stored,
        # how it is written
        "\x80": _protocol,
        "\x95": lambda m: m.part(8),
    }.items()
}
