"""Find a shipped network by its name, and make sure that it is the one that was shipped."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from tropnet.errors import FormatError, TropnetError

#: What stands before the name of an example wherever a file is asked for.
PREFIX = "examples:"

#: The folder of the files and of their sums, in the format of `sha256sum`.
DATA = Path(__file__).parent / "data"
SUMS = "SHA256SUMS"


class UnknownExampleError(TropnetError, FileNotFoundError):
    """No network of that name ships with tropnet."""


def names() -> list[str]:
    """List the shipped networks.

    Returns:
        Their names, sorted.

    Example:
        >>> from tropnet import examples
        >>> examples.names()
        ['moons_a', 'moons_a_permuted', 'moons_a_pruned', 'moons_b', 'moons_sparse']
    """
    return sorted(Path(file).stem for file in sums(DATA))


def path(name: str) -> Path:
    """Find the file of a shipped network and check it against its shipped SHA-256 sum.

    Args:
        name: one of `names()`.

    Returns:
        The file, which is as it was shipped.

    Raises:
        UnknownExampleError: there is no network of that name.
        FormatError: the file is missing or not as it was shipped.

    Example:
        >>> from tropnet import examples
        >>> examples.path("moons_a_permuted").name
        'moons_a_permuted.onnx'
    """
    shipped = sums(DATA)
    files = [file for file in shipped if Path(file).stem == name]
    if not files:
        known = ", ".join(names())
        raise UnknownExampleError(f"no example is called {name!r}; there are: {known}")
    file = DATA / files[0]
    advice = "reinstall tropnet, or run `python -m tropnet.examples.train`"
    if not file.is_file():
        raise FormatError(f"example {name!r}: its file {file} is missing; {advice}")
    found = digest(file)
    if found != shipped[file.name]:
        raise FormatError(
            f"example {name!r}: {file} has SHA-256 {found[:12]}…, shipped was "
            f"{shipped[file.name][:12]}…; the file was changed or damaged; {advice}"
        )
    return file


def resolve(source: str | os.PathLike[str]) -> Path:
    """Turn `"examples:NAME"` into the file of that example, and leave any other path alone.

    Args:
        source: a path, or `"examples:"` followed by one of `names()`.

    Returns:
        The path. Whether a file lies there is checked for examples only.

    Raises:
        UnknownExampleError: there is no example of that name.
        FormatError: the example's file is missing or not as it was shipped.

    Example:
        >>> from tropnet import examples
        >>> examples.resolve("examples:moons_b").name, examples.resolve("model.onnx").name
        ('moons_b.pt', 'model.onnx')
    """
    if isinstance(source, str) and source.startswith(PREFIX):
        return path(source.removeprefix(PREFIX))
    return Path(source)


def sums(folder: Path) -> dict[str, str]:
    """Read the SHA-256 sums that lie in a folder: file name → hexadecimal digest."""
    lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    return {file: value for value, file in (line.split("  ") for line in lines)}


def digest(file: Path) -> str:
    """Compute the hexadecimal SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
