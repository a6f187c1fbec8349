"""`tropnet check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options, own_load_options
from tropnet.cli.progress_bar import progress_bar
from tropnet.cli.report import progress, show_facts, show_json
from tropnet.cli.traceback_option import traceback_option

if TYPE_CHECKING:
    from tropnet.checker import CheckReport

#: What a proof consists of, where it is replayed piece by piece.
_COUNTED: Final = {"boxes": "leaves", "cases": "cases", "cells": "cells"}


@click.command(short_help="Replay the certificate of a comparison.")
@click.argument("certificate")
@click.argument("a")
@click.argument("b")
@load_options
@own_load_options
@click.option(
    "--sample",
    type=click.IntRange(1),
    metavar="K",
    help="Replay K leaves of a tree of boxes, chosen at random: quick, and not a proof (exit 2).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@traceback_option
def check(
    certificate: str,
    a: str,
    b: str,
    own_a: tuple[str, ...],
    own_b: tuple[str, ...],
    sample: int | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Replay a CERTIFICATE against the models A and B, in exact arithmetic.

    Exits with 0 if everything it claims was proven again, 1 if not, 2 if only a sample of it was
    replayed, 3 if it cannot be read.
    """
    from tropnet.api.read_certificate import read_certificate
    from tropnet.checker import check_networks

    read = read_certificate(certificate)
    with progress(f"loading {a} and {b}"):
        networks = load_network(a, given, own_a, "-a"), load_network(b, given, own_b, "-b")
    noun = _COUNTED.get(read.upper.method)
    if noun is None:
        with progress("replaying"):
            report = check_networks(read, *networks, sample=sample)
    else:
        with progress_bar("replaying", noun) as told:
            watch = None if told is None else lambda done, total: told(done, total, done)
            report = check_networks(read, *networks, sample=sample, progress=watch)
    if as_json:
        show_json(
            {
                "valid": report.valid,
                "claim": report.claim,
                "reason": report.reason,
                "sampled": report.sampled,
                "seconds": report.seconds,
            }
        )
    else:
        reason = report.reason
        if report.sampled is not None:
            reason = "nothing is wrong with these leaves; without --sample all are replayed"
        facts = [("claim", report.claim), ("reason", reason)]
        title, style = _heading(report)
        show_facts(title, [*facts, ("time", f"{report.seconds:.2f} s")], style)
    if report.sampled is not None:
        return ExitCode.UNDECIDED
    return ExitCode.SAME if report.valid else ExitCode.DIFFERENT


def _heading(report: CheckReport) -> tuple[str, str]:
    if report.sampled is not None:
        return f"{report.sampled[0]} of {report.sampled[1]} leaves, not a proof", "bold yellow"
    return ("Valid", "bold green") if report.valid else ("Invalid", "bold red")
