"""The S-expressions of VNN-LIB texts, read without recursion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from tropnet.errors import BudgetExceeded, FormatError

#: An S-expression: a word, or a list of them.
Term: TypeAlias = "str | list[Any]"

#: Words, texts in quotes, indices in brackets; the last alternative is one that is never closed.
_TOKEN: Final = re.compile(
    r'[()]|;[^\n]*|"(?:[^"\\\n]|\\.){0,1000}"|\[[^\[\]();"]{0,1000}\]|[^\s();\[\]"]+|\S'
)
_MOST_DEPTH: Final = 100
#: Words and parentheses of one command; the inputs of an image take a million.
_MOST_TOKENS: Final = 2**21


def vnnlib_commands(text: str, path: str) -> Iterator[list[Any]]:
    """Yield the commands of a VNN-LIB text, of version 1 or 2.

    Indices stand with the word before them, `X[0,1]`, without blanks.

    Args:
        text: the file's content.
        path: its name, for messages.

    Raises:
        FormatError: parentheses, brackets or quotes that do not match, or parentheses nested deeper
            than 100.
        BudgetExceeded: a command of more than two million words.

    Example:
        >>> from tropnet.io.vnnlib_commands import vnnlib_commands
        >>> list(vnnlib_commands("(assert (<= X [0, 1] 2.5)) ; a comment", "f.vnnlib"))
        [['assert', ['<=', 'X[0,1]', '2.5']]]
    """
    stack: list[list[Any]] = []
    tokens = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token.startswith(";"):
            continue
        tokens += 1
        if tokens > _MOST_TOKENS:
            raise BudgetExceeded(
                f"words of one command of {path}", tokens, _MOST_TOKENS, "several commands"
            )
        if token == "(":
            stack.append([])
            if len(stack) > _MOST_DEPTH:
                raise FormatError(f"{path}: parentheses nested deeper than {_MOST_DEPTH}")
        elif not stack:
            raise FormatError(
                f"{path} is no VNN-LIB file: {token[:30]!r} stands outside parentheses"
            )
        elif token == ")":
            done = stack.pop()
            if stack:
                stack[-1].append(done)
            else:
                tokens = 0
                yield done
        elif token in ('"', "[", "]"):
            raise FormatError(f"{path}: a {token} without its counterpart, or far from it")
        elif token.startswith("[") and _is_bare(stack[-1]):
            stack[-1][-1] += "".join(token.split())
        else:
            stack[-1].append(token)
    if stack:
        raise FormatError(f"{path} ends inside parentheses; was it copied completely?")


def _is_bare(words: list[Any]) -> bool:
    """Tell whether indices may follow the last word."""
    return bool(words) and isinstance(words[-1], str) and not words[-1].endswith(("]", '"'))


def shown(term: Any) -> str:
    """Return a term as a short text, for messages.

    Example:
        >>> from tropnet.io.vnnlib_commands import shown
        >>> shown(["<=", "X_0", "1"])
        '(<= X_0 1)'
    """
    text = f"({' '.join(map(shown, term))})" if isinstance(term, list) else str(term)
    return text if len(text) <= 60 else text[:57] + "..."
