"""A bar for work whose size is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tropnet.cli.bar_on_terminal import bar_on_terminal

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

#: Seconds between two updates.
_SECONDS: Final = 0.1


@contextmanager
def progress_bar(
    text: str, noun: str = "cells"
) -> Iterator[Callable[[int, int, int], None] | None]:
    """Show on a terminal's stderr how much of the units is done, and how many cells there are.

    Args:
        text: what is done.
        noun: what is counted.

    Yields:
        What is to be called with (units done, units in all, cells so far); None in a pipe. It may
        be called as often as one likes.

    Example:
        >>> from tropnet.cli.progress_bar import progress_bar
        >>> with progress_bar("enumerating cells") as told:
        ...     told is None or callable(told)
        True
    """
    next_time = 0.0
    with bar_on_terminal(text, lambda: _columns(noun), cells=0) as update:
        if update is None:
            yield None
            return

        def told(done: int, total: int, cells: int) -> None:
            nonlocal next_time
            if done < total and time.monotonic() < next_time:
                return  # an update takes longer than a small cell
            next_time = time.monotonic() + _SECONDS
            update(completed=done, total=total, cells=cells)

        yield told


def _columns(noun: str) -> tuple[ProgressColumn, ...]:
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

    return (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn(f"{{task.fields[cells]:,}} {noun}"),
        TimeElapsedColumn(),
    )
