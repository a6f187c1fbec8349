"""`tropnet check`."""

from __future__ import annotations

from typing import Any

import click

from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options, own_load_options
from tropnet.cli.report import progress, show_facts, show_json
from tropnet.cli.traceback_option import traceback_option


@click.command(short_help="Replay the certificate of a comparison.")
@click.argument("certificate")
@click.argument("a")
@click.argument("b")
@load_options
@own_load_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@traceback_option
def check(
    certificate: str,
    a: str,
    b: str,
    own_a: tuple[str, ...],
    own_b: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> int:
    """Replay a CERTIFICATE against the models A and B, in exact arithmetic.

    Exits with 0 if everything it claims was proven again, 1 if not, 3 if it cannot be read.
    """
    from tropnet.api.read_certificate import read_certificate
    from tropnet.checker import check_networks

    read = read_certificate(certificate)
    with progress("replaying"):
        report = check_networks(
            read, load_network(a, given, own_a, "-a"), load_network(b, given, own_b, "-b")
        )
    if as_json:
        show_json(
            {
                "valid": report.valid,
                "claim": report.claim,
                "reason": report.reason,
                "seconds": report.seconds,
            }
        )
    else:
        facts = [("claim", report.claim), ("reason", report.reason)]
        show_facts(
            "Valid" if report.valid else "Invalid",
            [*facts, ("time", f"{report.seconds:.2f} s")],
            "bold green" if report.valid else "bold red",
        )
    return ExitCode.SAME if report.valid else ExitCode.DIFFERENT
