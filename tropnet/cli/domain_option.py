"""`--box` and `--vnnlib`: where two models are compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, final

import click

if TYPE_CHECKING:
    from tropnet.domains import Domain

_F = TypeVar("_F", bound=Callable[..., Any])
#: Parts the two numbers of a box once they are one word.
_BETWEEN = "\0"


@final
class DomainCommand(click.Command):
    """A command whose `--box` takes two numbers or one file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Make one word of the two numbers after `--box`, which click cannot count itself."""
        words: list[str] = []
        rest = list(args)
        while rest:
            word = rest.pop(0)
            if word == "--":
                words += [word, *rest]
                break
            if word == "--box" and rest and _is_not_finite(rest[0]):
                raise click.UsageError(
                    f"--box takes two finite numbers LO HI, or one file, not {rest[0]!r}; without "
                    "--box the domain is all of R^n.",
                    ctx,
                )
            if word == "--box" and rest and _is_number(rest[0]):
                if len(rest) < 2 or not _is_number(rest[1]):
                    found = f"not {rest[1]!r}" if len(rest) > 1 else "and nothing follows"
                    raise click.UsageError(
                        f"--box takes two numbers LO HI, or one file; after {rest[0]} comes a "
                        f"second number, {found}.",
                        ctx,
                    )
                word, rest = f"--box={rest[0]}{_BETWEEN}{rest[1]}", rest[2:]
            words.append(word)
        return super().parse_args(ctx, words)


def domain_options(command: _F) -> _F:
    """Add `--box` and `--vnnlib` to a `DomainCommand`."""
    command = click.option(
        "--vnnlib",
        metavar="FILE",
        help="The domains of a VNN-LIB file, one after the other if there are several.",
    )(command)
    return click.option(
        "--box",
        metavar="LO HI | FILE.json",
        help="Only on a box: one pair of exact decimals or fractions for all inputs, or a file "
        'such as {"lower": [0, "1/3"], "upper": [1, 0.5]}. All of R^n if left out.',
    )(command)


def read_domains(box: str | None, vnnlib: str | None, dimension: int) -> list[Domain]:
    """Return the domains that the options name: at least one.

    Args:
        box: two numbers as `DomainCommand` joins them, or the path of a file.
        vnnlib: the path of a VNN-LIB file.
        dimension: the number of inputs, for a pair of numbers.

    Raises:
        click.UsageError: both are given.
        TropnetError: a file that cannot be read, or no box.

    Example:
        >>> from tropnet.cli.domain_option import read_domains
        >>> read_domains(None, None, 2)
        [None]
    """
    if box is not None and vnnlib is not None:
        raise click.UsageError(
            "--box and --vnnlib both name a domain; give one of them.",
            click.get_current_context(silent=True),
        )
    if vnnlib is not None:
        from tropnet.io import read_vnnlib

        return list(read_vnnlib(vnnlib))
    if box is None:
        return [None]
    if _BETWEEN in box:
        from tropnet.domains import Box

        return [Box.cube(dimension, *box.split(_BETWEEN))]
    return [_read(Path(box))]


def _read(path: Path) -> Domain:
    """Read a domain from a file."""
    from tropnet.errors import DomainError, FormatError, ShapeError
    from tropnet.io import read_domain
    from tropnet.io.model_file import ModelFile

    if path.is_dir():
        raise FormatError(f"--box: {path} is a folder; give a file of a box, or two numbers")
    try:
        ModelFile.open(path)
    except FormatError as error:
        raise FormatError(f"--box: {error}; or give two numbers") from None
    try:
        return read_domain(path)
    except (DomainError, FormatError, ShapeError) as error:
        raise type(error)(f"--box {error}") from None


def _is_number(text: str) -> bool:
    from tropnet.errors import TropnetError
    from tropnet.exact import as_fraction

    try:
        as_fraction(text, "--box")
    except TropnetError:
        return False
    return True


def _is_not_finite(text: str) -> bool:
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False
