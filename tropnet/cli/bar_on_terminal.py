"""The bars of long commands: on a terminal's stderr, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


@contextmanager
def bar_on_terminal(
    text: str, columns: Callable[[], tuple[ProgressColumn, ...]], **fields: Any
) -> Iterator[Callable[..., None] | None]:
    """Show one bar while the block runs.

    Args:
        text: what is done.
        columns: makes what the bar shows, once it is known that it is shown.
        fields: what the columns read, at first.

    Yields:
        What updates the bar, as rich does a task; None in a pipe.

    Example:
        >>> from tropnet.cli.bar_on_terminal import bar_on_terminal
        >>> with bar_on_terminal("waiting", tuple) as update:
        ...     update is None or callable(update)
        True
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    from tropnet.io.one_line import escaped

    with Progress(*columns(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escaped(text), total=None, **fields)

        def update(**changed: Any) -> None:
            bar.update(task, **changed)

        yield update
