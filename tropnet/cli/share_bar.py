"""A bar for work of which a share is done, with a word on what goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tropnet.cli.bar_on_terminal import bar_on_terminal

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

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
    from tropnet.io.one_line import escaped

    with bar_on_terminal(text, _columns, left="") as update:
        if update is None:
            yield None
            return

        def told(word: str, share: float | None) -> None:
            shown = escaped(f"{text}: {word}")
            if share is None:
                update(description=shown, left="")
                return
            left = f"less than {_LITTLE:.1%}" if share < _LITTLE else f"about {share:.1%}"
            update(description=shown, total=1.0, completed=share, left=left)

        yield told


def _columns() -> tuple[ProgressColumn, ...]:
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

    return (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[left]}", markup=False),
        TimeElapsedColumn(),
    )
