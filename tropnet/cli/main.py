"""The command `tropnet`: its subcommands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress

import click

from tropnet.cli.check import check
from tropnet.cli.compare import compare
from tropnet.cli.convert import convert
from tropnet.cli.exit_code import ExitCode
from tropnet.cli.export import export
from tropnet.cli.hash import hash_function
from tropnet.cli.info import info
from tropnet.cli.regions import regions
from tropnet.cli.simplify import simplify
from tropnet.cli.traceback_option import traceback_option
from tropnet.cli.tropicalize import tropicalize
from tropnet.errors import TropnetError

_EPILOG = """\b
Exit codes: 0 the same, valid or done; 1 different, or invalid; 2 undecided, or cut short by
a time limit; 3 any error, wrong usage included; 130 stopped by Ctrl-C.
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
    epilog=_EPILOG,
)
@click.version_option(package_name="tropnet", message="tropnet %(version)s")
@traceback_option
@click.pass_context
def cli(context: click.Context) -> int:
    """Exact answers about ReLU networks.

    A model is a file (.onnx, .pt, .pth, .safetensors, .npz, .nnet, or .json as tropnet writes it)
    or an example that ships with tropnet, such as examples:moons_a.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        return ExitCode.ERROR
    return ExitCode.SAME


for _command in (
    info, convert, export, tropicalize, regions, simplify, hash_function, compare, check,
):  # fmt: skip
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; errors are one line on stderr.

    Args:
        arguments: what follows the command's name; those of the process when left out.

    Example:
        >>> from tropnet.cli import main
        >>> main(["--version"])
        tropnet 0.1.0
        0
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ⊘ is no reason to fail
    try:
        with warnings.catch_warnings():
            if not sys.warnoptions:
                warnings.simplefilter("ignore")  # libraries' talk, not about the user's model
            code = _run(list(given))  # click empties the list
        if sys.stdout is not None:
            sys.stdout.flush()  # while a closed pipe can still be caught
    except (KeyboardInterrupt, click.Abort):
        return _failed("stopped", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        _discard_output()  # whoever read our output has closed it; there is nobody to tell
        return int(ExitCode.ERROR)
    except Exception as error:
        if _interrupted(error):
            return _failed("stopped", ExitCode.INTERRUPTED)
        if "--traceback" in given:
            traceback.print_exc()
        return _failed(_said(error), ExitCode.ERROR)
    return int(code)


def _run(arguments: list[str]) -> int:
    # click's own `main` would turn errors and closed pipes into codes that mean verdicts here
    try:
        with cli.make_context("tropnet", arguments) as context:
            code: int = cli.invoke(context)
            return code
    except click.exceptions.Exit as done:
        return done.exit_code


def _interrupted(error: BaseException | None) -> bool:
    """Tell whether Ctrl-C lies behind an error: compiled loops turn it into a SystemError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _said(error: Exception) -> str:
    """Return an error as one line."""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        text = f"{error.format_message().rstrip('.')}; see {error.ctx.command_path} --help"
    elif isinstance(error, click.ClickException):
        text = error.format_message()
    elif isinstance(error, TropnetError):
        text = str(error)
    elif isinstance(error, MemoryError):
        text = "there is not enough memory for this"
    else:
        text = (
            f"unexpected {type(error).__name__}: {error} (this is a bug in tropnet; --traceback "
            "shows where)"
        )
    return " ".join(text.split())


def _failed(text: str, code: ExitCode) -> int:
    with suppress(OSError):
        click.echo(f"tropnet: {text}", err=True)
    return int(code)


def _discard_output() -> None:
    """Point standard output to nowhere, so that the interpreter's last flush does not fail."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
