"""JSON texts, read strictly and with an eye on the memory that they would take."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from tropnet.errors import FormatError, UnsafeFileError

#: Bytes that Python takes for the list, the object and the value that a sign of JSON announces.
_SIZES: Final = {b"[": 88, b"{": 280, b",": 40}
_HARMLESS_BYTES: Final = 2**26
_MOST_GROWTH: Final = 10
_AS_TEXTS: Final[dict[str, Any]] = {"parse_float": str, "parse_int": str}


def strict_json(content: bytes, what: str, *, numbers_as_texts: bool = False) -> dict[str, Any]:
    """Return the object that a JSON text is, read strictly: no NaN, no key twice.

    Args:
        content: the text in UTF-8.
        what: how an error message calls it.
        numbers_as_texts: leave numbers the texts that they are written as, `0.1` one tenth.

    Raises:
        FormatError: no such JSON.
        UnsafeFileError: it would take far more memory than it has bytes.

    Example:
        >>> from tropnet.io.strict_json import strict_json
        >>> strict_json(b'{"a": 1, "a": 2}', "the file")
        Traceback (most recent call last):
            ...
        tropnet.errors.FormatError: the file is no sound JSON: a key stands twice in one object
    """
    size = sum(each * content.count(sign) for sign, each in _SIZES.items())
    if size > _HARMLESS_BYTES + _MOST_GROWTH * len(content):
        raise UnsafeFileError(
            f"{what} would unfold from {len(content):,} to {size:,} bytes; it was not read"
        )
    try:
        data = json.loads(
            content.decode("utf-8"),
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
            **(_AS_TEXTS if numbers_as_texts else {}),
        )
    except RecursionError:
        raise FormatError(f"{what} is nested too deeply to be ours") from None
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError among them
        raise FormatError(f"{what} is no sound JSON: {error}") from None
    if not isinstance(data, dict):
        raise FormatError(f"{what} holds no JSON object")
    return data


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return data
