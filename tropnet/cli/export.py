"""`tropnet export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tropnet.cli.domain_option import DomainCommand, domain_options, read_domains
from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options, own_load_options
from tropnet.cli.report import progress, require_folder, show_facts, show_json
from tropnet.cli.traceback_option import traceback_option

if TYPE_CHECKING:
    from tropnet.io import ExportedQuery


@click.command(cls=DomainCommand, short_help="Write a comparison as VNN-LIB and ONNX files.")
@click.argument("a")
@click.argument("b")
@domain_options
@click.option("-o", "--output", required=True, metavar="DIR", help="The folder to write to.")
@click.option(
    "--relation",
    type=click.Choice(["equal", "at_most", "up_to_constant", "argmax", "argmin"]),
    default="equal",
    help="What is asked, as `tropnet compare` asks it. Default equal.",
)
@click.option(
    "--atol",
    default="0",
    metavar="NUMBER[,...]",
    help="Tolerance, or the margin of argmax and argmin, kept exact. For equal also one for each "
    "output. Default 0.",
)
@click.option(
    "--norm",
    type=click.Choice(["inf", "1", "2"]),
    default="inf",
    help="On the outputs; VNN-LIB can say inf alone.",
)
@click.option(
    "--format",
    "version",
    type=click.Choice(["2", "1"]),
    default="2",
    help="VNN-LIB 2: a query about two networks. VNN-LIB 1, for older tools: about one network "
    "that computes both. Default 2.",
)
@load_options
@own_load_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@traceback_option
def export(
    a: str,
    b: str,
    box: str | None,
    vnnlib: str | None,
    output: str,
    relation: str,
    atol: str,
    norm: str,
    version: str,
    own_a: tuple[str, ...],
    own_b: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> int:
    """Write the question whether A and B are equal as files that other tools read.

    A solver that finds the query unsatisfiable has proved the relation. On several boxes there is
    one folder for each, DIR/1, DIR/2 and so on.
    """
    from tropnet.io import export_networks

    require_folder("-o", str(Path(output) / "query.vnnlib") if Path(output).is_dir() else output)
    with progress(f"loading {a} and {b}"):
        first = load_network(a, given, own_a, "-a")
        second = load_network(b, given, own_b, "-b")
    domains = read_domains(box, vnnlib, first.n_inputs)
    folders = [Path(output)]
    if len(domains) > 1:
        folders = [Path(output) / str(number) for number in range(1, len(domains) + 1)]
        Path(output).mkdir(exist_ok=True)
    done = []
    for folder, domain in zip(folders, domains, strict=True):
        with progress(f"writing {folder}"):
            done.append(
                export_networks(
                    first,
                    second,
                    domain,
                    folder,
                    relation=relation,
                    atol=atol.split(",") if "," in atol else atol,
                    norm=norm,
                    version=2 if version == "2" else 1,
                )
            )
    if as_json:
        show_json({"queries": [_facts(one) for one in done]})
    else:
        for one in done:
            facts = [(name, ", ".join(v) if isinstance(v, list) else str(v))
                     for name, v in _facts(one).items()]  # fmt: skip
            show_facts(f"VNN-LIB {one.version} query", facts)
    return ExitCode.SAME


def _facts(done: ExportedQuery) -> dict[str, Any]:
    return {
        "query": str(done.query),
        "networks": [str(path) for path in done.networks],
        "version": done.version,
        "weights": done.dtype,
        "rounded": done.rounded,
    }
