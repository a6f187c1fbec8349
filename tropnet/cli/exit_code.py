"""What the command line's exit codes mean."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command.

    Example:
        >>> from tropnet.cli.exit_code import ExitCode
        >>> int(ExitCode.UNDECIDED)
        2
    """

    SAME = 0
    DIFFERENT = 1
    UNDECIDED = 2
    ERROR = 3
    INTERRUPTED = 130
