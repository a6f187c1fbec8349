"""A bar for work of which a share is done, with a word on what goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

#: The least share that is shown as a number.
_LITTLE: Final = 0.001


@contextmanager
def share_bar(text: str) -> Iterator[Callable[[str, float | None], None] | None]:
    """Show on a terminal's stderr what goes on, and what share of the work is done if it is known.

    Yields:
        What is to be called with (a word, the share or None); None in a pipe.

    Example:
        >>> from tropnet.cli.share_bar import share_bar
        >>> with share_bar("comparing") as told:
        ...     told is None or callable(told)
        True
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from tropnet.io.one_line import escaped

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[left]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escaped(text), total=None, left="")

        def told(word: str, share: float | None) -> None:
            left = "" if share is None else f"about {share:.1%}"
            if share is not None and share < _LITTLE:
                left = f"less than {_LITTLE:.1%}"
            shown = escaped(f"{text}: {word}")
            if share is None:
                bar.update(task, description=shown, left=left)
            else:
                bar.update(task, description=shown, total=1.0, completed=share, left=left)

        yield told
