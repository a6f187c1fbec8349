"""How results are shown: tables on a terminal, plain lines in a pipe, JSON for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import click


def show_facts(title: str, facts: Iterable[tuple[str, str]], style: str = "bold") -> None:
    """Print a heading and named values.

    Args:
        title: the heading.
        facts: names and values.
        style: of the heading on a terminal, as rich names it.

    Example:
        >>> from tropnet.cli.report import show_facts
        >>> show_facts("Equivalent", [("domain", "all of R^n")])
        Equivalent
          domain:     all of R^n
    """
    from tropnet.io.one_line import escaped  # names and paths come from anybody

    title, facts = escaped(title), [(name, escaped(value)) for name, value in facts]
    if not _on_terminal(sys.stdout):
        click.echo(title)
        for name, value in facts:
            click.echo(f"  {name + ':':<11} {value}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(Text(name), Text(value))
    console = Console()
    console.print(Text(title, style=style))
    console.print(table)


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; in a pipe its columns are parted by tabs.

    Example:
        >>> from tropnet.cli.report import show_table
        >>> show_table(["layer", "units"], [["dense 0", "8"]])
        layer	units
        dense 0	8
    """
    from tropnet.io.one_line import escaped

    rows = [[escaped(cell) for cell in row] for row in rows]
    if not _on_terminal(sys.stdout):
        for row in (head, *rows):
            click.echo("\t".join(row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def show_json(data: Any) -> None:
    """Print plain data as JSON."""
    click.echo(json.dumps(data, indent=2, allow_nan=False))


def number_json(value: Fraction | float) -> dict[str, Any]:
    """Return a number as its exact text and the nearest float, which is null beyond all floats.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.cli.report import number_json
        >>> number_json(Fraction(1, 4)), number_json(float("inf"))
        ({'exact': '1/4', 'float': 0.25}, {'exact': 'inf', 'float': None})
    """
    from tropnet.exact.fraction import fraction_text

    if isinstance(value, Fraction):
        return {"exact": fraction_text(value), "float": _nearest(value)}
    return {"exact": str(value), "float": value if math.isfinite(value) else None}


def vector_json(values: Iterable[Fraction]) -> dict[str, Any]:
    """Return a vector as exact texts and the nearest floats.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.cli.report import vector_json
        >>> vector_json([Fraction(1, 4)])
        {'exact': ['1/4'], 'float': [0.25]}
    """
    from tropnet.exact.fraction import fraction_text

    entries = list(values)
    return {
        "exact": [fraction_text(v) for v in entries],
        "float": [_nearest(v) for v in entries],
    }


def require_folder(option: str, file: str) -> None:
    """Refuse a file to be written whose folder is missing, before the work rather than after.

    Raises:
        click.UsageError: it is missing.
    """
    folder = Path(file).parent
    if not folder.is_dir() or Path(file).is_dir():
        fault = "is a folder" if Path(file).is_dir() else f"lies in {folder}, which is no folder"
        raise click.UsageError(f"{option} {file} {fault}.", click.get_current_context(silent=True))


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show on a terminal's stderr what is going on and for how long; nothing in a pipe."""
    if not _on_terminal(sys.stderr):
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from tropnet.io.one_line import escaped

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(escaped(text), total=None)
        yield


def _on_terminal(stream: Any) -> bool:
    return stream is not None and stream.isatty()


def _nearest(value: Fraction) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
