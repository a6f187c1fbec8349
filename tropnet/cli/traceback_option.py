"""`--traceback`, which every command takes."""

from __future__ import annotations

import click

#: Only declares the option: `main` looks for it when something was raised, parsing included.
traceback_option = click.option(
    "--traceback",
    is_flag=True,
    expose_value=False,
    help="Show where an error was raised.",
)
