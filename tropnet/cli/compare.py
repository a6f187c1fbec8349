"""`tropnet compare`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tropnet.cli.domain_option import DomainCommand, domain_options, read_domains
from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options, own_load_options
from tropnet.cli.report import (
    number_json,
    progress,
    require_folder,
    show_facts,
    show_json,
    vector_json,
)
from tropnet.cli.share_bar import share_bar
from tropnet.cli.traceback_option import traceback_option

if TYPE_CHECKING:
    from tropnet.checker import Certificate
    from tropnet.domains import Domain
    from tropnet.equivalence import Verdict
    from tropnet.network import Network

#: From the best to the worst.
_CODES: Final = {
    "Equivalent": ExitCode.SAME,
    "Undecided": ExitCode.UNDECIDED,
    "Different": ExitCode.DIFFERENT,
}
_STYLES: Final = {
    "Equivalent": "bold green",
    "Undecided": "bold yellow",
    "Different": "bold red",
}
#: Seconds that a comparison gets even when those before it have used up the time.
_LEAST_SECONDS: Final = 0.1


@click.command(cls=DomainCommand, short_help="Decide whether two models compute the same function.")
@click.argument("a")
@click.argument("b")
@domain_options
@click.option(
    "--relation",
    type=click.Choice(["equal", "at_most", "up_to_constant", "argmax", "argmin"]),
    default="equal",
    help="What shall hold: A = B, A <= B in every output, A = B plus a constant, or the same "
    "largest or smallest output. Default equal.",
)
@click.option(
    "--atol",
    metavar="NUMBER[,...]",
    help="Tolerance, kept exact: 0.01 is 1/100. For equal also one for each output. Default 0.",
)
@click.option(
    "--rtol",
    metavar="NUMBER",
    help="For equal: a share of the range of each output of A, added to its tolerance.",
)
@click.option(
    "--margin",
    metavar="NUMBER",
    help="For argmax and argmin: a best output of A may differ from B's if it leads by no more.",
)
@click.option(
    "--precision",
    type=float,
    metavar="SHARE",
    help="Narrow the bracket further: 0.1 until its ends are within 10 %. Bounded domains.",
)
@click.option(
    "--resume",
    metavar="FILE",
    help="Go on from what --certificate FILE wrote in an earlier comparison.",
)
@click.option("--norm", type=click.Choice(["inf", "1", "2"]), default="inf", help="On the outputs.")
@click.option(
    "--time-limit", type=float, default=60.0, metavar="SECONDS", help="Default 60, loading apart."
)
@click.option("--seed", type=int, default=0, metavar="NUMBER", help="Of the random searches.")
@click.option(
    "--certificate", metavar="FILE", help="Write the certificate, which `tropnet check` replays."
)
@load_options
@own_load_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with exact numbers as texts.")
@traceback_option
def compare(
    a: str,
    b: str,
    box: str | None,
    vnnlib: str | None,
    certificate: str | None,
    resume: str | None,
    own_a: tuple[str, ...],
    own_b: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> int:
    """Decide whether the models A and B compute the same function, or how else they relate.

    The answer is Equivalent (exit code 0), Different (1) or Undecided (2), with proven bounds on
    how far the outputs are apart. On several boxes the worst answer counts, and the first Different
    ends the comparison.
    """
    if certificate is not None:
        require_folder("--certificate", certificate)
    asked = _asked(given)
    with progress(f"loading {a} and {b}"):
        first = load_network(a, given, own_a, "-a")
        second = load_network(b, given, own_b, "-b")
    domains = read_domains(box, vnnlib, first.n_inputs)
    verdicts = _compared(first, second, domains, asked, _evidence(resume, len(domains)))
    files = [None if certificate is None else _file(certificate, k, len(domains))
             for k in range(1, len(verdicts) + 1)]  # fmt: skip
    for verdict, file in zip(verdicts, files, strict=True):
        if file is not None:
            verdict.certificate.save(file)
    worst = max(verdicts, key=lambda v: list(_CODES).index(v.word)).word
    code = ExitCode.INTERRUPTED if verdicts[-1].interrupted else _CODES[worst]
    if as_json:
        results = [_as_json(v, f) for v, f in zip(verdicts, files, strict=True)]
        names = {"a": _identity(a, first), "b": _identity(b, second)}
        counts = {"domains": len(domains), "compared": len(verdicts)}
        show_json({"verdict": worst, "exit_code": code, **names, **counts,
                   "results": results})  # fmt: skip
    else:
        _show(verdicts, files, len(domains), worst)
    return code


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """Take the arguments of the comparison out of the options."""
    names = ("atol", "rtol", "norm", "relation", "precision", "time_limit", "seed")
    asked = {name: given.pop(name) for name in names}
    margin = given.pop("margin")
    if margin is not None:
        if asked["relation"] not in ("argmax", "argmin"):
            raise click.UsageError("--margin goes with --relation argmax or argmin.")
        if asked["atol"] is not None:
            raise click.UsageError("--margin and --atol both give the margin; give one of them.")
        from tropnet.equivalence import Argmax, Argmin

        asked["relation"] = (Argmax if asked["relation"] == "argmax" else Argmin)(margin)
    if asked["atol"] is None:
        asked["atol"] = "0"
    elif "," in asked["atol"]:
        asked["atol"] = asked["atol"].split(",")
    return asked


def _evidence(resume: str | None, count: int) -> list[Certificate | None]:
    """Read what an earlier comparison wrote; of several boxes it need not have come to all."""
    if resume is None:
        return [None] * count
    from tropnet.api.read_certificate import read_certificate

    files = [_file(resume, number, count) for number in range(1, count + 1)]
    return [read_certificate(file) if file.exists() or not number else None
            for number, file in enumerate(files)]  # fmt: skip


def _compared(
    a: Network,
    b: Network,
    domains: Sequence[Domain],
    asked: dict[str, Any],
    evidence: Sequence[Certificate | None],
) -> list[Verdict]:
    """Compare on each domain until one differs; what is left of the time is shared evenly."""
    from tropnet.equivalence import Different, compare_networks

    end = time.monotonic() + asked["time_limit"]
    verdicts: list[Verdict] = []
    for done, domain in enumerate(domains):
        if done:
            share = (end - time.monotonic()) / (len(domains) - done)
            asked = {**asked, "time_limit": max(share, _LEAST_SECONDS)}
        elif len(domains) > 1:
            asked = {**asked, "time_limit": asked["time_limit"] / len(domains)}
        where = "" if len(domains) == 1 else f" on box {done + 1} of {len(domains)}"
        with share_bar(f"comparing{where}") as bar:
            asked["evidence"], asked["progress"] = evidence[done], bar
            verdicts.append(compare_networks(a, b, domain, **asked))
        if isinstance(verdicts[-1], Different) or verdicts[-1].interrupted:
            break
    return verdicts


def _show(verdicts: list[Verdict], files: list[Path | None], domains: int, worst: str) -> None:
    for number, (verdict, file) in enumerate(zip(verdicts, files, strict=True), start=1):
        facts = verdict.rows()
        if file is not None:
            facts.append(("certificate", str(file)))
            if domains == 1 and (verdict.word == "Undecided" or verdict.interrupted):
                facts.append(("to go on", f"the same command with --resume {file}"))
        title = verdict.word if domains == 1 else f"box {number} of {domains}: {verdict.word}"
        show_facts(title, facts, _STYLES[verdict.word])
    if domains > 1:
        left = domains - len(verdicts)
        facts = [("compared", f"{len(verdicts)} of {domains} boxes")]
        show_facts(f"All boxes: {worst}" if not left else worst, facts, _STYLES[worst])


def _file(certificate: str, number: int, count: int) -> Path:
    """Return where a certificate goes: FILE, or FILE with the number of the box in its name."""
    path = Path(certificate)
    return path if count == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _identity(source: str, network: Network) -> dict[str, str]:
    return {
        "source": source,
        "architecture": network.architecture,
        "dtype": network.dtype,
        "sha256": network.sha256,
    }


def _as_json(verdict: Verdict, file: Path | None) -> dict[str, Any]:
    from tropnet.domains import domain_to_json
    from tropnet.equivalence import Different, Undecided

    data: dict[str, Any] = {
        "verdict": verdict.word,
        "relation": verdict.relation,
        "domain": domain_to_json(verdict.domain),
        "atol": number_json(verdict.atol),
        "norm": verdict.norm,
        "tolerances": None if verdict.tolerances is None else vector_json(verdict.tolerances),
        "rtol": None if verdict.rtol is None else number_json(verdict.rtol),
        "bounded": verdict.certificate.asked.bounded,
        "lower": number_json(verdict.lower),
        "upper": number_json(verdict.upper),
        "method": verdict.method,
        "seconds": verdict.seconds,
        "interrupted": verdict.interrupted,
        "stages": list(verdict.stages),
        "certificate": None if file is None else str(file),
    }
    if isinstance(verdict, Undecided):
        data["reason"] = verdict.reason
    if isinstance(verdict, Different):
        witness = verdict.witness
        data["witness"] = {
            "point": vector_json(witness.point),
            "f": vector_json(witness.f),
            "g": vector_json(witness.g),
            "gap": number_json(witness.gap),
            "other": None if witness.other is None else vector_json(witness.other),
            "float32_point": list(witness.float32_point),
            "survives_float32": witness.survives_float32,
        }
    return data
