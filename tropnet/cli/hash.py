"""`tropnet hash`."""

from __future__ import annotations

from typing import Any

import click

from tropnet.cli.domain_option import DomainCommand, domain_options, read_domains
from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options
from tropnet.cli.report import progress
from tropnet.cli.traceback_option import traceback_option


@click.command("hash", cls=DomainCommand, short_help="Name the function that a model computes.")
@click.argument("model")
@domain_options
@click.option("--max-cells", type=int, default=1_000_000, metavar="NUMBER",
              help="Refuse more cells. Default 1000000.")  # fmt: skip
@click.option("--time-limit", type=float, metavar="SECONDS",
              help="Give up the search for cells after this. No default.")  # fmt: skip
@load_options
@traceback_option
def hash_function(
    model: str,
    box: str | None,
    vnnlib: str | None,
    max_cells: int,
    time_limit: float | None,
    **given: Any,
) -> int:
    """Print the canonical hash of the function that a MODEL computes, as 64 hexadecimal digits.

    Two models have the same hash just when they compute the same function on the domain, exactly:
    order, scale and number of their units, their architecture and their storage do not count. At
    most 6 inputs. Of several boxes, each has a line of its own.
    """
    from tropnet.api.canonical_hash import canonical_hash

    if time_limit is not None and not time_limit > 0:
        raise click.UsageError(
            f"--time-limit {time_limit:g}: give a positive number of seconds.",
            click.get_current_context(),
        )
    with progress(f"loading {model}"):
        network = load_network(model, given)
    for domain in read_domains(box, vnnlib, network.n_inputs):
        with progress("looking for cells and where their maps meet"):
            found = canonical_hash(network, domain, max_cells=max_cells, time_limit=time_limit)
        click.echo(found)
    return ExitCode.SAME
