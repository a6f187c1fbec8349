"""A bar for work whose size is known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(text: str) -> Iterator[Callable[[int, int, int], None] | None]:
    """Show on a terminal's stderr how much of the units is done, and how many cells there are.

    Yields:
        What is to be called with (units done, units in all, cells so far); None in a pipe.

    Example:
        >>> from tropnet.cli.progress_bar import progress_bar
        >>> with progress_bar("enumerating cells") as told:
        ...     told is None or callable(told)
        True
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from tropnet.io.one_line import escaped

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[cells]:,} cells"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escaped(text), total=None, cells=0)

        def told(done: int, total: int, cells: int) -> None:
            bar.update(task, completed=done, total=total, cells=cells)

        yield told
