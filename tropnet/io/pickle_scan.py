"""What a pickle would do, found out without doing it."""

from __future__ import annotations

import io
import pickle
import pickletools
from dataclasses import dataclass, field
from typing import Any, Final, final

from tropnet.errors import FormatError, UnsafeFileError

#: Operations that a saved state dict consists of. Others can take memory or run code in ways that
#: no state dict needs.
_PLAIN: Final = """
    MARK STOP POP POP_MARK DUP NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 FLOAT
    BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8
    BINBYTES SHORT_BINBYTES BINBYTES8 EMPTY_LIST APPEND APPENDS LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2
    TUPLE3 EMPTY_DICT DICT SETITEM SETITEMS EMPTY_SET ADDITEMS FROZENSET GET BINGET LONG_BINGET PUT
    BINPUT LONG_BINPUT MEMOIZE GLOBAL STACK_GLOBAL REDUCE BUILD NEWOBJ BINPERSID PROTO FRAME
"""
#: Objects that one pickle may remember; a state dict remembers a few for each tensor.
_MOST_MEMOS: Final = 2**22


@final
@dataclass
class Scan:
    """What was found.

    Attributes:
        globals: the names of all classes and functions that loading would fetch, in order.
        storages: for each storage named, its key and the bytes that it claims.
        length: bytes of the pickle.
    """

    globals: list[str] = field(default_factory=list)
    storages: dict[str, int] = field(default_factory=dict)
    length: int = 0


#: Bytes of one element of each of torch's storages.
_BYTES: Final = {
    "Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1,
    "Byte": 1, "Bool": 1, "ComplexDouble": 16, "ComplexFloat": 8, "Untyped": 1, "QInt8": 1,
    "QUInt8": 1, "QInt32": 4,
}  # fmt: skip


def scan(content: bytes, what: str) -> Scan:
    """Look through one pickle; nothing that it names is imported or called.

    Args:
        content: bytes that begin with a pickle.
        what: how an error message calls the file.

    Raises:
        UnsafeFileError: operations that no state dict needs.
        FormatError: no sound pickle.

    Example:
        >>> import os, pickle
        >>> from tropnet.io.pickle_scan import scan
        >>> scan(pickle.dumps(os.getcwd), "example").globals
        ['posix.getcwd']
    """
    stream, plain = io.BytesIO(content), set(_PLAIN.split())
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name not in plain:
                raise UnsafeFileError(
                    f"{what} holds the pickle operation {opcode.name}, which no state dict needs; "
                    "it was not opened; save model.state_dict()"
                )
            if "PUT" in opcode.name and not 0 <= int(str(argument)) < _MOST_MEMOS:
                raise UnsafeFileError(f"{what} asks for {argument} pickle memos; it was not opened")
        length = stream.tell()
        found = Scan(length=length)
        _Inert(io.BytesIO(content[:length]), found).load()
    except (UnsafeFileError, FormatError):
        raise
    except Exception as error:  # garbled pickles raise anything
        raise FormatError(
            f"{what} holds a damaged pickle ({type(error).__name__}); was it copied completely?"
        ) from None
    return found


class _Thing:
    """Stands for anything a pickle makes; takes every call and stores nothing."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def __call__(self, *_arguments: Any) -> _Thing:
        return self

    def __setstate__(self, _state: Any) -> None:
        pass

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass

    def append(self, _item: Any) -> None:
        """Take an item."""

    def extend(self, _items: Any) -> None:
        """Take items."""

    def add(self, _item: Any) -> None:
        """Take an item."""


class _Inert(pickle.Unpickler):
    """Reads the structure of a pickle and puts a `_Thing` for whatever it would import."""

    def __init__(self, stream: io.BytesIO, found: Scan) -> None:
        super().__init__(stream, encoding="utf-8")
        self._found = found

    def find_class(self, module: str, name: str, /) -> Any:
        """Note the name; import nothing."""
        self._found.globals.append(f"{module}.{name}")

        # NEWOBJ insists on a class
        return type(name, (_Thing,), {"name": name, "__new__": lambda cls, *_a: object.__new__(cls),
                                      "__init__": lambda self, *_a: None})  # fmt: skip

    def persistent_load(self, pid: Any) -> Any:
        """Note the size of a storage: ('storage', type, key, location, count, …)."""
        if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage"):
            raise FormatError("a pickle names a storage in an unknown way")
        kind, key, count = pid[1], pid[2], pid[4]
        name = str(getattr(kind, "name", "")).removesuffix("Storage")
        if name not in _BYTES or not isinstance(count, int) or count < 0:
            raise FormatError(f"a storage of {count!r} elements of {name or kind!r} is unknown")
        self._found.storages[str(key)] = max(
            count * _BYTES[name], self._found.storages.get(str(key), 0)
        )
        return _Thing("storage")
