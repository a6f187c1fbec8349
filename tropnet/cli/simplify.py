"""`tropnet simplify`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tropnet.cli.domain_option import DomainCommand, read_domains
from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options
from tropnet.cli.report import progress, require_folder, show_facts, show_json
from tropnet.cli.share_bar import share_bar
from tropnet.cli.traceback_option import traceback_option

if TYPE_CHECKING:
    from tropnet.algebra import TropicalMap
    from tropnet.network import Network
    from tropnet.simplification import Simplification

#: What a network can be written as, and what all else is.
_NETWORKS: Final = (".onnx", ".json")
_EXPRESSIONS: Final = (".json",)
#: What has to be written for the proof to be replayed.
_REPLAYED: Final = ("certificate", "result")
#: Steps that are printed.
_SHOWN: Final = 20


@click.command(short_help="Make a model smaller, provably the same.", cls=DomainCommand)
@click.argument("model")
@click.option("-o", "--output", metavar="FILE", help="Write the result: .onnx or .json.")
@click.option("--box", metavar="LO HI | FILE",
              help="The result need only agree on a box: one pair of exact decimals or fractions "
              "for all inputs, or a file that describes the domain.")  # fmt: skip
@click.option("--rules", metavar="NAME[,...]", help="Only these rules, such as dead,unused.")
@click.option("--time-limit", type=float, default=60.0, metavar="SECONDS",
              help="Stop with the best result so far. Default 60.")  # fmt: skip
@click.option(
    "--seed", type=int, default=0, metavar="NUMBER", help="Of the searches for witnesses."
)
@click.option("--certificate", metavar="FILE",
              help="Write the proof, which `tropnet check FILE MODEL OUT` replays.")  # fmt: skip
@click.option("--report", metavar="FILE", help="Write an HTML page: sizes, units, steps, proof.")
@load_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@traceback_option
def simplify(
    model: str,
    output: str | None,
    box: str | None,
    certificate: str | None,
    report: str | None,
    rules: str | None,
    time_limit: float,
    seed: int,
    as_json: bool,
    **given: Any,
) -> int:
    """Make a MODEL smaller without changing its function, on all of R^n or on a box.

    Dead, constant, duplicate and unused units go, units that are always on become affine, and every
    step is proved in exact arithmetic. A map that `tropnet tropicalize -o` wrote is simplified as
    P ⊘ Q. Exit code 2 if the time limit cut the work short.
    """
    from tropnet.api.simplify import simplify as simplified
    from tropnet.io.one_line import escaped

    _require_paths(model, {"-o": output, "--certificate": certificate, "--report": report})
    with progress(f"loading {model}"):
        subject = _subject(model, given, output, certificate)
    (domain,) = read_domains(box, None, _dimension(subject))
    with share_bar(f"simplifying {model}") as bar:
        found = simplified(
            subject,
            domain,
            rules=None if rules is None else [name.strip() for name in rules.split(",")],
            time_limit=time_limit,
            seed=seed,
            progress=bar,
        )
    with progress("writing"):
        written = _write(found, model, output, certificate, report)
    if as_json:
        show_json(_as_json(found, model, written))
    else:
        _show(found, model, written)
        if "certificate" in written and "result" in written:
            click.echo(escaped(f"to replay the proof: {_replay(model, written)}"))
        elif "certificate" in written:
            click.echo("to replay the proof you also need the result; write it with -o")
    return ExitCode.SAME if found.complete else ExitCode.UNDECIDED


def _require_paths(model: str, files: dict[str, str | None]) -> None:
    """Refuse files that cannot be written, and two that are one."""
    taken = {Path(model).resolve(): "MODEL"}
    for option, file in files.items():
        if file is None:
            continue
        require_folder(option, file)
        other = taken.setdefault(Path(file).resolve(), option)
        if other != option:
            raise click.UsageError(
                f"{option} {file} is the file of {other} too; give it a name of its own.",
                click.get_current_context(),
            )


def _subject(
    model: str, given: dict[str, Any], output: str | None, certificate: str | None
) -> Network | TropicalMap:
    """Load a network, or a map where the file holds one, and see that it can be written so."""
    from tropnet import examples
    from tropnet.io import holds_map, load_map

    file = examples.resolve(model)
    is_map = holds_map(file)
    endings = _EXPRESSIONS if is_map else _NETWORKS
    if output is not None and Path(output).suffix.lower() not in endings:
        raise click.UsageError(
            f"-o {output} does not end in {' or '.join(endings)}.", click.get_current_context()
        )
    if is_map and certificate is not None:
        raise click.UsageError(
            "--certificate is for networks; the steps of expressions carry their own evidence, "
            "which --report replays.",
            click.get_current_context(),
        )
    return load_map(file) if is_map else load_network(model, given)


def _dimension(subject: Network | TropicalMap) -> int:
    from tropnet.network import Network

    return subject.n_inputs if isinstance(subject, Network) else subject.n


def _write(
    found: Simplification[Any],
    model: str,
    output: str | None,
    certificate: str | None,
    report: str | None,
) -> dict[str, str]:
    """Write what is asked for; return the files by what they are."""
    from tropnet.io import save, to_onnx
    from tropnet.io.whole_file import write_whole

    written: dict[str, str] = {}
    if output is not None:
        if Path(output).suffix.lower() == ".onnx":
            to_onnx(found.result, output)
        else:
            save(found.result, output)
        written["result"] = output
    if certificate is not None and found.certificate is not None:
        found.certificate.save(certificate)
        written["certificate"] = certificate
    if report is not None:
        command = _replay(model, written) if len(written) == len(_REPLAYED) else None
        page = found.to_html(f"{Path(model).name}, simplified", command)
        write_whole(page.encode("utf-8"), report)
        written["report"] = report
    return written


def _replay(model: str, written: dict[str, str]) -> str:
    certificate, result = (written[name] for name in _REPLAYED)
    return shlex.join(["tropnet", "check", certificate, model, result])


def _show(found: Simplification[Any], model: str, written: dict[str, str]) -> None:
    facts = [(k, f"{v:,} → {found.after[k]:,}") for k, v in found.before.items()]
    facts.append(("equal", "on all of R^n" if found.domain is None else f"on {found.domain!r}"))
    facts += [("step", str(step)) for step in found.steps[:_SHOWN]]
    if len(found.steps) > _SHOWN:
        facts.append(("more", f"{len(found.steps) - _SHOWN} steps; --json and --report list all"))
    facts += [("note", finding) for finding in found.findings]
    if not found.complete:
        facts.append(("stopped", "by the time limit; more may be possible"))
    facts += list(written.items())
    show_facts(f"{model}: {'smaller' if found.changed else 'nothing to remove'}", facts)


def _as_json(found: Simplification[Any], model: str, written: dict[str, str]) -> dict[str, Any]:
    from tropnet.domains import domain_to_json

    return {
        "model": model,
        "domain": domain_to_json(found.domain),
        "before": found.before,
        "after": found.after,
        "changed": found.changed,
        "complete": found.complete,
        "seconds": found.seconds,
        "steps": [
            {"where": s.where, "rule": s.rule, "removed": s.removed, "detail": s.detail}
            for s in found.steps
        ],
        "findings": list(found.findings),
        "written": written,
    }
