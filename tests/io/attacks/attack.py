"""What an attack is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

#: Stands for the path of the file in a command.
FILE = "FILE"
INFO = ("info", FILE)


#: The bytes of a file, or what makes them when they are needed.
Content: TypeAlias = Callable[[], bytes] | bytes


@dataclass(frozen=True)
class Attack:
    """A file that would harm, or that is broken.

    Attributes:
        name: what it is, for people and for folders.
        make: makes the file in an empty folder and returns what is to be loaded.
        says: a regular expression for the one line of the refusal.
        command: the arguments of `tropnet`.
    """

    name: str
    make: Callable[[Path], Path]
    says: str
    command: Sequence[str] = INFO


def written(file: str, content: Content) -> Callable[[Path], Path]:
    """Return what writes a file of these bytes, made when they are needed."""

    def make(folder: Path) -> Path:
        path = folder / file
        path.write_bytes(content if isinstance(content, bytes) else content())
        return path

    return make


def attack(name: str, file: str, content: Content, says: str, *command: str) -> Attack:
    """Return the attack of one file with these bytes."""
    return Attack(name, written(file, content), says, command or INFO)
