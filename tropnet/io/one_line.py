"""Messages that quote files stay one printable line, whatever the files hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tropnet.errors import TropnetError

_MOST_CHARACTERS: Final = 1000
_LONG_WORD: Final = re.compile(r"\S{301,}")


@contextmanager
def one_line_errors() -> Iterator[None]:
    r"""Rewrite the text of a `TropnetError` that passes: printable, on one line, not too long.

    Names of layers and tensors come from files; what holds line feeds or terminal codes must not
    reach a terminal as it is.

    Example:
        >>> from tropnet.errors import FormatError
        >>> from tropnet.io.one_line import one_line_errors
        >>> with one_line_errors():
        ...     raise FormatError("layer \x1b[2J\n")
        Traceback (most recent call last):
            ...
        tropnet.errors.FormatError: layer \x1b[2J\n
    """
    try:
        yield
    except TropnetError as error:
        error.args = (printable(str(error)), *error.args[1:])
        raise


def printable(text: str) -> str:
    """Return a text with its unprintable characters escaped, cut if it is very long.

    Long names are cut first, so that what is said about them stays.
    """
    shown = escaped(_LONG_WORD.sub(lambda m: f"{m[0][:200]}…{m[0][-50:]}", text))
    if len(shown) > _MOST_CHARACTERS:
        shown = f"{shown[: _MOST_CHARACTERS - 200]} … {shown[-190:]}"
    return shown


def escaped(text: str) -> str:
    r"""Return a text with its unprintable characters escaped, however long it is.

    Example:
        >>> from tropnet.io.one_line import escaped
        >>> escaped("layer \x1b[2J")
        'layer \\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
