"""`tropnet regions`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tropnet.cli.domain_option import DomainCommand, domain_options, read_domains
from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options
from tropnet.cli.progress_bar import progress_bar
from tropnet.cli.report import progress, require_folder, show_facts, show_json
from tropnet.cli.traceback_option import traceback_option

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.geometry import PolyhedralComplex
    from tropnet.network import Network

_ENDINGS: Final = (".png", ".svg", ".html")
#: Seconds that a box gets even when those before it have used up the time.
_LEAST_SECONDS: Final = 0.1


@click.command(cls=DomainCommand, short_help="Count and draw the linear regions of a model.")
@click.argument("model")
@domain_options
@click.option(
    "--engine",
    type=click.Choice(["auto", "subdivision", "exact", "tree"]),
    default="auto",
    help="How cells are found. Default auto.",
)
@click.option("--max-cells", type=int, default=1_000_000, metavar="NUMBER",
              help="Refuse more cells. Default 1000000.")  # fmt: skip
@click.option("--time-limit", type=float, metavar="SECONDS",
              help="Stop after this with the cells so far. No default.")  # fmt: skip
@click.option("--plot", "picture", metavar="FILE",
              help="Draw the regions: .png or .svg; .html is a picture in space.")  # fmt: skip
@load_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@traceback_option
def regions(
    model: str,
    box: str | None,
    vnnlib: str | None,
    engine: str,
    max_cells: int,
    time_limit: float | None,
    picture: str | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Count the cells and the linear regions of a MODEL, exactly, and draw them.

    A cell is where one set of units is active; a linear region is a connected union of cells with
    one affine map. When the time limit cuts the work short, what is shown is a lower bound and the
    exit code is 2. More than six inputs and no time limit: refused where many more cells than
    --max-cells are predicted.
    """
    ending = "" if picture is None else Path(picture).suffix.lower()
    if picture is not None:
        if ending not in _ENDINGS:
            raise click.UsageError(
                f"--plot {picture} ends in none of {', '.join(_ENDINGS)}.",
                click.get_current_context(),
            )
        if engine == "tree":
            raise click.UsageError(
                "--plot needs vertices, which --engine tree does not find; leave one of them out.",
                click.get_current_context(),
            )
        require_folder("--plot", picture)
    if time_limit is not None and not time_limit > 0:
        raise click.UsageError(
            f"--time-limit {time_limit:g}: give a positive number of seconds.",
            click.get_current_context(),
        )
    with progress(f"loading {model}"):
        network = load_network(model, given)
    domains = read_domains(box, vnnlib, network.n_inputs)
    if picture is not None:
        from tropnet.plotting.picture_file import require_drawable

        for domain in domains:
            require_drawable(network.n_inputs, ending, domain)
    asked = {"engine": engine, "max_cells": max_cells}
    results = []
    for k, (found, seconds) in enumerate(_enumerated(network, domains, asked, time_limit), 1):
        facts = _facts(found, seconds)
        if picture is not None:
            facts["plot"] = _drawn(found, _file(picture, k, len(domains)), ending)
        results.append(facts)
    code = max(ExitCode.SAME if r["complete"] else ExitCode.UNDECIDED for r in results)
    if as_json:
        name = {"file": model, "architecture": network.architecture, "sha256": network.sha256}
        body = results[0] if len(results) == 1 else {"domains": len(results), "results": results}
        show_json({**name, "exit_code": int(code), **body})
    else:
        for k, facts in enumerate(results, 1):
            where = "" if len(results) == 1 else f", box {k} of {len(results)}"
            _show(f"{model}, {network.architecture}{where}", facts, max_cells)
    return code


def _enumerated(
    network: Network, domains: Sequence[Domain], asked: dict[str, Any], time_limit: float | None
) -> list[tuple[PolyhedralComplex, float]]:
    """Return the complex on each domain, with its seconds; the time is shared evenly."""
    from tropnet.api.linear_regions import linear_regions

    end = None if time_limit is None else time.monotonic() + time_limit
    results = []
    for done, domain in enumerate(domains):
        share = None
        if end is not None:
            share = max((end - time.monotonic()) / (len(domains) - done), _LEAST_SECONDS)
            share = time_limit if len(domains) == 1 else share
        where = "" if len(domains) == 1 else f" on box {done + 1} of {len(domains)}"
        start = time.monotonic()
        with progress_bar(f"enumerating cells{where}") as told:
            found = linear_regions(network, domain, **asked, time_limit=share, progress=told)
        with progress("comparing affine maps"):
            _ = found.complete and found.n_regions
        results.append((found, time.monotonic() - start))
    return results


def _facts(found: PolyhedralComplex, seconds: float) -> dict[str, Any]:
    from tropnet.domains import domain_to_json

    return {
        "domain": domain_to_json(found.domain),
        "cells": found.n_cells,
        "linear_regions": found.n_regions if found.complete else None,
        "affine_maps": found.n_affine_maps if found.complete else None,
        "f_vector": list(found.f_vector) or None,
        "unbounded_cells": int((~found.bounded).sum()) if found.f_vector else None,
        "complete": found.complete,
        "units_done": found.n_done,
        "units": len(found.units),
        "certified": found.certified,
        "engine": found.engine,
        "seconds": seconds,
    }


def _drawn(found: PolyhedralComplex, file: Path, ending: str) -> str | None:
    """Draw a complex to a file; None where a partial one has no such picture."""
    from tropnet.io.whole_file import write_whole
    from tropnet.plotting.picture_file import picture_bytes

    if ending == ".html" and not found.complete:
        return None
    with progress(f"drawing {file}"):
        write_whole(picture_bytes(found, ending), file)
    return str(file)


def _show(title: str, facts: dict[str, Any], max_cells: int) -> None:
    from tropnet.domains import domain_from_json

    some = "" if facts["complete"] else "at least "
    domain = domain_from_json(facts["domain"])
    lines = [
        ("domain", "all of R^n" if domain is None else repr(domain)),
        ("cells", f"{some}{facts['cells']}"),
    ]
    if facts["complete"]:
        lines += [
            ("regions", _counted(facts["linear_regions"], "linear region")),
            ("maps", _counted(facts["affine_maps"], "affine map")),
        ]
    if facts["f_vector"]:
        lines += [
            ("f-vector", ", ".join(map(str, facts["f_vector"]))),
            ("unbounded", _counted(facts["unbounded_cells"], "cell")),
        ]
    lines += [
        ("certified", facts["certified"]),
        ("engine", facts["engine"]),
        ("time", f"{facts['seconds']:.2f} s"),
    ]
    if not facts["complete"]:
        units = f" after {facts['units_done']} of {facts['units']} units"
        reason = f"the time limit came{units if facts['f_vector'] else ' first'}"
        if facts["engine"] != "tree" and 2 * facts["cells"] > max_cells:  # a cut may double them
            reason = f"the time limit or the limit of {max_cells} cells came{units}"
        if facts["engine"] == "tree" and facts["cells"] == max_cells:
            reason = f"the limit of {max_cells} cells came first"
        lines.insert(0, ("partial", reason))
    if "plot" in facts:
        lines.append(("plot", facts["plot"] or "none: an .html picture needs all cells"))
    show_facts(title, lines)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _file(picture: str, number: int, count: int) -> Path:
    """Return where a picture goes: FILE, or FILE with the number of the box in its name."""
    path = Path(picture)
    return path if count == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
